"""One verb over the recordings of a command line, and its results to where they belong."""

from __future__ import annotations

import argparse
import io
import itertools
import logging
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..audio import read
from ..errors import AudioError, UsageError
from ..files import atomic_write
from ..formats import FORMATS, Format

LOG = logging.getLogger("panns_inference")


def open_model(given: argparse.Namespace, output: str) -> Any:
    """The model that a command line asks for.

    Args:
        given: the command line.
        output: what the command needs of a network, where none is named.
    """
    from ..checkpoints import identify
    from ..inference import AudioTagging

    name = given.model or (
        identify(given.checkpoint, output) if given.checkpoint else best_here(output)
    )
    model = AudioTagging(name, given.checkpoint, given.device or "cuda")
    if given.device == "cuda" != model.device:
        LOG.warning("warning: device 'cuda' is not there: using the CPU")
    LOG.debug("%s on %s", model.name, model.device)
    return model


def best_here(output: str) -> str:
    """Name of the network on this machine that is best at something; stderr says which.

    Args:
        output: name of the output that it must have.
    """
    from ..checkpoints import CHECKPOINTS, cached
    from ..models import NETWORKS

    able = [c for name, c in CHECKPOINTS.items() if output in NETWORKS[name].output_names]
    by_precision = sorted(able, key=lambda c: c.mean_average_precision or 0, reverse=True)
    chosen = next(c for c in by_precision if cached(c))
    hint = ""
    if chosen is not by_precision[0]:
        hint = f"; for a better one: panns models download {by_precision[0].name}"
    LOG.info("using %s%s", chosen.name, hint)
    return chosen.name


def run_over(
    given: argparse.Namespace, open_verb: Callable[[], Callable[..., Any]], **selection: Any
) -> int:
    """Write the results of all recordings; the exit status: 1 if one failed, else 0.

    Args:
        given: the command line.
        open_verb: loads a model and gives the method that makes a result of a recording; called
            when it is sure that the results can be written.
        selection: what the writer takes of each result.
    """
    form = FORMATS[given.format]
    targets = _targets(given, form)
    # No network is needed, nor downloaded, to say that there is nothing to read.
    verb = open_verb() if any(map(_is_there, given.recordings)) else _read
    failed: list[str] = []

    def results(recordings: Sequence[str]) -> Iterator[Any]:
        for recording in recordings:
            try:
                yield verb(_opened(recording), resampler=given.resampler, strict=given.strict)
            except AudioError as error:
                LOG.error("error: %s", error)
                failed.append(recording)

    for path, recordings in targets.items():
        found = results(recordings)
        # Nothing is written before there is something: no file, and no half of a list.
        first = list(itertools.islice(found, 1))
        if path is None:
            form.write(itertools.chain(first, found), sys.stdout, **selection)
        elif first:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as file:
                form.write(itertools.chain(first, found), file, **selection)
    if failed and len(given.recordings) > 1:
        LOG.error("%d of %d recordings failed", len(failed), len(given.recordings))
    return 1 if failed else 0


def _is_there(recording: str) -> bool:
    return recording == "-" or Path(recording).is_file()


def _read(recording: str | io.BytesIO, **settings: Any) -> Any:
    return read(recording, rate=32000, **settings)


def _opened(recording: str) -> str | io.BytesIO:
    if recording != "-":
        return recording
    stdin = io.BytesIO(sys.stdin.buffer.read())
    stdin.name = "stdin"
    return stdin


def _targets(given: argparse.Namespace, form: Format) -> dict[Path | None, Sequence[str]]:
    """Which recordings go into which file; None is stdout."""
    recordings: list[str] = given.recordings
    together = form.several or len(recordings) == 1
    if given.output in (None, "-"):
        if not together:
            raise UsageError(
                f"a file of format {given.format} holds one recording: name a folder with -o"
            )
        return {None: recordings}
    if not given.output:
        raise UsageError("-o needs the name of a file or a folder")
    output = Path(given.output)
    targets: dict[Path | None, Sequence[str]] = {output: recordings}
    if not together or output.is_dir() or given.output.endswith(("/", os.sep)):
        if output.suffix == form.extension and not output.is_dir():
            raise UsageError(
                f"a file of format {given.format} holds one recording: {output} must be a folder"
            )
        names = [Path("stdin" if r == "-" else r).stem + form.extension for r in recordings]
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            raise UsageError(f"several recordings would be written to {output / twice[0]}")
        targets = {output / name: [r] for name, r in zip(names, recordings, strict=True)}
    _refuse_to_replace(filter(None, targets), given)
    return targets


def _refuse_to_replace(targets: Iterable[Path], given: argparse.Namespace) -> None:
    inputs = {Path(path).resolve() for path in (*given.recordings, given.checkpoint) if path}
    for path in targets:
        if path.resolve() in inputs:
            raise UsageError(f"{path} is one of the files to read: give another name with -o")
        if path.exists() and not given.overwrite:
            raise UsageError(f"{path} is there already: give another name, or --overwrite")
