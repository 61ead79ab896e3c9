"""Networks on GPUs: what holds without one is shown on the CPU; what needs one is marked `cuda`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from panns_inference import AudioTagging
from panns_inference.audio import read
from panns_inference.engine.choice import engine_for
from panns_inference.engine.cuda import CudaEngine
from panns_inference.engine.cuda.batch_size import BYTES_A_SECOND, BatchSplitter, fitting_seconds
from panns_inference.engine.cuda.graphs import MOST, GraphCache
from panns_inference.engine.cuda.packing import Packed, joined, packed, unpacked
from panns_inference.engine.cuda.precision import conv_dtype, inference_copy, without_tf32
from panns_inference.engine.cuda.replica import computed, scaled, whole
from panns_inference.engine.torch_engine import TorchEngine, segmentwise
from panns_inference.errors import UsageError
from panns_inference.inference import _batch
from panns_inference.models import build
from panns_inference.pipeline import TaggingTask
from panns_inference.registry import NETWORKS

CPU = torch.device("cpu")

ROUNDED = ["Cnn14_DecisionLevelAtt", "MobileNetV2", "ResNet22", "LeeNet11", "Wavegram_Logmel_Cnn14"]
"""A network of each family."""

RATE = 32_000


def noise(batch: int, seconds: float = 1.0) -> Tensor:
    return 0.3 * torch.randn(batch, round(seconds * RATE), generator=torch.manual_seed(0))


@pytest.fixture
def clip(clip: Path) -> np.ndarray:
    return read(clip, RATE)


@pytest.fixture
def mini() -> nn.Module:
    return AudioTagging("PannsMini", device="cpu").network.eval()


# Copies


@pytest.mark.sample(2)
@pytest.mark.parametrize("name", ROUNDED)
def test_a_rounded_copy_is_the_network_within_its_rounding(
    name: str, filled: Callable[[str], Any]
) -> None:
    network = filled(name)
    rounded = inference_copy(network, CPU, torch.bfloat16)
    with torch.no_grad():
        expected, found = network(noise(2)), rounded(noise(2))
    for key, value in expected.items():
        assert found[key].dtype == torch.float32
        # bfloat16 has 8 bits: 30 layers of 0.4 % each.
        assert (found[key] - value).norm() < 0.05 * value.norm(), key
    assert not torch.equal(found["clipwise_output"], expected["clipwise_output"])


def test_a_rounded_copy_tags_a_recording_as_the_network_does(
    mini: nn.Module, clip: np.ndarray
) -> None:
    waveforms = torch.from_numpy(clip)[None]
    with torch.no_grad():
        expected = mini(waveforms)
        found = inference_copy(mini, CPU, torch.bfloat16)(waveforms)
    # Of segments nothing is averaged: they show more of the rounding than the clip does.
    for key, limit in {"clipwise_output": 0.02, "framewise_output": 0.05}.items():
        assert (found[key] - expected[key]).abs().max() < limit
    assert found["clipwise_output"].argmax() == expected["clipwise_output"].argmax()


def test_the_front_end_norms_and_head_of_a_rounded_copy_are_not_rounded(mini: nn.Module) -> None:
    rounded = inference_copy(mini, CPU, torch.bfloat16)
    images = (made.get_submodule("logmel_extractor")(noise(1)) for made in (rounded, mini))
    torch.testing.assert_close(*images, rtol=0, atol=0)
    state = rounded.state_dict()
    short = {key for key, value in state.items() if value.dtype == torch.bfloat16}
    convolutions = {
        f"{key}.weight" for key, layer in mini.named_modules() if isinstance(layer, nn.Conv2d)
    }
    assert convolutions
    assert short == convolutions
    assert all(state[key].is_contiguous(memory_format=torch.channels_last) for key in short)


def test_the_attention_of_a_rounded_copy_is_not_rounded(filled: Callable[[str], Any]) -> None:
    rounded = inference_copy(filled("Cnn14_DecisionLevelAtt"), CPU, torch.bfloat16)
    assert {p.dtype for p in rounded.att_block.parameters()} == {torch.float32}


def test_a_copy_leaves_the_network_alone(mini: nn.Module) -> None:
    before = {key: value.clone() for key, value in mini.state_dict().items()}
    with torch.no_grad():
        expected = mini(noise(1))["clipwise_output"]
        inference_copy(mini, CPU, torch.bfloat16)(noise(1))
        torch.testing.assert_close(mini(noise(1))["clipwise_output"], expected, rtol=0, atol=0)
    for key, value in mini.state_dict().items():
        assert value.dtype == before[key].dtype
        assert torch.equal(value, before[key])


def test_a_copy_that_rounds_nothing_shares_the_weights(mini: nn.Module) -> None:
    made = inference_copy(mini, CPU, None)
    assert made is not mini
    there = dict(made.named_parameters())
    assert all(there[key].data_ptr() == value.data_ptr() for key, value in mini.named_parameters())
    assert not any(value.requires_grad for value in there.values())
    with torch.no_grad():
        expected = mini(noise(1))["clipwise_output"]
        torch.testing.assert_close(made(noise(1))["clipwise_output"], expected, rtol=0, atol=0)


# Waveforms in, arrays out


def test_samples_of_16_bits_are_those_of_float32() -> None:
    short = torch.tensor([[-32768, -1, 0, 1, 12345, 32767]], dtype=torch.int16)
    expected = torch.from_numpy(short.numpy() / np.float32(32768))
    torch.testing.assert_close(scaled(short), expected, rtol=0, atol=0)
    torch.testing.assert_close(scaled(expected.double()), expected, rtol=0, atol=0)


@pytest.mark.parametrize("make", [np.asarray, torch.from_numpy])
def test_a_gpu_gets_samples_of_16_bits_as_they_are(make: Callable[[Any], Any]) -> None:
    short = np.arange(-3, 3, dtype=np.int16)
    there, here = _batch(make(short), "cuda:1"), _batch(make(short), "cpu")
    assert str(there.dtype) in ("int16", "torch.int16")
    assert here.dtype == np.float32
    np.testing.assert_array_equal(scaled(torch.as_tensor(there)), here)


def test_outputs_come_back_as_they_were_packed() -> None:
    found = {"a": torch.rand(2, 5), "b": torch.rand(2, 3, 4).double().transpose(1, 2)}
    arrays = unpacked(packed(found))
    assert list(arrays) == ["a", "b"]
    for key, value in found.items():
        assert arrays[key].dtype == np.float32
        np.testing.assert_array_equal(arrays[key], value.float().numpy())


def test_batches_are_joined_in_their_order() -> None:
    batches = [{"a": np.full((n, 2), n, np.float32)} for n in (2, 1)]
    assert joined(batches)["a"].tolist() == [[2, 2], [2, 2], [1, 1]]
    assert joined(batches[:1]) is batches[0]


@pytest.mark.parametrize("name", ["outputs", "segmentwise"])
def test_what_is_computed_is_what_the_engine_of_the_cpu_gives(mini: nn.Module, name: str) -> None:
    step = {"outputs": whole, "segmentwise": segmentwise}[name]
    short = (noise(1) * 32768).round().short()
    with torch.no_grad():
        found = unpacked(computed(step, inference_copy(mini, CPU, None), CPU, short))
    given = short.numpy() / np.float32(32768)
    engine = TorchEngine(mini, "cpu")
    expected = engine.outputs(given) if name == "outputs" else engine.segmentwise(given[0])
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        there = found[key] if name == "outputs" else found[key][0]
        np.testing.assert_allclose(there, value, rtol=1e-4, atol=1e-5)


# What comes again


class Tape:
    """Counts what is computed, recorded and replayed."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def compute(self, waveforms: Tensor) -> Packed:
        self.events.append("computed")
        return packed({"sum": waveforms.sum(dim=1)})

    def record(self, compute: Callable[[Tensor], Packed], waveforms: Tensor) -> Any:
        self.events.append("recorded")

        def replay(waveforms: Tensor) -> Packed:
            self.events.append("replayed")
            return packed({"sum": waveforms.sum(dim=1)})

        return replay


