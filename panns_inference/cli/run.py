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

from ..errors import AudioError, UsageError
from ..files import atomic_write
from ..formats import FORMATS, Format

LOG = logging.getLogger("panns_inference")


def open_model(given: argparse.Namespace, default: str) -> Any:
    """The model that a command line asks for.

    Args:
        given: the command line.
        default: name of the network, if neither a network nor a checkpoint is named.
    """
    from ..checkpoints import identify
    from ..inference import AudioTagging

    name = given.model or (identify(given.checkpoint) if given.checkpoint else default)
    model = AudioTagging(name, given.checkpoint, given.device)
    LOG.info("%s on %s", model.name, model.device)
    return model


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
    verb = open_verb()
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
    if given.output is None:
        if not together:
            raise UsageError(
                f"a file of format {given.format} holds one recording: name a folder with -o"
            )
        return {None: recordings}
    output = Path(given.output)
    targets: dict[Path | None, Sequence[str]] = {output: recordings}
    if not together or output.is_dir() or given.output.endswith(("/", os.sep)):
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
