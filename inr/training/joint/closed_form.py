"""A joint fit at its beginning -> the same with its planes filled: grade after grade by least squares, then downhill.

This is MGDL with the linear part of every grade minimised exactly. Then the entropy model is learned, and latents move
by one wherever that lowers D + lambda R; last, the heads of all grades are solved together.
"""

import math
import time

import torch

from inr.training.joint.decompose import decompose, direction_weights
from inr.training.joint.descent import descend
from inr.training.joint.entropy_model import EntropyModelTrainer
from inr.training.joint.heads import solve_heads
from inr.training.joint.latents import Latents
from inr.training.joint.state import JointState
from inr.training.result import GradeLog

_FIRST_PASSES, _PASSES = 2.0, 0.5
"""How often the entropy model sees all latents before the first sweep of the descent, and after each."""


@torch.no_grad()
def solve(state: JointState) -> list[GradeLog]:
    """Fit each grade in closed form to what the ones before left over, then go downhill in D + lambda R.

    Returns:
        A log for each grade, as its own part ended.
    """
    training, known = state.training, state.entropy_model
    weights = None if state.shown is None else direction_weights(state.shown)
    left, found, logs, readings = state.pixels - state.mean, [], [], iter(state.readings)
    for shape, quant_steps in zip(state.config.grades, state.quant_steps, strict=True):
        began = time.perf_counter()
        latents, left = decompose(left, shape.planes, [next(readings) for _ in shape.planes], quant_steps, weights)
        found += latents
        seen = left if state.shown is None else left * state.shown
        psnr = -10.0 * math.log10(max(float(seen.square().mean()), 1e-20))
        logs.append(GradeLog(steps=0, seconds=time.perf_counter() - began, learning_rate=None, psnr_db=psnr))
    state.latents = Latents(found)
    del found
    known.learn(state.latents.flat, state.rounded, passes=_FIRST_PASSES)
    state.latents.flat = state.rounded(state.latents.flat)
    planes = [state.latents.plane(state.latents.flat, number) for number in range(len(state.planes))]
    for _ in range(training.sweeps):
        known.predict_all(state.latents.flat)
        left = descend(
            left,
            planes,
            state.planes,
            state.readings,
            [step for of_grade in state.quant_steps for step in of_grade],
            predicted=[
                (state.latents.plane(known.centres, number), state.latents.plane(known.log_scales, number))
                for number in range(len(planes))
            ],
            bits=EntropyModelTrainer.bits,
            lmbda=state.lmbda,
            weights=weights,
        )
        known.learn(state.latents.flat, state.rounded, passes=_PASSES)
    known.predict_all(state.latents.flat)
    if weights is None and max(shape.width for shape in state.config.grades) > state.image.channels:  # else no gain
        state.prefix_weights = solve_heads(state.grades, state.parts(), training.prefix_weight)
    return logs
