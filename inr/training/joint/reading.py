"""A plane's latents -> what is read of them at the pixels of a picture, and back: interpolation and its least squares.

Each side of a picture is interpolated by itself, by a product with a matrix (pixels, cells). Of a long side the matrix
is made in blocks along its diagonal, beside which it is zero: products of small matrices are fast, and what they take
grows with the side, not with its square.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from inr.device import CPU
from inr.networks.planes import plane_shape
from inr.settings.shape import Plane

_WHOLE, _BLOCK = 512, 128
"""Pixels of a side that is one block, and of a block of a longer one."""
_MARGIN = 20
"""Cells on either side of a block that its least squares look at too.

What a pixel tells of a latent falls by a factor of three, or more, from cell to cell: to nothing in float32.
"""
_RIDGE = 1e-4


@dataclass(frozen=True)
class _Block:
    """Rows `first` to before `last` of a matrix: what is not zero of them, which begins in a column."""

    first: int
    last: int
    column: int
    weights: Tensor

    @property
    def squared(self) -> "_Block":
        """The same with its elements squared."""
        return _Block(self.first, self.last, self.column, self.weights.square())


@dataclass(frozen=True)
class _Side:
    """One side of a picture: its pixels, those read being `spacing` apart, and the cells that tile it."""

    pixels: int
    spacing: int
    cells: int

    @property
    def count(self) -> int:
        """Pixels that are read."""
        return -(-self.pixels // self.spacing)

    def at(self, places: Tensor) -> Tensor:
        """Return where the read pixels of these numbers lie, in cells from the centre of the first."""
        return (self.spacing * places + 0.5) * self.cells / self.pixels - 0.5

    def place(self, at: float) -> float:
        """Return the number of the read pixel that lies there."""
        return ((at + 0.5) * self.pixels / self.cells - 0.5) / self.spacing


class Reading:
    """How a plane is read at the training pixels of a picture, as `Planes` does.

    Args:
        plane: the plane.
        width: of the picture.
        height: of the picture.
        spacing: pixels from one training pixel to the next, along both sides.
        device: that reads.
    """

    def __init__(self, plane: Plane, width: int, height: int, spacing: int = 1, device: torch.device = CPU) -> None:
        self._device = device
        self._fine = plane.cell == spacing == 1  # read as it is at every pixel
        self._places = plane.places
        _, rows, columns = plane_shape(plane, width, height)
        self._sides = (_Side(height, spacing, rows), _Side(width, spacing, columns))
        apart = {d for place in self._places for d in place}
        every = torch.arange(height, device=device)
        self._near = {d: (every + d).clamp(0, height - 1) for d in apart} if self._fine else {}
        self._rows = {} if self._fine else {d: _moved(_interpolation(self._sides[0], d), device) for d in apart}
        self._columns = {} if self._fine else {d: _moved(_interpolation(self._sides[1], d), device) for d in apart}

    @cached_property
    def _solutions(self) -> tuple[list[_Block], list[_Block]]:
        """What `nearest` multiplies by, for rows and columns."""
        rows, columns = (_moved(_least_squares(side), self._device) for side in self._sides)
        return rows, columns

    def needed(self, rows: Tensor) -> Tensor | slice:
        """Return the plane's rows that decide these rows of pixels."""
        return self._near_rows(rows) if self._fine else slice(None)

    def up(self, values: Tensor, rows: Tensor) -> Tensor:
        """Map the (c, r, w) latents of the rows needed to the (features, n, W) that is read in n rows of pixels.

        Args:
            values: latents of the plane.
            rows: of pixels, ascending.
        """
        if not self._fine:
            found = {d: _product(_taken(blocks, rows), values, -2) for d, blocks in self._rows.items()}
            return torch.cat([_product(self._columns[dx], found[dy], -1) for dy, dx in self._places])
        needed = self._near_rows(rows)
        padded = functional.pad(values, (1, 1), mode="replicate")
        found = {d: padded.index_select(1, torch.searchsorted(needed, near[rows])) for d, near in self._near.items()}
        return torch.cat([found[dy][..., 1 + dx : 1 + dx + values.shape[2]] for dy, dx in self._places])

    def _near_rows(self, rows: Tensor) -> Tensor:
        found: Tensor = torch.cat([near[rows] for near in self._near.values()]).unique()  # type: ignore[no-untyped-call]
        return found

    def centre(self, values: Tensor) -> Tensor:
        """Map (c, h, w) latents to what is read at the pixels themselves, (c, H, W)."""
        return values if self._fine else _product(self._columns[0], _product(self._rows[0], values, -2), -1)

    def adjoint(self, picture: Tensor) -> Tensor:
        """Map (c, H, W) values at the pixels to (c, h, w): the transpose of `centre`."""
        if self._fine:
            return picture
        rows, columns = self._sides
        return _adjoint(self._columns[0], _adjoint(self._rows[0], picture, -2, rows.cells), -1, columns.cells)

    def squares(self, weights: Tensor | None = None) -> Tensor:
        """Return the (c, h, w) sums over pixels of the squared weights of each latent's reading.

        Args:
            weights: (c, H, W) of the pixels; all 1 by default, for one channel.
        """
        rows, columns = self._sides
        if weights is None:
            weights = torch.ones(1, rows.count, columns.count, device=self._device)
        if self._fine:
            return weights
        by_row, by_column = ([block.squared for block in blocks[0]] for blocks in (self._rows, self._columns))
        return _adjoint(by_column, _adjoint(by_row, weights, -2, rows.cells), -1, columns.cells)

    def nearest(self, picture: Tensor) -> Tensor:
        """Return the (c, h, w) latents whose reading is closest to (c, H, W) pixels."""
        if self._fine:
            return picture
        rows, columns = self._solutions
        return _product(columns, _product(rows, picture, -2), -1)


