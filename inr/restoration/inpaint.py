"""A picture and its known pixels -> the others, filled smoothly and then by networks of their surroundings.

known pixels, some of them hidden under copies of the mask -> filled (grade 0) -> networks tell those hidden -> the rest
"""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor

from inr.analysis.metrics import psnr
from inr.device import choose_device
from inr.imaging.alpha import without_hidden
from inr.imaging.image import Image, quantize
from inr.networks.grade import Grade
from inr.restoration.effort import Effort
from inr.restoration.filling import FillName, filled
from inr.restoration.tiles import SURE, standard_errors, tiles_of
from inr.settings.config import DeviceName
from inr.training.greedy.surroundings import draw
from inr.training.greedy.windows import Copy

_SIDE = 9
"""Side of the windows, in pixels."""
_TRAINED, _CHECKED = 4, 2
"""Copies of the picture that are trained on, and others to stop and check by."""
_PART = 768
"""Longest side of the part that is learned from."""
_LEAST, _MOST = 0.05, 0.2
"""Share of the known pixels that a copy hides: copies of the mask are added up to the first, and thinned to the
second, so that a copy has about as many known pixels as the picture."""


@dataclass(frozen=True, kw_only=True)
class Inpainted:
    """A filled picture.

    Attributes:
        picture: (H, W, C) uint8 or uint16; known pixels as they were.
        unknown: pixels that were filled.
        method: that filled them: `networks` on top of `grade0`, or `grade0` alone.
        grade0: the classical fill that told hidden pixels better.
        surely: by how many standard errors the networks are better than grade 0 in the check; None where none learned
            anything, or where what was hidden lies in too few places to tell.
        check: PSNR in dB of known pixels that were hidden for a check, by method; empty where none could be hidden.
        checked: how many these are.
        training_seconds: of the networks, copies included; 0 where none could be trained.
        drawing_seconds: of the unknown pixels.
    """

    picture: np.ndarray[Any, Any]
    unknown: int
    method: str
    grade0: FillName
    surely: float | None
    check: dict[str, float]
    checked: int
    training_seconds: float
    drawing_seconds: float


def inpaint(
    image: Image,
    known: Tensor,
    effort: Effort,
    *,
    device: DeviceName = "auto",
    progress: Callable[[str, float], None] | None = None,
) -> Inpainted:
    """Fill the unknown pixels of a picture; only known ones are fitted.

    Args:
        image: the picture.
        known: (H, W) bool, see `known_pixels`.
        effort: of the training.
        device: fills, trains and draws; the means that a surface begins at are the processor's.
        progress: told what is done and which part of that is.

    Raises:
        ConfigError: the device is not there.
        TrainingError: the training did not stay finite.
    """
    tell, on, unknown = progress or (lambda *_: None), choose_device(device), ~known.numpy()
    began = time.perf_counter()
    pixels = torch.from_numpy(without_hidden(image).pixels)
    pixels = torch.where(known[:, :, None], pixels, 0.0).to(on)
    part = _part(known)
    hidden = [hides.to(on) for hides in _hidden(known[part], effort.seed)]
    known = known.to(on)
    apart = torch.stack(hidden[_TRAINED:]).any(0)  # what the check asks for is no answer of the training
    asked = [hides & ~apart if number < _TRAINED else hides for number, hides in enumerate(hidden)]
    fills: dict[FillName, list[Copy]] = {}
    for number, fill in enumerate(get_args(FillName)):
        given = zip(hidden, asked, strict=True)
        fills[fill] = [_copy(pixels[part], known[part], hides, places, fill) for hides, places in given]
        tell("hiding known pixels", (number + 1) / 2)
    checks = {fill: _squares(copies[_TRAINED:]) for fill, copies in fills.items()}
    grade0 = min(checks, key=lambda fill: float(checks[fill].sum()))
    copies = [_set_apart(copy) if at >= _TRAINED else copy for at, copy in enumerate(fills[grade0])]
    enough = any(len(c.places) for c in copies) and any(len(c.held_out) for c in copies)
    grades = effort.fit(copies, _SIDE, lambda at: tell("training", at)) if enough else []
    found, surely = {str(fill): squares for fill, squares in checks.items()}, None
    if grades:
        found["networks"] = _squares([_drawn(grades, copy) for copy in fills[grade0][_TRAINED:]])
        tiles = tiles_of(fills[grade0][_TRAINED:], ~known[part])
        surely = standard_errors(found["networks"], found[grade0], tiles)
        if surely is None or surely <= SURE or not found["networks"].sum() < found[grade0].sum():
            grades = []
    trained = time.perf_counter() if enough else began
    own = Copy(
        mended=filled(pixels, known, grade0),
        beside=known[:, :, None].float(),
        answers=pixels,
        places=(~known).flatten().nonzero()[:, 0],
        held_out=torch.empty(0, dtype=torch.int64, device=pixels.device),
    )
    tell("filling", 0.5)
    picture = quantize(image.pixels, image.bit_depth)
    picture[unknown] = quantize(draw(grades, own, _SIDE).cpu().numpy(), image.bit_depth)
    return Inpainted(
        picture=picture,
        unknown=len(own.places),
        method="networks" if grades else grade0,
        grade0=grade0,
        surely=surely,
        check={name: psnr(float(squares.mean())) for name, squares in found.items() if len(squares)},
        checked=sum(len(copy.held_out) for copy in copies),
        training_seconds=trained - began,
        drawing_seconds=time.perf_counter() - trained,
    )


