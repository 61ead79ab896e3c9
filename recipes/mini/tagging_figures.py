"""Lines that say how good a tagger is on what was held out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from panns_inference.training.distillation.evaluation import (
    binary_cross_entropy,
    soft_label_figures,
)

from .peers import UNSEEN, WINDOWS, Tagged
from .presentations import AS_IT_IS
from .validation import Validation, summarised, teacher_of

SOFT = "cross-entropy {cross_entropy:.5f}, mAP {mAP:.3f}, same first {top1:.3f}"
RANKS = "first {:.3f}, among five {:.3f}, mean reciprocal rank {:.3f}"


def sizes(validation: Validation) -> Iterator[str]:
    """Say how much there is to judge by, and the floor: the teacher's own entropy.

    Args:
        validation: the sounds that are held out.
    """
    unseen = validation.unseen
    named = unseen.chosen(validation.named)
    for name, part in (("validation", validation.windows), ("unseen sources", unseen)):
        teacher = teacher_of(part)
        yield f"{name}: {len(part.windows)} windows"
        floor = binary_cross_entropy(teacher, teacher)
        judged = (teacher > 0.5).any(axis=0).sum()
        yield f"  the teacher itself: cross-entropy {floor:.5f}; {judged} classes above .5"
    classes, sources = {each[0] for each in named.named}, {w.source for w in named.windows}
    yield (f"named sounds: {len(named.windows)} of {len(sources)} sources, {len(classes)} classes")


def tagging(name: str, said: Tagged, validation: Validation) -> Iterator[str]:
    """Say how near a tagger comes to the teacher, and to names.

    Args:
        name: of the tagger.
        said: what it says.
        validation: the sounds that are held out.
    """
    yield f"{name}:"
    parts = {WINDOWS: validation.windows, UNSEEN: validation.unseen}
    for part, sounds in parts.items():
        figures = soft_label_figures(teacher_of(sounds), said[part])
        yield f"  {part}: {SOFT.format(**figures)}"
    ways = [way for way in said if way not in parts]
    for way in ways:
        yield f"  named, {way}: {RANKS.format(*summarised(validation.ranks(said[way])))}"


def by_source(said: Tagged, validation: Validation) -> Iterator[str]:
    """Say it source by source: a table.

    Args:
        said: what a tagger says.
        validation: the sounds that are held out.
    """
    unseen = validation.unseen
    teacher = teacher_of(unseen)
    sources = np.asarray([window.source for window in unseen.windows])
    named = sources[validation.named]
    ranks = validation.ranks(said[AS_IT_IS])
    yield "| source | windows | cross-entropy | same first | named | first | among five |"
    yield "|---|---|---|---|---|---|---|"
    for source in dict.fromkeys(sources):
        of = sources == source
        soft = soft_label_figures(teacher[of], said[UNSEEN][of])
        first, five, _ = summarised(ranks[named == source])
        yield (
            f"| {source} | {of.sum()} | {soft['cross_entropy']:.5f} | {soft['top1']:.3f} "
            f"| {(named == source).sum()} | {first:.3f} | {five:.3f} |"
        )
