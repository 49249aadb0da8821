"""A filled or cleaned picture and its check -> what is told of it: which method is better, and before and after."""

from typing import Any

import numpy as np

from inr.imaging.image import Image, quantize, unit
from inr.report.decibels import decibels
from inr.report.embedded import views
from inr.restoration.denoise import Denoised
from inr.restoration.inpaint import Inpainted
from inr.restoration.page import Told
from inr.restoration.tiles import SURE

_PANEL = 128
"""Side of the part that the figure shows, in pixels."""
_AMPLIFIED = 2
"""What the figure multiplies the change by."""
_LESS = 0.75
"""Part of the noise that was said below which an estimate means that too much was said."""


def tell_mended(image: Image, result: Inpainted | Denoised, *, grown: int = 0) -> Told:
    """Return what is told of a filled or cleaned picture.

    Args:
        image: the source.
        result: what `inpaint` or `denoise` made of it.
        grown: how many of the unknown pixels the mask does not mark, see `known_pixels`.
    """
    source = quantize(image.pixels, image.bit_depth)
    return Told(
        image=image,
        done="cleaned" if isinstance(result, Denoised) else "filled",
        verdict=_verdict(result, grown),
        heads=("PSNR dB in the check",),
        rows=_rows(result),
        made=result.method,
        line_end=" in the check",
        explained=_explained(result, grown),
        views=views(source, [result.picture], icc_profile=image.icc_profile, part="where it changed most"),
        titles=("before", "after"),
        panels=_panels(image, result),
        training_seconds=result.training_seconds,
        drawing_seconds=result.drawing_seconds,
        facts=_facts(image, result, grown),
    )


def _facts(image: Image, result: Inpainted | Denoised, grown: int) -> dict[str, Any]:
    """Return what was done as plain data; PSNR in dB."""
    holes = {"marked": result.unknown - grown, "grown": grown} if isinstance(result, Inpainted) else {}
    own = {name: value for name, value in vars(result).items() if name not in ("picture", "check")}
    return {
        "schema": 1,
        "source": {"name": image.name, "width": image.width, "height": image.height},
        **own,
        **holes,
        "check": {f"{name}_psnr_db": figure for name, figure in result.check.items()},
    }


def _verdict(result: Inpainted | Denoised, grown: int) -> str:
    """Return in sentences which method made the picture, and how it stands to the best classical one in the check."""
    if isinstance(result, Denoised):
        return _cleaned(result)
    told = f"{result.checked:,} known pixels hidden for a check"
    surface = f"the {result.grade0} surface"
    if result.method == "networks":
        return f"{_holes(result, grown)}{_ahead(result, result.grade0, told, surface)}"
    if not result.check:
        why = "too few pixels to train a network on"
    elif (ours := result.check.get("networks")) is None:
        why = f"no network lowered the error of {told}"
    elif (gain := ours - result.check[result.grade0]) <= 0.0:
        why = f"on {told}, networks are {-gain:.2f} dB below it"
    else:
        few = "these lie in too few places to be sure"
        sure = few if result.surely is None else f"not surely so, as that is within {SURE:g} standard errors"
        why = f"on {told}, networks are {gain:.2f} dB above it, but {sure}"
    return f"{_holes(result, grown)}The classical method made this picture, {surface}: {why}."


def _cleaned(result: Denoised) -> str:
    """Return the same of a picture that was cleaned."""
    if result.method == "none":
        return f"The noise is {result.sigma:.2f} levels of 255, no more than rounding: the picture stays as it is."
    noise, told = f"{result.sigma:.1f} levels of 255", f"{result.checked:,} pixels not learned from"
    shrinkage = "shrinkage of 8 x 8 cosine blocks"
    if result.method == "networks":
        made = _ahead(result, "shrinkage", told, shrinkage)
    else:
        why = f": no network was better on {told}."
        if result.cut_off:
            why = (
                ". Many pixels are fully black or white, where noise can go no further, so that it can be neither "
                "learned nor checked there."
            )
        elif not result.check:
            why = (
                f". The check cannot be read: the error that is left on {told} is too small to be measured, as it is "
                "of a picture with less noise than that, or of a small or very smooth one. So networks were dropped."
            )
        made = f"The classical method made this picture, {shrinkage}{why}"
    advice = ""
    if result.estimated < _LESS * result.sigma and not result.cut_off:  # cut off, it is estimated too low
        advice = (
            f" The picture looks as if its noise were only {result.estimated:.1f} levels, as `--noise auto` finds: "
            f"give a smaller --noise, or too much is taken away{' and the check is too kind' if result.check else ''}."
        )
    elif not result.check and not result.cut_off and result.estimated != result.sigma:  # it was said
        advice = " If the result looks too smooth, give a smaller --noise."
    return f"Noise of {noise}. {made}{advice}"


