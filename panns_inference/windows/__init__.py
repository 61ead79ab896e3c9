"""Long recordings in blocks, without a seam: what comes out is that of a single pass.

    samples --Cutter--> chunks (block and halo) --engine--> segments --BlockwisePass--> frames,
                                                                                        clip values

Networks that have no frames hear equal stretches instead: `Stretches`.
"""

from .blockwise import BlockwisePass
from .cutter import Chunk, Cutter
from .stretches import Batch, Placement, Stretches
from .whole import WholePass

__all__ = [
    "Batch",
    "BlockwisePass",
    "Chunk",
    "Cutter",
    "Placement",
    "Stretches",
    "WholePass",
]
