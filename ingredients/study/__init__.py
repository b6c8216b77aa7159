"""Studies: from a YAML file to a frozen, validated `Study` (docs/design.md §9).

In reading order: `levels`, `seeds` and `fields` (values), `section` (what every section is), `families` (settings of
each), `tasks` (which of them a study names, with `foreign` for those of others), `models` (what a study is),
`segmented` (whether lifetimes are cut), `yaml_text` (how it is spelled), `messages` and `mistakes` (what is said when
it is wrong), `files` (reading), `schema` (its form, for editors), `shipped` (the list of those that are shipped),
`template` (a new one), `smoke` (the same study, small), `own_source` (where the user's own memories and tasks lie),
`own_import` (what is imported from there).
"""

from ingredients.study.files import DEFAULT_STUDY, changed_study, load_study, parse_study, shipped_study
from ingredients.study.levels import INGREDIENTS, Ingredient, Level, MemoryKind, WipeEvery, level_data, level_text
from ingredients.study.models import (
    AgentSettings,
    Criterion,
    EvaluationSettings,
    Ingredients,
    LearnerSettings,
    Study,
)
from ingredients.study.smoke import smoke_sized

__all__ = [
    "DEFAULT_STUDY",
    "INGREDIENTS",
    "AgentSettings",
    "Criterion",
    "EvaluationSettings",
    "Ingredient",
    "Ingredients",
    "LearnerSettings",
    "Level",
    "MemoryKind",
    "Study",
    "WipeEvery",
    "changed_study",
    "level_data",
    "level_text",
    "load_study",
    "parse_study",
    "shipped_study",
    "smoke_sized",
]
