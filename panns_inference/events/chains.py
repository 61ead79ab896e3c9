"""Chains: what is open in each class, because frames to come may still change it.

         frames that are known                                      | frames to come
    class  . . E E E E E E E E . . . . C C C . C C . . . R R R R R R|
               |--- event ---|         |candidate|       |-- run ---|

A run lasts up to the last frame that is known: it may go on, and has perhaps not reached
`threshold` so far. A candidate is made of merged runs: a run may follow that is near enough to be
merged too, and until then it may be too short. An event may still meet a next one when both grow
by `pad`. Each is open only as long as the next one may be joined to it, so the three are one chain,
and all that can come of it begins where its first link begins. One sum and one maximum from there
on, read at the end of each link, are therefore enough, however long a chain lasts.

Sums are added frame by frame, from the first to the last, so that it makes no difference in how
many pieces the frames came.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .frames import Frames
from .rules import Lengths
from .runs import Integers, Mask, Runs, holds, joined, merged, runs_of

LINK = np.dtype([("start", np.int64), ("end", np.int64), ("sum", np.float64), ("peak", np.float64)])
"""Frames `start` up to, not including, `end`; sum and largest of the probabilities from the first
frame of the chain up to `end`. Where `end` is 0 there is no link."""

CHAIN = np.dtype([("event", LINK), ("candidate", LINK), ("run", LINK), ("reached", np.bool_)])
"""What is open in one class; `reached`: the run has reached `threshold`. As long as there is a
link, there is a run, if an empty one: it starts where the next link will at the earliest."""

Chains = NDArray[np.void]
Links = NDArray[np.void]


class Clock(NamedTuple):
    """How far the recording is known, in frames.

    Attributes:
        first: first frame that is new.
        known: the frame after the last that is known.
        lasting: what the recording lasts at least; infinite if it has ended.
        duration: what it lasted; infinite if it goes on.
    """

    first: int
    known: int
    lasting: float
    duration: float

    @property
    def goes_on(self) -> bool:
        """Whether more frames may follow."""
        return math.isfinite(self.lasting)


def advanced(
    chains: Chains,
    frames: Frames,
    off: Mask,
    on: Mask,
    clock: Clock,
    lengths: Lengths,
) -> tuple[Chains, Runs, Links]:
    """Let frames follow on what is open.

    Args:
        chains: what is open in each class, (classes,).
        frames: probabilities of the new frames, before the smoothing, (classes, frames).
        off: which of them are at least `threshold_off` when smoothed, (classes, frames).
        on: which are at least `threshold`, (classes, frames).
        clock: how far the recording is known.
        lengths: the rules.

    Returns:
        What is open now, (classes,); the events that nothing can change any more; their numbers,
        (events,).
    """
    closed, run, reached = _runs(chains, off, on, clock)
    following = np.full(len(chains), float(clock.known) if clock.goes_on else math.inf)
    following[run.rows] = run.starts
    final, events, candidates = _levels(chains, closed, following, clock, lengths)

    starts = np.zeros(len(chains), np.int64)
    for each in (run, candidates, events):
        starts[each.rows] = each.starts
    rows = np.unique(np.concatenate([run.rows, candidates.rows, events.rows]))
    run = Runs(rows, following[rows].astype(np.int64), np.full(len(rows), clock.known))
    opened = np.zeros(len(chains), CHAIN)
    for name, each in (("event", events), ("candidate", candidates), ("run", run)):
        since_first = each._replace(starts=starts[each.rows])
        opened[name][each.rows] = _links(chains, frames, clock.first, since_first)
        opened[name]["start"][each.rows] = each.starts
    opened["reached"] = reached
    return opened, final, _links(chains, frames, clock.first, final)


def _runs(chains: Chains, off: Mask, on: Mask, clock: Clock) -> tuple[Runs, Runs, Mask]:
    """The closed runs that reached `threshold`; the open ones; which classes' open one did."""
    # One frame more, in front, stands for all the frames of the run that is open.
    is_open = chains["run"]["start"] < chains["run"]["end"]
    relative = runs_of(np.column_stack([is_open, off]))
    hits = holds(relative, np.column_stack([chains["reached"], on]))
    before = clock.first - 1
    open_starts = chains["run"]["start"][relative.rows]
    starts = np.where(relative.starts == 0, open_starts, relative.starts + before)
    runs = Runs(relative.rows, starts, relative.ends + before)
    goes_on = (runs.ends == clock.known) & clock.goes_on
    reached = np.zeros(len(chains), np.bool_)
    reached[runs.rows[goes_on & hits]] = True
    return runs.where(~goes_on & hits), runs.where(goes_on), reached


def _levels(
    chains: Chains,
    closed: Runs,
    following: NDArray[np.float64],
    clock: Clock,
    lengths: Lengths,
) -> tuple[Runs, Runs, Runs]:
    """The events that are final, those that are open, and the open candidates.

    `following` is where a run that is not in `closed` starts at the earliest, (classes,). The last
    of a class alone can be near to it.
    """
    candidates = merged(joined(_carried(chains["candidate"]), closed), lengths.gap)
    is_open = following[candidates.rows] - candidates.ends <= lengths.gap
    lasted = np.minimum(candidates.ends, clock.duration) - candidates.starts
    found = candidates.where(~is_open & (lasted >= lengths.shortest))
    candidates = candidates.where(is_open)

    following = following.copy()
    following[candidates.rows] = candidates.starts
    events = merged(joined(_carried(chains["event"]), found), lengths.meeting)
    is_open = following[events.rows] - events.ends <= lengths.meeting
    # Padding is cut at the end of the recording.
    is_open |= events.ends + lengths.pad > clock.lasting
    return events.where(~is_open), events.where(is_open), candidates


def _carried(links: Links) -> Runs:
    rows: Integers = np.flatnonzero(links["end"])
    return Runs(rows, links["start"][rows], links["end"][rows])


def _links(chains: Chains, frames: Frames, first: int, spans: Runs) -> Links:
    """Sum and maximum of some spans; one that starts before `first` starts where its chain does."""
    chain = chains[spans.rows]
    # One that ends before, too, ends where a link does.
    links = chain["run"].copy()
    for link in (chain["event"], chain["candidate"]):
        ends_there = link["end"] == spans.ends
        links[ends_there] = link[ends_there]
    links["start"], links["end"] = spans.starts, spans.ends
    is_new = spans.ends > first
    rows, starts, ends = spans.where(is_new)
    so_far = chain["run"][is_new]
    so_far[starts >= first] = np.array((0, 0, 0.0, -math.inf), LINK)
    starts = np.maximum(starts, first) - first
    counts = ends - first - starts
    offsets = np.cumsum(counts) - counts
    numbers = np.arange(len(rows))
    of = np.repeat(numbers, counts)
    inside = frames[rows[of], np.arange(len(of)) + np.repeat(starts - offsets, counts)]
    # It adds one after the other, where other sums of NumPy hang on where a piece begins.
    weights = np.concatenate([so_far["sum"], inside])
    links["sum"][is_new] = np.bincount(np.concatenate([numbers, of]), weights, len(rows))
    links["peak"][is_new] = np.maximum(so_far["peak"], np.maximum.reduceat(inside, offsets))
    return links
