"""Recordings that failed: a summary by their causes, and a list to run them again."""

from __future__ import annotations

import argparse
import logging
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..files import atomic_write, checked
from ..terminal import printable
from .inputs import read_list

if TYPE_CHECKING:
    from ..batch import Failure

LOG = logging.getLogger("panns_inference")

SHOWN = 10
"""Names of recordings that are shown of those with one cause."""

PLURALS = {"is ": "are ", "has ": "have ", "holds ": "hold ", "was ": "were ", "does ": "do "}
"""How a sentence on one recording goes on, and one on several."""

NUMBER = re.compile(r"\d[\d.,]*")


class Failures:
    """What has failed so far of the recordings of a command line.

    Args:
        given: the command line.

    Attributes:
        found: the failures.
    """

    def __init__(self, given: argparse.Namespace) -> None:
        self._path: str | None = given.failed
        self._read: str | None = given.files_from
        self._output: str | None = given.output
        self._null, self._overwrite = given.null, given.overwrite
        self._is_checked = False
        self.found: list[Failure] = []

    def note(self, failure: Failure) -> None:
        """Keep a failure for the end.

        Args:
            failure: of one recording.
        """
        self.found.append(failure)

    def check(self, names: Collection[str | None]) -> None:
        """Make sure, before anything is computed, that the list of failures can be written.

        Args:
            names: of all recordings.

        Raises:
            UsageError: if a file is there that is no list of some of these recordings.
            PathError: if no file can be written there.
        """
        if self._path is None:
            return
        there = checked(self._path)
        if self._output is not None and there == Path(os.path.realpath(self._output)):
            raise UsageError(f"{self._path} is where results go: give another name for --failed")
        if not self._overwrite and not self._is_own(there, names):
            raise UsageError(
                f"{self._path} is there already, and is no list of some of these recordings: give "
                "another name for --failed, or --overwrite"
            )
        self._is_checked = True

    def _is_own(self, path: Path, names: Collection[str | None]) -> bool:
        """Whether what is there may be replaced: nothing, or a list of what had failed before."""
        if not path.exists() or path.stat().st_size == 0:
            return True
        if self._read not in (None, "-") and path.samefile(self._read or ""):
            return True
        try:
            return {*read_list(str(path), b"\0" in path.read_bytes())} < {*names}
        except (OSError, UsageError):
            return False

    def finish(self, n_recordings: int | None) -> None:
        """Log what has failed, and write the list.

        Args:
            n_recordings: how many there were; None if the run was stopped.
        """
        if self._path is not None and self._is_checked:
            self._write(self._path)
        if n_recordings == 1 == len(self.found):
            LOG.error("error: %s", self.found[0].cause)
        elif self.found:
            of = "" if n_recordings is None else f" of {n_recordings}"
            lines = "".join(f"\n  {line}" for line in causes(self.found))
            LOG.error("%d%s recordings failed:%s", len(self.found), of, lines)

    def _write(self, path: str) -> None:
        names = [*dict.fromkeys(each.source for each in self.found if each.source)]
        null = self._null
        if not null and any("\n" in name or name.endswith("\r") for name in names):
            null = True
            LOG.warning("warning: names in %s end with a NUL: read it with --null", path)
        with atomic_write(path, binary=True) as file:
            file.write(b"".join(os.fsencode(name) + (b"\0" if null else b"\n") for name in names))


def causes(failures: Collection[Failure]) -> Iterator[str]:
    """Yield a line for each cause, the most frequent first, with the recordings that have it.

    Args:
        failures: of recordings.
    """
    groups: defaultdict[str, list[Failure]] = defaultdict(list)
    for failure in failures:
        groups[NUMBER.sub("", _finding(failure))].append(failure)
    for group in sorted(groups.values(), key=len, reverse=True):
        if len(group) == 1:
            yield group[0].cause
            continue
        names = [printable(failure.source or "") for failure in group[:SHOWN]]
        more = f" and {len(group) - SHOWN} more" if len(group) > SHOWN else ""
        yield f"{len(group)} recordings{_of_several(group)}: {', '.join(names)}{more}"


def _finding(failure: Failure) -> str:
    """What is wrong, without the name of the recording."""
    name = failure.source or ""
    return failure.cause.replace(repr(name), "").replace(name, "") if name else failure.cause


def _of_several(group: list[Failure]) -> str:
    """The same for recordings that differ in numbers at most."""
    findings = {_finding(failure) for failure in group}
    finding = findings.pop()
    if findings:  # what differs stands behind the first colon
        head, _, rest = finding.lstrip(": ").partition(": ")
        finding = f" {head}" if rest else finding
    text = finding.removeprefix(" ")
    for one, several in PLURALS.items():
        if text.startswith(one):
            return f" {several}{text.removeprefix(one)}"
    return finding
