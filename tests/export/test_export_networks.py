"""The graph of each network, run by ONNX Runtime, against the network and the reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from reference.stored import REFERENCE, cases

from panns_inference.export.whole import whole
from panns_inference.models import Network, build, network_class

PROBABILITY = 1e-5

RELATIVE = 1e-4
"""Of the largest value of an embedding."""

QUICK = ("Cnn6", "MobileNetV2", "LeeNet11", "DaiNet19")

NAMES = [
    name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in REFERENCE
]


def session_of(network: Network) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    content = whole(network).SerializeToString()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def asked(
    session: onnxruntime.InferenceSession, names: tuple[str, ...], waveforms: np.ndarray
) -> dict[str, np.ndarray]:
    return dict(zip(names, session.run(list(names), {"waveform": waveforms}), strict=True))


def check_close(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    assert list(found) == list(wanted)
    for name, value in wanted.items():
        limit = RELATIVE * np.abs(value).max() if name == "embedding" else PROBABILITY
        np.testing.assert_allclose(found[name], value, rtol=0, atol=limit, err_msg=name)


def check_lengths(network: Network, seconds: int = 3) -> None:
    """Any length and any batch."""
    session = session_of(network)
    shortest = network.minimum_samples
    rng = np.random.default_rng(0)
    for n_samples in (1, shortest, shortest + 1237, seconds * network.sample_rate):
        for batch in (1, 3):
            loudness = np.array([[0.1], [0.01], [1e-4]])[:batch]
            waveforms = (rng.standard_normal((batch, n_samples)) * loudness).astype(np.float32)
            with torch.no_grad():
                wanted = network(torch.from_numpy(waveforms))
            found = asked(session, network.output_names, waveforms)
            check_close(found, {name: value.numpy() for name, value in wanted.items()})


@pytest.mark.parametrize("name", NAMES)
def test_a_network_says_what_it_says_in_torch(name: str, filled: Callable[[str], Network]) -> None:
    check_lengths(filled(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_network_says_what_the_reference_says(
    name: str, filled: Callable[[str], Network]
) -> None:
    network = filled(name)
    session = session_of(network)
    for waveforms, wanted in cases(name):
        check_close(asked(session, network.output_names, waveforms), wanted)


def small(name: str, widths: tuple[int, ...], **settings: str) -> Network:
    """A network of fewer channels than the reference's, with norms that fit noise."""
    torch.manual_seed(1)
    narrow = {"widths": widths, "channels": widths[-1], "embedding_size": widths[-1]}
    network = type(name, (network_class(name),), narrow)(
        32000, 1024, 320, 64, 50, 14000, 3, **settings
    )
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.randn(2, 32000) * 0.1)
    return network.eval()


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("kind", ["Max", "Avg", "Att"])
def test_decision_level_networks_give_frames(kind: str, mode: str) -> None:
    name = f"Cnn14_DecisionLevel{kind}"
    network = small(name, (4, 4, 8, 8, 8, 8), interpolate_mode=mode)
    with torch.no_grad():
        probabilities = network(torch.randn(1, 96000) * 0.1)["framewise_output"]
    assert probabilities.std(dim=1).max() > 1e-3  # it says something
    check_lengths(network)


@pytest.mark.parametrize("name", ["Wavegram_Cnn14", "Wavegram_Logmel_Cnn14"])
def test_images_are_learnt_and_joined(name: str) -> None:
    check_lengths(small(name, (64, 128, 8, 8, 8, 8)), seconds=1)


def test_filters_that_somebody_trained_are_convolved_with(
    filled: Callable[[str], Network],
) -> None:
    network = filled("Cnn6")
    torch.manual_seed(0)
    with torch.no_grad():
        for bank in network.spectrogram_extractor.stft.banks:
            bank += 1e-3 * torch.randn_like(bank)
    assert network.spectrogram_extractor.stft.window() is None
    check_lengths(network)


@pytest.mark.parametrize(("window", "hop"), [(1024, 441), (500, 125), (96, 32)])
def test_other_front_ends_are_transformed_as_well(window: int, hop: int) -> None:
    """Sizes that are no powers of two, and frames that share no piece but single samples."""
    torch.manual_seed(0)
    network = build("PannsMini", 5, window_size=window, hop_size=hop, mel_bins=16, fmin=500)
    assert network.spectrogram_extractor.stft.window() is not None
    check_lengths(network.eval(), seconds=1)


def test_norms_are_part_of_the_convolutions(filled: Callable[[str], Network]) -> None:
    counted: dict[str, dict[str, int]] = {}
    for name in ("LeeNet11", "MobileNetV1", "MobileNetV2"):
        kinds = [node.op_type for node in whole(filled(name)).graph.node]
        counted[name] = {kind: kinds.count(kind) for kind in ("Conv", "BatchNormalization")}
    # bn0 of the log-mel has no convolution in front of it.
    assert counted == {
        "LeeNet11": {"Conv": 9, "BatchNormalization": 0},
        "MobileNetV1": {"Conv": 27, "BatchNormalization": 1},
        "MobileNetV2": {"Conv": 52, "BatchNormalization": 1},
    }


def test_the_front_end_is_float64_up_to_the_decibels(filled: Callable[[str], Network]) -> None:
    """A loud tone hides nothing: what is 100 dB below it is as in torch."""
    network: Any = filled("Cnn6")
    times = np.arange(32000) / 32000
    tone = (0.9 * np.sin(2 * np.pi * 997 * times)).astype(np.float32)[None]
    model = whole(network)
    (level,) = [n for n in model.graph.node if n.name.startswith("trunk/logmel_extractor/Unsq")]
    model.graph.output.add(name=level.output[0])
    session = onnxruntime.InferenceSession(model.SerializeToString())
    with torch.no_grad():
        spectrogram = network.spectrogram_extractor(torch.from_numpy(tone))
        wanted = network.logmel_extractor(spectrogram).numpy()
    found = session.run([level.output[0]], {"waveform": tone})[0]
    assert wanted.max() - wanted.min() > 90
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4)
