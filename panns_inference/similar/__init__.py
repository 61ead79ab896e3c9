"""More like this: the windows of a folder or table whose embeddings are nearest to examples.

folder --keep--> embeddings on the disk --.
                                           >--blocks--> nearest --> hits
table of `panns embed` -------------------'                ^
                                                           |
examples --------------------------------------> direction-'
"""

from .examples import Example
from .kept import Kept, keep
from .search import Hit, search_similar
from .windows import Block, Named

__all__ = ["Block", "Example", "Hit", "Kept", "Named", "keep", "search_similar"]
