"""What can be asked of a model: which sounds, when, and where in the space of embeddings.

A verb is a question with its settings, checked once. Recordings that fit into a block are answered
together, in batches; longer ones by a listener, which hears them block by block:

    waveforms --Verb.together----> results
    blocks ----Listener.feed-----> what is known already --Listener.finish--> result
"""

from .detect import Detect, DetectListener
from .stretched import Embed, StretchListener, Tag
from .verb import BLOCK, Asked, Listener, Verb

VERBS: dict[str, type[Verb]] = {"tag": Tag, "detect": Detect, "embed": Embed}
"""The verbs by name."""

__all__ = [
    "BLOCK",
    "VERBS",
    "Asked",
    "Detect",
    "DetectListener",
    "Embed",
    "Listener",
    "StretchListener",
    "Tag",
    "Verb",
]