def _part(known: Tensor) -> tuple[slice, slice]:
    """Return rows and columns to learn from: around the middle of what is unknown, or the known pixel nearest to it."""
    middle = (~known).nonzero().median(dim=0).values
    part = _around(middle, known)
    if known[part].any():
        return part
    places = known.nonzero()  # the hole is wider than a part: in its middle there is nothing to learn from
    return _around(places[(places - middle).square().sum(dim=1).argmin()], known)


def _around(middle: Tensor, known: Tensor) -> tuple[slice, slice]:
    starts = [max(0, min(at - _PART // 2, side - _PART)) for at, side in zip(middle.tolist(), known.shape, strict=True)]
    return slice(starts[0], starts[0] + _PART), slice(starts[1], starts[1] + _PART)


def _hidden(known: Tensor, seed: int) -> list[Tensor]:
    """Return for each copy (h, w) bool, which known pixels are hidden: those under shifted and flipped masks."""
    random = torch.Generator().manual_seed(seed)
    total, found = int(known.sum()), []
    for _ in range(_TRAINED + _CHECKED):
        hides = torch.zeros_like(known)
        for _ in range(8):
            down, across, flips = (int(torch.randint(n, (1,), generator=random)) for n in (*known.shape, 4))
            moved = (~known).roll((down, across), (0, 1)).flip([side for side in (0, 1) if flips >> side & 1])
            hides |= moved & known
            if int(hides.sum()) >= _LEAST * total:
                break
        share = int(hides.sum()) / max(total, 1)
        if share > _MOST:
            hides &= torch.rand(hides.shape, generator=random) < _MOST / share
        found.append(hides)
    return found


def _copy(pixels: Tensor, known: Tensor, hides: Tensor, asked: Tensor, fill: FillName) -> Copy:
    """Return a copy of the picture in which more pixels are unknown, and filled; its places are those asked for."""
    left = known & ~hides
    if not left.any():
        left, asked = known, torch.zeros_like(asked)
    return Copy(
        mended=filled(pixels, left, fill),
        beside=left[:, :, None].float(),
        answers=pixels,
        places=asked.flatten().nonzero()[:, 0],
        held_out=torch.empty(0, dtype=torch.int64, device=pixels.device),
    )


def _set_apart(copy: Copy) -> Copy:
    """Return the copy with nothing to train on, and all its places to look at."""
    return dataclasses.replace(copy, places=copy.held_out, held_out=copy.places)


def _drawn(grades: list[Grade], copy: Copy) -> Copy:
    """Return the copy with its places drawn by the networks."""
    mended = copy.mended.clone()
    mended.view(-1, mended.shape[2])[copy.places] = draw(grades, copy, _SIDE)
    return dataclasses.replace(copy, mended=mended)


def _squares(copies: list[Copy]) -> Tensor:
    """Return (n,) mean squared errors, over the channels, of the places of some copies, clipped."""
    squares = [(copy.mended.clamp(0.0, 1.0) - copy.answers).flatten(0, 1)[copy.places].square() for copy in copies]
    return torch.cat(squares).mean(dim=1)
