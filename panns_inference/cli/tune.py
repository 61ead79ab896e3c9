"""`panns tune`: the best rules for events, by recordings with annotations."""

from __future__ import annotations

import argparse
import logging
import sys

from ..errors import UsageError
from . import options, values, wanted
from .annotations import COLLARS, REFERENCE, labels_of, warn_of_differences
from .figures import check_output
from .inputs import named_inputs
from .model import open_model

LOG = logging.getLogger("panns_inference")

EXAMPLE = "panns tune recordings --reference annotations -o rules.toml"

SEARCH = [
    REFERENCE,
    options.option(
        "--measure",
        choices=("event-f1", "psds"),
        default="event-f1",
        help="what is to be best; default: %(default)s",
    ),
    options.option(
        "--folds",
        type=values.positive,
        default=5,
        metavar="N",
        help="groups of recordings: the figure of one is that of rules which the others choose; "
        "default: %(default)s",
    ),
    *COLLARS,
    *wanted.CLASSES,
]

OUTPUT = [
    options.option(
        "-o", "--output", metavar="PATH", help="file of rules for panns detect; default: stdout"
    ),
    options.option("--overwrite", action="store_true", help="replace what is there"),
]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "recordings",
        nargs="*",
        metavar="RECORDING",
        help="file of any format, folder with all below it, or pattern",
    )
    groups = {"reading": options.READING, "network": options.NETWORK}
    options.add_groups(parser, {**groups, "search": SEARCH, "output": OUTPUT})


def run(given: argparse.Namespace) -> int:
    """Write the best rules; return 1 if a recording failed.

    Args:
        given: the command line.
    """
    import numpy as np

    from ..batch import Failure, results
    from ..evaluation import Known, aligned, best_rules, read_annotations
    from ..evaluation.channels import by_name
    from ..evaluation.search import GRID
    from ..events.columns import columns_of
    from ..events.rules import DEFAULT_METHOD
    from ..events.rules_file import rules_text
    from ..files import atomic_write
    from ..metrics import Annotation
    from ..pipeline import DetectionTask

    inputs = named_inputs(given)
    if given.output is not None:
        check_output(given.output, [*inputs, given.reference], given.overwrite)
    annotated = read_annotations(given.reference)
    labels = labels_of(given, annotated)
    model = open_model(given, "framewise_output", inputs)
    try:
        columns = columns_of(labels, model.labels)
    except UsageError as error:
        raise UsageError(
            f"{given.reference}: {error} {model.name} does not find it: take a network that does, "
            "or leave it out with --exclude"
        ) from error
    task = DetectionTask(model, framewise=True, classes=columns)
    failures: list[Failure] = []
    detections = results(
        task,
        inputs,
        jobs=given.jobs,
        on_error=failures.append if given.on_error == "skip" else "raise",
        resampler=given.resampler,
        strict=given.strict,
        track=given.track,
        channel=given.channel,
        progress=given.verbosity >= 0,
    )
    known = by_name(
        {
            (str(each.source), each.track, each.channel): Known(
                each.framewise[:, columns], each.frames_per_second, each.duration
            )
            for each in detections
            if each.framewise is not None
        }
    )
    for failure in failures:
        LOG.error("error: %s", failure.cause)
    reference, named = aligned(annotated, dict.fromkeys(known, ()))
    warn_of_differences(reference, named, labels)
    names = {label: model.labels[k] for label, k in zip(labels, columns, strict=True)}
    events = {
        name: [
            Annotation(event.onset, event.offset, names[event.label])
            for event in reference.get(name, ())
            if event.label in names
        ]
        for name in named
    }
    recordings = [
        each._replace(events=those)
        for those, each in zip(events.values(), known.values(), strict=True)
    ]
    choice = best_rules(
        recordings,
        [*names.values()],
        measure=given.measure,
        grid=({"method": model.method or DEFAULT_METHOD}, *GRID),
        folds=given.folds,
        default_threshold=np.broadcast_to(model.threshold, len(model.labels))[columns].tolist(),
        collar=given.collar,
        offset_share=given.offset_share,
    )
    text = (
        f"# Chosen by panns tune on {len(recordings)} recordings for {model.name}: {given.measure} "
        f"{choice.figure:.3f} on recordings\n# that had no part in the choice; "
        f"{choice.before:.3f} with the default rules.\n{rules_text(choice.rules)}"
    )
    if given.output is None:
        sys.stdout.write(text)
    else:
        with atomic_write(given.output, replace=given.overwrite) as file:
            file.write(text)
    LOG.info(
        "%s %.3f with these rules, where other recordings chose them; %.3f with the default ones",
        given.measure,
        choice.figure,
        choice.before,
    )
    return int(bool(failures))
