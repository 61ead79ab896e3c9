"""EfficientAT's MobileNets: published sizes and costs, stored outputs, and a form in float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from panns_inference import AudioTagging
from panns_inference.engine.cpu import fused_network
from panns_inference.models import build
from panns_inference.models.efficientat import channels_of
from panns_inference.registry import NETWORKS
from panns_inference.training.distillation.recordings import decode

FAMILY = [name for name, entry in NETWORKS.items() if entry.module == "efficientat"]
PARAMETERS = {
    "mn01_as": 123_783,
    "mn02_as": 324_695,
    "mn04_as": 983_599,
    "mn05_as": 1_431_239,
    "mn10_as": 4_876_831,
    "mn20_as": 17_909_287,
    "mn30_as": 39_086_367,
    "mn40_as": 68_427_303,
}
PUBLISHED_MULTI_ADDS = {
    "mn04_as": 0.11,
    "mn05_as": 0.16,
    "mn10_as": 0.54,
    "mn20_as": 2.06,
    "mn30_as": 4.55,
    "mn40_as": 8.03,
    "mn40_as_ext": 8.03,
    "mn40_as_no_im_pre": 8.03,
    "mn10_as_hop_15": 0.36,
    "mn10_as_hop_20": 0.27,
    "mn10_as_hop_25": 0.22,
    "mn10_as_mels_40": 0.21,
    "mn10_as_mels_64": 0.27,
    "mn10_as_mels_256": 1.08,
}
"""In 1e9, as the authors give them for 10 s."""


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, np.ndarray]:
    return dict(np.load(shared / "distill" / "teacher" / "golden.npz"))


@pytest.fixture(scope="module")
def weights(shared: Path) -> Path:
    return shared / "distill" / "teacher" / "mn04_as_mAP_432.pt"


@pytest.fixture(scope="module")
def recording(shared: Path) -> torch.Tensor:
    return torch.from_numpy(decode(shared / "audio" / "R9_ZSCveAHg_7s.wav", 32000))[None]


def test_all_published_networks_are_there() -> None:
    assert len(FAMILY) == 17
    assert {*PARAMETERS, *PUBLISHED_MULTI_ADDS} < {*FAMILY}


@pytest.mark.parametrize("name", FAMILY)
def test_parameters_are_those_that_were_counted(name: str) -> None:
    width = name.split("_")[0] + "_as"
    assert NETWORKS[name].parameters == PARAMETERS[width]


@pytest.mark.parametrize("name", PUBLISHED_MULTI_ADDS)
def test_multiply_adds_are_the_published_ones(name: str) -> None:
    with torch.device("meta"):
        network = build(name).eval()
    counted = 0

    def count(layer: nn.Module, _: object, output: torch.Tensor) -> None:
        nonlocal counted
        positions = output.numel() // layer.weight.shape[0]
        counted += positions * layer.weight.numel()

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(count)
    network(torch.zeros(1, 320_000, device="meta"))
    assert counted / 1e9 == pytest.approx(PUBLISHED_MULTI_ADDS[name], rel=0.02, abs=0.005)


@pytest.mark.parametrize(
    ("channels", "width", "expected"),
    [(16, 0.1, 8), (16, 0.4, 8), (24, 0.4, 16), (40, 0.5, 24), (112, 1.0, 112), (1280, 0.4, 512)],
)
def test_channels_are_multiples_of_eight(channels: int, width: float, expected: int) -> None:
    assert channels_of(channels, width) == expected


@pytest.mark.shared("the weights of mn04_as")
def test_mn04_gives_the_stored_outputs(
    weights: Path, golden: dict[str, np.ndarray], recording: torch.Tensor
) -> None:
    network = build("mn04_as").eval()
    network.load_state_dict(torch.load(weights, weights_only=True))
    with torch.no_grad():
        whole, part = network(recording), network(recording[:, 64_000:224_000])
        image = network.logmel_extractor(recording)
    for found, stored in ((whole, "r9_logits"), (part, "r9_2s_7s_logits")):
        logits = torch.logit(found["clipwise_output"][0].double()).numpy()
        np.testing.assert_allclose(logits, golden[stored], rtol=0, atol=1e-3)
    np.testing.assert_allclose(image[0, 0, :200].T, golden["r9_mel"], rtol=0, atol=1e-4)
    assert whole["embedding"].shape == (1, 384)


@pytest.mark.shared("the weights of mn04_as")
def test_mn04_equals_its_form_in_float64(weights: Path, recording: torch.Tensor) -> None:
    network = build("mn04_as").eval()
    network.load_state_dict(torch.load(weights, weights_only=True))
    with torch.no_grad():
        single = network(recording)["clipwise_output"]
        double = network.double()(recording.double())["clipwise_output"]
    torch.testing.assert_close(single.double(), double, rtol=0, atol=1e-5)


@pytest.mark.shared("the weights of mn04_as")
@pytest.mark.parametrize("n_samples", [1, 32_000, 50_021, 224_000])
def test_mn04_in_its_fast_form_is_the_plain_one(
    n_samples: int, weights: Path, recording: torch.Tensor
) -> None:
    plain = build("mn04_as").eval()
    plain.load_state_dict(torch.load(weights, weights_only=True))
    clips = torch.cat([recording[:, :n_samples], recording[:, -n_samples:] * 0.1])
    fast = fused_network(plain)
    assert type(fast.features) is not type(plain.features)
    with torch.no_grad():
        expected = plain(clips)
    for name, values in fast(clips).items():
        limit = 1e-5 * float(expected[name].max().clamp(min=1))
        torch.testing.assert_close(values, expected[name], rtol=0, atol=limit)


@pytest.mark.parametrize("name", ["mn01_as", "mn10_as_hop_15", "mn10_as_mels_40"])
def test_others_in_their_fast_form_are_as_close_to_float64_as_in_torch(name: str) -> None:
    """With random weights, which amplify what is rounded more than trained ones."""
    torch.manual_seed(0)
    plain = build(name)
    for layer in plain.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    clips = torch.randn(2, 48_000) * torch.tensor([[0.1], [0.01]])
    with torch.no_grad():
        plain.train()(clips)
        usual = plain.eval()(clips)["embedding"]
        fast = fused_network(plain)(clips)["embedding"]
        exact = plain.double()(clips.double())["embedding"]
    error = (usual - exact).abs().max()
    assert (fast - exact).abs().max() < 5 * error < 0.01 * exact.abs().max()


@pytest.mark.shared("the weights of mn04_as")
def test_long_recordings_are_the_mean_of_overlapping_windows(
    weights: Path, recording: torch.Tensor
) -> None:
    tagger = AudioTagging("mn04_as", weights, device="cpu")
    waveform = recording[0].repeat(5)[: 32_000 * 33].numpy()
    firsts = [0, 5, 10, 15, 20, 23]
    windows = np.stack([waveform[32_000 * k : 32_000 * (k + 10)] for k in firsts])
    clipwise, embedding = tagger.inference(windows)
    for result in (tagger.tag(waveform, 32_000), tagger.embed(waveform, 32_000)):
        if hasattr(result, "clipwise"):
            np.testing.assert_allclose(result.clipwise, clipwise.mean(axis=0), atol=1e-6)
        else:
            np.testing.assert_allclose(result.vector, embedding.mean(axis=0), atol=1e-5)
    together, _ = tagger.inference(np.stack([waveform, waveform]))
    np.testing.assert_allclose(together, [clipwise.mean(axis=0)] * 2, atol=1e-6)


@pytest.mark.shared("the weights of mn04_as")
def test_in_chunks_of_any_size_a_recording_has_the_same_outputs(
    weights: Path, recording: torch.Tensor
) -> None:
    from panns_inference.pipeline.forward import pass_over

    tagger = AudioTagging("mn04_as", weights, device="cpu")
    waveform = recording[0].repeat(4).numpy()[: 32_000 * 21 + 7]
    results = []
    for size in (len(waveform), 100_001, 32_000):
        one = pass_over(tagger)
        for start in range(0, len(waveform), size):
            one.feed(waveform[start : start + size])
            one = pass_over(tagger, state=one.state())
        results.append(one.finish()[0]["clipwise_output"])
    for other in results[1:]:
        np.testing.assert_allclose(other, results[0], atol=1e-6)
