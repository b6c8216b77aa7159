"""`observation.assemble` as one kernel with the same bits; a program assembles 64 lanes."""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

from ingredients.agent.kernels import kernel
from ingredients.agent.observation import InputLayout, Past

LANES_TOGETHER = 64


@kernel
def _assemble(
    observation: tl.tensor,
    lifetime_start: tl.tensor,
    episode_start: tl.tensor,
    reward: tl.tensor,
    action: tl.tensor,
    observed: tl.tensor,
    reward_shown: tl.tensor,
    action_shown: tl.tensor,
    inputs: tl.tensor,
    lanes: tl.tensor,
    SEEN: tl.constexpr,
    ACTIONS: tl.constexpr,
    VECTORS: tl.constexpr,
    OBSERVED: tl.constexpr,
    BLOCK: tl.constexpr,
    BLOCK_F: tl.constexpr,
) -> None:
    """Writes x `[L, F]`."""
    lane, f = (tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)).to(tl.int64), tl.arange(0, BLOCK_F)[None, :]
    real, first = lane < lanes, SEEN + 4
    starts = tl.load(lifetime_start + lane, mask=real, other=0.0)
    shows_reward = tl.load(reward_shown + lane, mask=real, other=0.0) * (1.0 - starts)
    shows_action = tl.load(action_shown + lane, mask=real, other=0.0) * (1.0 - starts)
    if OBSERVED:
        shows_reward *= tl.load(observed + lane, mask=real, other=0.0)
    paid = tl.load(reward + lane, mask=real, other=0.0) * shows_reward
    x = tl.load(observation + lane[:, None] * SEEN + f, mask=real[:, None] & (f < SEEN), other=0.0)
    x = tl.where(f == SEEN, starts[:, None], x)
    x = tl.where(f == SEEN + 1, tl.load(episode_start + lane, mask=real, other=0.0)[:, None], x)
    x = tl.where(f == SEEN + 2, paid[:, None], tl.where(f == SEEN + 3, shows_reward[:, None], x))
    is_action = (f >= first) & (f < first + ACTIONS)
    if VECTORS:
        acted = tl.load(action + lane[:, None] * ACTIONS + f - first, mask=real[:, None] & is_action, other=0.0)
        x = tl.where(is_action, acted * shows_action[:, None], x)
    else:
        chosen = tl.load(action + lane, mask=real, other=0)[:, None] == f - first
        x = tl.where(is_action & chosen, shows_action[:, None], x)
    x = tl.where(f == first + ACTIONS, shows_action[:, None], tl.where(f == first + ACTIONS + 1, 1.0, x))
    width = SEEN + 6 + ACTIONS
    tl.store(inputs + lane[:, None] * width + f, x, mask=real[:, None] & (f < width))


def assembled(layout: InputLayout, past: Past, reward_shown: Tensor, action_shown: Tensor) -> Tensor:
    """Returns x_t `[..., F]`, as `observation.assemble` does."""
    lead = past.observation.shape[:-1]
    inputs = reward_shown.new_empty(*lead, layout.size)
    columns = past.lifetime_start, past.episode_start, past.reward_tm1
    shown = (part.expand(*lead, 1).contiguous() for part in (reward_shown, action_shown))
    observed, lanes = past.reward_observed, lead.numel()
    _assemble[(triton.cdiv(lanes, LANES_TOGETHER),)](
        past.observation.contiguous(),
        *(part.expand(*lead, 1).contiguous() for part in columns),
        past.action_tm1.contiguous(),
        inputs if observed is None else observed.contiguous(),
        *shown,
        inputs,
        lanes,
        SEEN=layout.observation_size,
        ACTIONS=layout.actions,
        VECTORS=layout.continuous,
        OBSERVED=observed is not None,
        BLOCK=LANES_TOGETHER,
        BLOCK_F=1 << (layout.size - 1).bit_length(),
        num_warps=4,
    )
    return inputs
