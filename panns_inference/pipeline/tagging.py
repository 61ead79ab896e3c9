"""Which sounds a recording holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine import Outputs
from ..results import Tagging
from .clipwise import ClipwiseTask


class TaggingTask(ClipwiseTask[Tagging]):
    """Which sounds; the arguments are those of `ClipwiseTask`."""

    name = "tag"
    output = "clipwise_output"
    result_type = Tagging

    def result(
        self, origin: dict[str, Any], outputs: Outputs, stretches: Sequence[Tagging] = ()
    ) -> Tagging:
        """Return the tags that are made of some outputs.

        Args:
            origin: the fields of `Task.origin`.
            outputs: of the network.
            stretches: tags of stretches of the recording.
        """
        clipwise, embedding = outputs["clipwise_output"], outputs.get("embedding")
        self.check(origin["source"], clipwise_output=clipwise, embedding=embedding)
        return Tagging(
            **origin,
            clipwise=clipwise,
            embedding=embedding,
            labels=tuple(self.model.labels),
            stretches=tuple(stretches),
        )
