"""Coordinates (N, 2) -> what feature planes hold there (N, features): latents, read by bilinear interpolation."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from inr.settings.shape import Plane


class Planes(nn.Module):
    """The feature planes of a grade (Mueller et al. 2022, arXiv 2201.05989, section 3; dense, not hashed).

    coordinates (N, 2) -> each plane read bilinearly -> (N, features)

    Attributes:
        layout: cell and channels of each plane.
        stretch: (2,) float32, longer side over width and over height: isotropic coordinates times this span
            (-1, 1) along both axes.
    """

    stretch: Tensor

    def __init__(self, layout: Sequence[Plane], width: int, height: int) -> None:
        super().__init__()
        self.layout = tuple(layout)
        longer = max(width, height)
        self.register_buffer("stretch", torch.tensor([longer / width, longer / height]))
        self.values = nn.ParameterList(
            nn.Parameter(torch.empty(1, *plane_shape(plane, width, height))) for plane in layout
        )

    @property
    def features(self) -> int:
        """Numbers read at a coordinate."""
        return sum(plane.features for plane in self.layout)

    def forward(self, coordinates: Tensor) -> Tensor:
        """Map (N, 2) isotropic coordinates to (N, features): of a plane all channels at each place it is read."""
        at = coordinates * self.stretch
        return torch.cat([self._read(*plane, at) for plane in zip(self.layout, self.values, strict=True)]).T

    def _read(self, plane: Plane, values: Tensor, at: Tensor) -> Tensor:
        """Return (features, N): each place is read as a picture of its own, and so by a thread of its own."""
        cells = [[2.0 * dx / values.shape[3], 2.0 * dy / values.shape[2]] for dy, dx in plane.places]
        places = (at + torch.tensor(cells).to(at)[:, None])[:, None]
        planes = values.expand(len(places), -1, -1, -1)
        read = functional.grid_sample(planes, places, mode="bilinear", padding_mode="border", align_corners=False)
        return read.reshape(plane.features, -1)

    @torch.no_grad()
    def start(self, generator: torch.Generator) -> None:
        """Draw small uniform latents: enough to tell the channels of a plane apart."""
        for plane in self.values:
            plane.uniform_(-0.01, 0.01, generator=generator)


def plane_shape(plane: Plane, width: int, height: int) -> tuple[int, int, int]:
    """Return channels, rows and columns of a plane over a picture of this size in pixels; sides are rounded up."""
    return plane.channels, -(-height // plane.cell), -(-width // plane.cell)
