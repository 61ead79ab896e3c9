"""One verb over the recordings of a command line, and its results to where they belong."""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .. import cores
from ..errors import AudioError, UsageError
from ..formats import FORMATS
from ..listed import LISTED
from . import signals
from .lists import listed
from .memory import keep_what_is_freed, without_collections
from .streams import Whole

if TYPE_CHECKING:
    from ..batch import Failure
    from ..model import Model
    from ..verbs import Verb

LOG = logging.getLogger("panns_inference")


STREAMS = ("/dev", "/dev/fd")
"""Folders of names for files that are open already."""

SHORT_SECONDS = 60.0
"""Length of a recording that is heard before copies of the weights have paid: on two cores, CNN14
takes 0.3 s to lay them out, which two minutes of sound get back."""


def open_model(given: argparse.Namespace, output: str, inputs: Sequence[str] = ()) -> Model:
    """The model that a command line asks for.

    Args:
        given: the command line.
        output: what the command needs of a network, where none is named.
        inputs: what it is to hear.
    """
    with without_collections(), signals.at_once():
        from ..audio import stated_length
        from ..checkpoints import identify
        from ..inference import AudioTagging

        name = given.model or (
            identify(given.checkpoint, output) if given.checkpoint else best_here(output)
        )
        is_short = len(inputs) == 1 and stated_length(inputs[0]) <= SHORT_SECONDS
        model = AudioTagging(
            name,
            given.checkpoint,
            given.device or "cuda",
            precision=given.precision,
            memory=given.memory or ("small" if is_short else "default"),
            threads=given.threads or cores.available(),
        )
    if given.device == "cuda" != model.device:
        LOG.warning("warning: device 'cuda' is not there: using the CPU")
    LOG.debug("%s on %s", model.name, model.device)
    return model


def best_here(output: str) -> str:
    """Name of the network on this machine that is best at something; stderr says which.

    Args:
        output: name of the output that it must have.
    """
    from ..checkpoints import CHECKPOINTS, usable

    able = [c for name, c in CHECKPOINTS.items() if output in LISTED[name].output_names]
    by_precision = sorted(able, key=lambda c: c.mean_average_precision or 0, reverse=True)
    chosen = next(c for c in by_precision if usable(c))
    hint = ""
    if chosen is not by_precision[0]:
        hint = f"; for a better one: panns models download {by_precision[0].name}"
    LOG.info("using %s%s", chosen.name, hint)
    return chosen.name


def run_over(
    given: argparse.Namespace,
    name: str,
    output: str,
    settings: Mapping[str, Any] = MappingProxyType({}),
    **selection: Any,
) -> int:
    """Write the results of all recordings; the exit status: 1 if one failed, else 0.

    Args:
        given: the command line.
        name: of the verb.
        output: what it needs of a network, where none is named.
        settings: of the verb.
        selection: what the writer takes of each result.
    """
    from .. import batch

    keep_what_is_freed()
    selection["raw"] = given.raw

    def open_verb() -> Verb:
        hearing = {"window": given.window, "hop": given.hop, "skip_silence": given.skip_silence}
        return open_model(given, output, inputs).verb(name, **hearing, **settings)

    inputs = _inputs(given)
    manner = {
        "jobs": given.jobs,
        "on_error": given.on_error,
        "resampler": given.resampler,
        "strict": given.strict,
        "track": given.track,
        "channel": given.channel,
        "progress": given.verbosity >= 0,
    }
    if given.output in (None, "-", "/dev/stdout"):
        return _to_stdout(given, open_verb, inputs, manner, selection)
    if _is_stream(given.output):
        with (
            open(given.output, "a", encoding="utf-8", newline="") as stream,
            contextlib.redirect_stdout(stream),
        ):
            return _to_stdout(given, open_verb, inputs, manner, selection)
    _check_place(given)
    report = batch.run(
        open_verb,
        inputs,
        given.output,
        format=given.format,
        split=given.split,
        overwrite=given.overwrite,
        spared=_also_read(given),
        **manner,
        **selection,
    )
    if report.n_recordings > 1 or report.n_before:
        LOG.info("%s", report)
    return _told(report.failures, report.n_recordings)


