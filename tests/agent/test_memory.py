"""Memories: one contract for every kind, and for each of ours its equations, in outputs and gradients."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from memories import CARRYING, HORIZON, KINDS, LENGTH, F, Weights, by_steps, carried, inputs, made, stack_of
from torch import Tensor

from ingredients.agent.compiled import without_loops
from ingredients.agent.memory import Memory, State
from ingredients.agent.memory.fast_weights import FastWeights
from ingredients.agent.memory.gru import Gru
from ingredients.agent.memory.lstm import Lstm
from ingredients.agent.memory.recurrence import sigmoid
from ingredients.agent.memory.transformer import BLOCKS, HEADS, HELD, SLOPES, Transformer
from ingredients.agent.memory.transitions import HOPS, NEAR, SHARP, LabelColumns, Transitions
from ingredients.agent.memory.window import Window


@pytest.mark.parametrize("kind", KINDS)
def test_weights_have_the_shapes_that_are_named(kind: str) -> None:
    """Shapes are those named; one seed gives one set of first weights, another seed another."""
    memory = made(kind)
    first, again, other = (memory.initial_weights(torch.Generator().manual_seed(seed)) for seed in (3, 3, 4))
    assert {name: tuple(weight.shape) for name, weight in first.items()} == memory.shapes()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first if first[name].any())
    assert {weight.dtype for weight in first.values()} == {torch.float32}


@pytest.mark.parametrize("kind", KINDS)
def test_step_by_step_equals_unrolled(kind: str) -> None:
    """Rollouts and updates compute one function, whatever the resets."""
    memory = made(kind)
    case = stack_of(memory, 3), carried(3, 21), inputs(3, 21, 2)
    stepped, unrolled = by_steps(memory, *case), memory.unroll(*case)
    assert stepped.shape == unrolled.shape == (3, 21, 2, 16)
    assert torch.allclose(stepped, unrolled, atol=1e-5)


@pytest.mark.parametrize("kind", CARRYING)
def test_a_reset_forgets_everything(kind: str) -> None:
    """After a step without carry nothing of the earlier inputs is left, to the bit."""
    memory, x, carry = made(kind), inputs(2, 12, 3), torch.ones(2, 12)
    weights = stack_of(memory, 2)
    other = torch.cat([x[:, :7].flip(1) * 2 + 1, x[:, 7:]], dim=1)
    for forward in (memory.unroll, lambda *case: by_steps(memory, *case)):
        remembered = forward(weights, carry, x)[:, 7] - forward(weights, carry, other)[:, 7]
        assert remembered.abs().max() > 1e-4
        carry[:, 7] = 0.0
        assert torch.equal(forward(weights, carry, x)[:, 7:], forward(weights, carry, other)[:, 7:])
        carry[:, 7] = 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_memory_off_tells_no_time(kind: str) -> None:
    """Reset before every step, equal inputs give equal outputs whenever they come, to the bit in a rollout."""
    memory = made(kind)
    x = inputs(2, 1, 3).expand(2, 40, 3, F).contiguous()
    weights, carry = stack_of(memory, 2), torch.zeros(2, 40)
    stepped, unrolled = by_steps(memory, weights, carry, x), memory.unroll(weights, carry, x)
    assert torch.equal(stepped, stepped[:, :1].expand_as(stepped))
    assert torch.allclose(unrolled, unrolled[:, :1], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_lifetimes_and_runs_do_not_see_each_other(kind: str) -> None:
    """Changing one lane of one run changes that lane alone."""
    memory, x, carry = made(kind), inputs(2, 9, 3), torch.ones(2, 9)
    weights, changed = stack_of(memory, 2), x.clone()
    changed[1, :, 2] += 1.0
    for forward in (memory.unroll, lambda *case: by_steps(memory, *case)):
        differs = (forward(weights, carry, x) != forward(weights, carry, changed)).any(dim=3).any(dim=1)
        assert differs.tolist() == [[False, False, False], [False, False, True]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_swap_of_lanes_swaps_what_is_remembered(kind: str) -> None:
    """With states rolled half-way, each lane goes on as if its neighbour's past were its own."""
    memory, x, ones = made(kind), inputs(2, 10, 4), torch.ones(2, 1, 1)
    weights, state = stack_of(memory, 2), memory.initial_state(2, 4, 10, x)
    for t in range(5):
        _, state = memory.step(weights, state, ones, x[:, t])
    state, ahead = tuple(part.roll(1, dims=1) for part in state), []
    for t in range(5, 10):
        output, state = memory.step(weights, state, ones, x[:, t])
        ahead.append(output)
    swapped = torch.cat([x[:, :5].roll(1, dims=2), x[:, 5:]], dim=1)
    assert torch.allclose(
        torch.stack(ahead, dim=1), memory.unroll(weights, torch.ones(2, 10), swapped)[:, 5:], atol=1e-5
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_initial_state_wipes_half_way(kind: str) -> None:
    """All that a memory holds is its state: given the initial one in mid-life it starts anew; with its own, not."""
    memory, x, ones = made(kind), inputs(2, 8, 2), torch.ones(2, 1, 1)
    weights, state = stack_of(memory, 2), memory.initial_state(2, 2, 8, x)
    first, state = memory.step(weights, state, ones, x[:, 0])
    for t in range(1, 4):
        _, state = memory.step(weights, state, ones, x[:, t])
    anew, _ = memory.step(weights, memory.initial_state(2, 2, 8, x), ones, x[:, 0])
    on, _ = memory.step(weights, state, ones, x[:, 0])
    assert torch.equal(anew, first)
    assert torch.equal(on, first) == (kind == "none")


@pytest.mark.parametrize("lanes", [1, 3, 8])
@pytest.mark.parametrize("hidden", [16, 48, 64])
@pytest.mark.parametrize("kind", KINDS)
def test_bits_do_not_depend_on_the_stack(kind: str, hidden: int, lanes: int) -> None:
    """Outputs and gradients of a run are the same bytes in stacks of 1, 2, 7 and 16, wherever it stands in them."""
    memory, steps = made(kind, hidden), 11
    weights, carry, x = stack_of(memory, 16), carried(16, steps), inputs(16, steps, lanes)
    everything = _bits(memory, weights, carry, x)
    for stack in (slice(0, 1), slice(5, 6), slice(5, 7), slice(3, 10)):
        part = _bits(memory, {name: weight[stack].clone() for name, weight in weights.items()}, carry[stack], x[stack])
        assert {name for name in part if not torch.equal(part[name], everything[name][stack])} == set()


def _bits(memory: Memory, weights: Weights, carry: Tensor, x: Tensor) -> Weights:
    """Returns what a run's bytes must not differ in: outputs both ways, and gradients."""
    leaves = {name: weight.clone().requires_grad_() for name, weight in weights.items()}
    outputs = memory.unroll(leaves, carry, x.clone())
    gradients = torch.autograd.grad((outputs * outputs).sum(), list(leaves.values()))
    with torch.no_grad():
        stepped = by_steps(memory, weights, carry, x.clone())
    return {"unrolled": outputs.detach(), "stepped": stepped, **dict(zip(leaves, gradients, strict=True))}


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_takes_the_memory_that_is_said(kind: str) -> None:
    """The cost model's floats of a state are those of its tensors, in four bytes each."""
    memory = made(kind)
    for steps in (3, 30):
        state = memory.initial_state(2, 3, steps, torch.zeros(1))
        assert sum(part.numel() * part.element_size() for part in state) == 4 * 2 * 3 * memory.state_floats(steps)
        assert memory.tape_floats(steps) >= 2 * 16


def _gru(weights: Weights, carry: Tensor, x: Tensor) -> Tensor:
    """The equations of `gru`, word by word, for autograd."""
    w_r, w_z, w_n = weights["gru.input"].unbind(1)
    u_r, u_z, u_n = weights["gru.hidden"].unbind(1)
    h, states = x.new_zeros(x.shape[0], x.shape[2], w_r.shape[-1]), []
    for t in range(x.shape[1]):
        h = h * carry[:, t, None, None]
        r = torch.sigmoid(x[:, t] @ w_r + h @ u_r)
        z = torch.sigmoid(x[:, t] @ w_z + h @ u_z)
        n = torch.tanh(x[:, t] @ w_n + r * (h @ u_n))
        h = (1 - z) * n + z * h
        states.append(h)
    return torch.stack(states, dim=1)


def _fast_weights(weights: Weights, carry: Tensor, x: Tensor) -> Tensor:
    """The equations of `fast_weights`, lane by lane; the GRU's are `_gru`'s."""
    runs = [
        torch.stack([_one_table({name: w[run] for name, w in weights.items()}, carry[run], lane) for lane in lanes])
        for run, lanes in enumerate(x.transpose(1, 2))
    ]
    return _gru(weights, carry, torch.cat([torch.stack(runs).transpose(1, 2), x], dim=-1))


def _one_table(weights: Weights, carry: Tensor, x: Tensor) -> Tensor:
    first, second = weights["fast.factors"]
    slots, facts = torch.softmax(x @ weights["fast.slot"], dim=-1), ((x @ first) * (x @ second))[:, :-1]
    table, count = x.new_zeros(slots.shape[1], facts.shape[1]), x.new_zeros(slots.shape[1])
    read = []
    for t in range(len(x)):
        if not carry[t]:
            table, count = torch.zeros_like(table), torch.zeros_like(count)
        elif t:
            table, count = table + torch.outer(slots[t - 1], facts[t]), count + slots[t - 1]
        seen = 1 + slots[t] @ count
        read.append(torch.cat([slots[t] @ table / seen, 1 / seen.sqrt().view(1)]))
    return torch.stack(read)


LABELS = LabelColumns(size=4, labels=2)  # two labels of two columns, side by side


def _transitions(weights: Weights, carry: Tensor, x: Tensor) -> Tensor:
    """The equations of `transitions`, lane by lane; the GRU's are `_gru`'s."""
    runs = [
        torch.stack([_one_map({name: w[run] for name, w in weights.items()}, carry[run], lane) for lane in lanes])
        for run, lanes in enumerate(x.transpose(1, 2))
    ]
    seen = torch.cat([torch.stack(runs).transpose(1, 2), x], dim=-1)
    everything = torch.cat([_gru(weights, carry, seen), seen], dim=-1)
    return torch.relu(everything @ weights["transitions.output"].unsqueeze(1))


def _one_map(weights: Weights, carry: Tensor, x: Tensor) -> Tensor:
    (first, second), label = weights["transitions.factors"], weights["transitions.label"]
    slots, goals = (torch.softmax(shown @ label, dim=-1) for shown in (x[:, :2], x[:, 2:4]))
    facts = torch.cat([((x[:, 4:] @ first) * (x[:, 4:] @ second))[:, :-1], torch.ones_like(x[:, :1])], dim=-1)
    size, read = slots.shape[1], []
    table, visits = x.new_zeros(size, size, size), x.new_zeros(size)
    for t in range(len(x)):
        if not carry[t]:
            table, visits = torch.zeros_like(table), torch.zeros_like(visits)
        elif t:
            new = torch.einsum("i,c,j->icj", slots[t - 1], facts[t], slots[t])
            table, visits = table + new, visits + slots[t - 1]
        to = [torch.ones_like(visits), goals[t]]
        while len(to) <= HOPS:
            share = table[:, -1] @ to[-1] / (1 + visits)
            to.append(share / (share.max() + NEAR))
        read.append(torch.cat([torch.einsum("i,icj,j->c", slots[t], table, end) for end in to]))
        read[-1] = read[-1] / (1 + slots[t] @ visits)
    return torch.stack(read)


def _lstm(weights: Weights, carry: Tensor, x: Tensor) -> Tensor:
    """The equations of `lstm`, word by word, for autograd."""
    enters, recurs = weights["lstm.input"].unbind(1), weights["lstm.hidden"].unbind(1)
    h = c = x.new_zeros(x.shape[0], x.shape[2], enters[0].shape[-1])
    outputs = []
    for t in range(x.shape[1]):
        h, c = h * carry[:, t, None, None], c * carry[:, t, None, None]
        i, f, g, o = (x[:, t] @ w + h @ u for w, u in zip(enters, recurs, strict=True))
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs, dim=1)


