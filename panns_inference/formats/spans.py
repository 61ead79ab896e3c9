"""What formats for sounds with times share: the spans, and how times and texts are written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ..events import Event
from ..events.columns import Class
from ..ranking import Tag
from ..results import Detection, Result, Tagging

_NOT_IN_A_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Selection(NamedTuple):
    """What is written of each result.

    Attributes:
        top: how many tags of a `Tagging`, or events of a `Detection`, at most; None is all.
        threshold: smallest probability of a tag, or that of each class.
        raw: whether texts that a spreadsheet would take for formulas stay as they are.
        classes: of the tags that are wanted; None is all.
        exclude: classes of tags that are not.
        excel: whether CSV begins with the mark by which Excel knows UTF-8.
        delimiter: character between the cells of CSV; None is a comma, or a semicolon where
            `decimal` is one.
        decimal: what CSV has between whole numbers and their fractions: a point or a comma.
    """

    top: int | None
    threshold: float | Mapping[Class, float]
    raw: bool = False
    classes: Collection[Class] | None = None
    exclude: Collection[Class] = ()
    excel: bool = False
    delimiter: str | None = None
    decimal: str = "."

    @property
    def separator(self) -> str:
        """What stands between the cells of CSV."""
        return self.delimiter or (";" if self.decimal == "," else ",")

    def tags_of(self, result: Tagging) -> tuple[Tag, ...]:
        """Return the tags that are written of a recording or a stretch of one.

        Args:
            result: its tags.
        """
        return result.top(self.top, self.threshold, self.classes, self.exclude)


def spans_of(result: Tagging | Detection, selection: Selection) -> Iterator[Event]:
    """Yield the events of a result; a tag is one that lasts as long as its recording.

    Of a recording that was tagged in stretches, these are the tags of the stretches.

    Args:
        result: tags or events.
        selection: which tags.
    """
    if isinstance(result, Detection):
        yield from result.events
        return
    for stretch in result.stretches or (result,):
        for tag in selection.tags_of(stretch):
            yield Event(
                stretch.onset,
                stretch.offset,
                tag.label,
                tag.mid,
                tag.index,
                tag.probability,
                tag.probability,
                tag.threshold,
            )


def spans_or_none(result: Tagging | Detection, selection: Selection) -> Iterator[Event | None]:
    """The events of a result; where there are none, None: in a table, no recording is left out.

    Args:
        result: tags or events.
        selection: which tags.
    """
    span = None
    for span in spans_of(result, selection):
        yield span
    if span is None:
        yield None


def tiers_of(result: Tagging | Detection, selection: Selection) -> Sequence[Sequence[Event]]:
    """The events of each class, none of which overlap.

    Events never do. Tags of stretches do where a stretch begins before the last one has ended: of
    two that overlap, the first ends where the second begins.

    Args:
        result: tags or events.
        selection: which tags.
    """
    tiers: dict[int, list[Event]] = {}
    for span in spans_of(result, selection):
        tier = tiers.setdefault(span.index, [])
        if tier and tier[-1].offset > span.onset:
            tier[-1] = replace(tier[-1], offset=span.onset)
        tier.append(span)
    return list(tiers.values())


def merged(
    results: Iterable[Tagging | Detection], selection: Selection
) -> Iterator[tuple[Event, str]]:
    """The events of all channels and tracks of a recording by onset, and the text of each.

    Args:
        results: of each channel and track, or of the recording as a whole.
        selection: which tags.
    """
    pairs = [
        (span, named(span.label, result))
        for result in results
        for span in spans_of(result, selection)
    ]
    yield from sorted(pairs, key=lambda pair: pair[0].onset)


def named(label: str, result: Result) -> str:
    """A label, with the track and the channel that were chosen, such as 'Dog (channel 2)'.

    Args:
        label: of a class.
        result: in which it stands.
    """
    return f"{label} ({result.chosen_text})" if result.chosen_text else label


def seconds(time: float) -> str:
    """A time with three decimals, or with six where three are not enough.

    Frames fall on the three; an event that is cut at the end of a recording can be shorter.

    Args:
        time: in seconds.
    """
    return f"{time:.6f}".removesuffix("000")


def milliseconds(span: Event) -> tuple[int, int]:
    """Start and end in whole milliseconds, at least one apart: what takes no time is not shown.

    Args:
        span: an event.
    """
    start = round(1000 * span.onset)
    return start, max(round(1000 * span.offset), start + 1)


def one_line(text: str) -> str:
    """A text without line breaks, tabs and other control characters: each becomes a space.

    Args:
        text: a label, or the name of a recording.
    """
    return _NOT_IN_A_LINE.sub(" ", text)


def unicode(text: str) -> str:
    r"""A text in which what is not Unicode is an escape such as `\udce9`.

    Names of files may hold bytes that no encoding explains.

    Args:
        text: the name of a recording, or a text with such names.
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
