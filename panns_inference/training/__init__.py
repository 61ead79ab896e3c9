"""Learning: data, the loop, and what goes by it (extra `train`).

    data/ -> samplers -> batches --prefetched--> loop -> checkpoint.pth, scalars.csv
                                                  |
                                       learner, average, judging

    pretraining/    from labelled clips by a recipe, as in the paper
    modes/          a network moves to new classes: from scratch, frozen, fine-tuned
    heads/          the same by the last layers alone, in seconds
    distillation/   from the opinion of another network

Each step is a function of the seed and of its number, so that a run that was killed and resumed
equals one that was not.
"""

from .average import MovingAverage
from .batches import Batches, ClipBatch, Selection
from .distillation.evaluation import clip_probabilities, soft_label_figures
from .distillation.loss import Distillation, LabelledBatch, soft_cross_entropy
from .distillation.recordings import Recordings, decode, write_recordings
from .distillation.release import write_weights
from .distillation.replay import Replay
from .distributed import Processes, processes
from .judging import Judging
from .loop import Run
from .prefetch import prefetched
from .pretraining.run import train
from .recipe import read_recipe
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
