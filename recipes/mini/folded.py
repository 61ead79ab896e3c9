"""A network whose batch norms are folded into its convolutions, for as long as it is trained.

A network that begins with learnt weights needs no norms: what they do is fixed, and without them
a step takes half of the time. `unfolded` gives them back: a norm is then a bias and nothing else.
"""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from panns_inference.models.mini import PannsMini
from panns_inference.models.mobilenet_v3 import NORM_EPS


def folded(network: PannsMini) -> PannsMini:
    """Return a copy without norms, whose convolutions have biases.

    Args:
        network: one with norms.
    """
    copied = copy.deepcopy(network).eval()
    for layer in _pairs(copied):
        layer[0], layer[1] = fuse_conv_bn_eval(layer[0], layer[1]), nn.Identity()
    # What torch folds has biases without gradients.
    return copied.requires_grad_(True).to(memory_format=torch.channels_last)


def unfolded(network: PannsMini) -> PannsMini:
    """Return a copy with norms that add the biases of the convolutions.

    Args:
        network: one without norms.
    """
    copied = copy.deepcopy(network)
    for layer in _pairs(copied):
        convolution = layer[0]
        norm = nn.BatchNorm2d(convolution.out_channels, eps=NORM_EPS)
        norm.running_var.fill_(1 - NORM_EPS)
        norm.bias.data.copy_(convolution.bias)
        convolution.register_parameter("bias", None)
        layer[1] = norm
    return copied.eval()


def _pairs(network: PannsMini) -> list[nn.Sequential]:
    return [
        layer
        for layer in (*network.features.modules(), *network.deep.modules())
        if isinstance(layer, nn.Sequential) and isinstance(layer[0], nn.Conv2d)
    ]
