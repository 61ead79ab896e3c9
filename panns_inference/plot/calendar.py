"""When a class sounds, day by day and hour by hour: a panel for each class."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .fonts import set_fonts
from .picture import colour, new_figure, shortened
from .style import Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT = 3.2
"""Of a panel, in inches."""

COLUMNS = 2
"""Panels beside each other."""

NUMBERED_WIDTH = 0.22
"""Of a day, in inches, from which on each hour has its number in print."""


def draw_calendar(
    counts: Mapping[str, NDArray[np.int64]],
    first: date,
    recorded: NDArray[np.bool_] | None,
    style: Style,
    width: float,
) -> Figure:
    """Return a picture of how many events there are in each hour.

    Args:
        counts: class to numbers of events, (24, days).
        first: the first day.
        recorded: in which hours there are recordings, (24, days); None if that is not known.
        style: the colours.
        width: in inches.
    """
    n_columns = min(COLUMNS, len(counts), max(1, int(width / 4)))
    n_rows = math.ceil(len(counts) / n_columns)
    figure = new_figure(width, 0.3 + HEIGHT * n_rows, style)
    grid = figure.subplots(n_rows, n_columns, squeeze=False)
    panels: list[Axes] = grid.ravel().tolist()
    for axes, (label, hours) in zip(panels, counts.items(), strict=False):
        _draw_panel(axes, hours, first, recorded, style, width / n_columns)
        largest, total = int(hours.max()), int(hours.sum())
        name = shortened([label], 1.4 * width / n_columns)[0]
        axes.set_title(name, loc="left", fontsize=10, color=style.ink, fontweight="bold")
        note = f"{total} event{'s' * (total != 1)}, up to {largest} an hour"
        axes.set_title(note, loc="right", fontsize=8, color=style.ink)
        colour(axes, style)
    for axes in panels[len(counts) :]:
        axes.remove()
    if recorded is not None and not recorded.all():
        figure.supxlabel("hatched: no recording", fontsize=8, color=style.ink)
    set_fonts(figure)
    return figure


def _draw_panel(
    axes: Axes,
    hours: NDArray[np.int64],
    first: date,
    recorded: NDArray[np.bool_] | None,
    style: Style,
    width: float,
) -> None:
    n_days = hours.shape[1]
    largest = max(1, int(hours.max()))
    if recorded is not None:
        axes.set_facecolor(style.page)
        gaps = np.ma.masked_where(recorded, np.ones(hours.shape))
        axes.pcolor(gaps, hatch="////", facecolor="none", edgecolor=style.faint, linewidth=0)
    axes.imshow(
        np.ma.masked_equal(hours, 0),
        aspect="auto",
        extent=(0, n_days, 24, 0),
        cmap=style.probabilities,
        vmin=0,
        vmax=largest,
        interpolation="nearest",
    )
    axes.set_xlim(0, n_days)
    axes.set_ylim(24, 0)
    axes.set_yticks([0, 6, 12, 18, 24], ["0:00", "6:00", "12:00", "18:00", "24:00"])
    step = math.ceil(n_days / max(1, int(0.8 * width / 0.6)))
    days = range(0, n_days, step)
    texts = [f"{first + timedelta(days=day):%m-%d}" for day in days]
    axes.set_xticks([day + 0.5 for day in days], texts)
    axes.set_xlabel(
        f"{first:%Y}" if n_days == 1 else f"from {first} to {first + timedelta(days=n_days - 1)}"
    )
    if 0.75 * width / n_days > NUMBERED_WIDTH:
        for hour, day in np.argwhere(hours):
            count = int(hours[hour, day])
            axes.text(
                day + 0.5,
                hour + 0.5,
                str(count),
                fontsize=5.5,
                ha="center",
                va="center_baseline",
                color=style.on(count / largest),
            )
