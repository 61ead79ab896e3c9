"""The names that users may rely on, module by module: all of them, and nothing else.

A name that is added here is promised; one that is taken away breaks somebody's script.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import panns_inference
from panns_inference.registry import NETWORKS

PUBLIC = {
    "": [
        "AudioError",
        "AudioTagging",
        "CheckpointError",
        "Detection",
        "DownloadError",
        "Embedding",
        "OutputError",
        "PannsError",
        "SoundEventDetection",
        "Tag",
        "Tagging",
        "UsageError",
        "config",
        "inference",
        "labels",
        "models",
        "pytorch_utils",
        "recording_start",
    ],
    ".audio": [
        "Blocks",
        "Clock",
        "Description",
        "Reading",
        "Source",
        "Track",
        "blocks",
        "describe",
        "float32_samples",
        "is_file",
        "length_of",
        "name_of",
        "read",
        "recording_start",
        "separate",
        "stated_length",
        "waveform",
    ],
    ".audio.clock": ["Clock", "after", "from_text", "recording_start", "to_text"],
    ".batch": ["Failure", "Recording", "Report", "find", "results", "run"],
    ".checkpoints": [
        "CHECKPOINTS",
        "Checkpoint",
        "Verification",
        "cached",
        "checkpoint_of",
        "destination",
        "fetch",
        "identify",
        "load",
        "read_state",
        "save",
        "usable",
        "verify",
    ],
    ".clips": ["Report", "cut_out"],
    ".config": [
        "classes_num",
        "id_to_ix",
        "ids",
        "ix_to_id",
        "ix_to_lb",
        "labels",
        "labels_csv_path",
        "lb_to_ix",
        "sample_rate",
    ],
    ".errors": [
        "ArgumentError",
        "AudioError",
        "AudioTypeError",
        "AudioWarning",
        "CheckpointError",
        "CheckpointWarning",
        "DownloadError",
        "LabelError",
        "OutputError",
        "PannsError",
        "PathError",
        "UsageError",
    ],
    ".evaluation": [
        "Choice",
        "Known",
        "Measures",
        "aligned",
        "best_rules",
        "figures",
        "of_the_only_recording",
        "read_annotations",
        "tag_figures",
    ],
    ".events": ["Event", "EventFinder", "Rules", "find_events", "read_rules"],
    ".export": ["to_onnx"],
    ".formats": ["FORMATS", "Format"],
    ".inference": [
        "AudioTagging",
        "Cnn14",
        "Cnn14_DecisionLevelMax",
        "SoundEventDetection",
        "classes_num",
        "create_folder",
        "get_filename",
        "labels",
        "move_data_to_device",
    ],
    ".metrics": [
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
    ],
    ".models": [
        *NETWORKS,
        "ConvBlock",
        "ConvBlock5x5",
        "FrontEnd",
        "Interpolator",
        "LinearInterpolator",
        "LogmelFilterBank",
        "NearestInterpolator",
        "Network",
        "SpecAugmentation",
        "Spectrogram",
        "build",
        "do_mixup",
        "init_bn",
        "init_layer",
        "multi_adds",
        "network_class",
        "pad_framewise_output",
        "parameters",
    ],
    ".pytorch_utils": [
        "Interpolator",
        "LinearInterpolator",
        "NearestInterpolator",
        "do_mixup",
        "interpolate",
        "move_data_to_device",
        "pad_framewise_output",
    ],
    ".registry": [
        "CHECKPOINTS",
        "NETWORKS",
        "SOURCES",
        "Checkpoint",
        "Entry",
        "Source",
        "checkpoint_named",
        "checkpoint_of",
        "find",
    ],
    ".similar": ["Block", "Example", "Hit", "Kept", "Named", "keep", "search_similar"],
    ".summary": ["KEYS", "Group", "keys_of", "summarise"],
    ".training": [
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
    ],
    ".training.data": [
        "Clip",
        "Dataset",
        "Packed",
        "dataset",
        "pack",
        "read_annotated",
        "read_dataset",
        "read_folders",
        "read_labels",
        "read_manifest",
        "read_segments",
        "without",
        "write_manifest",
    ],
    ".training.heads": ["Transferred", "transfer", "transfer_in_mode"],
    ".training.modes": [
        "MODES",
        "CrossValidation",
        "Division",
        "Features",
        "Mode",
        "OnFeatures",
        "Stage",
        "cross_validated",
        "divisions",
        "learnt",
    ],
    ".engine": ["Engine", "Grid", "Outputs", "Statistics", "Waveforms"],
    ".engine.cuda": ["CudaEngine"],
    ".engine.cpu": ["fused_network"],
    ".engine.onnx": ["OnnxEngine"],
    ".pipeline": [
        "Accumulator",
        "DetectionAccumulator",
        "DetectionTask",
        "EmbeddingTask",
        "TaggingTask",
        "Task",
    ],
}
"""Module, without the name of the package, to its names."""

OLD = (".config", ".inference", ".pytorch_utils")
"""Modules of panns-inference 0.1: their constants are told of where they come from now."""

ROOT = "panns_inference"
FOLDER = Path(panns_inference.__file__).parent

NAMES = [(module, name) for module, names in PUBLIC.items() for name in names]


def module_of(name: str) -> Any:
    return importlib.import_module(f"{ROOT}{name}")


def exported(name: str) -> list[str]:
    """What a module lists, or else what is written in it."""
    module = module_of(name)
    written = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == ROOT + name]
    return getattr(module, "__all__", sorted(written, key=natural))


def natural(name: str) -> tuple[int, list[Any]]:
    """Constants, then classes, then the rest; numbers by their value."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    parts = re.split(r"(\d+)", name)
    return kind, [int(part) if part.isdigit() else part for part in parts]


