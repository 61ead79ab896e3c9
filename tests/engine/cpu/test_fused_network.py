"""The fast network against the plain one, on real audio, and what happens without its operators."""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import pytest
import torch
from reference.stored import REFERENCE
from torch import Tensor, nn

from panns_inference.audio import read
from panns_inference.checkpoints import load
from panns_inference.engine.cpu import (
    compiled_logmel,
    compiled_sequence,
    fused_blocks,
    fused_network,
    onednn,
    tiling,
)
from panns_inference.engine.receptive_field import grid_of
from panns_inference.errors import UsageError
from panns_inference.models import PannsMini, build
from panns_inference.models.blocks import ConvBlock
from panns_inference.models.network import Network

PROBABILITY = 1e-5

QUICK = ("Cnn6", "Cnn10", "MobileNetV1", "MobileNetV2", "LeeNet11", "DaiNet19", "PannsMini")
"""One of most families, each of which takes a second; the others are slow together."""


Filled = Callable[[str], Network]


def network(name: str, filled: Filled) -> Network:
    """A network in evaluation mode, with the weights in the box or those of the reference."""
    if name == "PannsMini":
        return load(build(name), files("panns_inference") / "data" / "PannsMini.pth").eval()
    return filled(name)


def fitted(made: Network) -> Network:
    """A network whose batch norms fit noise, so that values do not fade."""
    for layer in made.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.momentum = 1.0
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.5, 0.5)
    with torch.no_grad():
        made.train()(torch.randn(2, made.sample_rate) * 0.1)
    return made.eval()


@pytest.fixture(scope="session")
def recording(clip: Path) -> Tensor:
    return torch.from_numpy(read(clip, 32000))


@pytest.fixture
def _without_library(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (compiled_logmel, compiled_sequence):
        monkeypatch.setattr(module, "library", lambda: None)


def fused(name: str) -> Network:
    return fused_network(build(name).eval())


def check(plain: Network, recording: Tensor, samples: list[int]) -> None:
    fast = fused_network(plain)
    assert fast is not plain
    for n_samples in samples:
        clips = torch.stack([recording[:n_samples], recording[-n_samples:] * 0.1])
        with torch.no_grad():
            expected = plain(clips)
        found = fast(clips)
        assert found.keys() == expected.keys()
        for name, values in found.items():
            limit = PROBABILITY * (expected[name].max() if name == "embedding" else 1)
            torch.testing.assert_close(values, expected[name], rtol=0, atol=float(limit), msg=name)
            assert values.dtype == torch.float32


@pytest.mark.parametrize("name", QUICK)
def test_the_fast_network_is_the_plain_one(name: str, filled: Filled, recording: Tensor) -> None:
    check(network(name, filled), recording, [1, 32000, 50021])


@pytest.mark.usefixtures("_without_library")
def test_so_it_is_without_a_compiled_library(filled: Filled, recording: Tensor) -> None:
    check(network("PannsMini", filled), recording, [1, 32000, 50021])
    check(build("mn01_as").eval(), recording, [32000])


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in REFERENCE if name not in QUICK])
def test_so_is_every_other(name: str, filled: Filled, recording: Tensor) -> None:
    check(network(name, filled), recording, [1, 32000, 224000])


@pytest.mark.slow
def test_so_it_is_for_lengths_up_to_40_s(filled: Filled, recording: Tensor) -> None:
    lengths = [64_000, 64_001, 71_680, 71_681, 320_000, 1_280_000]
    check(network("PannsMini", filled), recording.repeat(6), lengths)


