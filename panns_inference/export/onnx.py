"""Writing a network as a file of ONNX, checked against the network before it gets its name."""

from __future__ import annotations

import hashlib
import importlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .. import __version__
from ..audioset import mid_of
from ..checkpoints import verify
from ..checkpoints.verification import recognise
from ..engine.fingerprint import checksum
from ..engine.onnx.metadata import WAVEFORM, Metadata, with_checksum
from ..engine.receptive_field import grid_of
from ..engine.schedule import schedule_of
from ..errors import OutputError, UsageError
from ..files import atomic_write
from ..models import Network
from .int8 import clips, in_int8
from .whole import output_sizes, whole

if TYPE_CHECKING:
    from ..model import Model

TOLERANCE = 1e-4
"""By how much an output of the file may differ from the network's: the check finds what is wrong,
not how it is rounded."""

UNKNOWN = "not known"


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
    metadata = _metadata(model, network)
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


def _metadata(model: Model, network: Network) -> Metadata:
    """What the file says of the network in it: whose weights they are, under which licence."""
    source, licence = _provenance(model.checkpoint)
    return Metadata(
        panns_inference=__version__,
        name=model.name,
        labels=tuple(model.labels),
        mids=found if any(found := tuple(map(mid_of, model.labels))) else (),
        sample_rate=network.sample_rate,
        hop_size=network.hop_size,
        minimum_samples=network.minimum_samples,
        sizes=output_sizes(network),
        statistics=dict(network.statistics_of),
        interpolation=network.interpolation,
        grid=grid_of(network),
        window=network.window_samples or 0,
        seconds_at_once=schedule_of(model.engine).batch_seconds,
        weights=f"sha256:{checksum(network)}",
        source=source,
        licence=licence,
        thresholds=model.thresholds,
        method=model.method,
    )


def _provenance(checkpoint: Path | None) -> tuple[str, str]:
    """File of the weights with its checksum, and their licence, as far as they are known."""
    if checkpoint is None:
        return "", UNKNOWN
    published = recognise(checkpoint)
    if published is None or (found := verify(checkpoint, published)).verdict == "wrong":
        found_sha256 = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
        return f"{checkpoint.name}, sha256:{found_sha256}", UNKNOWN
    licence, citation = published.source.licence, published.source.citation
    terms = f"{licence}; cite {citation}" if citation else licence
    return f"{published.file}, sha256:{found.sha256}", terms