def _window(weights: Weights, carry: Tensor, x: Tensor) -> Tensor:
    """Two layers on the last inputs, made one window at a time."""
    outputs = []
    for run in range(x.shape[0]):
        for t in range(x.shape[1]):
            began = max((s for s in range(t + 1) if not carry[run, s]), default=0)
            seen = [x[run, s] if s >= began else torch.zeros_like(x[run, 0]) for s in range(t - LENGTH + 1, t + 1)]
            units = torch.relu(torch.cat(seen, dim=-1) @ weights["window.first"][run])
            outputs.append(torch.relu(units @ weights["window.second"][run] + weights["window.bias"][run]))
    return torch.stack(outputs).view(x.shape[0], x.shape[1], x.shape[2], -1)


def _transformer(weights: Weights, carry: Tensor, x: Tensor) -> Tensor:
    """The equations of `transformer` for each lane, token and head by itself."""
    runs = [
        torch.stack([_one_life({name: w[run] for name, w in weights.items()}, carry[run], lane) for lane in lanes])
        for run, lanes in enumerate(x.transpose(1, 2))
    ]
    return torch.stack(runs).transpose(1, 2)


def _one_life(weights: Weights, carry: Tensor, x: Tensor) -> Tensor:
    weights = {name: weight / HELD for name, weight in weights.items()}
    stream = x @ weights["transformer.embed"]
    for block in range(BLOCKS):
        attend, mix, first, second = (
            weights[f"transformer.{block}.{part}"] for part in ("attend", "mix", "first", "second")
        )
        queries, keys, values = (_norm(stream) @ attend).chunk(3, dim=-1)
        stream = stream + torch.stack([_attended(queries[t], keys, values, carry, t) for t in range(len(x))]) @ mix
        stream = stream + torch.relu(_norm(stream) @ first) @ second
    return _norm(stream)


