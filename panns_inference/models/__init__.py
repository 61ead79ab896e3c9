"""The 29 networks of the reference, their front-end and their blocks.

Names, arguments, outputs and state dicts are those of the reference and of
panns-inference 0.1.1; what they are made of is in the modules beside this file.
"""

from .augment import SpecAugmentation, do_mixup
from .blocks import ConvBlock, ConvBlock5x5, init_bn, init_layer
from .catalogue import NETWORKS, REFERENCE, build
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
from .cost import multi_adds, parameters
from .decision import Interpolator, LinearInterpolator, NearestInterpolator, pad_framewise_output
from .frontend import LogmelFilterBank, Spectrogram
from .mini import PannsMini
from .mobilenet import MobileNetV1, MobileNetV2
from .network import FrontEnd, Network
from .resnet import ResNet22, ResNet38, ResNet54
from .waveform import DaiNet19, LeeNet11, LeeNet24, Res1dNet31, Res1dNet51
from .wavegram import Wavegram_Cnn14, Wavegram_Logmel128_Cnn14, Wavegram_Logmel_Cnn14

__all__ = [
    "NETWORKS",
    "REFERENCE",
    "Cnn6",
    "Cnn10",
    "Cnn14",
    "Cnn14_8k",
    "Cnn14_16k",
    "Cnn14_DecisionLevelAtt",
    "Cnn14_DecisionLevelAvg",
    "Cnn14_DecisionLevelMax",
    "Cnn14_emb32",
    "Cnn14_emb128",
    "Cnn14_emb512",
    "Cnn14_mel32",
    "Cnn14_mel128",
    "Cnn14_mixup_time_domain",
    "Cnn14_no_dropout",
    "Cnn14_no_specaug",
    "ConvBlock",
    "ConvBlock5x5",
    "DaiNet19",
    "FrontEnd",
    "Interpolator",
    "LeeNet11",
    "LeeNet24",
    "LinearInterpolator",
    "LogmelFilterBank",
    "MobileNetV1",
    "MobileNetV2",
    "NearestInterpolator",
    "Network",
    "PannsMini",
    "Res1dNet31",
    "Res1dNet51",
    "ResNet22",
    "ResNet38",
    "ResNet54",
    "SpecAugmentation",
    "Spectrogram",
    "Wavegram_Cnn14",
    "Wavegram_Logmel128_Cnn14",
    "Wavegram_Logmel_Cnn14",
    "build",
    "do_mixup",
    "init_bn",
    "init_layer",
    "multi_adds",
    "pad_framewise_output",
    "parameters",
]
