"""Images: what an eye makes of them, its gradient, its bits, and agents that learn from pixels alone."""

from __future__ import annotations

import pytest
import torch
from memories import KINDS
from torch import Tensor
from torch.nn import functional

from ingredients.agent.eye import BLOCK, FEATURES, LAYERS, Eye
from ingredients.agent.memory import make_memory
from ingredients.agent.network import Agent
from ingredients.agent.observation import InputLayout
from ingredients.grid import Stack, runs
from ingredients.gyms.frames import words_of
from ingredients.study import Study, parse_study
from ingredients.tasks import make_family
from ingredients.tasks.informed import informed
from ingredients.tasks.pixels import glanced, pixels
from ingredients.training.contact import contact
from ingredients.training.cost import memory_estimate
from ingredients.training.draws import evaluation_tasks
from ingredients.training.evaluation import evaluate
from ingredients.training.trainer import begin_training, prepare, train

FRAME = (34, 33, 2)
EYE = Eye((FRAME, (32, 32, 1)))
REST = 5


def inputs(runs: int, rows: int) -> Tensor:
    """Returns inputs `[S, X, F]` of two images and some numbers; a run's do not depend on how many runs there are."""
    made = []
    for run in range(runs):
        draw = torch.Generator().manual_seed(run)
        words = torch.randint(2**24, (rows, EYE.words), generator=draw).float()
        made.append(torch.cat([words, torch.randn(rows, REST, generator=draw)], dim=-1))
    return torch.stack(made)


def weights(runs: int) -> dict[str, Tensor]:
    """Returns the weights `[S, ...]` of an eye for runs with the seeds 0, 1, ..."""
    each = [EYE.initial_weights(torch.Generator().manual_seed(seed)) for seed in range(runs)]
    return {name: torch.stack([one[name] for one in each]) for name in EYE.shapes()}


def plainly_seen(layers: dict[str, Tensor], x: Tensor) -> Tensor:
    """Returns what one run's eye makes of `[X, F]`, as torch has it, in one piece."""
    parts, start = [], 0
    for index, frame in enumerate(EYE.frames):
        end = start + words_of(frame)
        each = (layers[f"eye.{index}.{name}"] for name in LAYERS)
        first, first_bias, second, second_bias, last, last_bias = each
        image = pixels(x[:, start:end], frame).movedim(-1, 1) / 255
        units = functional.conv2d(image, first, first_bias, 4, 2).relu()
        units = functional.conv2d(units, second, second_bias, 2, 1).relu().flatten(1)
        parts.append((units @ last + last_bias).relu())
        start = end
    return torch.cat([*parts, x[:, start:]], dim=-1)


def test_bytes_stand_three_in_a_number() -> None:
    """By hand: 1 + 2 · 256 + 3 · 65536; what fills the last number is left out."""
    assert pixels(torch.tensor([197121.0, 4.0]), (2, 2, 1)).tolist() == [[[1], [2]], [[3], [4]]]
    assert pixels(torch.tensor([[16777215.0]]), (1, 1, 3)).tolist() == [[[[255, 255, 255]]]]


def test_an_eye_puts_features_in_place_of_images() -> None:
    """They are those of plain convolutions, and so is the gradient; other numbers pass through."""
    layers, x = weights(2), inputs(2, BLOCK + 3)
    leaves = {name: layer.requires_grad_() for name, layer in layers.items()}
    seen = EYE.seen(leaves, x)
    assert seen.shape == (2, BLOCK + 3, EYE.entering(x.shape[-1])) == (2, BLOCK + 3, 2 * FEATURES + REST)
    each = [plainly_seen({name: layer[run] for name, layer in leaves.items()}, x[run]) for run in range(2)]
    plain = torch.stack(each)
    assert torch.allclose(seen, plain, atol=1e-5)
    assert torch.equal(seen[..., -REST:], x[..., -REST:])
    asked = torch.randn(seen.shape, generator=torch.Generator().manual_seed(9))
    found, wanted = (torch.autograd.grad(made, list(leaves.values()), asked) for made in (seen, plain))
    for one, other in zip(found, wanted, strict=True):
        assert other.abs().max() > 0
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-4 * float(other.abs().max()))


def test_bits_do_not_depend_on_the_stack() -> None:
    """Features and gradients of a run are the same, whoever stands beside it."""

    def made(which: slice) -> list[Tensor]:
        leaves = {name: layer[which].clone().requires_grad_() for name, layer in weights(3).items()}
        seen = EYE.seen(leaves, inputs(3, 40)[which])
        return [seen.detach(), *torch.autograd.grad(seen.square().sum(), list(leaves.values()))]

    for whole, alone in zip(made(slice(0, 3)), made(slice(1, 2)), strict=True):
        assert torch.equal(whole[1:2], alone)