def _attended(query: Tensor, keys: Tensor, values: Tensor, carry: Tensor, t: int) -> Tensor:
    began = max((s for s in range(t + 1) if not carry[s]), default=0)
    size, found = query.shape[0] // HEADS, []
    for head, slope in enumerate(SLOPES):
        own = slice(head * size, (head + 1) * size)
        scores = torch.stack(
            [keys[s, own] @ query[own] / math.sqrt(size) - slope * (t - s) for s in range(began, t + 1)]
        )
        found.append(torch.softmax(scores, dim=0) @ values[began : t + 1, own])
    return torch.cat(found)


def _norm(stream: Tensor) -> Tensor:
    centred = stream - stream.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()


EQUATIONS: tuple[tuple[Memory, Callable[[Weights, Tensor, Tensor], Tensor]], ...] = (
    (Gru(F, 4, HORIZON), _gru),
    (FastWeights(F, 8, HORIZON), _fast_weights),
    (Transitions(F, 8, HORIZON, LABELS), _transitions),
    (Lstm(F, 4), _lstm),
    (Window(F, 4, LENGTH), _window),
    (Transformer(F, 8), _transformer),
)


@pytest.mark.parametrize(("memory", "equations"), EQUATIONS, ids=lambda part: type(part).__name__)
def test_outputs_and_gradients_follow_the_equations(
    memory: Memory, equations: Callable[[Weights, Tensor, Tensor], Tensor]
) -> None:
    """Stepped and unrolled, in float64, outputs are the textbook's, and gradients those of autograd through it."""
    steps = 11  # one whole block of a recurrent memory's way back and a part of one
    weights, carry, x = stack_of(memory, 2, torch.float64), carried(2, steps, torch.float64), inputs(2, steps, 3)
    leaves, x = [weight.requires_grad_() for weight in weights.values()], x.double()
    ours, theirs = memory.unroll(weights, carry, x), equations(weights, carry, x)
    assert torch.allclose(by_steps(memory, weights, carry, x), theirs, atol=1e-12)
    assert torch.allclose(ours, theirs, atol=1e-12)
    weighing = torch.linspace(-1, 1, ours.shape[-1], dtype=torch.float64)
    gradients = [torch.autograd.grad((outputs * weighing).pow(2).sum(), leaves) for outputs in (ours, theirs)]
    for our, their in zip(*gradients, strict=True):
        assert torch.allclose(our, their, rtol=1e-9, atol=1e-12)
        assert our.any()


