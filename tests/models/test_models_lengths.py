"""Waveforms of any length: what is short is padded, and nothing is long enough to be odd.

The networks lie on the meta device, where shapes are computed and nothing else: so all of them
can be tried. Few of them, small ones, also compute.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import formulas
from reference.stored import REFERENCE

from panns_inference.errors import AudioError
from panns_inference.models import Network, build, network_class
from panns_inference.registry import NETWORKS

SEGMENTS: dict[str, Callable[[int], int]] = {
    "Cnn6": lambda n: (1 + n // 320) // 16,
    "Cnn10": lambda n: (1 + n // 320) // 16,
    "Cnn14_16k": lambda n: (1 + n // 160) // 32,
    "Cnn14_8k": lambda n: (1 + n // 80) // 32,
    "LeeNet11": lambda n: -(-n // 19683),
    "LeeNet24": lambda n: -(-n // 6561),
    "DaiNet19": lambda n: ((n - 80) // 4 + 1) // 64,
    "Res1dNet31": lambda n: -(-n // 5) // 4096,
    "Res1dNet51": lambda n: -(-n // 5) // 4096,
    "Wavegram_Cnn14": lambda n: -(-n // 5) // 2048,
    "Wavegram_Logmel_Cnn14": lambda n: -(-n // 5) // 2048,
    "Wavegram_Logmel128_Cnn14": lambda n: -(-n // 5) // 2048,
}
"""Steps in time that the reference has before its head; the others have one for 32 frames."""


SHORTEST = {
    "Cnn6": 4800,
    "Cnn10": 4800,
    "Cnn14_16k": 4960,
    "Cnn14_8k": 2480,
    "LeeNet11": 1,
    "LeeNet24": 1,
    "DaiNet19": 332,
    "Res1dNet31": 20476,
    "Res1dNet51": 20476,
    "Wavegram_Cnn14": 10236,
    "Wavegram_Logmel_Cnn14": 10236,
    "Wavegram_Logmel128_Cnn14": 10236,
}
"""Samples of the shortest waveform that the reference takes; the others take 9920."""

COMPUTING = ("Cnn6", "MobileNetV1", "LeeNet11", "DaiNet19")
"""Networks that are small enough to compute with."""

AWKWARD = (1, 2, 100, 319, 320, 511, 512, 513, 1024, 3200, 10000, 31999, 32001, 32320, 35199)


@pytest.fixture(scope="module")
def networks() -> dict[str, Network]:
    with torch.device("meta"):
        return {name: build(name).eval() for name in NETWORKS}


def frames_32(n_samples: int) -> int:
    return (1 + n_samples // 320) // 32


def frames(name: str, n_samples: int) -> int:
    return 1 + n_samples // network_class(name).published.hop_size


@pytest.mark.parametrize("name", REFERENCE)
def test_shorter_waveforms_than_the_reference_takes_are_padded(
    name: str, networks: dict[str, Network]
) -> None:
    assert networks[name].minimum_samples == SHORTEST.get(name, 9920)


@pytest.mark.sample(8)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_length_has_outputs_of_its_shape(name: str, networks: dict[str, Network]) -> None:
    network = networks[name]
    shortest = network.minimum_samples
    for n_samples in {*AWKWARD, max(1, shortest - 1), shortest, shortest + 1}:
        outputs = network(torch.zeros(2, n_samples, device="meta"))
        assert outputs["clipwise_output"].shape == (2, 527)
        if "embedding" in outputs:
            assert outputs["embedding"].shape == (2, network.embedding_size)
        else:
            assert outputs["framewise_output"].shape == (2, frames(name, n_samples), 527)


@pytest.mark.sample(3)
@pytest.mark.parametrize("name", REFERENCE)
@settings(max_examples=10)
@given(more=st.integers(0, 200_000))
def test_segments_are_as_many_as_the_reference_has(
    name: str, more: int, networks: dict[str, Network]
) -> None:
    network, n_samples = networks[name], SHORTEST.get(name, 9920) + more
    features = network.segment_features(torch.zeros(1, n_samples, device="meta"))
    assert features.shape == (1, network.channels, SEGMENTS.get(name, frames_32)(n_samples))


@pytest.mark.slow
@given(hops=st.integers(31, 600), rest=st.integers(0, 319))
def test_log_mel_beside_wavegram_takes_every_length(
    hops: int, rest: int, networks: dict[str, Network]
) -> None:
    """The reference fails where the number of hops is odd and the rest below 316."""
    n_samples = hops * 320 + rest
    outputs = networks["Wavegram_Logmel_Cnn14"](torch.zeros(1, n_samples, device="meta"))
    assert outputs["clipwise_output"].shape == (1, 527)


def test_log_mel_step_without_wavegram_step_is_dropped(filled: Callable[[str], Network]) -> None:
    """At 33 hops the log-mel image has 17 steps and the wavegram 16; a sample less has 16 both."""
    network, waveform = filled("Wavegram_Logmel_Cnn14"), formulas.batch(10560, 32000)
    images = []
    network.conv_block2.register_forward_hook(lambda block, inputs, output: images.append(inputs))
    with torch.no_grad():
        network(torch.from_numpy(waveform))
        network(torch.from_numpy(waveform[:, :10559]))
    (odd,), (even,) = images
    assert odd.shape == even.shape == (2, 128, 16, 32)
    # The last sample is heard by the last steps alone.
    torch.testing.assert_close(odd[:, :, :10], even[:, :, :10], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["Cnn6", "DaiNet19", "Cnn14_DecisionLevelMax"])
def test_padding_is_with_zeros_at_the_end(name: str, filled: Callable[[str], Network]) -> None:
    network = filled(name)
    short = formulas.batch(200, 32000)
    padded = np.pad(short, ((0, 0), (0, network.minimum_samples - 200)))
    with torch.no_grad():
        outputs, wanted = network(torch.from_numpy(short)), network(torch.from_numpy(padded))
    assert torch.equal(outputs["clipwise_output"], wanted["clipwise_output"])
    if "framewise_output" in outputs:
        assert outputs["framewise_output"].shape == (2, 1, 527)
        assert torch.equal(outputs["framewise_output"], wanted["framewise_output"][:, :1])


@pytest.fixture(scope="module")
def computing() -> dict[str, Network]:
    return {name: build(name).eval() for name in COMPUTING}


@settings(max_examples=25)
@given(name=st.sampled_from(COMPUTING), n_samples=st.integers(1, 20_000))
def test_probabilities_are_probabilities_at_every_length(
    name: str, n_samples: int, computing: dict[str, Network]
) -> None:
    with torch.no_grad():
        outputs = computing[name](0.1 * torch.randn(1, n_samples))
    probability = outputs["clipwise_output"]
    assert ((probability >= 0) & (probability <= 1)).all()
    assert (outputs["embedding"] >= 0).all()
    assert outputs["embedding"].isfinite().all()


@pytest.mark.parametrize("shape", [(1, 0), (32000,), (1, 2, 32000)])
def test_what_is_no_batch_of_waveforms_is_refused(
    shape: tuple[int, ...], networks: dict[str, Network]
) -> None:
    found = r"\(" + ", ".join(map(str, shape))
    with pytest.raises(AudioError, match=rf"Cnn6 takes waveforms \(batch, samples\).*{found}"):
        networks["Cnn6"](torch.zeros(shape, device="meta"))
