"""Long recordings in blocks, without a seam: what comes out is that of a single pass.

    samples --Cutter--> chunks (block and halo) --network--> segments --BlockwisePass--> frames,
               |                                                                         clip values
              Grid: where a network may be cut, read off the network itself

Networks that have no frames hear equal stretches instead: `Stretches`.
"""

from .blockwise import BlockwisePass
from .cutter import Chunk, Cutter
from .grid import Grid, grid_of
from .stretches import Batch, Placement, Stretches
from .whole import WholePass

__all__ = [
    "Batch",
    "BlockwisePass",
    "Chunk",
    "Cutter",
    "Grid",
    "Placement",
    "Stretches",
    "WholePass",
    "grid_of",
]
