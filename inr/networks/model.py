"""Encoding and grades -> `Model`: a picture as a network, drawn at any size, region and grade."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inr.errors import ConfigError
from inr.imaging.image import BitDepth, quantize
from inr.imaging.sampling import axis, pixel_places, places
from inr.networks.averaging import block_means, points_each
from inr.networks.chain import prefixes
from inr.networks.encoding import Encoding
from inr.networks.entropy_model import EntropyModel
from inr.networks.grade import Grade
from inr.networks.lattice import Lattice
from inr.networks.quantised import Quantised
from inr.networks.record import Record
from inr.settings.shape import BETWEEN, FeedName, FrameName

STRIP_PIXELS = 8192
"""Pixels drawn at once: bounds the memory of a rendering and keeps it in cache."""
_LATTICE_PIXELS = 2**19
"""The same of a lattice, which needs points around those it draws: the fewer strips, the fewer of them twice."""

Drawn = tuple[np.ndarray[Any, np.dtype[np.float32]], ...]
"""(rows, width, C) unclipped pictures, one per grade."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """A rectangle in source pixels: left and upper edge inclusive, right and lower exclusive, fractions allowed."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> int:
        """Columns of its drawing at the source's scale, at least one."""
        return max(1, round(self.x1 - self.x0))

    @property
    def height(self) -> int:
        """Rows of its drawing at the source's scale, at least one."""
        return max(1, round(self.y1 - self.y0))


