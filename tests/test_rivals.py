"""Each rival's defining property, and what all of them have in common."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from helpers.pictures import picture, psnr_of_flat

import inr
from inr.device import autocast
from inr.imaging.sampling import coordinates
from inr.networks.chain import empty_grade, grade_inputs
from inr.networks.encoding import draw_encoding
from inr.networks.grade import Grade, parameter_shapes
from inr.networks.initialisation import initialise
from inr.networks.layers import Complex, Separate, activate
from inr.settings.config import FitConfig
from inr.settings.methods import METHODS
from inr.settings.options import FitOptions
from inr.settings.rivals import RIVALS
from inr.settings.shape import EncodingConfig, Form, GradeShape
from inr.settings.trainings import GreedyTraining
from inr.spectra.bandwidth import lattice_spectrum, median_radius, strongest
from inr.training.optimizers import Muon, make_optimizers

SMALL = {"width": 24, "steps": 3}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def begun(name: str, number: int = 0, *, inputs: int | None = None, **changes) -> Grade:
    """Return a grade of a rival as its paper sets it, at the start of its training."""
    config = RIVALS[name].config
    own = dataclasses.replace(config.grades[number], **changes)
    inputs = inputs or 2 * config.encoding.frequencies or 2
    grade = Grade(inputs, 3, depth=own.depth, width=own.width, activation=own.activation, form=own.form)
    grade.start(config.training.init, generator(1), first=number == 0, raw=config.encoding.kind == "none")
    return grade


def started(form: Form = Form(), *, inputs=2, width=24, depth=3, activation="sine", init="siren") -> Grade:
    grade = Grade(inputs, 3, depth=depth, width=width, activation=activation, form=form)
    grade.start(init, generator(1), first=True, raw=True)
    return grade


@pytest.fixture
def points() -> torch.Tensor:
    return torch.rand(50, 2, generator=generator(3)) * 2 - 1


@pytest.mark.parametrize("name", RIVALS)
@pytest.mark.parametrize("recipe", ["paper", "inr"])
def test_every_rival_fits_and_its_file_draws_the_same(image, name, recipe):
    result = inr.fit(image, inr.configure(FitOptions(method=name, recipe=recipe, seed=1, **SMALL)))
    assert [log.steps for log in result.grades] == [3] * len(result.config.grades)
    data = inr.model_to_bytes(result.model)
    loaded = inr.model_from_bytes(data)
    assert inr.model_to_bytes(loaded) == data
    drawn = result.model.render()  # not clipped: an untrained start may be far from a picture
    lost = np.sqrt(np.square(loaded.render() - drawn).mean())
    assert lost < 5e-3 * max(1.0, np.abs(drawn).max())
    assert [grade.form for grade in loaded.grades] == [grade.form for grade in result.model.grades]


@pytest.mark.parametrize("name", [name for name in RIVALS if name not in ("fourier", "fourier-multiscale")])
def test_rivals_may_be_graded(image, name):
    options = FitOptions(method=name, grades=2, recipe="inr", depth=2, width=24, steps=40, batch_size=0)
    result = inr.fit(image, inr.configure(options))
    assert len(result.model.grades) == 2
    first, second = (quality.psnr_db for quality in inr.measure(image, result.model)[0])
    assert psnr_of_flat(image) < first < second


def test_biases_of_scaled_coordinates_are_as_wide_as_they_are():
    """Their ramps, each where products and bias cancel, then lie as far from the origin at every scale."""
    grade = started(Form(scales=(1.0, 128.0)), width=2000, depth=1, init="fan-in")
    first = grade.layers[0]
    apart = first.bias.detach().abs() / (first.weight * grade.scale[:, None]).detach().norm(dim=1)
    assert apart[:1000].median() == pytest.approx(float(apart[1000:].median()), rel=0.2)


@pytest.mark.parametrize("form", [Form(), Form(scales=(1.0, 128.0)), Form(shifts=4)])
def test_bare_coordinates_keep_their_digits_in_bfloat16(form, points):
    grade = started(form, width=32, depth=1, activation="sine")
    with torch.no_grad():
        grade.waves.fill_(100.0)
        grade.head.weight[3:] *= 10.0
    exact = grade(points)
    with autocast(torch.bfloat16, torch.device("cpu")):
        near = grade(points).float()
    assert (near - exact).square().mean() < 1e-4 * exact.var()


@pytest.mark.parametrize("name", RIVALS)
def test_what_a_paper_fixes_is_refused(name):
    for wish in ({"preset": "fast"}, {"activation": "gelu"}, {"encoding": "grid"}):
        with pytest.raises(inr.ConfigError, match=name):
            inr.configure(FitOptions(method=name, **wish))
    if RIVALS[name].bandwidth != "omega":
        with pytest.raises(inr.ConfigError, match="omega"):
            inr.configure(FitOptions(method=name, omega=3.0))


def test_siren_keeps_its_distribution_from_layer_to_layer(points):
    grade = started(Form(gain=30.0), width=256, depth=4)
    assert grade.layers[0].weight.abs().max() <= 0.5
    for layer in [*grade.layers[1:], grade.head]:
        bound = math.sqrt(6 / 256) / 30
        assert 0.9 * bound < layer.weight.abs().max() <= bound
    x = points
    for number, layer in enumerate(grade.layers):
        z = 30.0 * layer(x)
        if number:
            assert 0.8 < float(z.detach().std()) < 1.6  # N(0, 1) and the biases: Sitzmann et al., theorem 1.8
        x = torch.sin(z)
    torch.testing.assert_close(grade.body(points), x)


def test_finer_swings_faster_further_out():
    z = torch.tensor([[0.1, 0.5, 2.0]], requires_grad=True)
    y = activate("finer", z, Form(gain=30.0))
    torch.testing.assert_close(y, torch.sin(30.0 * (z.abs() + 1) * z))
    y.sum().backward()
    phase = 30.0 * (z.detach().abs() + 1)
    torch.testing.assert_close(z.grad, phase * torch.cos(phase * z.detach()))  # no way through |z|


def test_gauss_has_the_width_of_its_gain():
    y = activate("gauss", torch.tensor([[0.0, 0.1, -0.1]]), Form(gain=10.0))
    torch.testing.assert_close(y, torch.tensor([[1.0, math.exp(-0.5), math.exp(-0.5)]]))


def test_wire_is_the_complex_gabor_wavelet(points):
    form = Form(gain=20.0, window=30.0)
    grade = started(form, activation="gabor", init="uniform", depth=2)

    def gabor(z):
        return torch.exp(20j * z - (30.0 * z.abs()) ** 2)

    z = gabor((points @ grade.layers[0].weight.T + grade.layers[0].bias).to(torch.complex64))
    real, imaginary = grade.layers[1].weight.chunk(2, dim=1)
    bias = torch.complex(*grade.layers[1].bias.chunk(2))
    z = gabor(z @ torch.complex(real, imaginary).T + bias)
    torch.testing.assert_close(grade.body(points), torch.cat([z.real, z.imag], dim=1), atol=1e-5, rtol=1e-4)
    assert grade.features == 48 and Complex(24).weight.numel() == 2 * 24 * 24


def test_scales_multiply_the_coordinates_of_their_neurons(points):
    plain, scaled = started(), started(Form(scales=(1.0, 4.0)))
    shifted = points * 4.0
    z = torch.cat([plain.layers[0](points)[:, :12], plain.layers[0](shifted)[:, 12:]], dim=1)
    torch.testing.assert_close(scaled.layers[0](points, scaled.scale), z)


def test_separate_sub_networks_are_summed(points):
    grade = started(Form(scales=(1.0, 2.0, 8.0), separate=True))
    total = grade.head.bias.expand(len(points), 3).clone()
    for number, scale in enumerate((1.0, 2.0, 8.0)):
        own = slice(8 * number, 8 * number + 8)
        x = torch.sin(scale * points @ grade.layers[0].weight[own].T + grade.layers[0].bias[own])
        for layer in grade.layers[1:]:
            x = torch.sin(x @ layer.weight[number].T + layer.bias[own])
        total += x @ grade.head.weight[:, own].T
    torch.testing.assert_close(grade(points), total)


@pytest.mark.parametrize(("name", "end", "top"), [("srelu", 1.0, 0.25), ("phi", 3.0, 1.5)])
def test_compact_activations_vanish_outside_their_interval(name, end, top):
    x = torch.linspace(-2, 5, 701)[:, None]
    y = activate(name, x, Form())
    inside = (x > 1e-3) & (x < end - 1e-3)
    assert (y[inside] > 0).all() and y[~((x > -1e-3) & (x < end + 1e-3))].abs().max() < 1e-4
    assert float(y.max()) == pytest.approx(top, abs=1e-4)


def test_ricker_is_the_books_formula_for_its_width():
    x = torch.linspace(-1, 1, 401, dtype=torch.float64)
    for a in (0.1, 0.3):
        formula = 2 / (30 * a) * math.pi**0.25 * (1 - (x / a) ** 2) * torch.exp(-((x / a) ** 2) / 2)
        torch.testing.assert_close(activate("ricker", x, Form(gain=1 / a)), formula)


def test_layers_of_different_widths_fit_and_their_file_draws_the_same(image):
    shape = GradeShape(depth=3, width=8, activation="tanh", form=Form(before=(20, 12)))
    training = GreedyTraining(steps=(3, 3), learning_rate=1e-3, optimizer="adam", init="normal", init_deviation=0.1)
    config = FitConfig(
        method="own", encoding=EncodingConfig(kind="none"), grades=(shape,) * 2, training=training, feed="features"
    )
    result = inr.fit(image, config)
    first = result.model.grades[0]
    assert [tuple(layer.weight.shape) for layer in first.layers] == [(20, 2), (12, 20), (8, 12)]
    assert (first.width, first.features, result.model.grades[1].layers[0].fan_in) == (8, 8, 8)
    assert parameter_shapes(2, 3, shape, 5, 5) == [tuple(p.shape) for p in first.parameters()]
    loaded = inr.model_from_bytes(inr.model_to_bytes(result.model))
    again = inr.model_from_bytes(inr.model_to_bytes(loaded))
    assert loaded.grades[0].form == shape.form
    np.testing.assert_array_equal(loaded.render(), again.render())
    with pytest.raises(inr.ConfigError, match="depth is 2, but 2 widths"):
        dataclasses.replace(shape, depth=2)
    with pytest.raises(inr.ConfigError, match="neither scales"):
        Form(before=(4,), scales=(1.0, 2.0))


def test_a_normal_start_has_the_spread_that_was_asked_for():
    grade = Grade(500, 3, depth=2, width=400, activation="tanh")
    grade.start("normal", generator(1), first=True, raw=True, deviation=0.5)
    assert float(grade.layers[0].weight.detach().std()) == pytest.approx(0.5, rel=0.02)
    assert float(grade.layers[1].bias.detach().std()) == pytest.approx(0.5, rel=0.15)
    with pytest.raises(inr.ConfigError, match="go together"):
        GreedyTraining(steps=(1,), learning_rate=0.1, init="normal")


def test_adaptive_slope_is_one_number_for_all_layers(points):
    grade, plain = (started(f, activation="tanh", init="glorot-normal") for f in (Form(gain=10.0, slope=True), Form()))
    torch.testing.assert_close(grade(points), plain(points))  # n a = 1 at the start
    grade(points).square().mean().backward()
    assert grade.slope.numel() == 1 and abs(float(grade.slope.grad)) > 0
    with torch.no_grad():
        grade.slope.mul_(3.0)
        x = points
        for layer in plain.layers:
            x = torch.tanh(3.0 * layer(x))
    torch.testing.assert_close(grade.body(points), x)


def wave_picture(cycles=(5, -3), width=32, height=24) -> inr.Image:
    y, x = np.mgrid[:height, :width]
    wave = np.cos(2 * np.pi * (cycles[0] * x / width + cycles[1] * y / height) + 0.7)
    return inr.image_from_array(np.repeat((0.5 + 0.4 * wave)[:, :, None], 3, axis=2).astype(np.float32))


@pytest.mark.parametrize("frame", ["unit", "isotropic"])
@pytest.mark.parametrize("cycles", [(5, -3), (5, 3), (0, 4), (7, 0)])
def test_phase_shifts_are_the_pictures_frequencies(frame, cycles):
    """With the right frequency, amplitudes that do not depend on the coordinate give a wave exactly."""
    image = wave_picture(cycles)
    frequencies, power = lattice_spectrum(image.pixels.reshape(-1, 3), 32, 24, frame, 1)
    grade = Grade(2, 3, depth=1, width=4, activation="tanh", form=Form(shifts=1))
    grade.waves.copy_(torch.from_numpy(strongest(frequencies, power, 1)))
    at = coordinates(torch.arange(32 * 24), 32, 24, frame)
    phase = 2 * math.pi * at @ grade.waves
    basis = torch.cat([torch.ones_like(phase), phase.cos(), phase.sin()], dim=1).double()
    colours = torch.from_numpy(image.pixels).reshape(-1, 3).double()
    amplitudes = torch.linalg.lstsq(basis, colours).solution
    with torch.no_grad():
        grade.layers[0].weight.zero_()
        grade.layers[0].bias.zero_()
        grade.head.weight.zero_()
        grade.head.bias.copy_(amplitudes.reshape(-1))
    assert float((grade(at) - colours).detach().abs().max()) < 1e-4


def test_a_stage_of_msnn_is_scaled_to_the_residuals_frequency(image):
    frequencies, power = lattice_spectrum(wave_picture((6, 0)).pixels.reshape(-1, 3), 32, 24, "isotropic", 1)
    assert median_radius(frequencies, power) == pytest.approx(3.0)  # six cycles over two units
    result = inr.fit(image, inr.configure(FitOptions(method="msnn", **SMALL)))
    assert {grade.layers[0].weight.shape[1] for grade in result.model.grades} == {2}  # the bare coordinates
    first, *later = result.model.grades
    assert first.form.scales == () and all(len(grade.form.scales) == 1 for grade in later)
    left = image.pixels.reshape(-1, 3) - result.model.up_to(1).render().reshape(-1, 3)
    wanted = 2 * math.pi * median_radius(*lattice_spectrum(left, image.width, image.height, "isotropic", 1))
    config = inr.configure(FitOptions(method="msnn", learning_rate=1e-8, **SMALL))
    stage = inr.fit(image, config).model.grades[1]  # as it began
    reach = (stage.layers[0].weight * stage.scale[:, None]).square().sum(dim=1).mean().sqrt()
    assert float(reach) == pytest.approx(wanted, rel=0.25)  # the first stage was trained a little


def test_bands_pass_one_trunk_and_meet_in_the_head():
    config = RIVALS["fourier-multiscale"].config.encoding
    config = dataclasses.replace(config, frequencies=30)
    encoding = draw_encoding(config, "unit", 0)
    spread = encoding.frequencies.view(2, 3, 10).std(dim=(0, 2))
    assert 20 < spread[2] / spread[0] < 80 and 5 < spread[1] / spread[0] < 20
    grade = begun("fourier-multiscale", inputs=60, width=24)
    assert float(grade.layers[1].bias.detach().std()) == pytest.approx(1.0, rel=0.4)
    x = encoding(torch.rand(9, 2, generator=generator()))
    swapped = x.view(9, 2, 3, 10)[:, :, [2, 0, 1]].reshape(9, 60)
    parts = grade.body(x).view(9, 3, 24)
    torch.testing.assert_close(grade.body(swapped).view(9, 3, 24), parts[:, [2, 0, 1]])
    assert grade.head.weight.shape == (3, 72)


def test_fourier_is_a_relu_network_with_a_sigmoid():
    config = RIVALS["fourier"].config
    encoding = draw_encoding(config.encoding, "unit", 0)
    assert float(encoding.frequencies.std()) == pytest.approx(10.0, rel=0.15)
    grade = begun("fourier")
    with torch.no_grad():
        grade.head.bias.copy_(torch.tensor([50.0, -50.0, 0.0]))
    x = encoding(torch.rand(20, 2, generator=generator()))
    y, features = grade(x).detach(), grade.body(x).detach()
    assert ((y >= 0) & (y <= 1)).all() and float(y[:, 0].min()) > 0.99 and float(y[:, 1].max()) < 0.01
    assert (features >= 0).all() and 0.2 < float((features == 0).float().mean()) < 0.8


@pytest.mark.parametrize("name", ["siren", "finer", "adaptive", "msnn"])
def test_symmetric_targets_are_folded_into_the_head(image, name):
    """What is drawn is 0.5 + 0.5 times what was trained: the head at the start draws mid-grey."""
    config = inr.configure(FitOptions(method=name, recipe="inr", grades=1, learning_rate=1e-9, **SMALL))
    drawn = inr.fit(image, config).model.render()
    assert abs(float(drawn.mean()) - 0.5) < 0.15 and config.training.targets == "symmetric"


def test_omega_scales_what_a_method_has():
    assert inr.configure(FitOptions(method="siren", omega=12.0)).grades[0].form.gain == 12.0
    scales = inr.configure(FitOptions(method="mscale-1", omega=64.0)).grades[0].form.scales
    assert scales == tuple(2.0**n / 2 for n in range(8))


def test_recipes_share_the_network_and_differ_in_training():
    for name in RIVALS:
        paper, own = (inr.configure(FitOptions(method=name, recipe=r)) for r in ("paper", "inr"))
        assert (paper.training.optimizer, own.training.optimizer) == ("adam", "muon")
        assert paper.grades == own.grades and paper.training.steps == own.training.steps
    with pytest.raises(inr.ConfigError, match="one recipe"):
        inr.configure(FitOptions(method="mgdl-fourier", recipe="inr"))
    with pytest.raises(inr.ConfigError, match="feature planes have none"):
        inr.configure(FitOptions(recipe="inr"))
    for name in ("mgdl-paper", "sgdl-paper"):
        paper, own = (inr.configure(FitOptions(method=name, recipe=r)) for r in (None, "inr"))
        assert (paper.training.optimizer, paper.training.batch_size) == ("adam", None)
        assert (own.training.optimizer, own.training.batch_size) == ("muon", 4096)
        assert own.grades == paper.grades and {shape.activation for shape in own.grades} == {"relu"}
    for rate, options in ((0.06, {"optimizer": "muon"}), (1e-4, {"recipe": "inr", "optimizer": "adam"}), (1e-4, {})):
        assert inr.configure(FitOptions(method="siren", **options)).training.learning_rate == rate


def test_muon_moves_what_a_scale_multiplies_by_as_much_less(image):
    config = inr.configure(FitOptions(method="mscale-1", recipe="inr", width=16))
    grade = started(Form(scales=(1.0, 100.0)), width=16)
    before = grade.layers[0].weight.detach().clone()
    for parameter in grade.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator())
    make_optimizers(grade, config.training.optimizer, config.training.learning_rate, torch.float32)[0].step()
    moved = (grade.layers[0].weight.detach() - before).norm(dim=1)
    assert float(moved[8:].max()) < 0.05 * float(moved[:8].max())


def test_muon_takes_each_sub_network_for_itself():
    layer = Separate(12, 3)
    initialise(layer, "uniform", generator())
    before = layer.weight.detach().clone()
    layer.weight.grad = torch.randn(3, 4, 4, generator=generator())
    Muon([layer.weight], lr=1.0, momentum=0.0, dtype=torch.float32).step()
    singular = torch.linalg.svdvals(before - layer.weight.detach())
    assert float(singular.min()) > 0.6 and float(singular.max()) < 1.35


def test_any_activation_goes_with_grades(image):
    for activation in ("gauss", "finer", "gabor"):
        options = FitOptions(method="mgdl-fourier", activation=activation, grades=2, width=16, steps=60, batch_size=0)
        model = inr.fit(image, inr.configure(options)).model
        assert [grade.activation for grade in model.grades] == [activation] * 2
        first, second = (quality.psnr_db for quality in inr.measure(image, model)[0])
        assert psnr_of_flat(image) < first < second, activation


def test_pictures_with_two_channels():
    image = inr.image_from_array(picture(channels=2))
    for name in ("phase", "mscale-2", "wire"):
        options = FitOptions(method=name, recipe="inr", width=24, steps=100, batch_size=0)
        drawn = inr.fit(image, inr.configure(options)).model.render()
        assert drawn.shape == (12, 17, 2)
        assert (np.square(drawn - image.pixels).mean((0, 1)) < image.pixels.var((0, 1))).all(), name


@pytest.mark.parametrize("name", METHODS)
def test_shapes_are_known_without_making_the_grade(image, name):
    config = inr.configure(FitOptions(method=name))
    inputs = grade_inputs(config.grades, 2 * config.encoding.frequencies or 2, feed=config.feed)
    for number, own in enumerate(config.grades):
        grade = empty_grade(
            config.grades, number, encoding=2 * config.encoding.frequencies or 2, channels=3, width=40, height=30,
            feed=config.feed,
        )  # fmt: skip
        shapes = parameter_shapes(inputs[number], 3, own, 40, 30)
        assert shapes == [tuple(parameter.shape) for parameter in grade.parameters()]


def test_all_methods_have_a_title():
    from inr.settings.methods import OWN_TITLES

    assert set(METHODS) == {*OWN_TITLES, *RIVALS}


@pytest.mark.parametrize("name", ["mscale-1", "mscale-2"])
def test_multi_scale_networks_begin_as_in_their_code(name):
    """Weights and biases of deviation 2 / sqrt(fan_in + fan_out), of each sub-network where there are several."""
    grade, own = begun(name), RIVALS[name].config.grades[0]
    neurons = own.width // len(own.form.scales) if own.form.separate else own.width
    shapes = [(2, neurons), *[(neurons, neurons)] * (own.depth - 1), (neurons, 3)]
    for layer, (fan_in, fan_out) in zip([*grade.layers, grade.head], shapes, strict=True):
        assert float(layer.weight.detach().std()) == pytest.approx(2 / math.sqrt(fan_in + fan_out), rel=0.15)
        if layer is not grade.head:  # its three are too few to tell
            assert float(layer.bias.detach().std()) == pytest.approx(2 / math.sqrt(fan_in + fan_out), rel=0.15)


def test_what_papers_say_of_rates_and_steps():
    """Layers x neurons, rate and steps of each first grade; all are trained by Adam on the full batch in float32."""
    said = {name: (rival.config.grades[0], rival.config.training) for name, rival in RIVALS.items()}
    assert {n: (own.depth, own.width, how.learning_rate, how.steps[0]) for n, (own, how) in said.items()} == {
        "fourier": (3, 256, 1e-3, 2_000),
        "fourier-multiscale": (3, 256, 1e-3, 21_854),
        "siren": (4, 256, 1e-4, 10_000),
        "finer": (4, 256, 5e-4, 5_000),
        "wire": (3, 181, 5e-3, 2_000),
        "gauss": (3, 256, 1e-3, 2_000),
        "mscale-1": (3, 256, 1e-4, 5_000),
        "mscale-2": (3, 720, 1e-4, 5_000),
        "phase": (4, 256, 1e-3, 5_000),
        "adaptive": (4, 256, 8e-4, 22_000),
        "msnn": (3, 256, 1e-3, 3_000),
    }
    trainings = {(how.optimizer, how.batch_size, how.precision) for _, how in said.values()}
    assert trainings == {("adam", None, "float32")}
    # The decay of Wang, Wang & Perdikaris is 0.9 for every thousand steps; ours ends at a tenth.
    assert 0.9 ** (said["fourier-multiscale"][1].steps[0] / 1000) == pytest.approx(0.1, rel=1e-3)


def test_other_mappings_and_activations_of_the_papers():
    ladder = inr.configure(FitOptions(method="fourier", encoding="positional"))
    assert ladder.encoding.sigma == 64
    basic = inr.configure(FitOptions(method="fourier", encoding="positional", frequencies=2, sigma=1.0))
    drawn = draw_encoding(basic.encoding, basic.frame, 0).frequencies
    assert torch.equal(drawn, torch.eye(2))
    assert inr.configure(FitOptions(method="adaptive", activation="sine")).grades[0].activation == "sine"
    (own,) = inr.configure(FitOptions(method="mscale-1", activation="srelu")).grades
    assert (own.activation, own.form.first) == ("sine", "srelu")
    for name, wish in (("adaptive", "relu"), ("mscale-2", "sine")):
        with pytest.raises(inr.ConfigError, match="fixes activation"):
            inr.configure(FitOptions(method=name, activation=wish))


@pytest.mark.parametrize("scales", [(), (10.0,)])
def test_neurons_of_bare_inputs_begin_at_a_sample_each(scales):
    samples = torch.rand(40, 1, generator=torch.Generator().manual_seed(0))
    grade = started(Form(scales=scales), width=200, depth=1, inputs=1, init="samples")
    grade.meet(samples, torch.Generator().manual_seed(1))
    sums = grade.layers[0](samples, grade.scale).detach().abs()
    assert float(sums.min(dim=0).values.max()) < 1e-5 and float(sums.max(dim=0).values.min()) > 1e-3