@pytest.mark.usefixtures("_without_library")
@pytest.mark.sample(1)
@pytest.mark.parametrize("name", ["Cnn6", "LeeNet11", "LeeNet24", "PannsMini"])
def test_a_long_clip_and_a_batch_are_computed_in_pieces(
    name: str, filled: Filled, monkeypatch: pytest.MonkeyPatch, recording: Tensor
) -> None:
    torch.manual_seed(0)
    plain = network(name, filled) if name == "PannsMini" else fitted(build(name))
    fast = fused_network(plain)
    # Of 81,920 samples, the image has a frame more than four pieces of 64.
    for length in (96_000, 95_999, 95_998, 81_920):
        clips = torch.stack([recording[:length], recording[-length:]])
        with torch.no_grad():
            expected = plain.segment_features(clips)
        for values in (2_000_000, 300_000, 200_000, 100_000):
            monkeypatch.setattr(tiling, "TILE_VALUES", values)
            monkeypatch.setattr(tiling, "CLIPS_VALUES", values)
            found = fast.segment_features(clips)
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_the_plain_network_is_left_alone() -> None:
    plain = build("PannsMini").eval()
    before = copy.deepcopy(plain.state_dict())
    modules = list(plain.modules())
    fast = fused_network(plain)
    fast(torch.zeros(1, 32000))
    assert list(plain.modules()) == modules
    for key, value in plain.state_dict().items():
        assert torch.equal(value, before[key]), key
    assert fast.fc1 is plain.fc1  # shared, not copied
    assert plain.train()(torch.zeros(2, 32000))["clipwise_output"].requires_grad


def test_it_answers_as_the_network_does() -> None:
    plain = build("PannsMini").eval()
    fast = fused_network(plain)
    assert isinstance(fast, PannsMini)
    for name in ("output_names", "sample_rate", "hop_size", "minimum_samples", "channels"):
        assert getattr(fast, name) == getattr(plain, name)
    features = fast.segment_features(torch.zeros(2, 32000))
    assert features.shape == (2, 768, 7)
    assert not features.requires_grad
    for other in (fast, fused_network(build("Cnn6").eval())):
        assert other(torch.zeros(0, 32000))["clipwise_output"].shape == (0, 527)


def test_without_the_operators_it_is_the_plain_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> Tensor:
        raise AttributeError("'_OpNamespace' 'mkldnn' object has no attribute")

    plain = build("PannsMini").eval()
    for name in ("pack_convolution", "convolve", "pack_product", "product"):
        with monkeypatch.context() as torn:
            torn.setattr(onednn, name, missing)
            onednn.available.cache_clear()
            assert not onednn.available()
            assert fused_network(plain) is plain
    onednn.available.cache_clear()
    assert fused_network(plain) is not plain


def test_operators_that_compute_something_else_are_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    product = onednn.product
    with monkeypatch.context() as other:
        other.setattr(onednn, "product", lambda x, packed: product(x, packed) * 2)
        onednn.available.cache_clear()
        assert not onednn.available()
    onednn.available.cache_clear()


def test_networks_in_float64_stay_plain() -> None:
    plain = build("PannsMini").eval().double()
    assert fused_network(plain) is plain


def hooked(block: nn.Module) -> None:
    block.register_forward_hook(lambda *_: None)


def hooked_before(block: nn.Module) -> None:
    block.register_forward_pre_hook(lambda *_: None)


def with_another_forward(block: nn.Module) -> None:
    block.forward = lambda *_: None  # type: ignore[method-assign]


@pytest.mark.parametrize("change", [hooked, hooked_before, with_another_forward])
def test_networks_that_are_watched_stay_plain(change: Callable[[nn.Module], None]) -> None:
    plain = build("Cnn6").eval()
    change(plain.conv_block2.conv1)
    assert fused_network(plain) is plain


def test_networks_on_other_devices_stay_plain() -> None:
    with torch.device("meta"):
        plain = build("PannsMini").eval()
    assert fused_network(plain) is plain


