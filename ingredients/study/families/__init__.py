"""The settings of each task family: one file a family, named as its file in `ingredients/tasks/`.

Defaults of settings stand here and nowhere else. `ingredients.families` lists the families.
"""
