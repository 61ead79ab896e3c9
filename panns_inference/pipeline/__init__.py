"""From recordings to results: the one way that every call, folder and stream goes.

    source --audio--> chunks --.--fits into a block-> batch --Task.results------> results
                               '--longer------------> chunks --Task.accumulator--> result

A task is what is wanted of a model, with settings that are checked once. `run` takes recordings
through it.
"""

from .clipwise import EmbeddingTask, TaggingTask
from .detection import DetectionTask
from .framewise import DetectionAccumulator
from .task import Accumulator, Task

__all__ = [
    "Accumulator",
    "DetectionAccumulator",
    "DetectionTask",
    "EmbeddingTask",
    "TaggingTask",
    "Task",
]