def test_threads_may_call_it_at_once(recording: Tensor) -> None:
    torch.manual_seed(0)
    plain = fitted(build("Cnn6"))
    clips = [recording[None, start : start + 64000] for start in range(0, 128000, 16000)]
    alone = fused_network(plain)
    fast = fused_network(plain)  # with no kernel yet: they are built while others wait for them
    # With one core each, so that all sums are taken in the same order.
    with ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,)) as thread:
        expected = list(thread.map(lambda clip: alone(clip)["clipwise_output"], clips))
    with ThreadPoolExecutor(8, initializer=torch.set_num_threads, initargs=(1,)) as threads:
        found = list(threads.map(lambda clip: fast(clip)["clipwise_output"], clips))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6)


LONG = [
    # (network, seconds of a block)
    ("PannsMini", 5),
    ("Cnn14_DecisionLevelMax", 10),
    ("Cnn10", 10),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seconds"), LONG)
def test_blocks_and_batches_agree_with_the_whole(
    name: str, seconds: int, filled: Filled, recording: Tensor
) -> None:
    plain = network(name, filled)
    fast = fused_network(plain)
    whole = recording.repeat(6)[: 32 * 32000]
    stride, left, right = grid_of(plain)
    step = seconds * 32000 // stride * stride
    expected = fast.segment_features(whole[None])[0]
    for start in range(0, len(whole), step):
        first, stop = max(0, start - left * stride), min(len(whole), start + step + right * stride)
        found = fast.segment_features(whole[None, first:stop].repeat(2, 1))
        skipped = (start - first) // stride
        n_wanted = min(step // stride, expected.shape[1] - start // stride)
        part = expected[:, start // stride :][:, :n_wanted]
        for row in found[:, :, skipped:][:, :, :n_wanted]:
            one, other = (_outputs(fast, features) for features in (row, part))
            torch.testing.assert_close(one, other, rtol=0, atol=5e-6)


def _outputs(network: Network, features: Tensor) -> Tensor:
    segmentwise = network.segmentwise(features[None])
    if "probabilities" in segmentwise:
        return segmentwise["probabilities"][:, :, 2:-2]  # beside them, other segments count
    statistics = network.statistics(segmentwise)
    return network.conclude(statistics, features.shape[1])["clipwise_output"]


def test_a_block_of_another_kind_stays_in_its_place() -> None:
    class Louder(ConvBlock):
        def forward(self, input: Tensor, **_: object) -> Tensor:
            return super().forward(input) * 2

    plain = build("Cnn6").eval()
    plain.conv_block2 = Louder(64, 128).eval()
    fast = fused_network(plain)
    assert fast.conv_block2 is plain.conv_block2
    assert type(fast.conv_block3) is fused_blocks.FusedConvBlock


def test_small_memory_copies_no_large_weights(filled: Filled, recording: Tensor) -> None:
    plain = filled("Cnn10")
    fast = fused_network(plain, memory="small")
    with torch.no_grad():
        expected = plain(recording[None, :64000])["clipwise_output"]
    found = fast(recording[None, :64000])["clipwise_output"]
    torch.testing.assert_close(found, expected, rtol=0, atol=PROBABILITY)
    kernels = [kernel for layer in fast.conv_block4.layers for kernel in layer.kernels.values()]
    own = [plain.conv_block4.conv1.weight, plain.conv_block4.conv2.weight]
    assert [kernel.weight.data_ptr() for kernel in kernels] == [w.data_ptr() for w in own]


@pytest.mark.parametrize("name", ["Cnn6", "PannsMini"])
def test_bf16_is_near_where_the_processor_has_it(
    name: str, filled: Filled, recording: Tensor
) -> None:
    torch.manual_seed(0)
    plain = fitted(build("Cnn6")) if name == "Cnn6" else network(name, filled)
    if not onednn.has_bf16():
        with pytest.raises(UsageError, match="no bf16 instructions"):
            fused_network(plain, precision="bf16")
        return
    fast = fused_network(plain, precision="bf16")
    with torch.no_grad():
        expected = plain(recording[None, :64000])["clipwise_output"]
    with torch.no_grad():
        found = fast(recording[None, :64000])["clipwise_output"]
    assert found.dtype == torch.float32
    error = (found - expected).abs().max()
    assert 1e-6 < error < 0.1


def test_bf16_is_refused_where_it_would_be_emulated(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = build("PannsMini").eval()
    monkeypatch.setattr(onednn, "has_bf16", lambda: False)
    with pytest.raises(UsageError, match=r"no bf16 instructions .* leave it out"):
        fused_network(plain, precision="bf16")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "fp8"}, "precision must be 'float32' or 'bf16', not 'fp8'"),
        ({"memory": "tiny"}, "memory must be 'default' or 'small', not 'tiny'"),
    ],
)
def test_other_choices_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        fused_network(build("PannsMini").eval(), **options)


