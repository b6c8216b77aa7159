"""Studies: from a YAML file to a frozen, validated `Study` (docs/design.md §9).

In order: `levels`, `seeds`, `fields`, `section`, `families`, `tasks`, `foreign`, `axis`, `models` (what a study is),
`segmented`, `yaml_text`, `messages`, `mistakes`, `files`, `schema`, `shipped`, `template`, `smoke`, `own_source` and
`own_import` (users' code).
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
