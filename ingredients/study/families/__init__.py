"""The settings and defaults of each task family; `ingredients.tasks` has what they mean, in files of the same names."""