@pytest.mark.parametrize(("hidden", "lanes"), [(4, 1), (16, 3), (64, 8)])
def test_compiled_loops_do_what_torch_does(hidden: int, lanes: int) -> None:
    """In float32 a GRU's loops give torch's states and gradients within rounding, from any start, with resets."""
    start = (0.5 * torch.randn(3, lanes, hidden, generator=torch.Generator().manual_seed(2)),)
    _same_in_loops_and_torch(Gru(F, hidden, HORIZON), lanes, start)


@pytest.mark.parametrize(("hidden", "lanes"), [(16, 1), (48, 3), (64, 8)])
def test_compiled_tables_are_those_of_torch(hidden: int, lanes: int) -> None:
    """The same of fast weights, whose tables torch never makes: it attends."""
    _same_in_loops_and_torch(FastWeights(F, hidden, HORIZON), lanes)


def _same_in_loops_and_torch(memory: Memory, lanes: int, start: State | None = None) -> None:
    weights, carry, x = stack_of(memory, 3), carried(3, 21), inputs(3, 21, lanes)
    carry[2] = 1.0  # and one that is never reset
    leaves = {name: weight.requires_grad_() for name, weight in weights.items()}

    def everything() -> list[Tensor]:
        states = memory.unroll(leaves, carry, x, start)
        weighing = torch.linspace(-1, 1, states.shape[-1])
        gradients = torch.autograd.grad((states * weighing).pow(2).sum(), list(leaves.values()))
        with torch.no_grad():
            begun = start or memory.initial_state(3, lanes, 21, x)
            begun = memory.step(leaves, tuple(part.clone() for part in begun), carry[:, :1, None], x[:, 0])[1]
            stepped, _ = memory.step(leaves, begun, carry[:, 1:2, None], x[:, 1])
        return [states.detach(), stepped, *gradients]

    looped = everything()
    with without_loops():
        stacked = everything()
    assert not all(torch.equal(*pair) for pair in zip(looped, stacked, strict=True))  # two programs, not one twice
    for ours, theirs in zip(looped, stacked, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-4, atol=2e-5)


