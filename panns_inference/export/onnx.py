"""Writing a network as a file of ONNX, checked against the network before it gets its name."""

from __future__ import annotations

import importlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..engine.onnx.metadata import WAVEFORM, with_checksum
from ..errors import OutputError, UsageError
from ..files import atomic_write
from ..models import Network
from .calibration import clips
from .description import metadata_of
from .int8 import in_int8
from .whole import whole

if TYPE_CHECKING:
    from ..model import Model

TOLERANCE = 1e-4
"""By how much an output of the file may differ from the network's: the check finds what is wrong,
not how it is rounded."""


def to_onnx(
    model: Model,
    path: str | os.PathLike[str],
    *,
    calibrate: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a network with its front-end, labels and settings into one file.

    Args:
        model: the network; it stays as it is.
        path: the file, whose name ends in `.onnx`.
        calibrate: folder of recordings like those that will be processed; the network is written in
            int8, with ranges that are measured on them. None writes it in float32.
        overwrite: whether a file that is there is replaced.

    Returns:
        The path.

    Raises:
        UsageError: if the extra `onnx` is not installed, or the network is not one of `models`.
        OutputError: if the file is there, or cannot be written.
        AudioError: if there is no recording to calibrate with.
    """
    target = Path(path)
    _require()
    network = _network(model)
    if target.suffix != ".onnx":
        raise UsageError(f"the name of a file of ONNX ends in .onnx, not as {path}")
    if target.exists() and not overwrite:
        raise OutputError(f"{path} is already there: give another name, or overwrite it")
    written = whole(network)
    _check(written, network)
    metadata = metadata_of(model, network)
    if calibrate is not None:
        recordings = list(clips(calibrate, network.sample_rate))
        written = in_int8(written, metadata.name, recordings)
        seconds = sum(map(len, recordings)) / network.sample_rate
        calibration = f"{len(recordings)} clips, {seconds:.0f} s in all"
        metadata = replace(metadata, precision="int8", calibration=calibration)
    for key, value in metadata.entries().items():
        written.metadata_props.add(key=key, value=value)
    with atomic_write(target, binary=True, replace=overwrite) as file:
        file.write(with_checksum(written.SerializeToString()))
    return target


def _require() -> None:
    for module in ("onnx", "onnxruntime"):
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise UsageError(
                f"{module} is needed to write ONNX: pip install 'panns-inference[onnx]'"
            ) from error


def _network(model: Model) -> Network:
    network = model.network
    if network is None:
        raise UsageError(
            f"{model.name} was opened from a file of ONNX, and is no network of models: only those "
            "can be written as ONNX; the file can be copied"
        )
    if isinstance(network, Network) and type(network).forward is Network.forward:
        return network.eval()
    raise UsageError(
        f"{model.name} is a {type(network).__name__}, and no network of models: only those can be "
        "written as ONNX"
    )


def _check(written: Any, network: Network) -> None:
    """Compare with the network: what it computes may have been changed in ways that are not seen.

    Raises:
        UsageError: if it gives something else.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(
        written.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    noise = np.random.default_rng(0).standard_normal((2, network.sample_rate)) / 10
    waveforms = noise.astype(np.float32)
    names = list(network.output_names)
    found = dict(zip(names, session.run(names, {WAVEFORM: waveforms}), strict=True))
    place = next(network.parameters()).device
    with torch.no_grad():
        expected = network(torch.from_numpy(waveforms).to(place))
    for name, tensor in expected.items():
        value = tensor.float().cpu().numpy()
        difference = float(np.abs(found[name] - value).max() / max(1, np.abs(value).max()))
        if not difference <= TOLERANCE:
            raise UsageError(
                f"{type(network).__name__} computes its {name} in another way than the networks "
                f"of models: what would be written differs from it by {difference:.1g}"
            )
