"""The local implicit function: its lattice, its pairs, its file, and what it draws between and beyond the pixels."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.pictures import picture

import inr
from inr.codec.lattice import read_lattice, write_lattice
from inr.codec.model_file import encode
from inr.networks.encoding import Encoding
from inr.networks.grade import Grade
from inr.networks.lattice import Lattice, between, normalised, refine
from inr.networks.model import Model
from inr.networks.record import Record
from inr.settings.config import FitConfig
from inr.training.greedy.pairs import Pairs
from inr.training.rounding.model import round_to_bytes

GOLDEN = Path(__file__).parent / "golden" / "version3-local.inr"


def local_config(**changes) -> FitConfig:
    return dataclasses.replace(
        inr.configure(inr.FitOptions(method="local", width=8, steps=5, batch_size=64)), **changes
    )


def golden_local() -> Model:
    """A model of a lattice, every second pixel of a picture, and a network whose every weight is written down here."""
    grade = Grade(36 * 3, 9, depth=1, width=2, activation="gelu")
    for parameter in grade.parameters():
        numbers = torch.arange(parameter.numel()) * 7 % 11 - 5
        parameter.data.copy_((numbers * 2.0**-7).reshape(parameter.shape))
    whole = (np.arange(4 * 5 * 3) * 37 % 256).reshape(4, 5, 3)
    return Model(
        width=9,
        height=7,
        channels=3,
        bit_depth=8,
        frame="isotropic",
        encoding=Encoding(torch.zeros(2, 0)),
        feed="both",
        grades=(grade,),
        lattice=Lattice(torch.from_numpy(whole.astype(np.float32) / np.float32(255)), 2),
        record=Record(method="local", seed=0, psnr_db=(), versions=(("inr", "0.1.0"),)),
    )


def quadratic(height: int = 30, width: int = 26) -> np.ndarray:
    """(H, W, 2) values of polynomials of degree two, which Keys' cubic interpolates exactly."""
    y, x = np.mgrid[:height, :width] / 40.0
    return np.stack([0.1 + 0.3 * x + 0.4 * y * x + 0.2 * y * y, 0.8 - 0.5 * x * x + 0.1 * y], axis=2).astype(np.float32)


def test_pairs_lie_where_they_are_taken_to_lie():
    """In every flip and turn the answers are those of the places that the cubic is asked for: else it would miss."""
    values = torch.from_numpy(quadratic())
    pairs = Pairs(values, 0.0, feed="both", seed=0, device=torch.device("cpu"))
    inputs, residual, shown = pairs.batch(4000)
    assert inputs.shape == (4000, 72) and residual.shape == (4000, 6) and shown is not None
    exact = (residual * shown).abs().amax(dim=1) < 1e-5
    assert 0.2 < float(exact.float().mean()) < 1.0  # inside; at the rim the neighbours are copies


def test_the_lattice_s_own_pixels_stay_and_the_grades_see_their_neighbours(image):
    for pixels, step in (("all", 1), ("half", 2)):
        fitted = inr.fit(image, local_config(pixels=pixels)).model
        drawn = fitted.render()
        assert np.array_equal(inr.quantize(drawn, 8)[::step, ::step], inr.quantize(image.pixels, 8)[::step, ::step])
        cubic = Lattice.draw(fitted.lattice, (), *_places(image), feed="both", levels=0).numpy()
        assert (np.abs(drawn - cubic).max() > 1e-4) == (step == 2)


def _places(image):
    return torch.arange(image.width, dtype=torch.float64), torch.arange(image.height, dtype=torch.float64)


def test_between_is_keys_cubic_of_the_lattice():
    values = torch.from_numpy(quadratic())
    finer = refine(values, (), feed="both")
    windows = values.unfold(0, 6, 1).unfold(1, 6, 1).flatten(3).permute(0, 1, 3, 2).flatten(0, 1)
    rows, columns = values.shape[0] - 5, values.shape[1] - 5
    answers = between(windows).unflatten(0, (rows, columns))
    assert torch.equal(answers[:, :, 0], finer[4 : 4 + 2 * rows : 2, 5 : 5 + 2 * columns : 2])
    y, x = np.mgrid[: 2 * 30 - 1, : 2 * 26 - 1] / 80.0
    truth = 0.1 + 0.3 * x + 0.4 * y * x + 0.2 * y * y
    assert np.abs(finer[:, :, 0].numpy() - truth)[6:-8, 6:-8].max() < 1e-5


def test_neighbours_are_given_whatever_their_mean_and_contrast():
    windows = torch.rand(5, 36, 3, generator=torch.Generator().manual_seed(0))
    inputs, deviation = normalised(windows)
    brighter, larger = normalised(0.25 + windows)
    assert torch.allclose(inputs, brighter, atol=1e-5) and torch.allclose(deviation, larger, atol=1e-5)


def test_what_is_drawn_does_not_depend_on_which_way_up_it_is():
    model = golden_local()
    points = torch.rand(14, 11, 3, generator=torch.Generator().manual_seed(1))
    finer = refine(points, model.grades, feed="both")[5:-5, 5:-5]
    turned = refine(points.transpose(0, 1).flip([0]), model.grades, feed="both")[5:-5, 5:-5]
    assert torch.allclose(turned, finer.transpose(0, 1).flip([0]), atol=1e-6)


