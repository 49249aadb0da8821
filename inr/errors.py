"""What can go wrong -> one exception tree, each message a sentence for the person at the keyboard.

InrError
├── ImageError      a picture that cannot be read or written
├── ConfigError     a setting out of range, or settings that do not fit together
├── ModelFileError  a model file that is damaged, foreign or from the future
└── TrainingError   a fit that did not stay finite

ImageWarning        (a warning) a picture was written without something its source had
ModelFileWarning    (a warning) a model file cut short that still holds its first grades
WorkerWarning       (a warning) a worker of a cluster computes with another version of a library
"""


class InrError(Exception):
    """Every error this library raises on purpose; its text says what was found, where, and what to do."""


class ImageError(InrError):
    """A picture could not be read or written."""


class ConfigError(InrError):
    """A setting is out of range, or settings do not fit together."""


class ModelFileError(InrError):
    """A model file is damaged, foreign or written by a later version."""


class TrainingError(InrError):
    """A fit did not stay finite, even at a lower learning rate."""


OUT_OF_MEMORY = "out of memory; give a smaller picture, or smaller --width or --batch-size, or end other programs"
"""What is said of a lack of memory that nobody foresaw."""
_LACKS = ("can't allocate memory", "cannot allocate memory", "not enough memory", "out of memory", "bad_alloc")


def lacks_memory(error: BaseException) -> bool:
    """Say whether an error is a lack of memory: libraries report it as errors of many kinds, with a page of text."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, (RuntimeError, OSError)) and any(lack in text for lack in _LACKS)
    )


class ImageWarning(UserWarning):
    """A picture was written without something its source had."""


class ModelFileWarning(UserWarning):
    """A model file was cut short; the grades before the cut are used."""


class WorkerWarning(UserWarning):
    """A worker of a cluster computes with another version of a library, so that its fits may differ."""
