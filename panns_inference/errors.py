"""The errors of this package: one tree, so that one `except` can catch them all.

PannsError
 ├─ UsageError      (ValueError)    an argument that makes no sense: a wrong name, a missing extra
 │   ├─ ArgumentError (TypeError)   an argument that there is not
 │   └─ LabelError    (KeyError)    a class that a result does not have
 ├─ AudioError      (ValueError)    a recording that cannot be used
 │   └─ AudioTypeError (TypeError)  something that is no recording at all
 ├─ CheckpointError (RuntimeError)  a file of weights that cannot be used
 ├─ DownloadError   (OSError)       a file that could not be fetched
 └─ OutputError     (OSError)       a file that could not be written
     └─ PathError                   a path under which nothing can be written; others may work

Each message names the file, what was found, what was expected and what to do.
"""

from .terminal import printable


class PannsError(Exception):
    """Root of every error that this package raises on purpose.

    Args:
        message: one line; what a terminal would obey, such as a line end in the name of a file, is
            shown as an escape.
        more: further lines.
    """

    def __init__(self, message: str = "", *more: str) -> None:
        super().__init__(printable(message))  # one argument: of two, OSError makes an errno
        self._more = tuple(map(printable, more))

    def __str__(self) -> str:
        return "\n".join((*self.args, *self._more))


class UsageError(PannsError, ValueError):
    """An argument or option has no meaning: the message lists what is allowed."""


class ArgumentError(UsageError, TypeError):
    """A function has no argument of this name; the message names the nearest ones."""


class LabelError(UsageError, KeyError):
    """A result has no such class; the message names the nearest ones."""


class AudioError(PannsError, ValueError):
    """A recording cannot be read or used: missing, damaged, empty, or not finite."""


class AudioTypeError(AudioError, TypeError):
    """What was given as a recording is of a type that cannot hold one."""


class CheckpointError(PannsError, RuntimeError):
    """A checkpoint is no file of weights, or its weights do not fit the network."""


class DownloadError(PannsError, OSError):
    """A file could not be fetched, or what came is not what was published."""


class OutputError(PannsError, OSError):
    """A file that the user named for results cannot be written; what was there is untouched."""


class PathError(OutputError):
    """Nothing can be written under this path: what has the name is to stay, or it is no name."""


class AudioWarning(UserWarning):
    """A recording was read, but not all of it: the message says what is missing."""


class CheckpointWarning(UserWarning):
    """A checkpoint is used although it could not be verified, or is another one's."""
