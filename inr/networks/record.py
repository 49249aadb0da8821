"""A fit -> what its model file says of it; nothing here is needed to draw the picture."""

from dataclasses import dataclass
from importlib.metadata import version


@dataclass(frozen=True, kw_only=True)
class Record:
    """What the fit wrote down about itself; nothing here is needed to draw the picture.

    Attributes:
        method: name of the configuration.
        seed: of the fit.
        psnr_db: of the picture after each grade, all pixels, on clipped values at the source's bit depth.
        versions: of the programs that made the file.
    """

    method: str = "mgdl"
    seed: int = 0
    psnr_db: tuple[float, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()


def program_versions() -> tuple[tuple[str, str], ...]:
    """Return what a fit of this installation writes down as `Record.versions`."""
    return tuple((name, version(name)) for name in ("inr", "torch"))