def _ahead(result: Inpainted | Denoised, classical: str, told: str, name: str) -> str:
    """Return how the networks that made a picture stand to a classical method in the check."""
    ours, theirs = result.check["networks"], result.check[classical]
    if ours < theirs:
        return f"On {told}, {name} is better by {theirs - ours:.2f} dB: use a classical method instead."
    return f"On {told}, the networks are {ours - theirs:.2f} dB above {name}, their classical start."


def _holes(result: Inpainted, grown: int) -> str:
    """Return in a sentence how many pixels were filled, and which of them the mask does not mark."""
    height, width = result.picture.shape[:2]
    share = f"{100 * result.unknown / (height * width):.1f} % of the picture"
    if not grown:
        return f"{result.unknown:,} unknown pixel{'' if result.unknown == 1 else 's'}, {share}. "
    marked = f"{result.unknown - grown:,} that the mask marks"
    return f"{result.unknown:,} unknown pixels, {share}: {marked}, and {grown:,} around them that --grow added. "


def _rows(result: Inpainted | Denoised) -> list[tuple[str, str]]:
    """Return name and PSNR in the check of every method, the best first."""
    return [(name, decibels(result.check[name])) for name in sorted(result.check, key=lambda n: -result.check[n])]


def _explained(result: Inpainted | Denoised, grown: int) -> tuple[str, ...]:
    """Return what the check is, if there was one, and which methods are not in it."""
    if isinstance(result, Denoised):
        if result.method == "none":
            return ()
        check = (
            "Estimated against a clean picture that nobody has: a little noise was added on purpose, with a quarter of "
            "the variance of the picture's own. The check also stopped the training, so it is a little kind to the "
            "networks. "
        )
        return (
            f"{check if result.check else ''}What was taken away has a deviation of {result.residual:.1f} levels of "
            "255.",
            "Not part of this program: BM3D and trained networks, which are usually better.",
        )
    mask = "the mask, as --grow widened it" if grown else "the mask"
    check = (
        f"Measured on known pixels, hidden under shifted copies of {mask}. The check also stopped the training, so it "
        "is a little kind to the networks. The unknown pixels themselves have no truth to be measured against."
    )
    others = (
        "Not compared here: filling inwards from the rim (Telea) and by copied patches; in holes wider than some ten "
        "pixels those may look better."
    )
    return (check, others) if result.check else (others,)


def _panels(image: Image, result: Inpainted | Denoised) -> dict[str, np.ndarray[Any, Any]]:
    """Return the part of the picture that changed most, before and after, and the change around mid-grey."""
    after = unit(result.picture)
    change = np.abs(after - image.pixels).sum(axis=2)
    height, width = (min(_PANEL, side) for side in image.pixels.shape[:2])
    places = [
        (float(change[y : y + height, x : x + width].sum()), y, x)
        for y in range(0, image.height - height + 1, max(1, height // 2))
        for x in range(0, image.width - width + 1, max(1, width // 2))
    ]
    _, top, left = max(places)
    here = (slice(top, top + height), slice(left, left + width))
    shown = {"before": image.pixels[here], "after": after[here]}
    colours = image.channels - (image.channels + 1) % 2
    most = 128 // _AMPLIFIED
    title = f"change x {_AMPLIFIED}; grey: none, white: {most} levels\nof 255 brighter or more, black: so much darker"
    shown[title] = np.clip(0.5 + _AMPLIFIED * (after - image.pixels)[here][:, :, :colours], 0.0, 1.0)
    return shown