def test_a_shape_is_recorded_when_it_comes_again() -> None:
    tape = Tape()
    repeated = GraphCache(tape.compute, tape.record)
    for batch in (1, 2, 1, 1, 2):
        assert unpacked(repeated(torch.ones(batch, 7)))["sum"].tolist() == [7.0] * batch
    again = ["recorded", "replayed"]
    assert tape.events == ["computed", "computed", *again, "replayed", *again]
    repeated(torch.ones(1, 7, dtype=torch.int16))  # another shape, for a graph
    assert tape.events[-1] == "computed"


def test_the_shape_that_was_longest_away_is_forgotten() -> None:
    tape = Tape()
    repeated = GraphCache(tape.compute, tape.record)
    for length in (1, 1, *range(2, MOST + 1), 1, MOST + 1):
        repeated(torch.ones(1, length))
    assert len(repeated.shapes) == MOST
    tape.events.clear()
    repeated(torch.ones(1, 1))
    repeated(torch.ones(1, 2))
    assert tape.events == ["replayed", "computed"]
    repeated.forget()
    repeated(torch.ones(1, 1))
    assert tape.events[-1] == "computed"


def test_what_cannot_be_recorded_is_computed() -> None:
    tape, tries = Tape(), []

    def record(_: Any, waveforms: Tensor) -> Any:
        tries.append(waveforms)
        raise RuntimeError("operation not permitted when stream is capturing")

    repeated = GraphCache(tape.compute, record)
    for _ in range(4):
        repeated(torch.ones(1, 3))
    assert (tape.events, len(tries)) == (["computed"] * 4, 1)


