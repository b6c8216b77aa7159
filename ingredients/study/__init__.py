"""Studies: from a YAML file to a frozen, validated `Study` (docs/design.md §9).

In reading order: `levels`, `seeds` and `fields` (values), `section` (base classes), `families` (settings of each),
`tasks` (the tasks section; `foreign` for those of others), `models` (what a study is), `segmented` (whether lifetimes
are cut), `yaml_text` (the YAML dialect), `messages` and `mistakes` (error messages), `files` (reading), `schema` (for
editors), `shipped` (the shipped studies), `template` (a new one), `smoke` (the same study, small), `own_source` (files
of the user's memories and tasks), `own_import` (importing them).
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
