"""From recordings to results: the one way that every call, folder and stream goes.

    source --audio--> chunks --.--fits into a block-> batch --Task.results------> results
                               '--longer------------> chunks --Task.accumulator--> result

A task is what is wanted of a model, with settings that are checked once. `run` takes recordings
through it.
"""

from .detection import DetectionTask
from .embedding import EmbeddingTask
from .framewise import DetectionAccumulator
from .tagging import TaggingTask
from .task import Accumulator, Task

__all__ = [
    "Accumulator",
    "DetectionAccumulator",
    "DetectionTask",
    "EmbeddingTask",
    "TaggingTask",
    "Task",
]
