"""`panns transfer`: a network that learns the classes of one's own recordings."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arguments import WEIGHTS
from ..errors import UsageError
from ..files import explained
from ..wording import counted
from . import data_set, options, values, wanted
from .failures import causes
from .figures import check_output
from .model import open_model

if TYPE_CHECKING:
    from ..model import Model
    from ..training.data import Dataset
    from ..training.heads import Transferred
    from ..training.heads.results import Results

LOG = logging.getLogger("panns_inference")

EXAMPLE = "panns transfer sounds/ -o mine.pth"

CLIPS = [
    *data_set.DATA,
    options.option(
        "--seconds",
        type=wanted.seconds,
        default=5.0,
        metavar="SECONDS",
        help="length of the clips that annotated recordings are cut into, and by --mode all; "
        "default: %(default)s",
    ),
    options.option(
        "--embeddings",
        metavar="DIR",
        help="folder in which embeddings are kept, so that they are computed once; default: "
        ".panns-embeddings beside the recordings",
    ),
]

MODES = ("quick", "scratch", "freeze-l1", "freeze-l3", "fine-tune")
"""What learns: the last layer, by logistic regression, or one of `training.modes.MODES`."""

LEARNING = [
    options.option(
        "--fine-tune",
        action="store_const",
        const="fine-tune",
        dest="mode",
        help="the whole network learns: better with some hundreds of clips, and far slower; the "
        "same command goes on with a run that was stopped",
    ),
    options.option(
        "--mode",
        choices=MODES,
        default="quick",
        help="quick: the last layer, by logistic regression; or as in the paper: scratch, "
        "freeze-l1, freeze-l3, fine-tune; default: %(default)s",
    ),
]

JUDGING = [
    options.option(
        "--folds",
        type=values.positive,
        metavar="N",
        help="judge N times, by another part of the recordings each time; default: once, by a "
        "fifth of them, or by what the data set holds out",
    ),
]

OUTPUT = [
    options.option(
        "-o",
        "--output",
        required=True,
        metavar="PATH",
        help="file of the network, such as mine.pth, for --model of the other commands",
    ),
    options.option(
        "--results",
        metavar="DIR",
        help="folder for the results, as JSON and as a picture; default: beside the network",
    ),
    options.option("--overwrite", action="store_true", help="replace what is there"),
]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "data",
        metavar="DATA",
        help=data_set.WHAT,
    )
    groups = {
        "clips": CLIPS,
        "network": options.NETWORK,
        "learning": LEARNING,
        "judging": JUDGING,
        "output": OUTPUT,
    }
    options.add_groups(parser, groups)


def run(given: argparse.Namespace) -> int:
    """Write the network and its results; return 1 if a clip could not be read.

    Args:
        given: the command line.
    """
    network, figures, picture = outputs_of(given)
    from ..training.heads.linear import require

    require()
    dataset = data_set.data_set(given, given.seconds)
    for path in (network, figures):
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
    model = open_model(given, "embedding")
    found = learnt(dataset, model, given)
    if found.failures:
        of_recordings = [*dict.fromkeys(found.failures)]  # several clips may be of one
        lines = "".join(f"\n  {line}" for line in causes(of_recordings))
        LOG.error("left out %d of %d clips:%s", len(found.failures), len(dataset.clips), lines)
    found.save(network, overwrite=given.overwrite)
    LOG.info(
        "%s has learnt %s from %s: %s",
        model.name,
        counted(len(found.labels), "class", "classes"),
        counted(found.n_clips, "clip"),
        network,
    )
    if found.results is None:
        LOG.warning(
            "warning: nothing says how good it is, for there are too few recordings to hold some "
            "of them out: give at least two of each class"
        )
    else:
        print(found.results)
        write_page(found.results, figures, picture, given)
    return int(bool(found.failures))


def learnt(dataset: Dataset, model: Model, given: argparse.Namespace) -> Transferred:
    """Return a network that has learnt the classes of some clips.

    Args:
        dataset: the clips.
        model: whose network learns.
        given: the command line.
    """
    from ..training.heads import transfer, transfer_in_mode
    from ..training.modes import MODES

    shared: Any = {"folds": given.folds, "progress": given.verbosity >= 0}
    if given.mode == "quick":
        return transfer(dataset, model, embeddings=given.embeddings, **shared)
    folder = Path(given.output).with_suffix(".training")
    return transfer_in_mode(
        dataset,
        model,
        MODES[given.mode],
        folder,
        seconds=given.seconds,
        overwrite=given.overwrite,
        **shared,
    )


def write_page(results: Results, figures: Path, picture: Path, given: argparse.Namespace) -> None:
    """Write results beside the network; without matplotlib, there is no picture.

    Args:
        results: the figures.
        figures: file for JSON.
        picture: file for the picture.
        given: the command line.
    """
    from ..plot.style import require
    from ..training.heads.page import write_figures, write_picture

    write_figures(results, figures, overwrite=given.overwrite, network=given.output)
    try:
        require()
    except UsageError as error:
        LOG.warning("warning: no picture is drawn: %s", error)
    else:
        write_picture(results, picture, overwrite=given.overwrite)


def outputs_of(given: argparse.Namespace) -> tuple[Path, Path, Path]:
    """Return the files of the network, the figures and the picture, before anything is read.

    Args:
        given: the command line.

    Raises:
        UsageError: if one is there that is not to be replaced, or none can be.
    """
    network = Path(given.output)
    if network.suffix not in WEIGHTS:
        raise UsageError(
            f"{network} would not be known as a file of weights: end it in {', '.join(WEIGHTS)}"
        )
    folder = Path(given.results) if given.results else network.parent
    found = network, folder / f"{network.stem}.json", folder / f"{network.stem}.png"
    for path in found:
        check_output(str(path), [given.data], given.overwrite)
    return found
