"""All networks by name."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..names import closest
from .cnn import (
    Cnn6,
    Cnn10,
    Cnn14,
    Cnn14_8k,
    Cnn14_16k,
    Cnn14_DecisionLevelAtt,
    Cnn14_DecisionLevelAvg,
    Cnn14_DecisionLevelMax,
    Cnn14_emb32,
    Cnn14_emb128,
    Cnn14_emb512,
    Cnn14_mel32,
    Cnn14_mel128,
    Cnn14_mixup_time_domain,
    Cnn14_no_dropout,
    Cnn14_no_specaug,
)
from .mobilenet import MobileNetV1, MobileNetV2
from .network import Network
from .resnet import ResNet22, ResNet38, ResNet54
from .waveform import DaiNet19, LeeNet11, LeeNet24, Res1dNet31, Res1dNet51
from .wavegram import Wavegram_Cnn14, Wavegram_Logmel128_Cnn14, Wavegram_Logmel_Cnn14

NETWORKS: dict[str, type[Network]] = {
    network.__name__: network
    for network in (
        Cnn6,
        Cnn10,
        Cnn14,
        Cnn14_no_specaug,
        Cnn14_no_dropout,
        Cnn14_mixup_time_domain,
        Cnn14_emb512,
        Cnn14_emb128,
        Cnn14_emb32,
        Cnn14_mel32,
        Cnn14_mel128,
        Cnn14_16k,
        Cnn14_8k,
        Cnn14_DecisionLevelMax,
        Cnn14_DecisionLevelAvg,
        Cnn14_DecisionLevelAtt,
        ResNet22,
        ResNet38,
        ResNet54,
        MobileNetV1,
        MobileNetV2,
        LeeNet11,
        LeeNet24,
        DaiNet19,
        Res1dNet31,
        Res1dNet51,
        Wavegram_Cnn14,
        Wavegram_Logmel_Cnn14,
        Wavegram_Logmel128_Cnn14,
    )
}
"""The networks of the reference: class name to class."""


def build(name: str, classes_num: int = 527, **settings: Any) -> Network:
    """Make a network with its published settings and random weights.

    Inside `with torch.device("meta"):` no memory is taken and no weight is drawn.

    Args:
        name: class name; case, '-' and '_' do not matter.
        classes_num: number of classes.
        settings: other front-end settings (`sample_rate`, `window_size`, `hop_size`, `mel_bins`,
            `fmin`, `fmax`), and `interpolate_mode` for decision-level networks.

    Raises:
        UsageError: for an unknown name; it lists the nearest ones.
    """
    network = NETWORKS[closest(name, NETWORKS, "network")]
    return network(**{**asdict(network.published), "classes_num": classes_num, **settings})
