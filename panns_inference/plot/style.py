"""Colours of pictures, light and dark.

The more probable, the further from the page: the colours of probabilities begin with that of the
page and go on along viridis, whose lightness rises throughout. So do shades of grey, for those who
see no colours, and prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..names import closest

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

STEPS = 9
"""Colours of viridis from which the others are interpolated."""


@dataclass(frozen=True)
class Style:
    """The colours of a picture.

    Attributes:
        page: behind everything.
        ink: of texts and the frames of panels.
        faint: of lines that guide the eye.
        wave: of a waveform.
        greys: name of matplotlib's colours for a spectrogram.
        is_dark: whether what is bright stands out.
    """

    page: str
    ink: str
    faint: str
    wave: str
    greys: str
    is_dark: bool

    @property
    def probabilities(self) -> Colormap:
        """The colours of 0 to 1."""
        from matplotlib import colormaps
        from matplotlib.colors import LinearSegmentedColormap

        viridis = colormaps["viridis" if self.is_dark else "viridis_r"]
        steps: list[Any] = [
            self.page,
            *(viridis(0.1 + 0.9 * k / (STEPS - 1)) for k in range(STEPS)),
        ]
        return LinearSegmentedColormap.from_list("probabilities", steps)

    def on(self, probability: float) -> str:
        """The colour of a text on that of a probability.

        Args:
            probability: 0 to 1.
        """
        red, green, blue, _ = self.probabilities(probability)
        return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


STYLES = {
    "light": Style("white", "#222222", "#d0d0d0", "#0072b2", "gray_r", False),
    "dark": Style("#111418", "#e8e8e8", "#3a3f45", "#56b4e9", "gray", True),
}
"""The styles by name."""


def style_named(name: str) -> Style:
    """Return a style.

    Args:
        name: light or dark.

    Raises:
        UsageError: if there is no such style.
    """
    return STYLES[closest(name, STYLES, "style")]


def require() -> None:
    """Make sure that pictures can be drawn.

    Raises:
        UsageError: if matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401 whether it is there
    except ImportError as error:
        raise UsageError(
            f'pictures need matplotlib ({error}): pip install "panns-inference[plot]"'
        ) from error