def test_a_part_is_drawn_as_in_the_whole(monkeypatch):
    model = golden_local()
    whole = model.render(width=36, height=28)
    part = model.render(width=12, height=8, region=inr.Region(x0=3, y0=2, x1=6, y1=4))
    assert np.abs(part - whole[8:16, 12:24]).max() < 1e-6
    monkeypatch.setattr("inr.networks.model._LATTICE_PIXELS", 100)
    assert np.abs(model.render(width=36, height=28) - whole).max() < 1e-6
    coordinates = (torch.tensor([[4.0, 3.0], [0.0, 6.0], [8.0, 1.0]]) * 2 + 1 - torch.tensor([9.0, 7.0])) / 9
    (at,) = model.predictions(coordinates)
    assert np.abs(at.numpy() - model.render()[[3, 6, 1], [4, 0, 8]]).max() < 1e-5


@pytest.mark.parametrize(("channels", "dtype"), [(1, np.uint8), (2, np.uint16), (3, np.uint16), (4, np.uint8)])
def test_pixels_come_back_from_their_bytes_exactly(channels, dtype):
    image = inr.image_from_array(picture(9, 13, channels, dtype=dtype))
    data = write_lattice(torch.from_numpy(image.pixels), image.bit_depth)
    assert torch.equal(read_lattice([data], image.pixels.shape, image.bit_depth), torch.from_numpy(image.pixels))
    with pytest.raises(inr.ModelFileError):
        read_lattice([data[: 4 * channels - 1]], image.pixels.shape, image.bit_depth)


def test_the_file_of_a_local_model_is_pinned_and_read_for_ever():
    model = golden_local()
    assert inr.model_to_bytes(model) == GOLDEN.read_bytes()
    read = inr.load_model(GOLDEN)
    assert read.lattice is not None and read.lattice.spacing == 2
    assert torch.equal(read.lattice.pixels, model.lattice.pixels)
    assert np.array_equal(read.render(width=20, height=15), model.render(width=20, height=15))


def test_a_file_without_its_lattice_is_refused():
    encoded = encode(golden_local())
    bare = dataclasses.replace(encoded, chunks=tuple(c for c in encoded.chunks if c.tag != b"L"))
    with pytest.raises(inr.ModelFileError, match="0 lattices"):
        inr.model_from_bytes(bare.data)
    short = tuple(dataclasses.replace(c, payload=c.payload[:8]) if c.tag == b"L" else c for c in encoded.chunks)
    with pytest.raises(inr.ModelFileError):
        inr.model_from_bytes(dataclasses.replace(encoded, chunks=short).data)


def test_packing_rounds_the_network_and_no_pixel(image):
    model = inr.fit(image, local_config(pixels="half")).model
    size = len(inr.model_to_bytes(model))
    packed = inr.model_from_bytes(inr.model_to_bytes(round_to_bytes(model, 2 * size // 3)))
    assert len(inr.model_to_bytes(packed)) <= 2 * size // 3
    assert packed.lattice is not None and torch.equal(packed.lattice.pixels, model.lattice.pixels)
    assert 0 < np.abs(packed.render() - model.render()).max() < 0.05


def test_windows_are_those_that_are_drawn_from():
    lattice = Lattice(torch.arange(7.0 * 8).reshape(7, 8, 1), 1)
    seen = lattice.windows(torch.tensor([2 * 8 + 3, 0]))
    assert torch.equal(seen[0, :, 0].reshape(6, 6), lattice.pixels[:6, 1:7, 0])
    assert seen[1, :14, 0].tolist() == [0, 0, 0, 1, 2, 3, 0, 0, 0, 1, 2, 3, 0, 0]


def test_training_lowers_what_the_cubic_misses_also_where_no_pixel_was_seen():
    y, x = np.mgrid[:64, :64]
    edges = np.clip(np.abs((x + 0.6 * y) % 34 - 17) - 8, 0, 1)[:, :, None].astype(np.float32)  # alike at every scale
    image = inr.image_from_array(edges)
    config = inr.configure(inr.FitOptions(method="local", width=24, steps=150, batch_size=512, pixels="half",
                                           grades=2, learning_rate=0.01))  # fmt: skip
    result = inr.fit(image, config)
    before = Pairs(torch.from_numpy(edges[::2, ::2].copy()), 0.5, feed="both", seed=0, device=torch.device("cpu"))
    first, second = (10 ** (-log.psnr_db / 10) for log in result.grades)
    assert second < first < 0.5 * before.error
    cubic = Lattice.draw(result.model.lattice, (), *_places(image), feed="both", levels=0).numpy()
    drawn = [result.model.up_to(number).render() for number in (1, 2)]
    errors = [float(np.square(each - edges)[6:-6, 6:-6].mean()) for each in (cubic, *drawn)]
    assert errors[1] < 0.8 * errors[0] and errors[2] < 0.8 * errors[0]


def test_a_picture_of_one_pixel_is_fitted_and_drawn_larger():
    fitted = inr.fit(inr.image_from_array(np.full((1, 1, 3), 77, np.uint8)), local_config(pixels="half")).model
    assert np.all(inr.quantize(inr.model_from_bytes(inr.model_to_bytes(fitted)).render(width=5, height=3), 8) == 77)


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"sigma": 3.0}, "--sigma is given"),
        ({"batch_size": 0}, "--batch-size is 0"),
        ({"quality": 50}, "--quality needs feature planes"),
        ({"target_psnr": 40.0}, "--target-psnr is given"),
        ({"stop": "held-out"}, "network of coordinates"),
        ({"grades": "auto"}, "network of coordinates"),
    ],
)
def test_wishes_without_meaning_are_refused_in_one_sentence(wishes, says):
    with pytest.raises(inr.ConfigError, match=says):
        inr.configure(inr.FitOptions(method="local", **wishes))
