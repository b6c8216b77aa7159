"""A new study, commented, for `ingredients new`."""

from __future__ import annotations

from typing import Any

from ingredients.study.files import load_study, parse_study, shipped_files
from ingredients.study.tasks import family_key
from ingredients.study.yaml_text import dump, parse

_TEXT = """\
# {name}: which of the four ingredients does in-context learning need here?
#
#     ingredients plan {path}                 what it takes; trains nothing
#     ingredients run-grid {path} --smoke     a minute, to see that it runs; its verdicts mean nothing
#     ingredients run-grid {path}

name: {name}
question: Which of the four ingredients does in-context learning need on {kind}?

{tasks}
# The grid is the product of these levels; each may be a list of one. Graded levels: a probability for the two channels,
# {{wipe_every: 5}} for memory, a number of training tasks for task_distribution.
ingredients:
  reward_observation: [off, on]
  action_observation: [off, on]
  memory: [off, on]
  task_distribution: [off, on]

seeds: 5                       # five of five are the fewest that decide what most runs do

agent:
  memory: gru                  # gru, lstm, fast-weights, transitions, transformer, window, none, or module:Class
  hidden: 64

learner:
  train_steps: {steps:_}        # of each run

criterion:                     # declared before anything runs
  gain_above: 0.1              # of the way from the floor to the yardstick
  confidence: 0.95
"""
_FOREIGN = """\
tasks:
  gymnasium: {kind}
  episodes: 5                  # of a lifetime: all on one task
  # What differs between tasks. Without it there is one task, and nothing to adapt to:
  # vary: {{gravity: [5, 15]}}   # a keyword of the constructor, or an attribute; a range, or {{choices: [1, 2]}}
"""


def study_text(name: str, tasks: str, path: str) -> str:
    """Returns the text of a study on a family or environment.

    Raises:
        StudyError: name or tasks are invalid.
    """
    section = _families().get(tasks)
    if section is None:
        text = _FOREIGN.format(kind=tasks)
        steps = 500_000
    else:
        text = dump({"tasks": section})
        steps = 600_000
    made = _TEXT.format(name=name, path=path, kind=tasks, tasks=text, steps=steps)
    read = parse(made)
    assert isinstance(read, dict), read
    parse_study(read, f"new {name}")
    return made


def _families() -> dict[str, dict[str, Any]]:
    """Returns each family's tasks section in a shipped study."""
    studies = [load_study(path) for path in shipped_files()]
    sections = {str(study.tasks.model_dump()[family_key(study.tasks)]): study.tasks.model_dump() for study in studies}
    return dict(sorted(sections.items()))