def callables(module: str, name: str) -> Iterator[Any]:
    """What can be called under a name: a function, or a class's constructor and methods."""
    value = getattr(module_of(module), name)
    if inspect.isfunction(value):
        yield value
    elif isinstance(value, type):
        for base in value.__mro__:
            if base.__module__.startswith(ROOT):
                methods = vars(base).items()
                yield from (
                    m for n, m in methods if inspect.isfunction(m) and is_told(n) and is_written(m)
                )


def is_told(method: str) -> bool:
    return not method.startswith("_") or method == "__init__"


def is_written(function: Any) -> bool:
    """Not made by `Protocol`, of which nothing is made."""
    return function.__name__ != "_no_init_or_replace_init"


def told_constants() -> set[str]:
    """Names of values with a string below them."""
    told = set()
    for path in FOLDER.rglob("*.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        for node, following in pairwise(body):
            is_text = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            if is_text and isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                told |= {ast.unparse(target) for target in targets}
    return told


TOLD = told_constants()


def test_modules_that_list_their_names_are_known_here() -> None:
    found = [each.name for each in pkgutil.walk_packages(panns_inference.__path__, f"{ROOT}.")]
    # Importing this one runs the program.
    found.remove(f"{ROOT}.__main__")
    listing = {name for name in found if hasattr(importlib.import_module(name), "__all__")}
    assert listing == {f"{ROOT}{module}" for module in PUBLIC} - {ROOT, f"{ROOT}.errors"}


def test_modules_export_the_names_written_here() -> None:
    assert {module: exported(module) for module in PUBLIC} == PUBLIC


def test_names_are_in_order() -> None:
    # A network has the place of its row.
    listed = {module: [n for n in names if n not in NETWORKS] for module, names in PUBLIC.items()}
    assert {module: sorted(names, key=natural) for module, names in listed.items()} == listed


def test_public_names_are_there_and_documented() -> None:
    bare = []
    for module, name in NAMES:
        value = getattr(module_of(module), name)
        if inspect.isfunction(value) or isinstance(value, type) or inspect.ismodule(value):
            is_documented = bool(value.__doc__)
        else:
            is_documented = module in OLD or name in TOLD
        if not is_documented:
            bare.append(f"{module}.{name}")
    assert not bare, "\n".join(bare)


def test_public_functions_and_classes_are_fully_typed() -> None:
    untyped = []
    for function in {each for module, name in NAMES for each in callables(module, name)}:
        signature = inspect.signature(function)
        kinds = {each.name: each.annotation for each in signature.parameters.values()}
        kinds["return"] = signature.return_annotation
        missing = {each for each, kind in kinds.items() if kind is signature.empty} - {"self"}
        untyped += [f"{function.__qualname__}: {each}" for each in missing]
    assert not untyped, "\n".join(sorted(untyped))


def test_the_package_says_that_it_is_typed() -> None:
    assert (FOLDER / "py.typed").is_file()


def test_a_name_that_is_not_there_is_missed() -> None:
    with pytest.raises(AttributeError, match="module 'panns_inference' has no attribute 'Cnn15'"):
        panns_inference.Cnn15  # noqa: B018
