"""Sessions of ONNX Runtime for one network: one for each number of cores that a thread takes.

In a process that was forked the threads behind a session do not exist, nor do those of ONNX
Runtime itself, and both are waited for when they are to end. So no session is ended there, others
are opened, and the process ends without ONNX Runtime.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ...errors import CheckpointError, UsageError
from ..contract import Outputs

LEVELS = {"default": "ORT_ENABLE_ALL", "small": "ORT_ENABLE_EXTENDED"}
"""How far ONNX Runtime goes with a network. At its last level, weights are laid out once more: for
CNN14 that takes 0.6 s and 0.6 GB, and makes it 1.3 times as fast."""


Source = Callable[[], contextlib.AbstractContextManager[bytes | str]]
"""Gives a model, or the path of its file, while it is being opened."""


class Sessions:
    """What runs a network, or a part of it.

    Args:
        path: the file, for messages.
        source: where the model comes from.
        threads: cores that a call takes, unless its thread was confined.
        memory: one of `LEVELS`.

    Attributes:
        threads: the same; 1 in a process that was forked.
        version: of ONNX Runtime.

    Raises:
        UsageError: if ONNX Runtime is not installed.
    """

    def __init__(self, path: Path, source: Source, threads: int, memory: str) -> None:
        self.threads = threads
        self._path, self._source, self._memory = path, source, memory
        self._runtime = _runtime()
        self.version: str = self._runtime.__version__
        self._share = threading.local()
        self._lock = threading.Lock()
        self._open: dict[int, Any] = {}
        _all.add(self)

    def open(self) -> None:
        """Open the first session.

        Raises:
            CheckpointError: if ONNX Runtime cannot.
        """
        self._session()

    def confine(self, threads: int) -> None:
        """The calling thread takes a number of cores from now on.

        Args:
            threads: the number.
        """
        self._share.threads = threads

    def run(self, names: Iterable[str], given: Mapping[str, NDArray[Any]]) -> Outputs:
        """Some outputs, by name.

        Args:
            names: of the outputs.
            given: the inputs.

        Raises:
            CheckpointError: if ONNX Runtime cannot compute them.
        """
        wanted, session = list(names), self._session()
        try:
            return dict(zip(wanted, session.run(wanted, dict(given)), strict=True))
        except Exception as error:  # those of ONNX Runtime have no other class in common
            raise CheckpointError(
                f"{self._path} cannot be computed by onnxruntime {self.version}: {error}"
            ) from error

    def _session(self) -> Any:
        threads = min(self.threads, getattr(self._share, "threads", self.threads))
        with self._lock:
            if threads not in self._open:
                self._open[threads] = self._opened(threads)
            return self._open[threads]

    def _opened(self, threads: int) -> Any:
        options = self._runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 4  # nothing: errors are raised
        levels = self._runtime.GraphOptimizationLevel
        options.graph_optimization_level = getattr(levels, LEVELS[self._memory])
        with self._source() as model:
            try:
                session = self._runtime.InferenceSession(
                    model, options, providers=["CPUExecutionProvider"]
                )
            except Exception as error:  # those of ONNX Runtime have no other class in common
                raise CheckpointError(
                    f"{self._path} cannot be opened by onnxruntime {self.version}, "
                    f"which may be too old for it: {error}"
                ) from error
        # It keeps what it was given, in case that it is to be opened once more.
        vars(session).pop("_model_bytes", None)
        return session

    def forget(self) -> None:
        """In a process that was forked: let go of what is open, without ending it."""
        for session in self._open.values():
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(session))
        self._open, self._lock, self.threads = {}, threading.Lock(), 1


_all: weakref.WeakSet[Sessions] = weakref.WeakSet()


def _after_fork() -> None:
    for sessions in list(_all):
        sessions.forget()
    with contextlib.suppress(AttributeError, OSError):  # only the C library of GNU has it
        c = ctypes.CDLL(None)
        # When Python has ended, before what was registered earlier: that of ONNX Runtime.
        c.on_exit(c._exit, None)


@cache
def _runtime() -> Any:
    try:
        found = importlib.import_module("onnxruntime")
    except ImportError as error:
        raise UsageError(
            "a network in a file of ONNX is computed by ONNX Runtime: "
            "pip install 'panns-inference[onnx]'"
        ) from error
    if hasattr(os, "register_at_fork"):  # it is not on Windows, where nothing forks
        os.register_at_fork(after_in_child=_after_fork)
    return found
