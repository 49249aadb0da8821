"""A picture's own pixels on a lattice, and local networks -> colours at any point between those pixels.

pixels -> Keys' cubic (grade 0) + what the grades add at the midpoints -> a lattice twice as fine -> ... -> any point

The structure is that of LIIF (Chen et al. 2021, arXiv 2012.09161): a function of where a point lies between the
samples and of the samples around it. It is trained on this one picture across its scales, as ZSSR is (Shocher et al.
2018, arXiv 1712.06087); see `inr.training.greedy.pairs`.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from inr.networks.chain import prefixes
from inr.networks.grade import Grade
from inr.settings.shape import BETWEEN, NEIGHBOURS, FeedName

BEFORE = NEIGHBOURS // 2 - 1
"""Neighbours above (left of) the pixel that a place lies beside; one more lies on the other side."""
FLOOR = 0.01
"""Added to the deviation of the neighbours, so that flat parts of the picture stay flat."""
MOST_LEVELS = 3
"""Times that a lattice is made twice as fine, at most; the finest is read by Keys' cubic."""
_MARGIN = BEFORE + 1
"""Points around a block that are needed to make it twice as fine, from every side."""
_CELLS = 16_384
_SYMMETRIES = tuple((mirrored, upside, turned) for turned in (False, True) for upside in (False, True)
                    for mirrored in (False, True))  # fmt: skip


