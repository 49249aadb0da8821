"""Frequencies drawn from a seed: the same on every machine, and nothing in a file but the seed."""

import dataclasses

import numpy as np
import pytest
import torch
from helpers.pictures import picture

import inr
from inr.codec.container import pack, unpack
from inr.networks.encoding import Draw, Encoding, normals


def split_mix(seed, count):
    """SplitMix64 in Python's whole numbers."""
    for _ in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) % 2**64
        z = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        yield z ^ (z >> 31)


def test_the_generator_is_pinned():
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert list(split_mix(1234567, 4)) == published
    for seed in (0, 1234567, 2**64 - 1):
        halves = [number >> 32 for number in split_mix(seed, 60)]
        expected = [sum(halves[at : at + 12]) / 2**32 - 6 for at in range(0, 60, 12)]
        assert normals(seed, 5).tolist() == expected


def test_numbers_are_nearly_normal():
    drawn = normals(3, 100_000)
    assert abs(drawn.mean()) < 0.02 and abs(drawn.var() - 1) < 0.02 and abs((drawn**4).mean() - 2.9) < 0.1
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.02
    assert abs(np.corrcoef(normals(4, 100_000), drawn)[0, 1]) < 0.02


def test_values_of_a_draw():
    """Pinned by value: these are what files of today say."""
    found = Draw(seed=7, sigma=3.0, bands=(1.0, 10.0)).frequencies(4)
    expected = [
        [-3.0028622150421143, 4.000621318817139, 15.565862655639648, -26.381105422973633],
        [-1.0333465337753296, 2.178413152694702, 13.406845092773438, -3.5940439701080322],
    ]
    assert found.dtype == torch.float32 and found.tolist() == expected


@pytest.fixture(scope="module")
def model():
    config = inr.configure(inr.FitOptions(grades=1, depth=1, width=4, steps=2, encoding="fourier", frequencies=32))
    return inr.fit(inr.image_from_array(picture(20, 16)), config).model


def test_drawn_frequencies_cost_no_bytes(model):
    data = inr.model_to_bytes(model)
    read = inr.model_from_bytes(data)
    assert torch.equal(read.encoding.frequencies, model.encoding.frequencies)
    assert read.encoding.draw == model.encoding.draw and inr.model_to_bytes(read) == data
    stored = dataclasses.replace(model, encoding=Encoding(model.encoding.frequencies))
    assert len(inr.model_to_bytes(stored)) - len(data) > 8 * 32 - 40
    assert np.array_equal(inr.model_from_bytes(inr.model_to_bytes(stored)).render(), read.render())


@pytest.mark.parametrize(
    "entry",
    [
        7, [], [1], [1, 2.0], [-1, 1.0, 1.0], [2**64, 1.0, 1.0], [1, -1.0, 1.0], [1, 1e300, 1.0], [1, 1e6, 1e6],
        [True, 1.0, 1.0], [1, 1.0, "x"], [1, "2", 1.0], [1, 1.0, 1.0, 1.0, 1.0], [1, 1.0, None],
    ],
)  # fmt: skip
def test_draws_that_are_none(model, entry):
    container = unpack(inr.model_to_bytes(model))
    with pytest.raises(inr.ModelFileError, match="no draw of frequencies"):
        inr.model_from_bytes(pack({**container.header, "drawn": entry}, container.chunks))