class _Product(torch.autograd.Function):
    """The product of a matrix in blocks with one dimension of a tensor: the last, or the one before it."""

    @staticmethod
    def forward(ctx, values, blocks, dim):  # type: ignore[no-untyped-def]
        ctx.blocks, ctx.dim, ctx.size = blocks, dim, values.shape[dim]
        shape = list(values.shape)
        shape[dim] = blocks[-1].last
        product = values.new_empty(shape)
        for block in blocks:
            part = values.narrow(dim, block.column, block.weights.shape[1])
            product.narrow(dim, block.first, block.last - block.first).copy_(_times(block.weights, part, dim))
        return product

    @staticmethod
    def backward(ctx, given):  # type: ignore[no-untyped-def]
        return _adjoint(ctx.blocks, given, ctx.dim, ctx.size), None, None


def _adjoint(blocks: Sequence[_Block], values: Tensor, dim: int, size: int) -> Tensor:
    """Return the product of the transpose of a matrix in blocks, (pixels, size), with one dimension of a tensor."""
    shape = list(values.shape)
    shape[dim] = size
    product = values.new_zeros(shape)
    for block in blocks:
        part = values.narrow(dim, block.first, block.last - block.first)
        product.narrow(dim, block.column, block.weights.shape[1]).add_(_times(block.weights.T, part, dim))
    return product


def _product(blocks: Sequence[_Block], values: Tensor, dim: int) -> Tensor:
    if len(blocks) == 1:
        (block,) = blocks
        return _times(block.weights, values.narrow(dim, block.column, block.weights.shape[1]), dim)
    product: Tensor = _Product.apply(values, blocks, dim)  # type: ignore[no-untyped-call]
    return product


def _times(weights: Tensor, values: Tensor, dim: int) -> Tensor:
    return values @ weights.T if dim == -1 else weights @ values


def _taken(blocks: Sequence[_Block], rows: Tensor) -> list[_Block]:
    """Return the matrix of some of its rows, ascending."""
    ends = torch.searchsorted(rows, torch.tensor([block.last for block in blocks]).to(rows)).cpu().tolist()
    return [
        _Block(first, last, block.column, block.weights[rows[first:last] - block.first])
        for block, first, last in zip(blocks, [0, *ends], ends, strict=False)
        if first < last
    ]


def _moved(blocks: Sequence[_Block], device: torch.device) -> list[_Block]:
    return [dataclasses.replace(block, weights=block.weights.to(device)) for block in blocks]


def _interpolation(side: _Side, apart: int) -> list[_Block]:
    """Return the (pixels, cells) matrix of linear interpolation, so many cells apart, between the cells of a side."""
    size = side.count if side.count <= _WHOLE else _BLOCK
    return [_between(side, apart, first, min(first + size, side.count)) for first in range(0, side.count, size)]


def _between(side: _Side, apart: int, first: int, last: int) -> _Block:
    at = (side.at(torch.arange(first, last, dtype=torch.float64)) + apart).clamp(0, side.cells - 1)
    low = at.floor().long()
    high, part = (low + 1).clamp(max=side.cells - 1), at - low
    column = int(low[0])
    weights = torch.zeros(last - first, int(high[-1]) + 1 - column, dtype=torch.float64)
    weights.scatter_add_(1, low[:, None] - column, (1.0 - part)[:, None])
    weights.scatter_add_(1, high[:, None] - column, part[:, None])
    return _Block(first, last, column, weights.float())


def _least_squares(side: _Side) -> list[_Block]:
    """Return the (cells, pixels) matrix of the latents whose interpolation is closest to what it is multiplied by."""
    size = side.cells if side.count <= _WHOLE else max(1, _BLOCK * side.cells // side.count)
    blocks = []
    for first in range(0, side.cells, size):
        last = min(first + size, side.cells)
        low, high = max(0, first - _MARGIN), min(side.cells, last + _MARGIN)
        start, stop = math.floor(side.place(low - 1.0)), math.floor(side.place(high))
        seen = _between(side, 0, max(0, start), min(stop + 2, side.count))
        wide = seen.weights[:, low - seen.column : high - seen.column].double()
        ridge = _RIDGE * torch.eye(wide.shape[1], dtype=torch.float64)
        solution: Tensor = torch.linalg.solve(wide.T @ wide + ridge, wide.T)
        blocks.append(_Block(first, last, seen.first, solution[first - low : last - low].float()))
    return blocks
