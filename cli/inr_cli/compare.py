"""`inr compare IMAGE...`: several methods under one budget -> a table, curves and pictures side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inr.errors import ConfigError, ImageError
from inr.settings.config import PixelsName
from inr_cli import options as common
from inr_cli import streams
from inr_cli.process import say, talk

if TYPE_CHECKING:
    from inr.comparison.compare import Comparison
    from inr.imaging.image import Image


def compare(
    images: Annotated[list[Path], typer.Argument(help="Pictures, as for `inr fit`.", readable=False)],
    methods: Annotated[
        str,
        typer.Option(
            help="Names from `inr methods`, separated by commas, with options behind colons "
            "(siren:grades=4:depth=1), or all.",
            metavar="NAMES",
        ),
    ] = "mgdl,sgdl,mgdl-fourier,sgdl-fourier",
    budget: Annotated[
        str,
        typer.Option(help="What is equal: seconds=S or steps=N, and parameters=N or bytes=N.", metavar="WHAT=N"),
    ] = "seconds=30",
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Fits of each picture by each method.")] = 1,
    tune: Annotated[
        bool, typer.Option("--tune/--no-tune", help="Fit once more after a search over optimiser, rate and bandwidth.")
    ] = True,
    pixels: Annotated[
        PixelsName, typer.Option(help="Train on all pixels, or on every other row and column and test on the rest.")
    ] = "all",
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for tables, figures and models.")] = Path(
        "comparison"
    ),
    max_pixels: common.MaxPixels = common.MAX_PIXELS_DEFAULT,
    device: common.Device = "auto",
    threads: common.Threads = None,
    memory: common.Memory = None,
    overwrite: common.Overwrite = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Fit pictures by several methods under one budget and say which is best; begun again, go on with what is missing.

    Example: inr compare cat.png --methods mgdl,sgdl,siren --budget seconds=60
    """
    with common.running(debug=debug, threads=threads, out=out):
        from inr.comparison.budget import parse_budget
        from inr.comparison.compare import check_settings
        from inr.comparison.compare import compare as run_all
        from inr.comparison.contenders import parse_methods
        from inr.comparison.folder import check_outputs, refuse_another, write_comparison
        from inr.imaging.reading import load_image

        streams.refuse_stdout(out)
        equal, contenders = parse_budget(budget), parse_methods(methods)
        pictures = [load_image(path, max_pixels=max_pixels) for path in images]
        check_settings(pictures, contenders, equal, pixels, device, memory)
        _check(images, pictures, out, pixels)
        if not overwrite:
            refuse_another(out, pictures, contenders, equal, pixels, seeds, tune=tune)
        check_outputs(out)
        try:
            with common.bar(quiet, unit="run") as show:
                result = run_all(
                    pictures,
                    contenders,
                    out,
                    budget=equal,
                    seeds=seeds,
                    pixels=pixels,
                    tune=tune,
                    device=device,
                    memory=memory,
                    progress=show,
                )
        except KeyboardInterrupt:
            kept = any((out / "runs").glob("*.json"))
            stand = f"the runs that are done are kept in {out / 'runs'}" if kept else "no run is done yet"
            again = f"The same command {'goes on' if kept else 'begins again'}:\n  {common.this_command()}"
            talk(f"Error: interrupted; {stand}. {again}")
            raise typer.Exit(130) from None
        files = write_comparison(result, pictures, out, command=common.this_command())
        if json:
            say(files[0].read_text(encoding="utf-8"))
        elif not quiet:
            _show(result, pictures)
        talk(f"Equal for all: {equal.text}. In {out}/: " + ", ".join(path.name for path in files), quiet=quiet)
        if any(run.error for run in result.runs):
            failed = sum(run.error is not None for run in result.runs)
            talk(f"{failed} of {len(result.runs)} fits failed; comparison.md says why.")
            raise typer.Exit(1)


def _check(images: Sequence[Path], pictures: Sequence["Image"], out: Path, pixels: PixelsName) -> None:
    """Refuse pictures that could not be told apart, could not be tested on, or would be replaced by an output."""
    from inr.comparison.folder import OUTPUTS

    names = [Path(picture.name).name for picture in pictures]
    for name in names:
        if names.count(name) > 1:
            raise ImageError(f"two pictures are called {name}; tables and files go by name, so rename one.")
    if pixels == "half" and any(p.width * p.height < 2 for p in pictures):
        raise ConfigError("--pixels half leaves no pixels to test on in a picture of one pixel.")
    for path in images:
        if path.resolve() in [(out / name).resolve() for name in OUTPUTS]:
            raise ImageError(f"{path} would be replaced by this comparison's own {path.name}; give another --out.")


def _show(result: "Comparison", pictures: Sequence["Image"]) -> None:
    """Print the table of the methods, and say which is best."""
    from inr.comparison.folder import interpolated
    from inr.comparison.page import table
    from inr.comparison.ranking import rank
    from inr.comparison.verdict import verdict

    rows, classical = rank(result), interpolated(result, pictures)
    say("\n".join(table(rows, classical)))
    say(" ".join(verdict(rows, classical, result.equal)))