def _to_stdout(
    given: argparse.Namespace,
    open_verb: Callable[[], Verb],
    inputs: Sequence[str],
    manner: dict[str, Any],
    selection: dict[str, Any],
) -> int:
    """Write results as they come; the exit status."""
    from .. import batch

    form = FORMATS[given.format]
    form.require()
    if given.split or (form.binary and sys.stdout.isatty()):
        raise UsageError("name a file with -o, or with --split a folder")
    verb: Verb | Callable[[], Verb] = open_verb
    files: list[Any] = list(inputs)
    if "-" in files:
        # What is wrong with the network is said before anything is waited for.
        verb = open_verb()
        files = [_stdin() if path == "-" else path for path in files]
    form.check_parts(given.channel == "each" or given.track == "all")
    sources = [recording.source for recording in batch.find(files)]
    if len(sources) > 1 and not form.several:
        raise UsageError(
            f"a file of format {form.name} holds one recording: name a folder with -o and --split"
        )
    failures: list[Failure] = []

    def note(failure: Failure) -> None:
        LOG.error("error: %s", failure.cause)
        failures.append(failure)

    manner["progress"] = manner["progress"] and not sys.stdout.isatty()
    if given.on_error == "skip":
        manner["on_error"] = note
    found = batch.results(verb, sources, **manner)
    # Nothing is written before there is something: no half of a list.
    first = list(itertools.islice(found, 1))
    file: Any = Whole(sys.stdout.buffer if form.binary else sys.stdout)
    form.write(itertools.chain(first, found), file, **selection)
    return _told(failures, len(sources))


def _told(failures: Sequence[Failure], n_recordings: int) -> int:
    """The exit status; where there were several recordings, the failures once more."""
    if failures and n_recordings > 1:
        causes = "".join(f"\n  {failure.cause}" for failure in failures)
        LOG.error("%d of %d recordings failed:%s", len(failures), n_recordings, causes)
    return 1 if failures else 0


def _inputs(given: argparse.Namespace) -> list[str]:
    """What the command line and its list of files name."""
    if given.null and given.files_from is None:
        raise UsageError("--null is for the list that --files-from names")
    if given.files_from == "-" and "-" in given.recordings:
        raise UsageError("stdin is either a recording or the list of them")
    inputs = list(given.recordings)
    if given.files_from is not None:
        inputs += listed(given.files_from, given.null)
    if not inputs:
        raise UsageError("name recordings or folders, or a list of them with --files-from")
    return inputs


def _stdin() -> io.BytesIO:
    if sys.stdin is None:
        raise AudioError("stdin cannot be read: it is closed")
    try:
        stdin = io.BytesIO(sys.stdin.buffer.read())
    except OSError as error:
        raise AudioError(f"stdin cannot be read: {error.strerror}") from error
    stdin.name = "stdin"
    return stdin


def _check_place(given: argparse.Namespace) -> None:
    """Refuse places for which there is another way, or which are needed."""
    if not given.output:
        raise UsageError("-o needs the name of a file or a folder")
    if "-" in given.recordings:
        raise UsageError("what is read from stdin goes to stdout: leave -o out")


def _also_read(given: argparse.Namespace) -> list[str]:
    """Files that are read beside the recordings."""
    return [path for path in (given.checkpoint, given.model, given.files_from) if path]


def _is_stream(path: str) -> bool:
    """Whether a path is a device, a pipe or an open file, which takes results as they come."""
    if os.path.isfile(path):
        return os.path.dirname(os.path.abspath(path)) in STREAMS
    return os.path.exists(path) and not os.path.isdir(path)
