"""`inr render MODEL`: a model file -> a picture of any size, region and grade."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from inr.errors import ConfigError
from inr.report.text import json_text
from inr_cli import options as common
from inr_cli import streams
from inr_cli.process import say, talk

if TYPE_CHECKING:
    from inr.networks.model import Model, Region


FormatName = Literal["png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "gif"]


def render(
    model: streams.ModelPath,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Picture to write; its ending is its type. - is standard output. [default: NAME.render.png]",
        ),
    ] = None,
    format: Annotated[
        FormatName | None, typer.Option(help="Type of the picture on standard output; png unless you say another.")
    ] = None,
    scale: Annotated[float | None, typer.Option(help="Times the size of the picture or region.")] = None,
    size: Annotated[str | None, typer.Option(help="WxH in pixels.", metavar="WxH")] = None,
    region: Annotated[
        str | None,
        typer.Option(help="Part to draw, in source pixels, fractions allowed.", metavar="X0,Y0,X1,Y1"),
    ] = None,
    grade: Annotated[int | None, typer.Option(min=1, help="Use the first grades only.")] = None,
    max_pixels: common.MaxPixels = common.MAX_PIXELS_DEFAULT,
    device: common.Device = "auto",
    threads: common.Threads = None,
    overwrite: common.Overwrite = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Draw MODEL at its own size, or larger, smaller, in part, or up to a grade.

    Example: inr render cat-inr/cat.inr -o big.png --scale 3
    """
    path = out or Path(f"{streams.stem(model)}.render.png")
    with common.running(debug=debug, threads=threads, out=path):
        if scale is not None and size is not None:
            raise ConfigError("both --scale and --size are given; give one.")
        if scale is not None and not 0 < scale <= 1000:
            raise ConfigError(f"--scale is {scale:g}; it must lie between 0 and 1000.")
        if format is not None and path != streams.STREAM:
            raise ConfigError("--format is for --out - only; the ending of any other --out is the type of the picture.")
        ending = f".{format or 'png'}" if path == streams.STREAM else path.suffix
        wanted = _parse_size(size)
        corners = _parse_region(region)
        streams.check_stdout(path, json=json)
        from inr.device import choose_device
        from inr.imaging.writing import image_to_bytes

        network, _ = streams.read_model(model)
        if grade is not None:
            network = network.up_to(grade)
        part = _region(network, corners)
        width, height = wanted or tuple(
            max(1, round(side * (scale or 1.0))) for side in (part.x1 - part.x0, part.y1 - part.y0)
        )
        if width * height > max_pixels:
            raise ConfigError(
                f"{width} x {height} is more than {max_pixels:,} pixels; raise the limit with --max-pixels."
            )
        _check_room(width, height, network)
        try_format(path, ending, width, height, network.channels, network.bit_depth)
        on = choose_device(device)
        common.check_out(path, model, overwrite=overwrite)
        picture = network.to(on).render(width=width, height=height, region=part, bit_depth=network.bit_depth)
        streams.write(path, image_to_bytes(picture, ending, name=streams.target(path), icc_profile=network.icc_profile))
        if json:
            facts = {
                "schema": 1,
                "file": str(path),
                "width": width,
                "height": height,
                "grade": len(network.grades),
            }
            say(json_text(facts))
        talk(f"{streams.target(path)}: {width} x {height}, grade {len(network.grades)}", quiet=quiet)


def _check_room(width: int, height: int, model: "Model") -> None:
    """Raise ConfigError where the picture, its writer's copy and its file's bytes do not fit in the memory."""
    from inr.machine import GIB, memory_free

    needed, free = 3 * width * height * model.channels * (model.bit_depth // 8), memory_free()
    if free is not None and needed > free:
        raise ConfigError(
            f"{width} x {height} pixels take at least {needed / GIB:.1f} GiB of memory, more than the "
            f"{free / GIB:.1f} GiB that may be used here; draw it smaller, or in parts with --region."
        )


def try_format(path: Path, ending: str, width: int, height: int, channels: int, bit_depth: int) -> None:
    """Encode the first row and the first column of such a picture: a format that does not hold it says so now."""
    import numpy as np

    from inr.imaging.writing import image_to_bytes

    dtype = np.uint16 if bit_depth == 16 else np.uint8
    for rows, columns in ((1, width), (height, 1)):
        image_to_bytes(np.zeros((rows, columns, channels), dtype), ending, name=streams.target(path))


def _parse_size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise ConfigError(f"--size is {text!r}; it takes two whole numbers of pixels such as 640x480.")
    return int(width), int(height)


def _parse_region(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError:
        raise ConfigError(f"--region is {text!r}; it takes four numbers such as 10,20,110,120.") from None
    return x0, y0, x1, y1


def _region(model: "Model", corners: tuple[float, float, float, float] | None) -> "Region":
    from inr.networks.model import Region

    x0, y0, x1, y1 = corners or (0.0, 0.0, float(model.width), float(model.height))
    if not (0 <= x0 < x1 <= model.width and 0 <= y0 < y1 <= model.height):
        raise ConfigError(
            f"--region {x0:g},{y0:g},{x1:g},{y1:g} is not a rectangle inside the picture's "
            f"{model.width} x {model.height} pixels."
        )
    return Region(x0=x0, y0=y0, x1=x1, y1=y1)