def test_the_front_end_is_that_of_the_network(recording: Tensor) -> None:
    plain = build("Cnn6").eval()
    fast = fused_network(plain)
    clips = torch.stack([recording[:50021], recording[-50021:]])
    with torch.no_grad():
        expected = plain.logmel(clips)
    torch.testing.assert_close(fast.logmel(clips), expected, rtol=0, atol=1e-5)
    wide = fast.logmel_extractor(fast.spectrogram_extractor(clips.double()))
    assert wide.dtype == torch.float64
    torch.testing.assert_close(
        wide, plain.logmel_extractor(plain.spectrogram_extractor(clips.double()))
    )


def test_trained_filters_are_convolved_with(recording: Tensor) -> None:
    plain = build("Cnn6").eval()
    with torch.no_grad():
        plain.spectrogram_extractor.stft.conv_real.weight.mul_(1.5)
        expected = plain.logmel(recording[None, :32000])
    found = fused_network(plain).logmel(recording[None, :32000])
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("module", "setting", "value"),
    [
        ("spectrogram_extractor", "pad_mode", "constant"),
        ("spectrogram_extractor", "power", 1.0),
        ("logmel_extractor", "is_log", False),
        ("logmel_extractor", "top_db", 20.0),
        ("logmel_extractor", "ref", 4.0),
    ],
)
def test_settings_of_the_front_end_are_kept(
    recording: Tensor, module: str, setting: str, value: object
) -> None:
    plain = build("Cnn6").eval()
    clip = recording[None, :32000]
    with torch.no_grad():
        usual = plain.logmel(clip)
        setattr(getattr(plain, module), setting, value)
        expected = plain.logmel(clip)
    assert float((expected - usual).abs().max()) > 1.0
    torch.testing.assert_close(fused_network(plain).logmel(clip), expected, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("filters", ["one bin", "all bins", "none"])
def test_filters_may_take_any_bins(recording: Tensor, filters: str) -> None:
    plain = build("Cnn6").eval()
    weight = torch.zeros_like(plain.logmel_extractor.melW)
    if filters == "one bin":
        weight[512, 7] = 1.0
    if filters == "all bins":
        weight += torch.rand(weight.shape, generator=torch.Generator().manual_seed(0))
    plain.logmel_extractor.melW.data = weight
    with torch.no_grad():
        expected = plain.logmel(recording[None, :32000])
    found = fused_network(plain).logmel(recording[None, :32000])
    # Decibels of up to 40: three roundings of them are 1.1e-5.
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-5)


def test_the_kaldi_front_end_is_that_of_the_network(recording: Tensor) -> None:
    plain, fast = (made.logmel_extractor for made in (build("PannsMini"), fused("PannsMini")))
    pair = torch.stack([recording[:200_000], -recording[-200_000:]])
    for clips in (recording[None, :32_001], pair):
        expected = plain(clips.double())
        torch.testing.assert_close(fast(clips).double(), expected, rtol=0, atol=3e-5)
        assert torch.equal(fast(clips.double()), expected)
    assert fast(pair[:0]).shape == plain(pair[:0]).shape == (0, 1, 625, 128)
