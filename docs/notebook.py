"""From a study to an agent to a figure, in ten cells: `marimo edit docs/notebook.py`.

It trains two cells of a small bandit, which takes a minute on two cores.
"""

import marimo

app = marimo.App(app_title="From a study to an agent")


@app.cell
def _():
    import marimo as mo

    import ingredients as ing

    mo.md("# From a study to an agent\n\nOne study, two cells: with memory and without.")
    return ing, mo


@app.cell
def _(ing):
    # A study: tasks, ingredients, and what else differs from the defaults. `ingredients studies` lists those shipped.
    study = ing.Study.load(
        {
            "name": "notebook",
            "tasks": {"family": "bernoulli-bandit", "arms": 3, "episodes": 25},
            "ingredients": {"reward_observation": [True], "action_observation": [True], "task_distribution": [True]},
            "seeds": 1,
            "agent": {"hidden": 16},
            "learner": {"train_steps": 100_000},
            "evaluation": {"tasks": 1000},
        }
    )
    return (study,)


@app.cell
def _(ing, mo, study):
    mo.plain_text(str(ing.plan(study, quick=True)))
    return


@app.cell
def _(ing, mo, study):
    # Train what is missing. Run the cell again: nothing is left to do.
    folder = mo.notebook_dir() / "__marimo__" / "results"
    result = ing.run_grid(study, folder, progress=False)
    return (result,)


@app.cell
def _(result):
    result.cells[["memory", "verdict", "reason", "late", "return"]]
    return


@app.cell
def _(result):
    # One seed decides no verdict, but its curves can be looked at.
    curves = result.curves()
    last = curves[(curves["train_step"] == curves["train_step"].max()) & (curves["tasks"] == "held_out")]
    plain = last[last["probe"].isin(["none", "memory_swap"])]
    plain.pivot_table(index="episode", columns=["memory", "probe"], values="score", observed=True).plot(
        ylabel="score", title="Adaptation, plain and with the memory swapped half-way"
    )
    return


@app.cell
def _(result):
    # The agent with all four ingredients, and what it does on ten new bandits: a row a step.
    agent = result.agent("all four ingredients")
    lifetimes = agent.play(lifetimes=10, seed=1)
    lifetimes.head()
    return agent, lifetimes


@app.cell
def _(agent):
    # The same bandits and the same luck, with each lane's memory exchanged for another's at half-way.
    def exchange(agent, step):
        if step == agent.family.steps // 2:
            agent.memory = [part[::-1] for part in agent.memory]

    exchanged = agent.play(lifetimes=10, seed=1, before_step=exchange)
    return (exchanged,)


@app.cell
def _(exchanged, lifetimes):
    ax = lifetimes.groupby("step")["expected_reward"].mean().plot(label="its own memory", legend=True)
    exchanged.groupby("step")["expected_reward"].mean().plot(
        ax=ax, label="another lifetime's from half-way on", legend=True, ylabel="expected pay"
    )
    return


@app.cell
def _(agent):
    # What an interpretability tool works on: a plain module, with a hook for every gate.
    module = agent.module()
    [name for name, _ in module.named_modules() if name]
    return


if __name__ == "__main__":
    app.run()
