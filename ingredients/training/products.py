"""An update's matrix products: operations, and `torch.bmm`'s speed on them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ingredients.agent.compiled import without_loops
from ingredients.agent.memory.gru import Gru
from ingredients.training.trainer import Setup, begin_training, prepare, train
from ingredients.training.workload import Workload

GRU_BLOCKS = 3  # r, z, n
SECONDS_A_SHAPE = 0.02
REPETITIONS = 3
# where the two factors stand among the arguments, by the operation's name; in-place and `out=` forms included
_FACTORS = {"mm": 0, "bmm": 0, "addmm": 1, "addmm_": 1, "baddbmm": 1, "baddbmm_": 1}


class Product(NamedTuple):
    """`batch` products of `[rows, inner]` and `[inner, columns]`."""

    batch: int
    rows: int
    inner: int
    columns: int

    @property
    def flops(self) -> int:
        """Operations: 2 · batch · rows · inner · columns."""
        return 2 * self.batch * self.rows * self.inner * self.columns


def needed_flops(setup: Setup) -> int:
    """Returns the operations of a GRU stack's update in matrix products.

    Per step, a layer of w weights takes 2w forward, 2w for its weights' gradient, 2w for its inputs' (not those of
    agent and critic).
    """
    assert isinstance(setup.agent.memory, Gru)  # other memories make other products
    head, value = (setup.agent.shapes()["head.weight"][-1], setup.critic.shapes()["critic.last"][-1])
    hidden, units = setup.agent.hidden, setup.critic.hidden
    entering, recurrent = GRU_BLOCKS * setup.agent.layout.size * hidden, GRU_BLOCKS * hidden * hidden
    between = setup.agent.head_hidden
    policy = hidden * between + (between or hidden) * head
    first, last = setup.critic.inputs * units, units * value
    acting = entering + recurrent + policy  # the rollout
    valuing = first + last  # the critic, once, for the advantages
    policy_epoch = 2 * entering + 3 * recurrent + 3 * policy  # forward, weights, inputs
    critic_epoch = 2 * first + 3 * last
    a_step = acting + valuing + setup.tuned.epochs * (policy_epoch + critic_epoch)
    return 2 * len(setup.runs) * setup.steps_per_update * a_step


def recorded_products(setup: Setup) -> Counter[Product]:
    """Returns the count of each product in an update without compiled loops."""
    recorder = _Recorder()
    with recorder, without_loops():
        next(train(setup, begin_training(setup)))
    return recorder.products


def flops(products: Mapping[Product, int]) -> int:
    """Returns the operations of all products."""
    return sum(product.flops * count for product, count in products.items())


def bmm_seconds(products: Mapping[Product, int]) -> float:
    """Returns the seconds of `torch.bmm` for all products, on contiguous factors."""
    return sum(count * _seconds(product) for product, count in products.items())


def limit_worker(workload: Workload) -> dict[str, float]:
    """Returns operations needed and made per env step, and `torch.bmm`'s speed."""
    setup = prepare(workload.study(), workload.stack())
    products = recorded_products(setup)
    steps = setup.steps_per_update * len(setup.runs)
    return {
        "flops_per_env_step": needed_flops(setup) / steps,
        "made_flops_per_env_step": flops(products) / steps,
        "shapes": len(products),
        "bmm_flops_per_second": flops(products) / bmm_seconds(products),
    }


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records torch's operations, backward passes included."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.products: Counter[Product] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:  # noqa: ANN401
        place = _FACTORS.get(function.overloadpacket.__name__)
        if place is not None:
            left, right = arguments[place : place + 2]
            self.products[_product(left.shape, right.shape)] += 1
        return function(*arguments, **(named or {}))


def _product(left: torch.Size, right: torch.Size) -> Product:
    return Product(left[0] if len(left) == 3 else 1, left[-2], left[-1], right[-1])


def _seconds(product: Product) -> float:
    """Returns the fastest time of one product."""
    left, right = torch.randn(*product[:3]), torch.randn(product.batch, product.inner, product.columns)
    out = torch.empty(product.batch, product.rows, product.columns)
    times = max(1, int(SECONDS_A_SHAPE / _loop(left, right, out, 2)))
    return min(_loop(left, right, out, times) for _ in range(REPETITIONS))


def _loop(left: torch.Tensor, right: torch.Tensor, out: torch.Tensor, times: int) -> float:
    """Returns the mean time of one `bmm`."""
    began = time.perf_counter()
    for _ in range(times):
        torch.bmm(left, right, out=out)
    return (time.perf_counter() - began) / times
