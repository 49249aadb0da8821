"""Latents in random order -> their neighbours, from twelve bytes a latent: a table of all places would take sixty.

Most neighbours lie at the same distance from every latent of a group. So a latent's own place, one in the coarser
plane, and which neighbours there are, tell where all of them lie.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inr.device import CPU
from inr.networks.entropy_model import COARSE, NEIGHBOURS, PASSES, Lattice, groups

_PART = 65_536
"""Latents that are looked up at once."""


class Neighbourhoods:
    """Where the latents lie, and their neighbours, in the order in which an entropy model in training looks at them.

    Attributes:
        count: of all latents.
        at: (all,) int32, the place of each among all latents in the order of coding.
    """

    def __init__(self, order: Sequence[Lattice], looks: NDArray[np.int64], device: torch.device = CPU) -> None:
        """Look up all neighbours once.

        Args:
            order: the channels of all planes in the order of coding.
            looks: (all,) a permutation of the latents in the order of coding: which is looked at first, and so on.
            device: that looks.
        """
        self.count = len(looks)
        at, coarse = np.zeros((2, self.count), np.int32)
        group_of, known = np.zeros((2, self.count), np.int16)
        bits, offsets, before = np.int16(1) << np.arange(NEIGHBOURS, dtype=np.int16), [], 0
        for number, group in enumerate(groups(order)):
            offsets.append(group.offsets())
            for start in range(0, group.count, _PART):
                part = slice(start, min(start + _PART, group.count))
                to = slice(before + part.start, before + part.stop)
                neighbours = group.neighbours(part)
                at[to], coarse[to], group_of[to] = group.at(part), neighbours[COARSE.start], number
                known[to] = bits @ (neighbours < self.count)
            before += group.count
        self.at, self._coarse, self._group, self._known = (
            torch.from_numpy(table[looks]).to(device) for table in (at, coarse, group_of, known)
        )
        self._bits = torch.arange(NEIGHBOURS, dtype=torch.int16, device=device)[:, None]
        self._offsets = torch.from_numpy(np.stack(offsets, axis=1).astype(np.int32)).to(device)

    def around(self, latents: Tensor, looks: Tensor) -> Tensor:
        """Return the (NEIGHBOURS, n) neighbours of n latents, zero where there is none.

        Args:
            latents: (all,) in the order of coding.
            looks: (n,) which, in the order of looking.
        """
        places = self._offsets[:, self._group[looks].int()]
        own, known = self.at[looks], (self._known[looks] >> self._bits) & 1
        places[: COARSE.start] += own
        places[COARSE] += self._coarse[looks]
        places[COARSE.stop :] += own
        return latents[places.mul_(known)] * known

    def kind(self, looks: Tensor) -> tuple[Tensor, Tensor]:
        """Return (n,) int64 numbers of the passes, and of the channels, of n latents in the order of looking."""
        group = self._group[looks].long()
        return group % len(PASSES), group // len(PASSES)
