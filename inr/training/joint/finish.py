"""A joint fit's state -> its file: networks rounded, the smaller of two encodings, and never a byte over a limit."""

import dataclasses
import math
import zlib
from dataclasses import dataclass

import numpy as np

from inr.codec.model_file import Encoded, encode
from inr.device import give_back_freed_memory
from inr.errors import ConfigError
from inr.imaging.alpha import seen
from inr.imaging.image import Image, unit
from inr.imaging.profile import is_srgb
from inr.imaging.sampling import spacing
from inr.networks.model import Model
from inr.networks.record import program_versions
from inr.settings.config import FitConfig
from inr.training.joint.state import JointState
from inr.training.result import GradeLog
from inr.training.rounding.networks import SAMPLE, round_networks

FEW = 4096
"""Pixels that the rounding of networks looks at where only their bytes matter."""
_SLACK = 4
"""Bytes by which the fit's record may deflate worse than what `file_size` puts in its place."""
NEAR_DB = 0.1
"""How near to a PSNR is near enough."""
EXACT = 1e-20
"""Mean squared error that an exact copy is taken to have, so that its logarithm is a number."""
HOPELESS = 1e6
"""A dead zone in which all latents become zero."""


@dataclass(frozen=True)
class End:
    """A file that a fit may end with.

    Attributes:
        config: shapes and lambda of the model.
        grades: a log for each grade's own part.
        refinement: a log of joint training, or None if there was none.
        encoded: the model and its file.
        size: upper bound of the bytes of the file, the record of what was measured included.
        error: mean squared error of what is seen of the decoded picture.
        lmbda: lambda at the end.
        byte_worth: mean squared error that a byte of the file is worth by that lambda.
        whole: whether the training, or the search for a lambda, came to its end before the time did.
    """

    config: FitConfig
    grades: tuple[GradeLog, ...]
    refinement: GradeLog | None
    encoded: Encoded
    size: int
    error: float
    lmbda: float
    byte_worth: float
    whole: bool = True


def ended(state: JointState, grades: list[GradeLog], refinement: GradeLog | None, max_bytes: int | None) -> End:
    """Return the file of a state, which keeps the limit."""
    give_back_freed_memory()
    size, encoded = finished(state, SAMPLE)
    if max_bytes is not None and size > max_bytes:
        size, encoded = cut(state, max_bytes, profile_bytes(state.image))
    training = dataclasses.replace(state.training, lmbda=state.lmbda)
    return End(
        config=dataclasses.replace(state.config, training=training),
        grades=tuple(grades),
        refinement=refinement,
        encoded=encoded,
        size=size,
        error=mean_squared_error(state.image, encoded.model, spacing(state.config.pixels)),
        lmbda=state.lmbda,
        byte_worth=8.0 * state.lmbda / (state.width * state.height),
    )


def badness(end: End, config: FitConfig, max_bytes: int | None) -> tuple[float, ...]:
    """Return what makes an end worse than others: its error under a limit, its bytes at a PSNR, else D + lambda R."""
    if config.target_psnr is not None:
        off = abs(psnr(end.error) - config.target_psnr)
        return off if off > NEAR_DB else 0.0, end.size
    if max_bytes is not None:
        return max(end.size - max_bytes, 0), end.error
    return (end.error + end.byte_worth * end.size,)


def profile_bytes(image: Image) -> int:
    """Return the bytes that a picture's colour profile takes in its file, about."""
    profile = image.icc_profile
    return len(zlib.compress(profile, 9)) if profile and not is_srgb(profile) else 0


def refuse(max_bytes: int, least: int, profile: int) -> None:
    """Raise ConfigError if a limit is below the `least` bytes, which a file takes whose latents are all zero."""
    if least > max_bytes:
        of_those = f", {profile:,} of them its colour profile" if profile else ""
        raise ConfigError(f"this picture does not fit in {max_bytes:,} bytes; the least seen was {least:,}{of_those}.")


def cut(state: JointState, max_bytes: int, profile: int) -> tuple[int, Encoded]:
    """Widen the dead zone, which also makes networks coarser, until the file keeps a limit; return its size and it.

    Raises:
        ConfigError: no latents are left, and the file is still too large.
    """
    low, high, best = state.dead_zone, 2.0 * state.dead_zone, None
    while best is None or high - low > 0.002 * high:
        state.dead_zone = high if best is None else (low + high) / 2.0
        size, encoded = finished(state, FEW)
        if size <= max_bytes:
            best, high = (size, encoded), state.dead_zone
        elif best is not None:
            low = state.dead_zone
        else:
            if state.dead_zone > HOPELESS:
                refuse(max_bytes, size, profile)
            low, high = high, 2.0 * high
    state.dead_zone = high
    size, encoded = finished(state, SAMPLE)
    return (size, encoded) if size <= max_bytes else best


def finished(state: JointState, pixels: int) -> tuple[int, Encoded]:
    """Return size and file of the model as it is now; its networks are rounded as coarsely as the dead zone is wide."""
    lmbda = state.lmbda * max(state.dead_zone, 1.0)
    return smallest(round_networks(state.model(), lmbda, state.prefix_weights, pixels=pixels))


def file_size(encoded: Encoded) -> int:
    """Return an upper bound of the bytes of a model's file once its header has the record of what was measured."""
    model = encoded.model
    psnr = tuple(17.3958 + 20.5379 * number for number in range(len(model.grades)))  # digits that deflate badly
    record = dataclasses.replace(model.record, psnr_db=psnr, versions=program_versions())
    return len(encoded.recorded(record).data) + _SLACK


def smallest(model: Model) -> tuple[int, Encoded]:
    """Return the size of a model's file, and the file. It has no entropy model where it is smaller without one."""
    alone = dataclasses.replace(model, entropy_model=None)
    encodings = [encode(each) for each in (model, alone)]
    return min(((file_size(each), each) for each in encodings), key=lambda pair: pair[0])


def mean_squared_error(image: Image, model: Model, apart: int = 1) -> float:
    """Return the mean squared error of a model's picture as it will be measured, clipped and in whole levels.

    Args:
        image: the source.
        model: of it.
        apart: pixels from one training pixel to the next; only those are looked at.
    """
    drawn = model.render(bit_depth=image.bit_depth)[::apart, ::apart]
    wrong = seen(unit(drawn)) - seen(image.pixels[::apart, ::apart])
    return max(float(np.square(wrong).mean()), EXACT)


def psnr(error: float) -> float:
    """Return the PSNR of a mean squared error, at peak 1, in dB."""
    return -10.0 * math.log10(max(error, EXACT))


def missed(error: float, target_psnr: float) -> list[str]:
    """Return what to say of a PSNR that was not reached, or nothing if it was."""
    if abs(psnr(error) - target_psnr) <= NEAR_DB:
        return []
    reached = "an exact copy instead" if error <= EXACT else f"{psnr(error):.2f} dB"
    return [f"reached {reached} of the {target_psnr:g} dB asked for"]
