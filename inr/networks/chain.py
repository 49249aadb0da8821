"""Grades one after another: what each is handed by those before, and the picture after each."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from inr.networks.grade import Grade
from inr.networks.planes import Planes
from inr.settings.shape import FeedName, GradeShape


def prefixes(
    grades: Sequence[Grade], encoded: Tensor, *, feed: FeedName, read: Sequence[Tensor] | None = None
) -> Iterator[Tensor]:
    """Yield, grade by grade, the (N, C) sum of the heads so far.

    Args:
        grades: in order.
        encoded: (N, E) encoding of the coordinates, or they themselves.
        feed: as in `Model`.
        read: of each grade's planes, (N, R), where it is known already.
    """
    features, total = None, None
    for number, grade in enumerate(grades):
        seen = None if read is None else read[number]
        features, encoded, part = advance(grade, encoded, features, feed=feed, read=seen)
        total = part if total is None else total + part
        yield total


def grade_input(encoded: Tensor, features: Tensor | None, *, feed: FeedName) -> Tensor:
    """Return what a grade is handed: the encoding in grade 1, and later what `feed` says."""
    if features is None or feed == "encoding":
        return encoded
    return torch.cat([features, encoded], dim=1) if feed == "both" else features


def advance(
    grade: Grade, encoded: Tensor, features: Tensor | None, *, feed: FeedName, read: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Go through one grade: (N, E) encoding and (N, F) features, None before grade 1, to the next grade's.

    What a grade reads from its planes is part of the encoding from then on.

    Args:
        grade: to go through.
        encoded: handed on by the grade before.
        features: handed on by the grade before.
        feed: as in `Model`.
        read: (N, R) of the grade's planes, where it is known already.

    Returns:
        Features and encoding for the next grade, and this one's (N, C) prediction.
    """
    x = grade_input(encoded, features, feed=feed)
    read = grade.read(x) if read is None else read
    features = grade.body(x, read)
    encoded = encoded if read is None else torch.cat([read, encoded], dim=1)
    return features, encoded, grade.predict(features, x)


def grade_inputs(grades: Sequence[GradeShape], encoding: int, *, feed: FeedName) -> list[int]:
    """Return how many features each grade is handed, its own planes not counted.

    Args:
        grades: the shapes, in order.
        encoding: features of the fixed encoding.
        feed: as in `Model`.
    """
    sizes, features = [], 0
    for number, shape in enumerate(grades):
        beside = encoding if number == 0 or feed != "features" else 0
        sizes.append(beside + (features if feed != "encoding" else 0))
        features = shape.form.features(shape.width, shape.activation)
        encoding += sum(plane.features for plane in shape.planes)
    return sizes


def empty_grade(
    grades: Sequence[GradeShape],
    number: int,
    *,
    encoding: int,
    channels: int,
    width: int,
    height: int,
    feed: FeedName,
) -> Grade:
    """Build a grade whose numbers are still to be drawn or read.

    Args:
        grades: shapes of all grades.
        number: of the one to build, from 0.
        encoding: features of the fixed encoding.
        channels: of the picture.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        feed: as in `Model`.
    """
    shape = grades[number]
    return Grade(
        grade_inputs(grades, encoding, feed=feed)[number],
        channels,
        depth=shape.depth,
        width=shape.width,
        activation=shape.activation,
        planes=Planes(shape.planes, width, height) if shape.planes else None,
        form=shape.form,
    )
