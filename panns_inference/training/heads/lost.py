"""Classes that have no clip left, for none of them could be read."""

from __future__ import annotations

import logging

from ..data import Dataset

LOG = logging.getLogger("panns_inference")


def warn_of_lost_classes(given: Dataset, read: Dataset) -> None:
    """Say of which classes nothing is learnt.

    Args:
        given: all clips.
        read: those that could be read.
    """
    if lost := given.sounding - read.sounding:
        LOG.warning(
            "warning: nothing is learnt of %s: no clip of it could be read",
            ", ".join(map(repr, sorted(lost))),
        )
