"""Which ingredients does in-context reinforcement learning need? An instrument for ablations of RL².

Data flows one way through these modules; each imports only from those before it. In reading order:

    errors        what a user can cause, in one line each
    seeds         named random streams
    families      every task family: where its settings, program and references stand
    boundary      all calls of code that somebody else wrote
    study         YAML -> a validated, frozen Study
    grid          a Study -> cells, runs, stacks, fingerprints
    cell_filter   --cells: some cells of a grid, by their levels
    decoding      how much of one thing is told by others: look-up tables, forest, network
    gyms          other people's Gymnasium environments as rows of numbers
    tasks         task families as batched pure tensor functions; the Gymnasium environments
    wrappers      the channels and the lifetime as ordinary Gymnasium wrappers
    references    floor, ceilings, classical algorithms
    agent         the observation (where inputs are masked), memory, network
    training      rollout, learner, evaluation under probes
    store         results/<study>/: the only owner of its paths and formats
    experiment    one stack from start to stored result
    engine        where jobs execute: jobs in, events out
    grid_run      a grid that is planned or runs: its jobs, their memory and time, its progress
    judgement     statistics, verdict, conclusions
    console       the terminal that the command runs in: paths, streams, errors, Ctrl-C
    report        terminal, figures, JSON
    audit         what an environment supplies by itself, trained on nothing

`cli.py`, beside this package, parses, calls and prints.

Importing the package registers every family with Gymnasium, single and vector, by name, which imports no torch:

    >>> import gymnasium, ingredients
    >>> environment = gymnasium.make("ingredients/BernoulliBandit-v0", arms=5)
"""

import gymnasium

from ingredients.families import FAMILIES

for _spec in FAMILIES:
    gymnasium.register(
        id=_spec.gymnasium_id,
        entry_point="ingredients.tasks.environment:make",
        vector_entry_point="ingredients.tasks.vector_environment:make",
        kwargs={"family": _spec.name},
    )
