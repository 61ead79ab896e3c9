"""What a format is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from ..errors import UsageError
from ..results import Result
from .spans import Selection

Texts = Callable[[Iterable[Any], Selection], Iterator[str]]
"""Makes pieces of text of results: each is given when its recording is done."""


@dataclass(frozen=True)
class Format:
    """A way to write results as text.

    Attributes:
        name: as on the command line.
        extension: how names of its files end, with the dot.
        results: the types of results that it can hold.
        several: whether one file can hold several recordings.
        texts: makes the pieces of the text.
    """

    name: str
    extension: str
    results: tuple[type[Result], ...]
    several: bool
    texts: Texts

    def write(
        self,
        results: Iterable[Result],
        file: TextIO,
        *,
        top: int | None = None,
        threshold: float = 0.0,
    ) -> None:
        r"""Write results as they come: the file is flushed after each recording.

        Args:
            results: results of one type.
            file: open text file. What is not Unicode in the name of a recording becomes an escape
                such as `\udce9`.
            top: how many tags of a `Tagging` at most; None is all.
            threshold: smallest probability of a tag.

        Raises:
            UsageError: if the format cannot hold these results, or not in one file.
        """
        for text in self.texts(self._checked(results), Selection(top, threshold)):
            file.write(text.encode("utf-8", "backslashreplace").decode("utf-8"))
            file.flush()

    def _checked(self, results: Iterable[Result]) -> Iterator[Result]:
        held: type[Result] | None = None
        for result in results:
            if not isinstance(result, self.results):
                able = " or ".join(kind.__name__ for kind in self.results)
                raise UsageError(f"{self.name} holds {able}, not {type(result).__name__}")
            if held is not None and not self.several:
                raise UsageError(f"a file of format {self.name} holds one recording, not several")
            if not isinstance(result, held or Result):
                raise UsageError("a file holds results of one type: tags, events or embeddings")
            held = type(result)
            yield result
