"""From segments to frames, in arrays: what the interpolators of the networks do in torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def frames_of(segments: NDArray[np.float32], ratio: int, lines: bool) -> NDArray[np.float32]:
    """Values of frames, (frames, classes).

    Args:
        segments: (segments, classes), at least one.
        ratio: frames of a segment.
        lines: whether straight lines lead from a segment to the next, segment t standing at frame
            `t * ratio`; else each is repeated.
    """
    if not lines:
        return np.repeat(segments, ratio, axis=0)
    places = (np.arange(ratio, dtype=np.float32) / np.float32(ratio))[:, None]
    begin, end = segments[:-1, None], segments[1:, None]
    between = (begin + places * (end - begin)).reshape(-1, segments.shape[1])
    return np.concatenate([between, segments[-1:]])