@dataclass(frozen=True, kw_only=True)
class Model:
    """A fitted picture.

    coordinates -> encoding -> grade 1 -> ... -> grade L;  picture = sum of the grades' heads

    With a lattice, the grades see its pixels instead of the encoding, and the picture is what they add to its cubic
    interpolation, grade 0.

    Attributes:
        width: of the source, in pixels.
        height: of the source, in pixels.
        channels: 1 (grey), 2 (grey, alpha), 3 (RGB), 4 (RGB, alpha).
        bit_depth: of the source, 8 or 16.
        frame: how pixel positions become coordinates.
        encoding: input of grade 1.
        feed: what later grades see, see `FitConfig.feed`.
        grades: at least one.
        lattice: pixels of the picture itself, whose neighbours the grades see; None without.
        icc_profile: colour profile of the source, or None.
        record: facts about the fit.
        entropy_model: predicts the latents of the planes, where the file codes them by it; the picture does not
            depend on it.
        quantised: the tensors of each grade as integers, in the order of its parameters, None for one that is not
            quantised; empty where none is.
    """

    width: int
    height: int
    channels: int
    bit_depth: BitDepth
    frame: FrameName
    encoding: Encoding
    feed: FeedName
    grades: tuple[Grade, ...]
    icc_profile: bytes | None = None
    record: Record = Record()
    lattice: Lattice | None = None
    entropy_model: EntropyModel | None = None
    quantised: tuple[tuple[Quantised | None, ...], ...] = ()

    @property
    def parameters_count(self) -> int:
        """Numbers learned, over all grades; fixed frequencies are not among them."""
        return sum(grade.parameters_count for grade in self.grades)

    @property
    def multiplications(self) -> int:
        """Multiplications for one pixel: of the layers, the encoding, and four for each number read from a plane.

        Of a lattice, for one point of its eight drawings that is no pixel of it.
        """
        matrices = [p for grade in self.grades for p in grade.parameters() if p.ndim in (2, 3)]
        weights = sum(matrix.numel() for matrix in matrices)
        if self.lattice is not None:
            return 8 * weights // BETWEEN
        read = sum(grade.planes.features for grade in self.grades if grade.planes)
        return weights + 4 * read + 2 * self.encoding.frequencies.shape[1]

    def up_to(self, grade: int) -> "Model":
        """Return the model of the first `grade` grades, sharing their weights.

        Raises:
            ConfigError: `grade` is not between 1 and the number of grades.

        Example:
            >>> import numpy as np
            >>> image = inr.image_from_array(np.full((4, 6), 0.5))
            >>> model = inr.fit(image, inr.configure(inr.FitOptions(grades=2, preset="fast"))).model
            >>> len(model.grades), len(model.up_to(1).grades)
            (2, 1)
        """
        if not 1 <= grade <= len(self.grades):
            raise ConfigError(f"grade is {grade}; this model has grades 1 to {len(self.grades)}.")
        record = replace(self.record, psnr_db=self.record.psnr_db[:grade])
        return replace(self, grades=self.grades[:grade], record=record, quantised=self.quantised[:grade])

    def to(self, device: torch.device) -> "Model":
        """Move the weights to a device, in place, and return the model."""
        return replace(
            self,
            encoding=self.encoding.to(device),
            grades=tuple(g.to(device) for g in self.grades),
            lattice=None if self.lattice is None else self.lattice.to(device),
        )

    @torch.no_grad()
    def predictions(self, coordinates: Tensor) -> Iterator[Tensor]:
        """Yield, grade by grade, the (N, C) float32 sum of the heads so far at (N, 2) coordinates."""
        if self.lattice is None:
            yield from prefixes(self.grades, self.encoding(coordinates), feed=self.feed)
            return
        at = pixel_places(coordinates, self.width, self.height)
        for count in range(1, len(self.grades) + 1):
            yield self.lattice.read(self.grades[:count], at, feed=self.feed)

    def strips(
        self, *, width: int | None = None, height: int | None = None, region: Region | None = None
    ) -> Iterator[tuple[slice, Drawn]]:
        """Draw all prefixes a few rows at a time.

        A drawing of fewer pixels than the region has is the mean over each of its pixels' area: so many points of it
        that they lie no further apart than the region's own pixels, or else its detail would alias.

        Args:
            width: of the drawing; the region's own by default.
            height: of the drawing; the region's own by default.
            region: part to draw; the whole picture by default.

        Yields:
            The rows drawn, and for each grade the (rows, width, C) unclipped float32 picture so far.
        """
        region = region or Region(x0=0, y0=0, x1=self.width, y1=self.height)
        width, height = width or region.width, height or region.height
        across, down = points_each(region.x1 - region.x0, width), points_each(region.y1 - region.y0, height)
        points = self._lattice_strips if self.lattice is not None else self._strips
        for rows, drawn in points(width * across, height * down, region, down):
            if across > 1 or down > 1:
                drawn = tuple(block_means(picture, down, across) for picture in drawn)  # noqa: PLW2901
            yield slice(rows.start // down, rows.stop // down), drawn

    def _strips(self, width: int, height: int, region: Region, together: int) -> Iterator[tuple[slice, Drawn]]:
        """Yield rows, a multiple of `together` at a time, of points in the region that the networks draw one by one."""
        longer = max(self.width, self.height)
        xs = axis(region.x0, region.x1, width, self.width, longer, self.frame)
        ys = axis(region.y0, region.y1, height, self.height, longer, self.frame)
        device = self.encoding.frequencies.device
        seen = self.encoding.size + sum(grade.planes.features for grade in self.grades if grade.planes)
        wide = max(seen // 1024, *(grade.form.branches * (1 + 2 * grade.form.shifts) for grade in self.grades))
        chunk = max(64, STRIP_PIXELS // wide)
        rows = max(1, chunk // width // together) * together
        for top in range(0, height, rows):
            part = ys[top : top + rows]
            places = torch.stack([xs.repeat(len(part)), part.repeat_interleave(width)], dim=1)
            chunks = [tuple(self.predictions(chunk.to(device))) for chunk in torch.split(places, chunk)]
            shape = (len(part), width, self.channels)
            drawn = tuple(torch.cat(p).reshape(shape).cpu().numpy() for p in zip(*chunks, strict=True))
            yield slice(top, top + len(part)), drawn

    @torch.no_grad()
    def _lattice_strips(self, width: int, height: int, region: Region, together: int) -> Iterator[tuple[slice, Drawn]]:
        """Yield the same of a lattice, which is made finer for all points of a strip at once."""
        assert self.lattice is not None, "asked for with a lattice only"
        device = self.lattice.pixels.device
        xs, ys = places(region.x0, region.x1, width).to(device), places(region.y0, region.y1, height).to(device)
        levels = self.lattice.levels(min((region.x1 - region.x0) / width, (region.y1 - region.y0) / height))
        rows = max(1, _LATTICE_PIXELS // width // together) * together
        for top in range(0, height, rows):
            part = ys[top : top + rows]
            counts = range(1, len(self.grades) + 1)
            drawn = [self.lattice.draw(self.grades[:n], xs, part, feed=self.feed, levels=levels) for n in counts]
            yield slice(top, top + len(part)), tuple(picture.cpu().numpy() for picture in drawn)

    def render(
        self,
        *,
        width: int | None = None,
        height: int | None = None,
        region: Region | None = None,
        grade: int | None = None,
        bit_depth: BitDepth | None = None,
    ) -> np.ndarray[Any, Any]:
        """Draw the picture at any size.

        Args:
            width: of the result; the region's own by default.
            height: of the result; the region's own by default.
            region: part to draw; the whole picture by default.
            grade: use the first grades only; all by default.
            bit_depth: round to unsigned integers of 8 or 16 bits, as `inr.quantize` does, a strip at a time.

        Returns:
            (height, width, C) float32, unclipped, unless a bit depth is given.

        Raises:
            ConfigError: no such grade.

        Example:
            >>> import numpy as np
            >>> image = inr.image_from_array(np.full((4, 6), 0.5))
            >>> model = inr.fit(image, inr.configure(inr.FitOptions(grades=2, preset="fast"))).model
            >>> model.render(width=12, height=8).shape
            (8, 12, 1)
            >>> model.render(region=inr.Region(x0=0, y0=0, x1=3, y1=2), grade=1).shape
            (2, 3, 1)
        """
        model = self if grade is None else self.up_to(grade)
        region = region or Region(x0=0, y0=0, x1=self.width, y1=self.height)
        width, height = width or region.width, height or region.height
        dtype = {None: np.float32, 8: np.uint8, 16: np.uint16}[bit_depth]
        picture = np.empty((height, width, self.channels), dtype)  # whole: small kept strips would fragment memory
        for rows, drawn in model.strips(width=width, height=height, region=region):
            picture[rows] = drawn[-1] if bit_depth is None else quantize(drawn[-1], bit_depth)
        return picture