# Memory


class Memory:
    """A GPU that has room for some samples: the one thing here that is not what it stands for."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.tried: list[int] = []
        self.released = 0

    def compute(self, waveforms: Tensor) -> dict[str, np.ndarray]:
        self.tried.append(len(waveforms))
        if waveforms.numel() > self.room:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return {"sum": waveforms.sum(dim=1).numpy()}

    def release(self) -> None:
        self.released += 1


def test_a_batch_that_does_not_fit_is_halved_and_that_is_remembered() -> None:
    memory = Memory(room=300)
    splitter = BatchSplitter(10_000, memory.release, "cuda:0")
    waveforms = torch.arange(1600.0).reshape(16, 100)
    for _ in range(2):
        found = joined(splitter.each(memory.compute, waveforms))["sum"]
        np.testing.assert_array_equal(found, waveforms.sum(dim=1).numpy())
    assert memory.tried == [16, 8, 4, *[2] * 8, *[2] * 8]
    assert memory.released == 3


def test_batches_begin_no_larger_than_what_should_fit() -> None:
    memory = Memory(room=10_000)
    BatchSplitter(250, memory.release, "cuda:0").each(memory.compute, torch.ones(5, 100))
    assert memory.tried == [2, 2, 1]


def test_a_waveform_that_does_not_fit_is_an_error_that_says_what_to_do() -> None:
    memory = Memory(room=99)
    splitter = BatchSplitter(10_000, memory.release, "cuda:1")
    with pytest.raises(UsageError, match=r"100 samples do not fit .* of cuda:1: .* device='cpu'"):
        splitter.each(memory.compute, torch.ones(4, 100))
    assert memory.tried == [4, 2, 1]


class Largest(TorchDispatchMode):
    """Finds the size of the largest tensor, in bytes."""

    size = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        found = (each for each in tree_leaves(out) if isinstance(each, Tensor))
        self.size = max([self.size, *(each.numel() * each.element_size() for each in found)])
        return out


def test_the_memory_of_a_second_is_six_times_the_largest_image_of_all() -> None:
    sizes = {}
    for name in NETWORKS:
        with torch.device("meta"):
            network = build(name).eval()
        with torch.no_grad(), Largest() as largest:
            network(torch.zeros(1, 10 * network.sample_rate, device="meta"))
        sizes[name] = largest.size / 10
    assert max(sizes, key=lambda name: sizes[name]) == "mn40_as"
    assert 0.9 * BYTES_A_SECOND < 6 * max(sizes.values()) < BYTES_A_SECOND
    assert fitting_seconds(80 * 10**9) == pytest.approx(833.3, abs=0.1)


# Precision


@pytest.mark.parametrize(
    ("precision", "message"),
    [
        ("int4", r"'int4' is unknown: a GPU computes in one of 'float32', 'bf16', 'fp16'"),
        ("int8", r"'int8' is that of a file: `panns export"),
        ("bf16", r"no units for it \(compute capability 7\.5; they came with 8\.0\): give 'fp16'"),
    ],
)
def test_a_precision_that_a_gpu_has_not_is_refused(precision: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        conv_dtype(precision, (7, 5))


@pytest.mark.parametrize(
    ("precision", "capability", "dtype"),
    [
        ("float32", (7, 0), None),
        ("fp16", (7, 0), torch.float16),
        ("bf16", (8, 0), torch.bfloat16),
        ("bf16", (12, 0), torch.bfloat16),
    ],
)
def test_a_precision_is_a_type(
    precision: str, capability: tuple[int, int], dtype: torch.dtype | None
) -> None:
    assert conv_dtype(precision, capability) is dtype


def test_gpus_have_an_engine_of_their_own() -> None:
    assert [engine_for(name) for name in ("cuda", "cuda:1")] == [CudaEngine, CudaEngine]
    assert [engine_for(name) for name in ("cpu", "mps")] == [TorchEngine, TorchEngine]


def tf32() -> object:
    cudnn: Any = torch.backends.cudnn
    return cudnn.conv.fp32_precision if hasattr(cudnn, "conv") else cudnn.allow_tf32


@pytest.fixture
def tf32_as_it_comes() -> Iterator[object]:
    before = tf32()
    yield before
    assert tf32() == before


def test_tf32_is_off_while_anybody_computes(tf32_as_it_comes: object) -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with without_tf32():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with without_tf32():
        off = tf32()
        thread.start()
        inside.wait(10)
    # Who entered first has left; the other one still computes.
    assert tf32() == off != tf32_as_it_comes
    leave.set()
    thread.join()
    assert tf32() == tf32_as_it_comes


def test_tf32_is_put_back_after_an_error(tf32_as_it_comes: object) -> None:
    with pytest.raises(UsageError, match="no"), without_tf32():
        raise UsageError("no")
    assert tf32() == tf32_as_it_comes


# On a GPU

TOLERANCE = {"float32": 1e-5, "bf16": 0.03, "fp16": 0.01}


def tagger(network: nn.Module, device: str, precision: str = "float32") -> AudioTagging:
    return AudioTagging(
        network, device=device, pretrained=False, verbose=False, precision=precision
    )


@pytest.mark.cuda
@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("name", ["Cnn14", *ROUNDED])
def test_a_gpu_gives_what_the_cpu_gives(
    name: str, precision: str, filled: Callable[[str], Any]
) -> None:
    waveforms = noise(3, 2.0).numpy()
    expected = tagger(filled(name), "cpu").engine.outputs(waveforms)
    engine = tagger(filled(name), "cuda:0", precision).engine
    for _ in range(3):  # one by one, recorded, and replayed
        found = engine.outputs(waveforms)
        for key, value in expected.items():
            scale = max(1.0, float(np.abs(value).max()))
            np.testing.assert_allclose(found[key], value, atol=TOLERANCE[precision] * scale)


@pytest.mark.cuda
def test_shapes_that_take_turns_do_not_disturb_each_other(filled: Callable[[str], Any]) -> None:
    engine = tagger(filled("Cnn14"), "cuda:0").engine
    batches = [noise(n, seconds).numpy() for n, seconds in ((1, 1.0), (4, 1.0), (2, 2.5))]
    first = [engine.outputs(batch)["clipwise_output"] for batch in batches]
    for _ in range(3):
        for batch, expected in zip(batches, first, strict=True):
            again = engine.outputs(batch)["clipwise_output"]
            np.testing.assert_allclose(again, expected, atol=1e-6)


@pytest.mark.cuda
def test_threads_may_call_at_the_same_time(filled: Callable[[str], Any]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    engine = tagger(filled("Cnn14"), "cuda").engine
    batches = [noise(1 + k % 3, 1.0).numpy() * (k + 1) / 12 for k in range(12)]
    expected = [engine.outputs(batch)["clipwise_output"] for batch in batches]
    with ThreadPoolExecutor(4, initializer=engine.schedule.enter_worker, initargs=(4,)) as pool:
        found = list(pool.map(engine.outputs, batches))
    for here, there in zip(found, expected, strict=True):
        np.testing.assert_allclose(here["clipwise_output"], there, atol=1e-6)


@pytest.mark.cuda
@pytest.mark.parametrize("precision", TOLERANCE)
def test_a_long_recording_is_computed_in_blocks(precision: str, soundscape: Path) -> None:
    expected = AudioTagging("PannsMini", device="cpu").detect(soundscape, framewise=True)
    found = AudioTagging("PannsMini", device="cuda", precision=precision).detect(
        soundscape, framewise=True
    )
    np.testing.assert_allclose(found.framewise, expected.framewise, atol=TOLERANCE[precision])


@pytest.mark.cuda
def test_samples_of_16_bits_on_a_gpu(clip: np.ndarray) -> None:
    on_gpu = AudioTagging("PannsMini", device="cuda:0")
    short = np.round(clip[None] * 32767).astype(np.int16)
    found, _ = on_gpu.inference(short)
    for waveforms in (short / np.float32(32768), torch.from_numpy(short).cuda()):
        again, _ = on_gpu.inference(waveforms)
        np.testing.assert_allclose(again, found, atol=1e-6)


@pytest.mark.cuda
def test_new_weights_change_the_outputs(mini: nn.Module) -> None:
    on_gpu = tagger(mini, "cuda:0", "fp16")
    waveforms = noise(1).numpy()
    before = [on_gpu.inference(waveforms)[0] for _ in range(3)][-1]
    with torch.no_grad():
        for parameter in mini.parameters():
            parameter.mul_(0.5)
    after = on_gpu.inference(waveforms)[0]
    expected = tagger(mini, "cuda:0").inference(waveforms)[0]
    assert np.abs(after - before).max() > 0.01
    np.testing.assert_allclose(after, expected, atol=0.01)


@pytest.mark.cuda
def test_hooks_are_called(mini: nn.Module) -> None:
    on_gpu, seen = tagger(mini, "cuda:0"), []
    for _ in range(3):
        on_gpu.inference(noise(1).numpy())
    hook = on_gpu.network.logmel_extractor.register_forward_hook(lambda *_: seen.append(1))
    for _ in range(3):
        on_gpu.inference(noise(1).numpy())
    hook.remove()
    assert len(seen) == 3


@pytest.mark.cuda
def test_memory_that_is_short_halves_the_batch(filled: Callable[[str], Any]) -> None:
    engine = tagger(filled("Cnn14"), "cuda:0").engine
    waveforms = noise(64, 10.0).numpy()
    expected = engine.outputs(waveforms[:2])["clipwise_output"]
    total = torch.cuda.get_device_properties(0).total_memory
    held = torch.cuda.memory_reserved(0)
    try:
        torch.cuda.set_per_process_memory_fraction((held + 2**30) / total, 0)
        found = engine.outputs(waveforms)["clipwise_output"]
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, 0)
    np.testing.assert_allclose(found[:2], expected, atol=1e-5)
    assert engine.replicas[0].splitter.max_samples < 64 * 10 * RATE


@pytest.mark.cuda
def test_a_module_of_ones_own_computes_as_it_is() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gain = nn.Parameter(torch.ones(()))

        def forward(self, input: Tensor, mixup_lambda: Any = None) -> dict[str, Tensor]:
            return {"clipwise_output": input[:, :527] * self.gain, "embedding": input[:, :4]}

    waveforms = noise(2).numpy()
    clipwise, _ = tagger(Own(), "cuda:0").inference(waveforms)
    np.testing.assert_array_equal(clipwise, waveforms[:, :527])
    with pytest.raises(UsageError, match=r"'fp16' is for the networks of panns_inference\.models"):
        tagger(Own(), "cuda:0", "fp16")


@pytest.mark.cuda
def test_a_folder_is_that_of_the_cpu(clips: Path) -> None:
    from panns_inference.batch import results

    there, here = (
        list(results(TaggingTask(AudioTagging("PannsMini", device=device)), [clips]))
        for device in ("cuda", "cpu")
    )
    assert len(there) > 8
    for found, expected in zip(there, here, strict=True):
        assert found.source == expected.source
        np.testing.assert_allclose(found.clipwise, expected.clipwise, atol=1e-5)
