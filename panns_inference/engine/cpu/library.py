"""The compiled library of `native/`, and the structures that it takes.

It is built where the package is installed with a C compiler, and left out without one: then the
networks for which it is meant are computed by operators of torch, slower.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from threading import Thread
from typing import Any, ParamSpec, TypeVar

import torch

from .buffers import Buffers

P = ParamSpec("P")
R = TypeVar("R")

PANEL = 16
"""Outputs of a panel of weights."""

WHOLE = -1
"""The context of a squeeze that takes its means over all of the image."""

STEM, POINTWISE, BLOCK = range(3)

SETTINGS = (
    "kind",
    "in_channels",
    "inside",
    "out_channels",
    "kernel",
    "stride_time",
    "stride_bands",
    "dilation",
    "squeezed",
    "context",
    "activation",
    "adds",
)
WEIGHTS = ("expand", "taps", "reduce", "gate", "project")
"""Each with its bias."""


INSTRUCTIONS = (b"avx512", b"avx2", b"neon")
"""Those that the library is made for, the best first."""

STEPS = ("arena", "begin", "run")
"""Functions of the library for each kind of pass."""


class Layer(ctypes.Structure):
    """A layer, as `native/layers.h` describes it."""

    _fields_ = [
        *((name, ctypes.c_int32) for name in SETTINGS),
        *((f"{name}{end}", ctypes.c_void_p) for name in WEIGHTS for end in ("", "_bias")),
    ]


class Pass(ctypes.Structure):
    """A pass of an image through layers, as `native/layers.h` describes it."""

    _fields_ = [
        ("layers", ctypes.POINTER(Layer)),
        *((name, ctypes.c_int32) for name in ("n_layers", "time", "bands", "threads")),
        *((name, ctypes.c_void_p) for name in ("input", "output", "arena")),
    ]


class Logmel(ctypes.Structure):
    """A log-mel image of a waveform, as `native/layers.h` describes it."""

    _fields_ = [
        *((name, ctypes.c_int32) for name in ("samples", "size", "hop", "mels", "threads")),
        *((name, ctypes.c_float) for name in ("emphasis", "floor", "centre", "scale")),
        *(
            (name, ctypes.c_void_p)
            for name in ("waveform", "window", "twiddles", "firsts", "counts", "weights")
        ),
        *((name, ctypes.c_void_p) for name in ("image", "arena")),
    ]


@functools.lru_cache(maxsize=1)
def library() -> ctypes.CDLL | None:
    """The library; None if it was not built, or not for this processor."""
    folder = Path(__file__).with_name("native")
    for path in (folder / f"kernels{suffix}" for suffix in EXTENSION_SUFFIXES):
        with suppress(OSError):  # it is not there, or of another system
            functions = ctypes.CDLL(os.fspath(path))
            for function in (functions.panns_network_arena, functions.panns_logmel_arena):
                function.restype = ctypes.c_int64
            functions.panns_chosen.restype = ctypes.c_char_p
            return functions if any(map(functions.panns_choose, INSTRUCTIONS)) else None
    return None


def instructions() -> str | None:
    """The instructions that the library uses; None if it is not there."""
    functions = library()
    if functions is None:
        return None
    name: bytes = functions.panns_chosen()
    return name.decode()


class Threads(threading.local):
    """How many threads the library may use, where torch has but one."""

    count: int | None = None

    def number(self) -> int:
        """Threads that a pass may use."""
        return self.count or torch.get_num_threads()


THREADS = Threads()


def without_torch_threads(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that computes on torch's threads in the library alone.

    What torch computes in a small network takes microseconds; but its threads then wait for
    milliseconds on the cores that the threads of the library need.

    Args:
        function: computes a network, or some of it.
    """

    @functools.wraps(function)
    def computed(*arguments: P.args, **options: P.kwargs) -> R:
        threads = torch.get_num_threads()
        if threads == 1:
            return function(*arguments, **options)
        THREADS.count = threads
        torch.set_num_threads(1)
        try:
            return function(*arguments, **options)
        finally:
            torch.set_num_threads(threads)
            THREADS.count = None

    return computed


def threads_of_clip(clips: int, size: int, least: int) -> int:
    """Threads that share a clip: one each while there are as many clips as threads.

    Args:
        clips: in a batch.
        size: of a clip.
        least: size of a clip for which another thread is worth being started.
    """
    threads = THREADS.number()
    return max(1, min(threads // min(threads, clips), size // least))


def run_all(kind: str, passes: Sequence[Any], buffers: Buffers) -> None:
    """Run passes of a kind, as many at a time as there are threads for.

    Args:
        kind: `network`, of `Pass`, or `logmel`, of `Logmel`.
        passes: one or more, of clips of one size; each gets its memory here.
        buffers: what memory is taken from.
    """
    functions = library()
    arena_of, begin, run = (getattr(functions, f"panns_{kind}_{step}") for step in STEPS)
    clips, share = min(THREADS.number(), len(passes)), passes[0].threads
    arenas = buffers.take("arena", clips, arena_of(ctypes.byref(passes[0])))
    for place, each in enumerate(passes):
        each.arena = arenas[place % clips].data_ptr()

    def work(place: int, thread: int) -> None:
        for each in passes[place::clips]:
            if share == 1:
                begin(ctypes.byref(each))
            run(ctypes.byref(each), thread)

    if share > 1:  # and each clip has threads of its own
        for each in passes:
            begin(ctypes.byref(each))
    first, *others = itertools.product(range(clips), range(share))
    started = [Thread(target=work, args=other) for other in others]
    try:
        for thread in started:
            thread.start()
        work(*first)
    except BaseException:  # Ctrl-C: nobody shall wait for a thread that does not run
        if functions and share > 1 and kind == "network":
            for each in passes:
                functions.panns_network_abandon(ctypes.byref(each))
        raise
    finally:
        _wait_for(started)


def _wait_for(threads: Iterable[Thread]) -> None:
    """Wait for threads, also if that is interrupted: they use memory of their caller."""
    interrupted = None
    for thread in threads:
        while thread.is_alive():
            try:
                thread.join()
            except KeyboardInterrupt as error:
                interrupted = error
    if interrupted:
        raise interrupted
