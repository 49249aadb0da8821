"""Small models of every form that a file can hold, their numbers drawn from a seed and not fitted."""

import dataclasses

import numpy as np
import torch

from inr.codec.model_file import model_to_bytes
from inr.networks.chain import empty_grade
from inr.networks.encoding import Draw, Encoding
from inr.networks.entropy_model import EntropyModel
from inr.networks.model import Model
from inr.settings.shape import Form, GradeShape, Plane

FREQUENCIES = torch.tensor([[1.0, -0.5, 2.0, 3.3], [0.25, 2.0, -1.0, 0.7]])


def drawn_model(
    grades, *, frequencies=None, draw=None, feed="both", frame="isotropic", channels=3, bit_depth=8, size=(23, 17)
) -> Model:
    """A model of these shapes; `draw` is what its eight frequencies are drawn with."""
    generator = torch.Generator().manual_seed(7)
    table = draw.frequencies(8) if draw else torch.zeros(2, 0) if frequencies is None else frequencies
    encoding = Encoding(table, draw)
    made = []
    for number in range(len(grades)):
        width, height = size
        grade = empty_grade(
            grades, number, encoding=encoding.size, channels=channels, width=width, height=height, feed=feed
        )
        with torch.no_grad():
            for p in grade.parameters():
                fan = p.shape[-1] if p.ndim in (2, 3) else 1
                p.copy_((2 * torch.rand(p.shape, generator=generator) - 1) / fan**0.5 if p.ndim else torch.tensor(0.8))
            grade.head.bias[:channels] += 0.5 / len(grades)
            grade.waves.copy_(4 * torch.rand(grade.waves.shape, generator=generator) - 2)
        made.append(grade)
    return Model(
        width=size[0], height=size[1], channels=channels, bit_depth=bit_depth, frame=frame, encoding=encoding,
        feed=feed, grades=tuple(made),
    )  # fmt: skip


def all_forms() -> dict[str, bytes]:
    """Files by what is particular in them."""
    kinds = ("relu", "sine", "tanh", "gelu", "gauss", "finer", "srelu", "phi")
    plain = [GradeShape(depth=2, width=9, activation=kind, form=Form(gain=3.0)) for kind in kinds]

    def grade(activation="sine", *, depth=2, width=7, planes=(), **form):
        return GradeShape(depth=depth, width=width, activation=activation, planes=planes, form=Form(**form))

    scales = (1.0, 2.0, 4.0, 8.0)
    groups = grade("tanh", depth=3, width=8, gain=2.0, slope=True, first="sine", scales=scales, separate=True)
    coarse = (Plane(cell=4, channels=3), Plane(cell=8, channels=5, around=True))
    fine = (Plane(cell=1, channels=2, around=True), Plane(cell=2, channels=1))
    seed = Draw(seed=2**63 + 12345, sigma=1.5, bands=(1.0, 3.0))
    models = {
        "activations": drawn_model(plain, frequencies=FREQUENCIES),
        "gabor": drawn_model([grade("gabor", depth=3, gain=4.0, window=2.0)] * 2),
        "groups": drawn_model([groups] * 2),
        "branches": drawn_model([grade("tanh", branches=2)], frequencies=FREQUENCIES),
        "shifts": drawn_model([grade(shifts=5, gain=5.0), grade("relu", shifts=2)]),
        "sigmoid, unit frame": drawn_model(
            [grade(sigmoid=True, gain=9.0)], frame="unit", frequencies=3 * FREQUENCIES, channels=1
        ),
        "features only, alpha": drawn_model([grade()] * 3, frequencies=FREQUENCIES, feed="features", channels=4),
        "encoding only, grey alpha": drawn_model([grade()] * 3, frequencies=FREQUENCIES, feed="encoding", channels=2),
        "drawn frequencies, 16 bits": drawn_model([grade()] * 2, draw=seed, bit_depth=16),
        "planes": drawn_model([grade("gelu", planes=coarse), grade("relu", depth=1, planes=fine)]),
        "steep sines": drawn_model([grade(width=64, gain=30.0)] * 2),
    }
    files = {name: model_to_bytes(model) for name, model in models.items()}
    return files | {"planes by an entropy model": coded_planes()}


def coded_planes() -> bytes:
    """A file with a colour profile and planes that an entropy model codes, its weights drawn as well."""
    planes = ((Plane(cell=3, channels=2), Plane(cell=6, channels=3)), (Plane(cell=1, channels=3, around=True),))
    model = drawn_model([GradeShape(depth=1, width=5, activation="relu", planes=own) for own in planes], size=(37, 29))
    random = np.random.default_rng(11)
    for plane in (plane for grade in model.grades for plane in grade.planes.values):
        latents = np.rint(random.laplace(0, 2, plane.shape)) * (random.random(plane.shape) < 0.6)
        plane.data.copy_(torch.from_numpy(latents / 8))
    weights = [random.integers(-60, 61, shape) for shape in EntropyModel.shapes(6, 8)]
    names = ("first", "passes", "channels", "last", "offsets")
    entropy_model = EntropyModel(**dict(zip(names, weights, strict=True)))
    return model_to_bytes(dataclasses.replace(model, entropy_model=entropy_model, icc_profile=b"a profile" * 90))


def eight_bits(model: Model) -> list[list[int]]:
    """The picture after each grade in the order of memory, 0 to 255."""
    grades = range(1, len(model.grades) + 1)
    pictures = [np.nan_to_num(np.clip(model.render(grade=grade), 0, 1)) for grade in grades]
    return [np.rint(255 * picture).astype(int).ravel().tolist() for picture in pictures]
