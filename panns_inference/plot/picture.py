"""A picture of a recording: panels below each other, on one axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from .fonts import set_fonts
from .panels import draw_events, draw_heat, draw_sound
from .scene import Scene
from .style import Style
from .ticks import set_time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..ranking import Tag

WIDTH = 10.0
"""Of a picture, in inches."""

LANE = 0.24
"""Height of the lane of a class, in inches."""

SOUND = 1.3
"""Height of the panel of the sound, in inches."""

FRAME = 0.9
"""Height of all that is around the panels, in inches."""

NARROW = 5.5
"""Inches below which there is no room for a key of the colours."""

LETTER = 0.075
"""Width of a letter, in inches."""

MARK = 0.8
"""Width of a mark of time with its text, in inches."""


def draw(scene: Scene, style: Style, width: float = WIDTH) -> Figure:
    """Return a picture of a recording.

    Args:
        scene: what it shows.
        style: the colours.
        width: in inches; the height follows from what there is to show.
    """
    lanes = max(1, len(scene.labels)) * LANE
    heights = {
        "sound": SOUND if scene.sound else 0.0,
        "heat": lanes if scene.heat is not None else 0.0,
        "events": lanes if scene.events is not None else 0.0,
    }
    shown = {name: height for name, height in heights.items() if height}
    figure = new_figure(width, FRAME + sum(shown.values()), style)
    grid = figure.subplots(
        len(shown), 1, sharex=True, squeeze=False, height_ratios=[*shown.values()]
    )
    panels: dict[str, Axes] = dict(zip(shown, grid[:, 0].tolist(), strict=True))
    for name, axes in panels.items():
        draw_panel(axes, name, scene, style, width)
    last = [*panels.values()][-1]
    set_time_axis(last, scene.duration, int(0.75 * width / MARK), scene.began)
    title(figure, next(iter(panels.values())), scene.title, scene.note, style)
    if width > NARROW and len(panels) > ("sound" in panels):
        add_key(figure, [*panels.values()], style, "probability")
    set_fonts(figure)
    return figure


def draw_into(axes: Axes, scene: Scene, style: Style) -> Figure:
    """Draw the events of a recording, or else its probabilities, into a panel of someone else's.

    Args:
        axes: the panel.
        scene: what it shows.
        style: the colours.
    """
    figure = root_of(axes)
    width = figure.get_figwidth() * axes.get_position().width / 0.7
    name = "heat" if scene.events is None else "events"
    draw_panel(axes, name, scene, style, width)
    set_time_axis(axes, scene.duration, int(0.75 * width / MARK), scene.began)
    set_fonts(axes)
    return figure


def draw_panel(axes: Axes, name: str, scene: Scene, style: Style, width: float) -> None:
    """Draw one panel: `sound`, `heat` or `events`.

    Args:
        axes: where.
        name: of the panel.
        scene: what it shows.
        style: the colours.
        width: of the whole picture, in inches.
    """
    axes.set_xlim(0, scene.duration)
    labels, points = shortened(scene.labels, width), 72 * 0.62 * width
    if name == "sound" and scene.sound:
        draw_sound(axes, scene.sound, style)
    elif name == "heat" and scene.heat:
        draw_heat(axes, scene.heat, labels, style, points)
    else:
        draw_events(axes, scene, labels, style, points)
    colour(axes, style)


def new_figure(width: float, height: float, style: Style) -> Figure:
    """Return an empty picture that belongs to no window.

    Args:
        width: in inches.
        height: in inches.
        style: the colours.
    """
    from matplotlib.figure import Figure

    return Figure((width, height), layout="constrained", facecolor=style.page)


def root_of(axes: Axes) -> Figure:
    """Return the picture that a panel belongs to.

    Args:
        axes: the panel.
    """
    return axes.figure.figure  # of a picture within one, the outer one


def colour(axes: Axes, style: Style) -> None:
    """Give a panel the colours of a style, and its texts their size.

    Args:
        axes: the panel.
        style: the colours.
    """
    axes.set_facecolor(style.page)
    axes.tick_params(colors=style.ink, labelsize=8)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set(color=style.ink, fontsize=8)
    for spine in axes.spines.values():
        spine.set(edgecolor=style.ink, linewidth=0.6)


def title(figure: Figure, axes: Axes, name: str, note: str, style: Style) -> None:
    """Put the name of a recording over a panel, and what else is known where there is room.

    Args:
        figure: the picture.
        axes: the panel at its top.
        name: of the recording.
        note: what else is known of it.
        style: the colours.
    """
    letters = int(0.72 * figure.get_figwidth() / LETTER)
    name = shortened([name], letters * LETTER / 0.3)[0]
    axes.set_title(name, loc="left", fontsize=10, color=style.ink, fontweight="bold")
    if len(name) + len(note) < letters:
        axes.set_title(note, loc="right", fontsize=8, color=style.ink)


def add_key(figure: Figure, panels: Sequence[Axes], style: Style, text: str) -> None:
    """Put a key of the colours beside the panels.

    Args:
        figure: the picture.
        panels: all of them, which keep one width.
        style: the colours.
        text: what the colours stand for.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    key = figure.colorbar(
        ScalarMappable(Normalize(0, 1), style.probabilities),
        ax=list(panels),
        aspect=30,
        fraction=0.05,
        pad=0.012,
    )
    key.set_label(text, color=style.ink, fontsize=8)
    key.ax.tick_params(colors=style.ink, labelsize=8)
    key.outline.set(edgecolor=style.ink, linewidth=0.6)


def shortened(texts: Sequence[str], width: float) -> list[str]:
    """Return labels that take up to a third of the width of a picture; longer ones end in dots.

    Args:
        texts: the labels.
        width: of the picture, in inches.
    """
    most = max(6, int(0.3 * width / LETTER))
    return [text if _letters(text) <= most else _cut(text, most) for text in texts]


def _cut(text: str, most: int) -> str:
    while _letters(text) >= most:
        text = text[:-1].rstrip(" ,(")
    return f"{text}…"


def _letters(text: str) -> int:
    """Its width in letters; those of East Asia are as wide as two."""
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)


def draw_tags(tags: Sequence[Tag], name: str, note: str, style: Style, width: float) -> Figure:
    """Return a picture of tags.

    Args:
        tags: the most probable first.
        name: of the recording.
        note: what else is known of it.
        style: the colours.
        width: in inches.
    """
    figure = new_figure(width, FRAME + max(1, len(tags)) * LANE, style)
    axes = figure.subplots()
    draw_tags_into(axes, tags, style)
    title(figure, axes, name, note, style)
    set_fonts(figure)
    return figure


def draw_tags_into(axes: Axes, tags: Sequence[Tag], style: Style) -> Figure:
    """Draw a bar for each tag into a panel, as long as it is probable.

    Args:
        axes: the panel.
        tags: the most probable first.
        style: the colours.
    """
    values = [tag.probability for tag in tags]
    colours = [style.probabilities(value) for value in values]
    places = range(len(tags))
    axes.barh(places, values, color=colours, edgecolor=style.ink, linewidth=0.5, height=0.75)
    for place, value in zip(places, values, strict=True):
        axes.text(value + 0.008, place, f"{value:.2f}", fontsize=8, va="center", color=style.ink)
    axes.set_yticks(places, shortened([tag.label for tag in tags], root_of(axes).get_figwidth()))
    axes.set_ylim(max(1, len(tags)) - 0.4, -0.6)
    axes.set_xlim(0, 1.06)
    axes.set_xlabel("probability")
    axes.tick_params(axis="y", length=0)
    colour(axes, style)
    set_fonts(axes)
    return root_of(axes)
