"""A task in -> its row and files out: the work on one picture, in a process on this machine or another.

Nothing heavy is imported before a worker needs it, because the process that gives out the tasks needs none of it.
"""

import dataclasses
import multiprocessing
import multiprocessing.connection
import os
import signal
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inr.batch.inputs import picture_seed
from inr.batch.output import publish
from inr.batch.rows import Row
from inr.batch.task import Outcome, Task
from inr.errors import OUT_OF_MEMORY, ImageError, InrError, lacks_memory

if TYPE_CHECKING:
    import numpy as np

    from inr.analysis.fitted import Fitted
    from inr.imaging.image import Image
    from inr.training.result import Progress


class _OutOfTimeError(Exception):
    """The picture has had its time."""


def fit_one(task: Task) -> Outcome:
    """Fit one picture; whatever goes wrong with it is a row.

    Raises:
        InrError: the worker was to write the files itself and could not.
        ImportError: a library is not installed here, so that every picture would fail.
    """
    start = time.perf_counter()
    try:
        outcome = _fit(task, start)
    except _OutOfTimeError:
        error, content = f"time limit of {task.settings.timeout:g} s", True
    except ImageError as fault:
        error, content = str(fault), task.data is not None or task.path.exists()  # one that is gone may come back
    except InrError as fault:
        error, content = str(fault), True
    except ImportError:
        raise
    except Exception as fault:  # a fault of this program, or of a library on strange content: one row all the same
        text = " ".join(str(fault).split())
        error, content = f"internal error, {type(fault).__name__}: {text[:300]}", True
        if lacks_memory(fault):
            error = f"{OUT_OF_MEMORY}, or give fewer --jobs."
    else:
        if task.publish_to:
            publish(*task.publish_to, outcome.files)
            outcome = dataclasses.replace(outcome, files=())
        return outcome
    return Outcome(row=task.failed(error, content=content, seconds=time.perf_counter() - start))


def _fit(task: Task, start: float) -> Outcome:
    import torch  # noqa: PLC0415 - with all below, seconds that a batch without new pictures need not wait

    from inr.analysis.fitted import fit_and_measure  # noqa: PLC0415
    from inr.machine import GIB  # noqa: PLC0415
    from inr.training.fit import training_device  # noqa: PLC0415
    from inr.training.memory import memory_limit  # noqa: PLC0415

    settings = task.settings
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)

    def watch(_: "Progress") -> None:
        if settings.timeout is not None and time.perf_counter() - start > settings.timeout:
            raise _OutOfTimeError

    image = _load(task)
    config = dataclasses.replace(settings.config, seed=picture_seed(settings.config.seed, image.sha256))
    memory = settings.memory
    if memory is None and settings.processes > 1:
        on = training_device(config, settings.device)
        memory = memory_limit(image, config, None, on, processes=settings.processes) / GIB
    fitted = fit_and_measure(image, config, device=settings.device, memory=memory, progress=watch)
    names = task.file_names()
    files = [(names[0], fitted.data)]
    if settings.export_grades:
        pictures = zip(names[1:], fitted.pictures, strict=False)  # a fit that stops early has fewer grades
        files += [(name, _png(picture, fitted.model.icc_profile)) for name, picture in pictures]
    row = _row(task, image, fitted, tuple(name for name, _ in files), time.perf_counter() - start)
    return Outcome(row=row, files=tuple(files))


def _row(task: Task, image: "Image", fitted: "Fitted", files: tuple[str, ...], seconds: float) -> Row:
    return Row(
        image=task.image,
        status="done",
        sha256=image.sha256,  # of what was read here: the file may have changed since the task was made
        config=task.key,
        files=files,
        seed=fitted.model.record.seed,
        width=image.width,
        height=image.height,
        channels=image.channels,
        psnr_db=tuple(quality.psnr_db for quality in fitted.qualities),
        train_psnr_db=tuple(q.train_psnr_db for q in fitted.qualities if q.train_psnr_db is not None),
        held_out_psnr_db=tuple(q.held_out_psnr_db for q in fitted.qualities if q.held_out_psnr_db is not None),
        ssim=fitted.qualities[-1].ssim,
        seconds=round(seconds, 3),
        training_seconds=round(fitted.result.seconds, 3),
        bytes=len(fitted.data),
        bpp=8.0 * len(fitted.data) / (image.width * image.height),
        parameters=fitted.model.parameters_count,
        stopped=fitted.result.stopped,
        notes=image.notes,
    )


def _load(task: Task) -> "Image":
    from inr.imaging.reading import load_image  # noqa: PLC0415

    if task.data is None:
        return load_image(task.path, max_pixels=task.settings.max_pixels)
    with tempfile.TemporaryDirectory(prefix="inr-") as folder:  # the decoders want files
        path = Path(folder, "picture").with_suffix(task.path.suffix)
        path.write_bytes(task.data)
        try:
            image = load_image(path, max_pixels=task.settings.max_pixels)
        except ImageError as error:
            raise ImageError(str(error).replace(str(path), str(task.path))) from error
    return dataclasses.replace(image, name=str(task.path))


def _png(picture: "np.ndarray[Any, Any]", profile: bytes | None) -> bytes:
    from inr.imaging.writing import save_image  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="inr-") as folder:  # the writer of 16 bits wants a file
        path = Path(folder, "grade.png")
        save_image(path, picture, icc_profile=profile)
        return path.read_bytes()


def prepare() -> None:
    """Make a new process on this machine ready: deaf to Ctrl-C, gone with its parent, slow imports done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and decides
    threading.Thread(target=_follow_parent, daemon=True).start()
    warnings.simplefilter("ignore")  # what matters is in the row; stderr belongs to the parent's bar
    import kornia.metrics  # noqa: F401, PLC0415

    import inr.analysis.fitted  # noqa: F401, PLC0415


def _follow_parent() -> None:
    """End this process when its parent has ended, however that came: a pool of its own would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
