"""All networks by name."""

from __future__ import annotations

import inspect
from dataclasses import asdict
from typing import Any

from ..errors import UsageError
from ..names import closest
from . import cnn, mini, mobilenet, resnet, waveform, wavegram
from .network import Network

REFERENCE: dict[str, type[Network]] = {
    network.__name__: network
    for network in (
        cnn.Cnn6,
        cnn.Cnn10,
        cnn.Cnn14,
        cnn.Cnn14_no_specaug,
        cnn.Cnn14_no_dropout,
        cnn.Cnn14_mixup_time_domain,
        cnn.Cnn14_emb512,
        cnn.Cnn14_emb128,
        cnn.Cnn14_emb32,
        cnn.Cnn14_mel32,
        cnn.Cnn14_mel128,
        cnn.Cnn14_16k,
        cnn.Cnn14_8k,
        cnn.Cnn14_DecisionLevelMax,
        cnn.Cnn14_DecisionLevelAvg,
        cnn.Cnn14_DecisionLevelAtt,
        resnet.ResNet22,
        resnet.ResNet38,
        resnet.ResNet54,
        mobilenet.MobileNetV1,
        mobilenet.MobileNetV2,
        waveform.LeeNet11,
        waveform.LeeNet24,
        waveform.DaiNet19,
        waveform.Res1dNet31,
        waveform.Res1dNet51,
        wavegram.Wavegram_Cnn14,
        wavegram.Wavegram_Logmel_Cnn14,
        wavegram.Wavegram_Logmel128_Cnn14,
    )
}
"""The networks of the reference: class name to class."""

NETWORKS: dict[str, type[Network]] = {"PannsMini": mini.PannsMini, **REFERENCE}
"""All networks: class name to class."""


def build(name: str, classes_num: int = 527, **settings: Any) -> Network:
    """Make a network with its published settings and random weights.

    Inside `with torch.device("meta"):` no memory is taken and no weight is drawn.

    Args:
        name: class name; case, '-' and '_' do not matter.
        classes_num: number of classes.
        settings: other front-end settings (`sample_rate`, `window_size`, `hop_size`, `mel_bins`,
            `fmin`, `fmax`), and `interpolate_mode` for decision-level networks.

    Raises:
        UsageError: for an unknown name, of which it lists the nearest ones, or an unknown setting.
    """
    network = NETWORKS[closest(name, NETWORKS, "network")]
    known = inspect.signature(network).parameters
    if unknown := [setting for setting in settings if setting not in known]:
        raise UsageError(
            f"{network.__name__} has no setting {', '.join(unknown)}; it has {', '.join(known)}"
        )
    return network(**{**asdict(network.published), "classes_num": classes_num, **settings})
