"""The settings of each task family, in files named as in `ingredients/tasks/`.

All defaults of settings stand here. `ingredients.families` lists the families.
"""
