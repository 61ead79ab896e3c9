"""What a format is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import IO, Any

from ..errors import UsageError
from ..events.columns import Class
from ..results import Detection, Embedding, Result
from ..wording import argument
from .increments import Joined
from .spans import Selection, unicode

DELIMITERS = (",", ";", "\t", "|")
"""What can stand between the cells of CSV: nothing that is in a number."""

DECIMALS = (".", ",")
"""What can stand between whole numbers and their fractions."""

Texts = Callable[[Iterable[Any], Selection], Iterator[str]]
"""Makes pieces of text of results: each is given when its recording is done."""

Writer = Callable[[Iterable[Any], IO[Any], Selection], None]
"""Writes results to a file, one after the other."""


def pieces_of(texts: Texts) -> Writer:
    r"""A writer of text that flushes the file after each recording.

    What is not Unicode in the name of a recording becomes an escape such as `\udce9`.

    Args:
        texts: makes the pieces of the text.
    """

    def write(results: Iterable[Any], file: IO[Any], selection: Selection) -> None:
        for text in texts(results, selection):
            file.write(unicode(text))
            file.flush()

    return write


def _with_most_probable(result: Result, n: int | None) -> Result:
    """A result with at most so many events, by onset."""
    if n is None or not isinstance(result, Detection):
        return result
    order = sorted(range(len(result.events)), key=lambda i: -result.events[i].probability)
    return replace(result, events=tuple(result.events[i] for i in sorted(order[:n])))


@dataclass(frozen=True)
class Format:
    """A way to write results.

    Attributes:
        name: as on the command line.
        extension: how names of its files end, with the dot.
        results: the types of results that it can hold.
        several: whether one file can hold several recordings; else it holds one, or its channels.
        writer: writes them.
        binary: whether its files are opened for bytes, not for text.
        framewise: whether it holds the framewise probabilities, which a `Detection` has only
            with `framewise=True`.
        channels: whether one file can hold several channels or tracks of a recording.
        needs: a module that must be installed, and the extra of this package that brings it.
        joined: chooses what is written of the increments of a long recording, which are then
            written as they become known; None: of such a recording the whole is needed.
        dialect: which of `excel`, `delimiter` and `decimal` can be chosen.
    """

    name: str
    extension: str
    results: tuple[type[Result], ...]
    several: bool
    writer: Writer
    binary: bool = False
    framewise: bool = False
    channels: bool = True
    needs: tuple[str, str] | None = None
    joined: Joined | None = None
    dialect: frozenset[str] = frozenset()

    def require(self) -> None:
        """Make sure, before any network runs, that results can be written.

        Raises:
            UsageError: if the extra that the format needs is not installed.
        """
        if self.needs is None:
            return
        module, extra = self.needs
        try:
            import_module(module)
        except ImportError as error:
            raise UsageError(
                f'the format {self.name} needs {module}: pip install "panns-inference[{extra}]"'
            ) from error

    def check_dialect(self, selection: Selection) -> None:
        """Make sure that the format can be written as it is wanted.

        Args:
            selection: how cells are written.

        Raises:
            UsageError: if it has no such choice, or commas would stand between cells and in
                numbers.
        """
        for name in ("excel", "delimiter", "decimal"):
            chosen = getattr(selection, name) != Selection._field_defaults[name]
            if chosen and name not in self.dialect:
                raise UsageError(f"{name} is a choice of the format csv; {self.name} has none")
        if selection.delimiter not in (None, *DELIMITERS):
            raise UsageError(f"{selection.delimiter!r} is no delimiter: give one of , ; | or a tab")
        if selection.decimal not in DECIMALS:
            raise UsageError(f"decimal is a point or a comma, not {selection.decimal!r}")
        if selection.separator == selection.decimal:
            raise UsageError(
                "cells and decimals cannot both have a comma: give another delimiter, or none, "
                "which is ; then"
            )

    def check_clock(self, wanted: bool) -> None:
        """Make sure that the time of day has a place: formats of all kinds of results have one.

        Args:
            wanted: whether it is to be written.

        Raises:
            UsageError: if it has none.
        """
        if wanted and Embedding not in self.results:
            raise UsageError(
                f"the format {self.name} has no place for the time of day (--clock): take table, "
                "csv, tsv, xlsx, json, jsonl or parquet"
            )

    def check_separate(self, wanted: bool) -> None:
        """Make sure that a file can hold several channels or tracks of a recording.

        Args:
            wanted: whether it is to hold them.

        Raises:
            UsageError: if it cannot.
        """
        if wanted and not self.channels:
            raise UsageError(
                f"a file of format {self.name} holds one channel of one track: name a folder, and "
                f"{argument('split', True)} puts a file for each there"
            )

    def write(
        self,
        results: Iterable[Result],
        file: IO[Any],
        *,
        top: int | None = None,
        threshold: float | Mapping[Class, float] = 0.0,
        raw: bool = False,
        classes: Collection[Class] | None = None,
        exclude: Collection[Class] = (),
        excel: bool = False,
        delimiter: str | None = None,
        decimal: str = ".",
    ) -> None:
        """Write results as they come, one at a time: none of them is kept.

        Args:
            results: results of one type.
            file: open file, for text or, if the format is `binary`, for bytes.
            top: how many tags of a `Tagging`, or events of a `Detection`, the most probable ones;
                None is all.
            threshold: smallest probability of a tag, or that of each class, as for `Tagging.top`.
            raw: whether CSV holds texts as they are, also those that a spreadsheet would take for
                formulas; else such a text gets a `'` in front.
            classes: labels, mids or indices of the classes of the tags; None is all.
            exclude: classes of tags that are left out.
            excel: whether CSV begins with a byte order mark, by which Excel knows UTF-8.
            delimiter: between the cells of CSV: a comma, a semicolon, a tab or `|`; None is a
                comma, or a semicolon where `decimal` is a comma.
            decimal: of the numbers of CSV: a point or a comma.

        Raises:
            UsageError: if the format cannot hold these results, or not in one file, it has no
                such choice, or its extra is not installed.
        """
        self.require()
        selection = Selection(top, threshold, raw, classes, exclude, excel, delimiter, decimal)
        self.check_dialect(selection)
        checked = self._checked(results)
        self.writer((_with_most_probable(each, top) for each in checked), file, selection)

    def _checked(self, results: Iterable[Result]) -> Iterator[Result]:
        before: Result | None = None
        for result in results:
            if not isinstance(result, self.results):
                able = " or ".join(kind.__name__ for kind in self.results)
                raise UsageError(f"{self.name} holds {able}, not {type(result).__name__}")
            if before is not None:
                self._check_follows(result, before)
            before = result
            yield result

    def _check_follows(self, result: Result, before: Result) -> None:
        if not self.several and not result.continues(before):
            raise UsageError(f"a file of format {self.name} holds one recording, not several")
        self.check_separate(True)
        if type(result) is not type(before):
            raise UsageError("a file holds results of one type: tags, events or embeddings")
        if result.chosen.keys() != before.chosen.keys():
            raise UsageError("a file holds results of channels or of whole recordings, not both")
