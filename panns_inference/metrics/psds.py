"""The polyphonic sound detection score, PSDS.

It is the area below the curve of the true positive ratio over the false positives in an hour, the
mean over classes, up to so many of them, as a share of the largest area there can be (C. Bilen et
al., "A Framework for the Robust Evaluation of Sound Event Detection", ICASSP 2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .curve import Curve, Curves

HOUR = 3600.0

Figures = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Psds:
    """The score, and the curve that it is the area of.

    Attributes:
        value: the score, in [0, 1].
        classes: label to the score of that class alone.
        false_positive_rate: effective false positives in an hour, ascending, (points,).
        true_positive_ratio: effective ratio from there to the next point, (points,).
    """

    value: float
    classes: Mapping[str, float]
    false_positive_rate: Figures
    true_positive_ratio: Figures


def psds(
    curves: Curves, *, alpha_ct: float = 0.0, alpha_st: float = 0.0, max_efpr: float = 100.0
) -> Psds:
    """Return the score of curves of intersections.

    In DCASE, scenario 1 is `dtc=0.7, gtc=0.7` for the curves and `alpha_st=1` here, scenario 2
    is `dtc=0.1, gtc=0.1, cttc=0.3`, `alpha_ct=0.5` and `alpha_st=1`.

    Args:
        curves: of `intersection_curves` or `curves_of_estimates`.
        alpha_ct: weight of cross-triggers, in [0, 1].
        alpha_st: weight of the differences between classes, 0 or more.
        max_efpr: effective false positives in an hour up to which the area goes.

    Raises:
        UsageError: if a weight makes no sense.
    """
    if not (0 <= alpha_ct <= 1 and alpha_st >= 0 and max_efpr > 0):
        raise UsageError(
            "alpha_ct must be from 0 to 1, alpha_st 0 or more and max_efpr above 0, not "
            f"{alpha_ct}, {alpha_st} and {max_efpr}"
        )
    steps = {
        label: _steps(curve, _effective_rate(curves, column, curve, alpha_ct))
        for column, (label, curve) in enumerate(curves.classes.items())
    }
    rates = np.unique(np.concatenate([[0.0], *(rates for rates, _ in steps.values())]))
    rates = rates[rates <= max_efpr]
    ratios = np.array([_at(rates, *each) for each in steps.values()])
    effective = np.maximum(ratios.mean(axis=0) - alpha_st * ratios.std(axis=0), 0.0)
    widths = np.diff(rates, append=max_efpr) / max_efpr
    areas = (ratios @ widths).tolist()
    return Psds(float(effective @ widths), dict(zip(steps, areas, strict=True)), rates, effective)


def _effective_rate(curves: Curves, column: int, curve: Curve, alpha_ct: float) -> Figures:
    """False positives in an hour, with cross-triggers in an hour of each other class."""
    rate = curve.false_positives * np.float64(HOUR / curves.seconds)
    if alpha_ct and len(curves.classes) > 1:
        others = np.arange(len(curves.classes)) != column
        cross = curve.cross_triggers[:, others] * (HOUR / curves.reference_seconds[others])
        rate += alpha_ct * cross.mean(axis=1)
    return rate


def _steps(curve: Curve, rate: Figures) -> tuple[Figures, Figures]:
    """Rates, ascending, and the largest ratio up to each."""
    ratio = curve.true_positives / curve.n_reference
    order = np.lexsort((ratio, rate))
    return rate[order], np.maximum.accumulate(ratio[order])


def _at(rates: Figures, known: Figures, ratios: Figures) -> Figures:
    """The ratio at each of some rates: that of the last known one; 0 before the first."""
    values: Figures = np.append(ratios, 0.0)[np.searchsorted(known, rates, side="right") - 1]
    return values