def test_compiled_gradients_over_inputs_are_those_of_torch() -> None:
    """Where somebody asks for it, a GRU's loops give the gradient over what came in, too."""
    memory, x, carry = Gru(F, 16, HORIZON), inputs(3, 21, 3).requires_grad_(), carried(3, 21)
    weights = stack_of(memory, 3)

    def gradient() -> Tensor:
        return torch.autograd.grad(memory.unroll(weights, carry, x).pow(3).sum(), x)[0]

    looped = gradient()
    with without_loops():
        stacked = gradient()
    assert not torch.equal(looped, stacked)
    assert torch.allclose(looped, stacked, rtol=1e-4, atol=2e-5)
    assert looped.any()


@pytest.mark.parametrize("memory", [Gru(F, 4, HORIZON), Lstm(F, 4)], ids=lambda memory: type(memory).__name__)
def test_hand_derived_gradients_against_finite_differences(memory: Memory) -> None:
    """Along any direction of inputs and weights the loss changes as the gradients say, with resets within life."""
    weights, carry = stack_of(memory, 2, torch.float64), carried(2, 11, torch.float64)
    leaves = [leaf.requires_grad_() for leaf in (inputs(2, 11, 2, torch.float64), *weights.values())]

    def loss(x: Tensor, *of: Tensor) -> Tensor:
        return memory.unroll(dict(zip(weights, of, strict=True)), carry, x).pow(3).sum()

    gradients = torch.autograd.grad(loss(*leaves), leaves)
    draw, step = torch.Generator().manual_seed(1), 1e-5
    for _ in range(5):
        way = [torch.randn(leaf.shape, generator=draw, dtype=torch.float64) for leaf in leaves]
        ahead, behind = ([leaf + sign * part for leaf, part in zip(leaves, way, strict=True)] for sign in (step, -step))
        slope = (loss(*ahead) - loss(*behind)) / (2 * step)
        expected = sum(float((gradient * part).sum()) for gradient, part in zip(gradients, way, strict=True))
        assert slope.item() == pytest.approx(expected, rel=1e-6)


def test_the_first_forget_gate_is_open() -> None:
    """A first LSTM keeps what it holds: the forget gate's bias is 1, the others are 0."""
    assert Lstm(F, 4).initial_weights(torch.Generator())["lstm.input"][:, -1].tolist() == [
        [0.0] * 4,
        [1.0] * 4,
        *[[0.0] * 4] * 2,
    ]


def test_the_first_table_files_moments_of_the_size_of_one() -> None:
    """Slots and facts of first weights lie within the bounds that are said, and fill them; no slot has a bias."""
    weights = FastWeights(F, 64, HORIZON).initial_weights(torch.Generator().manual_seed(0))
    slot, factors = weights["fast.slot"], weights["fast.factors"]
    assert not slot[-1].any()
    for drawn, deviation in ((slot[:-1], 3.0), (factors, math.sqrt(3.0))):
        bound = deviation * math.sqrt(3 / F)
        assert 0.9 * bound < drawn.abs().max() <= bound
        assert drawn.std().item() == pytest.approx(deviation / math.sqrt(F), rel=0.15)


