"""How good a tagger is: figures of each class, and which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .fonts import set_fonts
from .picture import colour, new_figure, shortened
from .style import Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CELL, COLUMN = 0.32, 0.75
"""Height of a cell, and width of one in the panel of figures, in inches."""

MARGIN = 2.6
"""For labels beside and below the panels, in inches."""


def draw_classes(
    labels: Sequence[str],
    figures: dict[str, NDArray[np.float64]],
    confusion: NDArray[np.intp] | None,
    title: str,
    style: Style,
) -> Figure:
    """Return a picture with a panel of figures, and one of what the clips were taken for.

    Args:
        labels: display names of the classes.
        figures: name to the figure of each class, (classes,), in [0, 1]; NaN is left empty.
        confusion: clips by their class, and by the most probable one, (classes, classes); None
            leaves it out.
        title: of the picture.
        style: the colours.
    """
    widths = [COLUMN * len(figures), *([CELL * 1.3 * len(labels)] if confusion is not None else [])]
    width = max(6.0, MARGIN + sum(widths) + 0.5)
    figure = new_figure(width, MARGIN / 1.6 + CELL * len(labels), style)
    panels = figure.subplots(1, len(widths), width_ratios=widths, squeeze=False)[0].tolist()
    names = shortened(labels, width)
    table = np.column_stack([*figures.values()])
    _draw_cells(panels[0], table, [[_shown(each) for each in row] for row in table], style)
    panels[0].set_xticks(range(len(figures)), [*figures], rotation=30, ha="right")
    panels[0].set_yticks(range(len(names)), names)
    if confusion is not None:
        axes = panels[1]
        shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
        texts = [[str(each) if each else "" for each in row] for row in confusion.tolist()]
        _draw_cells(axes, shares, texts, style)
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(names)), [""] * len(names))
        axes.set_xlabel("taken for")
        axes.set_ylabel("clips of")
    for axes in panels:
        colour(axes, style)
    figure.suptitle(title, fontsize=10, color=style.ink)
    set_fonts(figure)
    return figure


def _draw_cells(
    axes: Axes, values: NDArray[np.float64], texts: Sequence[Sequence[str]], style: Style
) -> None:
    axes.imshow(
        np.ma.masked_invalid(values), aspect="auto", cmap=style.probabilities, vmin=0, vmax=1
    )
    for (row, column), value in np.ndenumerate(values):
        ink = style.on(float(value)) if np.isfinite(value) else style.ink
        text = texts[row][column]
        axes.text(column, row, text, fontsize=7, ha="center", va="center_baseline", color=ink)


def _shown(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.2f}"