class Lattice(nn.Module):
    """The pixels [::spacing, ::spacing] of a picture, exact.

    Attributes:
        pixels: (h, w, C) float32 in [0, 1].
        spacing: picture's pixels from one to the next, along both sides.
    """

    pixels: Tensor

    def __init__(self, pixels: Tensor, spacing: int) -> None:
        super().__init__()
        self.spacing = spacing
        self.register_buffer("pixels", pixels)

    @property
    def size(self) -> int:
        """Numbers that a network is given of the neighbours."""
        return NEIGHBOURS**2 * self.pixels.shape[2]

    def levels(self, pitch: float) -> int:
        """Return how often it is made twice as fine for points that lie `pitch` pixels of the picture apart."""
        count = 0
        while count < MOST_LEVELS and self.spacing > pitch * 2**count:
            count += 1
        return count

    def draw(self, grades: Sequence[Grade], xs: Tensor, ys: Tensor, *, feed: FeedName, levels: int) -> Tensor:
        """Return the (rows, columns, C) picture after these grades at the points of a grid.

        Args:
            grades: local networks, the first of the model; none leaves Keys' cubic of the pixels.
            xs: (columns,) float64 columns of the picture's pixels, their centres at whole numbers, ascending.
            ys: (rows,) float64 rows, likewise.
            feed: as in `Model`.
            levels: times that the lattice is made twice as fine before it is read.
        """
        fine = 2**levels
        (top, down), (left, across) = (_taps(axis * (fine / self.spacing)) for axis in (ys, xs))
        rows, columns = ((int(at.min()), int(at.max()) + 1) for at in (top, left))
        block = self._block(grades, rows, columns, levels, feed)
        drawn = torch.einsum("rtwc,rt->rwc", block[top - rows[0]], down)
        return torch.einsum("rwtc,wt->rwc", drawn[:, left - columns[0]], across)

    def windows(self, which: Tensor) -> Tensor:
        """Return (N, 36, C): the neighbours of the lattice's pixels with these (N,) numbers, taken round and round."""
        height, width, _ = self.pixels.shape
        which = which.long() % (height * width)
        near = torch.arange(-BEFORE, NEIGHBOURS - BEFORE, device=self.pixels.device)
        rows = (which[:, None] // width + near).clamp(0, height - 1)
        columns = (which[:, None] % width + near).clamp(0, width - 1)
        return self.pixels[rows[:, :, None], columns[:, None, :]].flatten(1, 2)

    def read(self, grades: Sequence[Grade], at: Tensor, *, feed: FeedName) -> Tensor:
        """Return the (N, C) picture after these grades at (N, 2) float64 places (x, y) in pixels, in any order."""
        levels = self.levels(1.0)
        (left, across), (top, down) = (_taps(places * (2**levels / self.spacing)) for places in at.unbind(1))
        rows, columns = ((int(taps.min()), int(taps.max()) + 1) for taps in (top, left))
        block = self._block(grades, rows, columns, levels, feed)
        seen = block[(top - rows[0])[:, :, None], (left - columns[0])[:, None, :]]
        return torch.einsum("nyxc,ny,nx->nc", seen, down, across)

    def _block(
        self, grades: Sequence[Grade], rows: tuple[int, int], columns: tuple[int, int], level: int, feed: FeedName
    ) -> Tensor:
        """Return the points [rows, columns] of the lattice made twice as fine `level` times.

        Beyond the outermost pixels lie copies of them.
        """
        if level == 0:
            device, (height, width, _) = self.pixels.device, self.pixels.shape
            y = torch.arange(*rows, device=device).clamp(0, height - 1)
            x = torch.arange(*columns, device=device).clamp(0, width - 1)
            return self.pixels[y[:, None], x]
        (y0, y1), (x0, x1) = ((first // 2 - _MARGIN, (last - 1) // 2 + _MARGIN + 1) for first, last in (rows, columns))
        finer = refine(self._block(grades, (y0, y1), (x0, x1), level - 1, feed), grades, feed=feed)
        return finer[rows[0] - 2 * y0 : rows[1] - 2 * y0, columns[0] - 2 * x0 : columns[1] - 2 * x0]


def normalised(windows: Tensor) -> tuple[Tensor, Tensor]:
    """Return what a network is given of its neighbours, and what its answer is to be multiplied by.

    Args:
        windows: (N, 36, C) neighbours in reading order.

    Returns:
        (N, 36 C), less the mean of each channel, over the deviation of all; and that deviation, (N, 1).
    """
    about = windows - windows.mean(dim=1, keepdim=True)
    deviation = about.square().mean(dim=(1, 2)).sqrt()[:, None] + FLOOR
    return about.flatten(1) / deviation, deviation


def between(windows: Tensor) -> Tensor:
    """Return (N, 3, C): what Keys' cubic gives right of, below, and diagonally below the pixels of (N, 36, C)."""
    return torch.einsum("pt,ntc->npc", _keys_between().to(windows), windows)


def added(grades: Sequence[Grade], windows: Tensor, *, feed: FeedName) -> Iterator[Tensor]:
    """Yield, grade by grade, (N, 3, C): what the grades so far add to Keys' cubic at those places."""
    inputs, deviation = normalised(windows)
    for total in prefixes(grades, inputs, feed=feed):
        yield (total * deviation).reshape(len(total), BETWEEN, -1)


@torch.no_grad()
def refine(points: Tensor, grades: Sequence[Grade], *, feed: FeedName) -> Tensor:
    """Return the (2 h - 1, 2 w - 1, C) points of a lattice twice as fine as (h, w, C) ones.

    Known points stay. The others are the mean over the eight flips and turns of the lattice, so that the picture does
    not depend on which way up it is. What lies within two points of the rim is not filled in.
    """
    height, width, _ = points.shape
    total = torch.zeros(2 * height - 1, 2 * width - 1, points.shape[2], device=points.device)
    for symmetry in _SYMMETRIES if grades else _SYMMETRIES[:1]:
        total += _turned_back(_refined(_turned(points, *symmetry), grades, feed), *symmetry)
    finer = total / (len(_SYMMETRIES) if grades else 1)
    finer[::2, ::2] = points
    return finer


def _refined(points: Tensor, grades: Sequence[Grade], feed: FeedName) -> Tensor:
    height, width, channels = points.shape
    finer = torch.zeros(2 * height, 2 * width, channels, device=points.device)
    windows = points.unfold(0, NEIGHBOURS, 1).unfold(1, NEIGHBOURS, 1)  # (rows, columns, C, 6, 6), a view
    rows, columns = windows.shape[:2]
    filled = finer[2 * BEFORE :, 2 * BEFORE :][: 2 * rows, : 2 * columns]
    at_once = max(1, _CELLS // columns)
    for top in range(0, rows, at_once):
        seen = windows[top : top + at_once].flatten(3).permute(0, 1, 3, 2).flatten(0, 1)
        answers = between(seen)
        for total in list(added(grades, seen, feed=feed))[-1:]:
            answers = answers + total
        part = answers.reshape(-1, columns, *answers.shape[1:])
        own = filled[2 * top : 2 * (top + at_once)]
        own[::2, 1::2], own[1::2, ::2], own[1::2, 1::2] = part.unbind(2)
    return finer[:-1, :-1]


def _turned(points: Tensor, mirrored: bool, upside: bool, turned: bool) -> Tensor:
    sides = [side for side, flipped in ((0, upside), (1, mirrored)) if flipped]
    return (points.transpose(0, 1) if turned else points).flip(sides)


def _turned_back(points: Tensor, mirrored: bool, upside: bool, turned: bool) -> Tensor:
    flipped = points.flip([side for side, flipped in ((0, upside), (1, mirrored)) if flipped])
    return flipped.transpose(0, 1) if turned else flipped


def _taps(at: Tensor) -> tuple[Tensor, Tensor]:
    """Return (n, 4) points around each of (n,) places on a line, and Keys' weights of them, float32."""
    first = at.floor()
    distance = (at - first)[:, None] - torch.arange(-1.0, 3.0, dtype=at.dtype, device=at.device)
    return first.long()[:, None] + torch.arange(-1, 3, device=at.device), keys(distance).float()


def keys(distance: Tensor) -> Tensor:
    """Return Keys' cubic convolution kernel with a = -0.5 (Keys 1981, eq. 15): exact for quadratic polynomials."""
    d = distance.abs()
    near = (1.5 * d - 2.5) * d * d + 1.0
    far = ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0
    return torch.where(d <= 1.0, near, torch.where(d < 2.0, far, torch.zeros_like(d)))


def _keys_between() -> Tensor:
    """Return the (3, 36) weights of Keys' cubic at the three places."""
    offsets = torch.arange(NEIGHBOURS, dtype=torch.float64) - BEFORE
    here, half = keys(offsets), keys(0.5 - offsets)
    return torch.stack([torch.outer(down, across).flatten() for down, across in
                        ((here, half), (half, here), (half, half))])  # fmt: skip
