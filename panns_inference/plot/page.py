"""Pictures as a page for a browser: one file, which needs no other and no network.

The pointer shows the time, the class and the event that it is on; the wheel and a drag zoom and
move the picture, a double click shows all of it again. Where the recording lies beside the page, it
is played, a line shows where, and a click goes there.
"""

from __future__ import annotations

import html
import io
import json
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import quote

from .scene import Scene
from .style import Style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_EVENTS = 20_000
"""Events that the pointer can show; beyond them, the most probable ones."""


def whole_page(style: Style) -> tuple[str, str]:
    """Return what stands before the pictures of a page, and what behind them.

    Args:
        style: the colours of the pictures, which the page has, too.
    """
    page, sheet, script = (
        (files("panns_inference") / "data" / name).read_text("utf-8").rstrip("\n")
        for name in ("page.html", "page.css", "page.js")
    )
    scheme = "dark" if style.is_dark else "light"
    sheet = sheet.replace("/*scheme*/", scheme).replace("/*page*/", style.page)
    page = page.replace("/*style*/", sheet).replace("/*script*/", script)
    before, after = page.split("<!--pictures-->\n")
    return before, f"{after}\n"


def section(figure: Figure, scene: Scene | None, path: str | None, dpi: float) -> str:
    """Return a picture as a piece of a page.

    Args:
        figure: the picture.
        scene: what it shows; None if it is no recording.
        path: of the recording, seen from the page; None if it is not there.
        dpi: pixels of an inch, for what is no line or text.
    """
    file = io.BytesIO()
    figure.savefig(file, format="svg", dpi=dpi, metadata={"Date": None})
    svg = file.getvalue().decode()
    svg = svg[svg.index("<svg") :]
    if scene is None:
        return f"<figure>\n{svg}</figure>\n"
    sound = ""
    if path is not None:
        source = quote(path.replace("\\", "/"), errors="surrogateescape")
        sound = f'<audio controls preload="none" src="{html.escape(source)}"></audio>\n'
    # "</" would end the script that holds the text.
    known = json.dumps(_known(figure, scene)).replace("<", "\\u003c")
    return f'<figure>\n{sound}{svg}<script type="application/json">{known}</script>\n</figure>\n'


def _known(figure: Figure, scene: Scene) -> dict[str, object]:
    """What the script needs: where the panels are, in points, and what is on them."""
    width, height = 72 * figure.get_figwidth(), 72 * figure.get_figheight()
    panels = [axes.get_position() for axes in figure.axes if axes.get_label() != "<colorbar>"]
    lanes = {label: number for number, label in enumerate(scene.labels)}
    events = sorted(scene.events or (), key=lambda event: -event.probability)[:MOST_EVENTS]
    return {
        "duration": scene.duration,
        "labels": list(scene.labels),
        "panels": [
            [
                round(value, 2)
                for value in (
                    box.x0 * width,
                    (1 - box.y1) * height,
                    box.x1 * width,
                    (1 - box.y0) * height,
                )
            ]
            for box in panels
        ],
        "hasSound": scene.sound is not None,
        "events": [
            [
                lanes[event.label],
                round(event.onset, 3),
                round(event.offset, 3),
                round(event.probability, 3),
            ]
            for event in events
        ],
    }
