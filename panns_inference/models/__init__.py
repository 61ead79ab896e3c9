"""The networks, their front-end and their blocks.

Names, arguments, outputs and state dicts are those of the reference and of panns-inference 0.1.1.
A network is imported from the module of its family when its name is first used: which there are
says `registry.NETWORKS`.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from typing import TYPE_CHECKING

from ..arguments import NetworkSettings, unknown_argument
from ..errors import UsageError
from ..registry import NETWORKS, find
from .augment import SpecAugmentation, do_mixup
from .blocks import ConvBlock, ConvBlock5x5, init_bn, init_layer
from .cost import multi_adds, parameters
from .decision import Interpolator, LinearInterpolator, NearestInterpolator, pad_framewise_output
from .frontend import FrontEnd, LogmelFilterBank, Spectrogram
from .hidden import insert_hidden
from .network import Network

if TYPE_CHECKING:  # so that type checkers and editors know each class
    from typing_extensions import Unpack

    from .cnn import *  # noqa: F403
    from .efficientat import *  # noqa: F403
    from .mini import *  # noqa: F403
    from .mobilenet import *  # noqa: F403
    from .resnet import *  # noqa: F403
    from .waveform import *  # noqa: F403
    from .wavegram import *  # noqa: F403

__all__ = [
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
]


def network_class(name: str) -> type[Network]:
    """Return the class of a network.

    Args:
        name: of the class; case, '-' and '_' do not matter.

    Raises:
        UsageError: for an unknown name, of which it lists the nearest ones.
    """
    entry = find(name)
    found: type[Network] = getattr(import_module(f".{entry.module}", __name__), entry.name)
    return found


def build(
    name: str,
    classes_num: int = 527,
    *,
    hidden: Sequence[int] = (),
    **settings: Unpack[NetworkSettings],
) -> Network:
    """Return a new network with its published settings and random weights.

    Inside `with torch.device("meta"):` no memory is taken and no weight is drawn.

    Args:
        name: class name; case, '-' and '_' do not matter.
        classes_num: number of classes.
        hidden: widths of dense layers between the embedding and the last layer.
        settings: other front-end settings (`sample_rate`, `window_size`, `hop_size`, `mel_bins`,
            `fmin`, `fmax`), and `interpolate_mode` for decision-level networks.

    Raises:
        UsageError: for an unknown name, of which it lists the nearest ones, or an unknown setting,
            or if a network without an embedding is to have hidden layers.
    """
    if strange := settings.keys() - NetworkSettings.__annotations__:
        raise unknown_argument(sorted(strange), build)
    network = network_class(name)
    known = inspect.signature(network).parameters
    if unknown := [setting for setting in settings if setting not in known]:
        raise UsageError(
            f"{network.__name__} has no setting {', '.join(unknown)}; it has {', '.join(known)}"
        )
    made = network(**{**asdict(network.published), "classes_num": classes_num, **settings})
    insert_hidden(made, hidden)
    return made


def __getattr__(name: str) -> type[Network]:
    if name not in NETWORKS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = network_class(name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