def test_the_tape_of_a_table_by_hand() -> None:
    """Beside the GRU's seven numbers a unit, four for each slot and input, and eight for each column."""
    memory = FastWeights(F, 64, HORIZON)
    assert memory.tape_floats(30) == 7 * 64 + 4 * (16 + 2 * 32 + F)


def test_labels_shown_anywhere_have_their_own_slots() -> None:
    """Nine tenths of a first label are filed in one slot, alone, be it where the agent is or where it should be."""
    memory = Transitions(30, 64, HORIZON, LabelColumns(18, 9))
    assert (memory.slots, memory.label) == (16, 9)
    weights = stack_of(memory, 3)
    here = torch.nn.functional.pad(torch.eye(9).repeat(1, 2), (0, 12)).expand(3, 9, 30)
    slots, goals, _ = memory._filed(weights, here)
    assert torch.equal(slots, goals)
    assert slots.argmax(-1).tolist() == [list(range(9))] * 3
    assert slots.amax(-1).min() > 0.8 > SHARP / 10
    assert Transitions(12, 128, HORIZON, LabelColumns(5)).label == 5  # no labels: all of the observation is one


@pytest.mark.parametrize("way", range(1, HOPS + 1))
def test_readings_tell_the_move_towards_a_goal(way: int) -> None:
    """Back at the start of a corridor, the hop of the goal's distance tells the move on; the hop before tells none."""
    places, moves, columns = HOPS + 1, 2, 16
    memory = Transitions(2 * places + moves + 1, 64, HORIZON, LabelColumns(2 * places, places))
    weights = {name: torch.zeros(1, *shape) for name, shape in memory.shapes().items()}
    weights["transitions.label"] = stack_of(memory, 1)["transitions.label"]
    weights["transitions.factors"][0, 0, :moves, :moves] = torch.eye(moves)
    weights["transitions.factors"][0, 1, moves] = 1.0  # so that what is stored is the move
    walk = [*range(places), *range(places - 2, -1, -1)]  # there by move 0, back by move 1
    x = torch.zeros(1, len(walk), 1, memory.inputs)
    for t, place in enumerate(walk):
        x[0, t, 0, [place, places + way, -1]] = 1.0
        x[0, t, 0, 2 * places + int(t >= places)] = float(t > 0)
    read = []
    for hop in (way - 1, way):
        weights["transitions.output"].zero_()
        weights["transitions.output"][0, memory.hidden + hop * columns :][:moves, :moves] = torch.eye(moves)
        read.append(memory.unroll(weights, torch.ones(1, len(walk)), x)[0, -1, 0, :moves])
    assert read[1].argmax() == 0
    assert read[1][0] > 3 * read[1][1]
    assert way == 1 or read[0].max() < 0.3 * read[1][0]


def test_long_lifetimes_are_attended_to_whole() -> None:
    """Beyond a thousand steps, with a late reset, nothing is lost and nothing is no number."""
    memory = Transformer(F, 16)
    weights, x, carry = stack_of(memory, 1), inputs(1, 1200, 1), torch.ones(1, 1200)
    carry[:, 1100] = 0.0
    outputs = memory.unroll(weights, carry, x)
    assert torch.allclose(outputs[:, 1100:], memory.unroll(weights, carry[:, 1100:], x[:, 1100:]), atol=1e-5)
    x[0, 0] += 1.0
    assert (memory.unroll(weights, carry, x)[0, 1099] - outputs[0, 1099]).abs().max() > 1e-6


def test_a_window_longer_than_life_holds_all_of_it() -> None:
    """Its state is no longer than the lifetime, and so many windows at once are made in parts."""
    memory = Window(F, 16, 1000)
    case = stack_of(memory, 2), carried(2, 60), inputs(2, 60, 3)
    assert memory.state_floats(60) == 59 * F
    assert torch.allclose(by_steps(memory, *case), memory.unroll(*case), atol=1e-5)


def test_squash_is_the_logistic_function_in_both_forms() -> None:
    """Whole SIMD blocks and odd sizes agree with σ, and a row's bits do not depend on how many rows there are."""
    for size in (32, 33, 7):
        x = torch.linspace(-9, 9, 5 * size).view(5, 1, size)
        assert torch.allclose(sigmoid(x), torch.sigmoid(x.double()).float(), atol=2e-7)
        assert torch.equal(sigmoid(x)[3], sigmoid(x[3:4])[0])
