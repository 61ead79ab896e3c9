"""How good tags and events are, by what is known to be there.

tags          mAP, mAUC and d' over clips, of each class and their mean; accuracy and mAP@k
events        F1 and error rate, by segments, by collars around onset and offset, by intersections
probabilities the same at all thresholds at once, and the area below their curve (PSDS)

`reference` is what is known to be there, `estimate` what was found: events by recording. Times are
in seconds, and a millionth of a second more or less makes no difference.
"""

from .annotations import Annotation, Annotations, Timed
from .collars import event_based
from .counts import Counts, Errors, Scores
from .curve import Curve, Curves
from .curves import event_curves, intersection_curves
from .estimates import curves_of_estimates
from .first_classes import accuracy, mean_average_precision_at
from .intersections import intersection_based
from .psds import Psds, psds
from .segments import segment_based
from .tagging import TaggingScores, average_precision, d_prime, roc_auc, tagging_scores

__all__ = [
    "Annotation",
    "Annotations",
    "Counts",
    "Curve",
    "Curves",
    "Errors",
    "Psds",
    "Scores",
    "TaggingScores",
    "Timed",
    "accuracy",
    "average_precision",
    "curves_of_estimates",
    "d_prime",
    "event_based",
    "event_curves",
    "intersection_based",
    "intersection_curves",
    "mean_average_precision_at",
    "psds",
    "roc_auc",
    "segment_based",
    "tagging_scores",
]
