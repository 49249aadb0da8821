"""Integers, and how far from zero each is expected <-> bytes of a range coder, the same on every machine.

The coder is constriction's. Its tables are Laplace distributions made here, by multiplications and square roots alone,
which IEEE arithmetic rounds alike everywhere, and cut to integer counts before the coder sees them.
"""

import functools

import numpy as np
from constriction import stream
from numpy.typing import NDArray

from inr.errors import ModelFileError
from inr.networks.quantised import Integers

TABLES = 64
"""Tables there are: the k-th has the mean distance 2^(k/4) / 16 from its centre."""
FRACTIONS = 16
"""Places of a centre between two integers."""
MAX_REACH = 4095
"""Largest distance from the integer below the centre that a table holds."""
_TOTAL = 2**23
# exp(-4 2^(-k/4)): how much rarer a distance is a quarter further from the centre. Every fourth is a square root.
_DECAY = (0.01831563888873418, 0.03461093310925451, 0.059105746561956225, 0.09269745786759025)


@functools.lru_cache(maxsize=4096)
def counts(table: int, fraction: int, reach: int) -> NDArray[np.float64]:
    """Return the expected frequencies of -reach..reach around a centre, as whole numbers of at least one.

    P(r) = F(r + 1/2) - F(r - 1/2), F the distribution function of the Laplace distribution with the table's mean
    distance and its centre at fraction / 16.

    Args:
        table: 0..63.
        fraction: 0..15.
        reach: 0..4095.
    """
    decay = _DECAY[table % 4]
    for _ in range(table // 4):
        decay = float(np.sqrt(decay))
    quarters = np.cumprod(np.full(4 * reach + 8, decay)) / decay  # powers of the distance, from 0
    root = float(np.sqrt(np.sqrt(decay)))
    powers = (quarters[:, None] * np.array([1.0, root, root * root, root * root * root])).ravel()
    edges = FRACTIONS * np.arange(-reach, reach + 2) - FRACTIONS // 2 - fraction
    tail = 0.5 * powers[np.abs(edges)]
    found: NDArray[np.float64] = np.floor(np.diff(np.where(edges < 0, tail, 1.0 - tail)) * _TOTAL) + 1.0
    return found


@functools.lru_cache(maxsize=4096)
def _model(table: int, fraction: int, reach: int) -> stream.model.Categorical:
    return stream.model.Categorical(counts(table, fraction, reach), perfect=False)


def expected_bits(table: int, often: Integers) -> float:
    """Return the bits that integers around zero cost by one table.

    Args:
        table: 0..63.
        often: (2 reach + 1,) how many integers there are of each value from -reach to reach.
    """
    frequencies = counts(table, 0, len(often) // 2)
    return float((often * np.log2(frequencies.sum() / frequencies)).sum())


class Encoder:
    """Collects integers into the words of one range coder."""

    def __init__(self) -> None:
        self._coder = stream.queue.RangeEncoder()

    def write(self, values: Integers, tables: Integers, centres: Integers, reach: int) -> None:
        """Append (n,) integers.

        Args:
            values: the integers; each at most `reach` from the integer at or below its centre.
            tables: (n,) numbers of tables.
            centres: (n,) expected values in sixteenths.
            reach: of the tables.
        """
        residuals = (values - centres // FRACTIONS + reach).astype(np.int32)
        for (table, fraction), places in _by_table(tables, centres):
            self._coder.encode(residuals[places], _model(table, fraction, reach))

    def write_uniform(self, values: Integers, bits: int) -> None:
        """Append (n,) integers of 0..2^bits - 1 that are all as likely."""
        if bits:
            self._coder.encode(values.astype(np.int32), stream.model.Uniform(2**bits))

    def bytes(self) -> bytes:
        """Return everything written, in little-endian words of 32 bits."""
        words: NDArray[np.uint32] = self._coder.get_compressed()
        return words.astype("<u4").tobytes()


class Decoder:
    """Gives back what an `Encoder` wrote, when asked the same questions in the same order."""

    def __init__(self, data: bytes) -> None:
        if len(data) % 4:
            raise ModelFileError("a grade's coded integers are no whole number of words; the file is damaged.")
        self._coder = stream.queue.RangeDecoder(np.frombuffer(data, "<u4").astype(np.uint32))

    def read(self, tables: Integers, centres: Integers, reach: int) -> Integers:
        """Return the next (n,) integers; see `Encoder.write`.

        Raises:
            ModelFileError: these words are none an encoder writes.
        """
        residuals = np.empty(len(tables), np.int64)
        for (table, fraction), places in _by_table(tables, centres):
            residuals[places] = self._decode(_model(table, fraction, reach), len(places))
        return residuals - reach + centres // FRACTIONS

    def read_uniform(self, count: int, bits: int) -> Integers:
        """Return the next (count,) integers of 0..2^bits - 1."""
        return self._decode(stream.model.Uniform(2**bits), count) if bits else np.zeros(count, np.int64)

    def finish(self) -> None:
        """Raise ModelFileError if words are left."""
        if not self._coder.maybe_exhausted():
            raise ModelFileError("a grade's coded integers go on after its last weight; the file is damaged.")

    def _decode(self, model: object, count: int) -> Integers:
        try:
            return np.asarray(self._coder.decode(model, count), np.int64)
        except (AssertionError, ValueError) as error:
            raise ModelFileError("a grade's coded integers do not decode; the file is damaged.") from error


def _by_table(tables: Integers, centres: Integers) -> list[tuple[tuple[int, int], Integers]]:
    """Return each (table, fraction) that occurs, in order, with the places that use it, ascending."""
    keys = tables * FRACTIONS + centres % FRACTIONS
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    return [
        ((int(keys[places[0]]) // FRACTIONS, int(keys[places[0]]) % FRACTIONS), places)
        for places in np.split(order, starts[1:])
        if len(places)
    ]
