"""`panns export`: a network as one file for other programs."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ..errors import UsageError

EXAMPLE = "panns export Cnn14 --to onnx --int8 --calibrate recordings"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "model", metavar="MODEL", help="one of `panns models`, or a file of weights"
    )
    group = parser.add_argument_group("file")
    group.add_argument(
        "--to", choices=("onnx",), required=True, help="onnx, which takes a waveform at its rate"
    )
    group.add_argument(
        "-o", "--output", metavar="PATH", help="file to write; default: MODEL.onnx in this folder"
    )
    group.add_argument("--overwrite", action="store_true", help="replace what is there")
    group = parser.add_argument_group("network")
    group.add_argument(
        "--checkpoint", metavar="PATH", help="file of weights; default: the published one"
    )
    group = parser.add_argument_group("precision")
    group.add_argument(
        "--int8",
        action="store_true",
        help="convolutions in int8: smaller, faster, and less precise; needs --calibrate",
    )
    group.add_argument(
        "--calibrate",
        metavar="DIR",
        help="recordings like those that will be processed: int8 takes its ranges from them",
    )


def run(given: argparse.Namespace) -> int:
    """Write the file, and print its path.

    Args:
        given: the command line.
    """
    if given.int8 != bool(given.calibrate):
        raise UsageError("--int8 and --calibrate need each other: int8 is calibrated on recordings")
    from ..export import to_onnx
    from ..inference import AudioTagging

    model = AudioTagging(given.model, given.checkpoint, "cpu")
    name = Path(given.model).stem if os.path.isfile(given.model) else model.name
    path = Path(given.output or f"{name}.onnx")
    print(to_onnx(model, path, calibrate=given.calibrate, overwrite=given.overwrite))
    return 0
