"""Learning: data, augmentation, the loop, and what it writes (extra `train`).

    recordings -> sampler -> augment -> batches --prefetched--> loop -> checkpoint.pth, scalars.csv
                                           |                     |
                                        replay       learner, average, evaluation

Each step is a function of the seed and of its number, so that a run that was killed and resumed
equals one that was not.
"""

from .average import MovingAverage
from .batches import Batches, ClipBatch, Selection
from .distillation import Distillation, LabelledBatch, soft_cross_entropy
from .distributed import Processes, processes
from .evaluation import clip_probabilities, soft_label_figures
from .judging import Judging
from .loop import Run
from .prefetch import prefetched
from .pretraining import train
from .recipe import read_recipe
from .recordings import Recordings, decode, write_recordings
from .release import write_weights
from .replay import Replay
from .samplers import SAMPLERS, Alternate, Balanced, Sampler, Uniform
from .scalars import ScalarLog, read_scalars
from .schedule import Schedule
from .settings import Settings
from .supervised import Supervised

__all__ = [
    "SAMPLERS",
    "Alternate",
    "Balanced",
    "Batches",
    "ClipBatch",
    "Distillation",
    "Judging",
    "LabelledBatch",
    "MovingAverage",
    "Processes",
    "Recordings",
    "Replay",
    "Run",
    "Sampler",
    "ScalarLog",
    "Schedule",
    "Selection",
    "Settings",
    "Supervised",
    "Uniform",
    "clip_probabilities",
    "decode",
    "prefetched",
    "processes",
    "read_recipe",
    "read_scalars",
    "soft_cross_entropy",
    "soft_label_figures",
    "train",
    "write_recordings",
    "write_weights",
]
