"""An enlarged, filled or cleaned picture -> its page: before and after on both sides of a line, and who is better."""

from collections.abc import Sequence
from typing import Any

from inr.imaging.image import Image, quantize
from inr.report.embedded import View, views
from inr.report.html import render_page
from inr.restoration import mended_page, page
from inr.restoration.denoise import Denoised
from inr.restoration.inpaint import Inpainted
from inr.restoration.upscale import Upscaled

SCRIPTS = ("controls.js", "chart.js", "picture.js", "heat.js", "restored.js")
_SIDE = 960
"""Longest side of the part of an enlarged picture that a page shows, in its own pixels."""
_BEFORE = {"nearest": "pixels as they are", "bicubic": "bicubic", "lanczos": "Lanczos"}


def upscaled_html(image: Image, result: Upscaled, command: str | None = None) -> bytes:
    """Return the page of an enlarged picture.

    Args:
        image: the source.
        result: what `upscale` made of it.
        command: that a person typed; the page shows it.
    """
    height, width = result.picture.shape[:2]
    scale = max(width / image.width, height / image.height)
    shown = page.part(image, result, max(8, int(_SIDE / scale)), tuple(_BEFORE))
    pictures = [quantize(each, image.bit_depth) for each in shown.values()]
    (view,) = views(pictures[0], pictures[1:], icc_profile=image.icc_profile)
    whole = view.width * view.height == width * height
    notes = () if whole else (f"Shown is the part with most detail, {view.width} x {view.height} of its pixels.",)
    return _page(
        image, result, (view,), (*_BEFORE.values(), "local network"), command,
        done=f"enlarged to {width} x {height}", verdict=page.verdict(result.check), notes=notes,
        heads=("PSNR dB of pixels left out", "SSIM"), rows=page.rows(result.check) if result.check else (),
        explained=(page.EXPLAINED,),
    )  # fmt: skip


def mended_html(image: Image, result: Inpainted | Denoised, command: str | None = None) -> bytes:
    """Return the page of a filled or cleaned picture; the arguments are those of `upscaled_html`."""
    cleaned = isinstance(result, Denoised)
    source = quantize(image.pixels, image.bit_depth)
    shown = views(source, [result.picture], icc_profile=image.icc_profile, part="where it changed most")
    return _page(
        image, result, shown, ("before", "after"), command,
        done="cleaned" if cleaned else "filled", verdict=mended_page.verdict(result), notes=(),
        heads=("PSNR dB in the check",), rows=mended_page.rows(result), explained=mended_page.explained(result),
    )  # fmt: skip


def _page(
    image: Image,
    result: Upscaled | Inpainted | Denoised,
    shown: Sequence[View],
    titles: Sequence[str],
    command: str | None,
    **values: Any,
) -> bytes:
    return render_page(
        "restored.html", scripts=SCRIPTS, data={}, name=image.name, alpha=image.channels in (2, 4), views=shown,
        titles=titles, made=command, training=result.training_seconds, drawing=result.drawing_seconds, **values,
    )  # fmt: skip
