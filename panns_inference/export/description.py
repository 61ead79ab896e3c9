"""What a file says of the network in it: whose weights they are, and under which licence."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..audioset import labels, mids
from ..checkpoints import verify
from ..checkpoints.verification import recognise
from ..engine.fingerprint import checksum
from ..engine.onnx.metadata import Metadata
from ..engine.receptive_field import grid_of
from ..engine.schedule import schedule_of
from ..models import Network
from .whole import output_sizes

if TYPE_CHECKING:
    from ..model import Model

UNKNOWN = "not known"


def metadata_of(model: Model, network: Network) -> Metadata:
    """Return the metadata of a network.

    Args:
        model: it, with its labels.
        network: its network.
    """
    source, licence = _provenance(model.checkpoint)
    return Metadata(
        panns_inference=__version__,
        name=model.name,
        labels=tuple(model.labels),
        mids=tuple(mids) if model.labels == labels else (),
        sample_rate=network.sample_rate,
        hop_size=network.hop_size,
        minimum_samples=network.minimum_samples,
        sizes=output_sizes(network),
        statistics=dict(network.statistics_of),
        interpolation=network.interpolation,
        grid=grid_of(network),
        seconds_at_once=schedule_of(model.engine).batch_seconds,
        weights=f"sha256:{checksum(network)}",
        source=source,
        licence=licence,
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
