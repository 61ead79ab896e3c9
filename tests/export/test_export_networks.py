"""The graph of each network, run by ONNX Runtime, against the network and the reference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from reference.stored import REFERENCE, cases

from panns_inference import AudioTagging
from panns_inference.checkpoints import CHECKPOINTS, cached, load
from panns_inference.export import to_onnx
from panns_inference.export.whole import whole
from panns_inference.models import Network, build, network_class
from panns_inference.models.mobilenet_v3 import Squeeze

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
    return fitted(network)


def fitted(network: Network) -> Network:
    """A network whose batch norms fit noise, so that values do not fade."""
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.randn(2, 32000) * 0.1)
    return network.eval()


def mini() -> Any:
    """PannsMini with the weights that come with the package."""
    return load(build("PannsMini"), cached(CHECKPOINTS["PannsMini"])).eval()


def test_pannsmini_says_what_it_says_in_torch() -> None:
    check_lengths(mini())


@pytest.mark.parametrize("name", ["mn01_as", "mn02_as"])
def test_efficientat_says_what_it_says_in_torch(name: str) -> None:
    torch.manual_seed(1)
    network: Any = fitted(build(name))
    # Random features are ten times those of a trained network, and logits should not be.
    torch.nn.init.uniform_(network.classifier[-1].weight, -0.003, 0.003)
    check_lengths(network)


@pytest.mark.shared("the weights of mn04_as")
def test_mn04_says_what_it_says_in_torch(shared: Path) -> None:
    weights = shared / "distill" / "teacher" / "mn04_as_mAP_432.pt"
    check_lengths(load(build("mn04_as"), weights).eval())


def test_a_file_of_efficientat_is_given_windows(tmp_path: Path) -> None:
    torch.manual_seed(1)
    tagger = AudioTagging(fitted(build("mn01_as")), device="cpu", pretrained=False)
    file = AudioTagging(to_onnx(tagger, tmp_path / "mn01.onnx"))
    assert file.engine.window == tagger.engine.window == 320_000
    noise = np.random.default_rng(0).standard_normal((2, 13 * 32_000)) * [[0.1], [0.01]]
    noise = np.concatenate(noise.astype(np.float32))
    for found, wanted in (
        (file.tag(noise, 32_000).clipwise, tagger.tag(noise, 32_000).clipwise),
        (file.inference(noise[None])[0][0], tagger.inference(noise[None])[0][0]),
    ):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=PROBABILITY)


def test_squeezes_over_the_whole_clip_are_written() -> None:
    torch.manual_seed(1)
    network = mini()
    waveforms = np.random.default_rng(0).standard_normal((2, 80_000)).astype(np.float32) / 10
    given = torch.from_numpy(waveforms)
    with torch.no_grad():
        local = network(given)["clipwise_output"]
        network.features[4].block[2] = Squeeze(32, 8).eval()
        wanted = {name: value.numpy() for name, value in network(given).items()}
    assert np.abs(wanted["clipwise_output"] - local.numpy()).max() > 1e-3
    check_close(asked(session_of(network), network.output_names, waveforms), wanted)


@pytest.mark.parametrize(("window", "hop"), [(800, 320), (500, 125)])
def test_the_kaldi_front_end_is_no_worse_than_torch_in_float32(window: int, hop: int) -> None:
    """On a loud tone, silence, and a tone of a 3000th; both against float64."""
    network: Any = build("PannsMini", 5, window_size=window, hop_size=hop).eval()
    times = np.arange(80_000) / 32000
    level = np.select([times < 1, times < 1.5], [0.9, 0.0], 3e-4)
    tone = (level * np.sin(2 * np.pi * 997 * times)).astype(np.float32)[None]
    model = whole(network)
    image = [n for n in model.graph.node if n.name.startswith("trunk/logmel_extractor/")][-1]
    model.graph.output.add(name=image.output[0])
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (found,) = session.run([image.output[0]], {"waveform": tone})
    with torch.no_grad():
        single = network.logmel_extractor(torch.from_numpy(tone)).numpy()
        exact = network.logmel_extractor(torch.from_numpy(tone).double()).numpy()
    assert exact.max() - exact.min() > 3  # in units of 5 nepers of power
    error = np.abs(single - exact).max()
    np.testing.assert_allclose(found, exact, rtol=0, atol=max(3 * error, 1e-6))


@pytest.mark.parametrize(("window", "hop"), [(1024, 441), (500, 125), (96, 32)])
def test_other_front_ends_are_transformed_as_well(window: int, hop: int) -> None:
    """Sizes that are no powers of two, and frames that share no piece but single samples."""
    torch.manual_seed(0)
    network: Any = build("Cnn6", 5, window_size=window, hop_size=hop, mel_bins=16, fmin=500)
    assert network.spectrogram_extractor.stft.window() is not None
    check_lengths(network.eval(), seconds=1)


def test_norms_are_part_of_the_convolutions(filled: Callable[[str], Network]) -> None:
    counted: dict[str, dict[str, int]] = {}
    networks = {name: filled(name) for name in ("LeeNet11", "MobileNetV1", "MobileNetV2")}
    for name, network in {**networks, "PannsMini": mini()}.items():
        kinds = [node.op_type for node in whole(network).graph.node]
        counted[name] = {kind: kinds.count(kind) for kind in ("Conv", "BatchNormalization")}
    # bn0 of the log-mel has no convolution in front of it.
    assert counted == {
        "LeeNet11": {"Conv": 9, "BatchNormalization": 0},
        "MobileNetV1": {"Conv": 27, "BatchNormalization": 1},
        "MobileNetV2": {"Conv": 52, "BatchNormalization": 1},
        # 15 blocks, the first of which does not expand, two more layers, and the framewise head.
        "PannsMini": {"Conv": 15 * 3 - 1 + 2 + 4, "BatchNormalization": 0},
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
