"""`panns models info`: what is known of a network and of its weights."""

from __future__ import annotations

from collections.abc import Iterator

from ..checkpoints import cached
from ..checkpoints.cache import PACKAGED
from ..registry import NETWORKS, Checkpoint


def lines_on(checkpoint: Checkpoint) -> Iterator[str]:
    """Yield lines on a network: its weights, their terms, how good it is and what it costs.

    Args:
        checkpoint: its published weights.
    """
    network = NETWORKS[checkpoint.name]
    yield f"{checkpoint.name}: {checkpoint}"
    page = PACKAGED / f"{checkpoint.name}.md"
    figures = {
        "AudioSet mAP": checkpoint.mean_average_precision,
        "event F1": network.event_f1,
    }
    known = [f"{name} {value:.3f}" for name, value in figures.items() if value is not None]
    facts = {
        "from": checkpoint.url or "the package",
        "licence": checkpoint.source.licence,
        "cite": checkpoint.source.citation,
        "good at": ", ".join(known) or "not measured",
        "gives": ", ".join(name.removesuffix("_output") for name in network.output_names),
        "costs": f"{network.parameters / 1e6:.1f} M parameters "
        f"({network.weights_bytes / 1e6:.0f} MB in float32), {network.multi_adds / 1e9:.1f} G "
        f"multiply-adds for 10 s at {network.sample_rate:,} Hz",
        "events": f"from a probability of {network.threshold:g} on",
        "page": str(page) if page.is_file() else "",
        "here": str(cached(checkpoint) or f"no: panns models download {checkpoint.name}"),
    }
    yield from (f"  {name + ':':<9}{value}" for name, value in facts.items() if value)
