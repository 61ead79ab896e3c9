"""Recordings as vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine import Outputs
from ..results import Embedding
from .clipwise import ClipwiseTask


class EmbeddingTask(ClipwiseTask[Embedding]):
    """Recordings as vectors; the arguments are those of `ClipwiseTask`."""

    name = "embed"
    output = "embedding"
    result_type = Embedding

    def result(
        self, origin: dict[str, Any], outputs: Outputs, stretches: Sequence[Embedding] = ()
    ) -> Embedding:
        """Return the embedding that is made of some outputs.

        Args:
            origin: the fields of `Task.origin`.
            outputs: of the network.
            stretches: embeddings of stretches of the recording.
        """
        vector = outputs["embedding"]
        self.check(origin["source"], embedding=vector)
        return Embedding(**origin, vector=vector, stretches=tuple(stretches))