@pytest.mark.parametrize("kind", KINDS)
def test_every_memory_teaches_the_eye(kind: str) -> None:
    """What a memory unrolls is what it makes step by step, and its gradient over what was seen reaches all layers."""
    layout, steps, lanes = InputLayout(EYE.words + 2, 3), 6, 4
    agent = Agent(layout, 16, make_memory(kind, EYE.entering(layout.size), 16, 4, steps), eye=EYE)
    flat = {name: weight.unsqueeze(0).requires_grad_() for name, weight in agent.initial_weights(3).items()}
    assert list(flat) == list(agent.shapes())
    draw = torch.Generator().manual_seed(0)
    words = torch.randint(2**24, (1, steps, lanes, EYE.words), generator=draw).float()
    x = torch.cat([words, torch.randn(1, steps, lanes, layout.size - EYE.words, generator=draw)], dim=-1)
    outputs, carry = agent.unroll(flat, torch.ones(1, steps), x), torch.ones(1, 1, 1)
    assert outputs.shape == (1, steps, lanes, 16)
    eyes = [weight for name, weight in flat.items() if name.startswith("eye")]
    asked = torch.randn(outputs.shape, generator=draw)
    gradients = torch.autograd.grad(outputs, eyes, asked)
    assert all(gradient.abs().max() > 0 for gradient in gradients)
    plain = {name: weight.detach() for name, weight in flat.items()}
    state = agent.memory.initial_state(1, lanes, steps, x)
    for t in range(steps):
        output, state = agent.step(plain, state, carry, x[:, t])
        assert torch.allclose(output, outputs[:, t], atol=1e-5)


def study_of(**sections: object) -> Study:
    """Returns a study on a screen."""
    small: dict[str, object] = {
        "name": "t",
        "tasks": {"gymnasium": "others_environments:Screen", "episodes": 5, "episode_steps": 4},
        "ingredients": {"reward_observation": [True], "action_observation": [True], "task_distribution": [True]},
        "seeds": 1,
        "agent": {"hidden": 16},
        "learner": {"lifetimes": 16, "minibatches": 2, "epochs": 3, "train_steps": 3200},
        "evaluation": {"tasks": 6, "points": 2, "tasks_at_points": 4},
    }
    return parse_study({**small, **sections}, "test")


def test_an_agent_learns_what_only_pixels_show() -> None:
    """Which side pays stands in the image alone: 2 of 4 by chance, all by who sees it, and a memory is no help."""
    study = study_of()
    setup = prepare(study, runs(study)[:1])
    training = begin_training(setup)
    first = training.policy.clone()
    list(train(setup, training))
    assert training.failed == {}
    tasks = evaluation_tasks(setup.family, 32).unsqueeze(0)
    before, after = (float(evaluate(setup, policy, tasks).curves["none"].mean()) for policy in (first, training.policy))
    assert before < 2.5
    assert after > 3.5


def test_a_run_on_images_has_the_same_bits_in_any_stack() -> None:
    """Trained beside another run and alone."""
    study = study_of(seeds=2, learner={"lifetimes": 4, "minibatches": 2, "epochs": 1, "train_steps": 160})
    both, alone = prepare(study, runs(study)[:2]), prepare(study, runs(study)[1:2])
    together, single = begin_training(both), begin_training(alone)
    list(train(both, together))
    list(train(alone, single))
    assert torch.equal(together.policy[1:], single.policy)


def test_the_memory_of_a_stack_counts_frames() -> None:
    """A rollout holds 4 bytes for each 3 of a frame; all else that more lifetimes take is less than that again."""
    small, large = (
        memory_estimate(study, Stack(0, runs(study)))
        for study in (study_of(), study_of(learner={"lifetimes": 1616, "minibatches": 101, "train_steps": 6400}))
    )
    frames = len(runs(study_of())) * (1616 - 16) * 20 * 32 * 32 * 4
    assert frames < large - small < 2 * frames


def test_leaks_are_looked_for_in_a_glance() -> None:
    """Brightness in 8 × 8 blocks, then the other numbers, ψ where the task is shown."""
    study = study_of()
    family = make_family(study.tasks)
    shown = family.first(evaluation_tasks(family, 3), torch.zeros(3, family.start_size))[1]
    seen = glanced(family, shown)
    assert seen.shape == (3, 64)
    brightness = pixels(shown, (32, 32, 3)).mean(-1).view(3, 8, 4, 8, 4).mean((2, 4)) / 255
    assert torch.allclose(seen.view(3, 8, 8), brightness, atol=1e-6)
    assert glanced(informed(family), torch.cat([shown, torch.ones(3, 1)], dim=-1)).shape == (3, 65)


def test_contact_says_that_there_is_an_image() -> None:
    """Not that an observation is a vector of a thousand numbers."""
    said = dict(contact(study_of())["rows"])["spaces"]
    assert said.startswith("an observation is an image of 32 × 32 × 3, an action one of 2")
