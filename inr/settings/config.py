"""What a fit is asked to do: the shapes of its grades, one of two trainings, and limits; frozen and validated.

    FitConfig = method, seed, pixels, limits + encoding, frame, feed, GradeShape x L + GreedyTraining | JointTraining

The defaults of the program live here and in `inr.settings.methods`.
"""

from dataclasses import dataclass
from typing import Literal

from inr.errors import ConfigError
from inr.settings.shape import MAX_GRADES, EncodingConfig, FeedName, Form, FrameName, GradeShape, between, choice
from inr.settings.trainings import GreedyTraining, JointTraining

PixelsName = Literal["all", "half"]
StopName = Literal["end", "held-out"]
DeviceName = Literal["auto", "cpu", "cuda", "mps"]

MAX_PIXELS = 150_000_000
"""Pictures with more pixels are refused unless the caller raises the limit: a guard against decompression bombs."""


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """Everything that decides what a fit computes; the same configuration, image and machine give the same bytes.

    One exception: a picture whose features do not fit in memory is trained in portions, and the memory limit decides
    which.

    Attributes:
        method: name recorded in reports and model files.
        encoding: input of grade 1.
        grades: the shape of each grade. A single one is single-grade deep learning (SGDL).
        training: how the grades are trained.
        frame: `isotropic` (longer side spans (-1, 1), pixel centres) or `unit` (the MGDL authors'
            [0, 1) per axis, pixel corners).
        feed: what grades after the first see: the `features` of the one before (Fang & Xu 2024), the `encoding`
            only (Wang & Lai 2024), or `both`, the encoding with all planes so far.
        pixels: train on `all` pixels or on the `half` lattice [::2, ::2], a quarter of them.
        stop: greedy training goes on to its `end`, or with `held-out` only while the error of samples falls that are
            not trained on: of a picture a ninth of the training pixels, else the validation samples. Each grade is left
            as it was when that error was least. The first grade that does not lower it is dropped and ends the fit.
        seed: start of all randomness of this fit.
        seconds: stop training after this time; grades share it in proportion to their steps.
        target_psnr: greedy training stops when the training pixels reach this PSNR in dB; joint training aims at it.
        grades_auto: the grades are the most there may be; another is kept only while it lowers the error of samples
            that are not trained on (Lyu, Fang & Xu 2026, S-MGDL). Not for pictures: there `stop` does it.
        max_bytes: of the model file, never exceeded; joint training only.
        target_bpp: the same limit in bits per pixel.
    """

    method: str
    encoding: EncodingConfig
    grades: tuple[GradeShape, ...]
    training: GreedyTraining | JointTraining
    frame: FrameName = "isotropic"
    feed: FeedName = "both"
    pixels: PixelsName = "all"
    stop: StopName = "end"
    seed: int = 0
    seconds: float | None = None
    target_psnr: float | None = None
    grades_auto: bool = False
    max_bytes: int | None = None
    target_bpp: float | None = None

    def __post_init__(self) -> None:
        between("grades", len(self.grades), 1, MAX_GRADES)
        choice("frame", self.frame, FrameName)
        choice("feed", self.feed, FeedName)
        choice("pixels", self.pixels, PixelsName)
        choice("stop", self.stop, StopName)
        of_coordinates = self.encoding.kind != "lattice" and isinstance(self.training, GreedyTraining)
        if self.stop == "held-out" and not of_coordinates:
            raise ConfigError("stop 'held-out' needs a network of coordinates, such as --method mgdl-fourier.")
        if self.stop == "held-out" and isinstance(self.training, GreedyTraining) and self.training.finish:
            raise ConfigError("stop 'held-out' ends a grade where its error is least; it takes no finish.")
        between("seed", self.seed, 0, 2**63 - 1)
        if self.seconds is not None:
            between("seconds", self.seconds, 0.01, 1e7)
        if self.target_psnr is not None:
            between("target PSNR", self.target_psnr, 1, 150)
        if self.max_bytes is not None:
            between("bytes", self.max_bytes, 100, 1e12)
        if self.target_bpp is not None:
            between("bits per pixel", self.target_bpp, 1e-3, 100)
        if (self.encoding.kind == "grid") != any(grade.planes for grade in self.grades):
            raise ConfigError("encoding 'grid' and grades with planes go together; one of them is missing.")
        if self.encoding.kind == "grid" and not (self.feed == "both" and self.frame == "isotropic"):
            raise ConfigError("encoding 'grid' needs feed 'both' and the isotropic frame.")
        if self.encoding.kind == "lattice":
            self._check_lattice()
        if isinstance(self.training, GreedyTraining):
            self._check_greedy(self.training)
        else:
            self._check_joint()

    def _check_greedy(self, training: GreedyTraining) -> None:
        if len(training.steps) != len(self.grades):
            raise ConfigError(
                f"{len(self.grades)} grades, but steps of {len(training.steps)}; give one number for each."
            )
        if self.max_bytes is not None or self.target_bpp is not None:
            raise ConfigError("a limit on bytes needs joint training; greedy training keeps none.")
        if any(grade.planes for grade in self.grades):
            raise ConfigError("feature planes need joint training; greedy training has fixed encodings.")
        for number, grade in enumerate(self.grades):
            self._check_form(training, grade.form, number)

    def _check_joint(self) -> None:
        if self.grades_auto:
            raise ConfigError("grades are added one after another by greedy training, not by joint training.")
        for grade in self.grades:
            cells = [plane.cell for plane in grade.planes]
            if not cells or cells != sorted(cells, reverse=True):
                raise ConfigError("joint training needs planes in every grade, the coarsest first.")

    def _check_lattice(self) -> None:
        plain = all(not (g.form.shifts or g.form.sigmoid or g.form.branches > 1) for g in self.grades)
        greedy = isinstance(self.training, GreedyTraining) and self.training.batch_size is not None
        if not (greedy and plain and self.frame == "isotropic" and self.target_psnr is None):
            raise ConfigError(
                "encoding 'lattice' needs greedy training in batches, plain grades, the isotropic frame, and no target."
            )

    def _check_form(self, training: GreedyTraining, form: Form, number: int) -> None:
        if form.sigmoid and (training.rescale_residual or training.targets != "unit" or number):
            raise ConfigError(
                "a network with a sigmoid gives colours, never a residual: it needs one grade, no rescaling."
            )
        if form.shifts and (self.encoding.kind != "none" or (number and self.feed == "features")):
            raise ConfigError("shifts need the bare coordinates: encoding 'none'.")
        if form.branches > 1 and (number or form.branches != len(self.encoding.bands)):
            raise ConfigError("branches need one grade, and as many bands of the encoding.")
