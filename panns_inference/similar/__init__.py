"""More like this: the windows of a collection whose embeddings are nearest to some examples.

folder --keep--> embeddings on the disk --blocks--> nearest --> hits
"""

from .kept import Kept, keep
from .windows import Block, Named

__all__ = ["Block", "Kept", "Named", "keep"]
