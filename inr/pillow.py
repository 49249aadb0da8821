"""`import inr.pillow`: from then on Pillow opens `.inr` files, and so does what reads by Pillow, such as imageio.

    open -> size, mode, frames, colour profile;  pixels asked for -> decoder -> drawn, 8 bits, or 16 bits of grey

The picture that opens, frame 0, has all grades; frame k is the picture after grade k, for each k below the last.
Opening checks the file and reads its header; torch is not imported before pixels are asked for.
"""

import contextlib
import itertools
from collections.abc import Iterator
from typing import IO, Any, cast

from PIL import Image, ImageFile

from inr.codec.container import MAGIC, unpack
from inr.codec.outline import GRADE, Outline, read_outline, read_profile
from inr.errors import InrError

FORMAT = "INR"
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
"""Channels -> mode. Pillow has no colours of 16 bits: they are drawn in 8."""
_FOREIGN = (
    "image file could not be identified because it is an INRIMAGE volume of medical imaging, not a network of a "
    "picture; both have the ending .inr, and CImg reads INRIMAGE"
)


class InrImageFile(ImageFile.ImageFile):
    """An open `.inr` file."""

    format = FORMAT
    format_description = "Implicit neural representation"
    _outline: Outline
    _frame = -1

    def _open(self) -> None:
        assert self.fp is not None  # Pillow has just opened it
        with _told_to_pillow():
            found = unpack(self.fp.read())
            self._outline = read_outline(found.header)
            profile = read_profile(found)
        self.n_frames = min(sum(chunk.tag == GRADE for chunk in found.chunks), len(self._outline.grades))
        if not self.n_frames:
            raise OSError("the file is cut short before the end of its first grade; nothing can be drawn from it.")
        self.is_animated = self.n_frames > 1
        self._fp, self._close_exclusive_fp_after_loading = self.fp, not self.is_animated
        deep = self._outline.bit_depth == 16 and self._outline.channels == 1
        self._mode = "I;16" if deep else _MODES[self._outline.channels]
        if profile:
            self.info["icc_profile"] = profile
        self.seek(0)

    def tell(self) -> int:
        """Return the number of the frame."""
        return self._frame

    def seek(self, frame: int) -> None:
        """Go to the picture after grade `frame`, or for 0 to that after the last grade.

        Raises:
            EOFError: there is no such frame.
        """
        if self._seek_check(frame):
            self._frame = frame
            self._ask(frame or None, (self._outline.width, self._outline.height))

    def draft(
        self,
        mode: str | None,  # noqa: ARG002 - Pillow's
        size: tuple[int, int] | None,
    ) -> tuple[str, tuple[int, int, float, float]] | None:
        """Ask for a picture that is drawn smaller, not below `size`, from fewer grades; `thumbnail` does.

        Grades whose planes are finer than a drawn pixel show nothing but noise there, so only the grades before them
        are decoded. Networks that have no planes, or fine ones from the start, are drawn whole.

        Returns:
            The mode, which stays, and the box of the picture in it; None if nothing changes.
        """
        if size is None or not self.tile or self._frame:
            return None
        reduction = min(has // max(1, wanted) for has, wanted in zip(self.size, size, strict=True))
        cells = [min((plane.cell for plane in grade.planes), default=1) for grade in self._outline.grades]
        finest = list(itertools.accumulate(cells[: self.n_frames], min))
        scale = max((cell for cell in finest if cell <= reduction), default=1)
        if scale == 1:
            return None
        width, height = (-(-side // scale) for side in self.size)
        self._ask(sum(cell >= scale for cell in finest), (width, height))
        return self.mode, (0, 0, width, height)

    def _ask(self, grades: int | None, size: tuple[int, int]) -> None:
        """Have the picture after so many grades, or after all, drawn at a size when pixels are asked for."""
        self.fp = cast("IO[bytes]", self._fp)  # which Pillow forgets once the picture is loaded
        self._im, self._size = None, size
        self.tile = [ImageFile._Tile(FORMAT, (0, 0, *size), 0, (grades,))]


class _Decoder(ImageFile.PyDecoder):
    _pulls_fd = True

    def decode(self, buffer: Any) -> tuple[int, int]:  # noqa: ARG002 - the file is read whole
        from inr.codec.model_file import model_from_bytes  # noqa: PLC0415 - torch
        from inr.imaging.image import quantize  # noqa: PLC0415

        assert self.fd is not None  # Pillow gives it to a decoder that pulls
        (grades,) = self.args
        with _told_to_pillow():
            model = model_from_bytes(self.fd.read(), grades=grades)
        picture = model.render(width=self.state.xsize, height=self.state.ysize)
        drawn = quantize(picture, 16 if self.mode == "I;16" else 8)
        self.set_as_raw(drawn.astype(drawn.dtype.newbyteorder("<"), copy=False).tobytes())
        return -1, 0  # all is read, without an error


@contextlib.contextmanager
def _told_to_pillow() -> Iterator[None]:
    """Turn our errors into the one that Pillow's readers raise over damaged files of their own format."""
    try:
        yield
    except InrError as error:
        raise OSError(str(error)) from error


def _accept(prefix: bytes) -> bool | str:
    """Say whether a file that begins so is ours; a text is Pillow's way to say why not."""
    return _FOREIGN if prefix.startswith(b"#INRIMAGE") else prefix.startswith(MAGIC)


Image.register_open(FORMAT, InrImageFile, _accept)
Image.register_decoder(FORMAT, _Decoder)
Image.register_extension(FORMAT, ".inr")
Image.register_mime(FORMAT, "image/x-inr")
