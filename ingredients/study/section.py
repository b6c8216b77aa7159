"""The base classes of a study's sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

from ingredients.study import fields
from ingredients.study.levels import Ingredient

FEWEST_EPISODES = 5
BECAUSE = " (the verdict compares the first and the last fifth)"

Episodes = Annotated[int, BeforeValidator(fields.whole(FEWEST_EPISODES, 10_000, because=BECAUSE))]
Steps = Annotated[int, BeforeValidator(fields.whole(1, 10_000))]
Switch = Annotated[bool, BeforeValidator(fields.switch)]
Arms = Annotated[int, BeforeValidator(fields.whole(2, 1000))]
Noise = Annotated[float, BeforeValidator(fields.number(0, 1, below=True))]
Deviation = Annotated[float, BeforeValidator(fields.number(0, 100, above=True))]


class Section(BaseModel):
    """A part of a study: frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TasksSection(Section):
    """The settings of one kind of tasks; `family` holds its name."""

    if TYPE_CHECKING:
        episodes: int

    analysis: ClassVar[str] = ""
    """What the family's own analysis shows, where it has one; the title of its table."""
    unneeded: ClassVar[tuple[Ingredient, ...]] = ()
    """Channels that the exact yardstick does not use: without them nothing is missed."""
    working_memory: ClassVar[bool] = False
    """Whether a lifetime is one trial that pays once, so that nothing is learned in it."""

    @property
    def may_end_early(self) -> bool:
        """Whether an episode may end before its last step."""
        return False

    def not_applicable(self, gain_above: float) -> str | None:
        """Returns why settings alone rule out any verdict."""
        return None

    def without_values(self) -> str | None:
        """Returns why a family with a belief has no values (for `analysis: inner_algorithm`)."""
        return None

    @classmethod
    def default_of(cls, key: str) -> Any:  # noqa: ANN401 - of the setting's own type
        """Returns a setting's default."""
        return cls.model_fields[key].default
