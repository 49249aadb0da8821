"""What `upscale`, `inpaint` and `denoise` share: options, the places of their files, and what they leave and say."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inr.errors import ConfigError
from inr.report.text import json_text
from inr.settings.config import DeviceName
from inr.settings.options import PresetName
from inr_cli import options as common
from inr_cli import streams
from inr_cli.process import say, talk

if TYPE_CHECKING:
    import numpy as np

    from inr.imaging.image import Image
    from inr.restoration.page import Told

Preset = Annotated[PresetName, typer.Option(help="Effort: fast, balanced or best.")]
Seed = Annotated[int, typer.Option(min=0, help="Start of all randomness.")]


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the outputs go.

    Attributes:
        picture: the restored one.
    """

    picture: Path

    @property
    def page(self) -> Path:
        """For a browser."""
        return self.picture.with_suffix(".html")

    @property
    def markdown(self) -> Path:
        """The same to read as text."""
        return self.picture.with_suffix(".md")

    @property
    def figure(self) -> Path:
        """Before and after."""
        return self.picture.with_name(f"{self.picture.stem}.before-after.png")

    def check(self, *inputs: Path, image: "Image", size: tuple[int, int], overwrite: bool) -> None:
        """Raise InrError, before the work and after all options, where one of them cannot be written.

        Args:
            inputs: the files that are read.
            image: the source.
            size: width and height of the restored picture.
            overwrite: whether outputs that exist may be replaced.
        """
        from inr_cli.render import try_format

        try_format(self.picture, self.picture.suffix, *size, image.channels, image.bit_depth)
        for each in (self.picture, self.page, self.markdown, self.figure):
            common.check_out(each, *inputs, overwrite=overwrite)


@contextmanager
def places(
    image: Path, out: Path | None, done: str, *, device: DeviceName, debug: bool, threads: int | None
) -> Iterator[Places]:
    """Run a command's body with the places of its outputs.

    Args:
        image: the source.
        out: the restored picture; by default it is named after the source and what was done.
        done: what that is called in the name.
        device: that is to compute; one that is not there is refused here, before anything is read.
        debug: see `common.running`.
        threads: see `common.running`.
    """
    found = Places(picture=out or Path(f"{image.stem}.{done}.png"))
    with common.running(debug=debug, threads=threads, out=found.picture.parent):
        from inr.device import choose_device

        streams.refuse_stdout(found.picture)
        if image == streams.STREAM and out is None:
            raise ConfigError("the picture comes from standard input and has no name; give --out one for the result.")
        choose_device(device)
        yield found


def read(image: Path, max_pixels: int, *, quiet: bool) -> "Image":
    """Return a picture, and say what is peculiar about it."""
    picture = streams.read_picture(image, max_pixels)
    for note in picture.notes:
        talk(f"{streams.source(image)}: {note}.", quiet=quiet)
    return picture


def leave(
    places: Places,
    image: "Image",
    picture: "np.ndarray[Any, Any]",
    tell: "Callable[[], Told]",
    *,
    json: bool,
    quiet: bool,
) -> None:
    """Write a restored picture, then its pages and its figure, and say what came of it.

    Args:
        places: of the outputs.
        image: the source.
        picture: (H, W, C) uint8 or uint16, the restored one: on disk before anything else can fail.
        tell: makes what the pages say.
        json: whether the facts go to standard output as JSON.
        quiet: say nothing but errors.
    """
    from inr.files import write_whole
    from inr.imaging.writing import save_image
    from inr.restoration.page import draw_panels, to_html, to_lines, to_markdown

    save_image(places.picture, picture, icc_profile=image.icc_profile)
    told = tell()
    draw_panels(told, places.figure)
    write_whole(places.markdown, to_markdown(told, places.figure.name).encode())
    write_whole(places.page, to_html(told, common.this_command()))
    if json:
        say(json_text({**told.facts, "verdict": told.verdict, "file": str(places.picture)}))
    elif not quiet:
        say("\n".join([*to_lines(told), told.verdict]))
    height, width = picture.shape[:2]
    talk(
        f"{places.picture}: {width} x {height}, {told.times}; before and after: "
        f"{places.page.name}, {places.markdown.name}, {places.figure.name}",
        quiet=quiet,
    )
