"""The compiled library against the modules it stands for, computed by torch in float64."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import Tensor, nn

from panns_inference.engine.cpu import fused_network, library
from panns_inference.engine.cpu.compiled_logmel import CompiledLogmel, compiled_logmel
from panns_inference.engine.cpu.compiled_sequence import CompiledSequence, compiled_sequence
from panns_inference.engine.cpu.fused_conv import Settings
from panns_inference.models import build
from panns_inference.models.efficientat import ConcurrentSqueeze
from panns_inference.models.frontend import FrontEnd
from panns_inference.models.kaldi import KaldiLogmel
from panns_inference.models.mobilenet_v3 import (
    Inverted,
    InvertedResidual,
    LocalSqueeze,
    Squeeze,
    conv_norm,
)

FRONT_END = FrontEnd(32000, 800, 320, 128, 0, 15000)
ROOT = Path(__file__).resolve().parents[3]


FUNCTIONS = library.library()
if FUNCTIONS is None:
    pytest.skip("the library is built where there is a C compiler", allow_module_level=True)

HERE = [name for name in library.INSTRUCTIONS if FUNCTIONS.panns_choose(name)]
FUNCTIONS.panns_choose(HERE[0])


@pytest.fixture(scope="module", params=HERE, ids=bytes.decode, autouse=True)
def instructions(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each set of instructions that the library and this processor have; at last, the best."""
    assert FUNCTIONS.panns_choose(request.param)
    yield
    FUNCTIONS.panns_choose(HERE[0])


@pytest.fixture
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def fitted(layers: nn.Sequential, x: Tensor) -> nn.Sequential:
    """Layers whose norms fit an image, so that values neither fade nor grow."""
    for layer in layers.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.5, 0.5)
    with torch.no_grad():
        layers.train()(torch.cat([x, torch.randn_like(x)]))
    return layers.eval()


def check(layers: nn.Sequential, x: Tensor) -> None:
    compiled = compiled_sequence(layers, Settings())
    assert isinstance(compiled, CompiledSequence)
    with torch.no_grad():
        expected = copy.deepcopy(layers).double()(x.double())
    found = compiled(x)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, rtol=2e-5, atol=2e-5)


eights = st.integers(1, 7).map(lambda n: 8 * n)
SQUEEZES = [None, Squeeze, ConcurrentSqueeze, *(partial(LocalSqueeze, context=n) for n in (0, 2))]


@st.composite
def blocks(draw: st.DrawFn) -> tuple[list[Inverted], object]:
    squeeze = draw(st.sampled_from(SQUEEZES))
    row = st.builds(
        Inverted,
        kernel=st.sampled_from((3, 5)),
        expanded=eights,
        channels=eights,
        squeezed=eights if squeeze else st.just(0),
        hard_swish=st.booleans(),
        stride=st.tuples(*[st.integers(1, 2)] * 2),
        dilation=st.integers(1, 2),
    )
    return draw(st.lists(row, min_size=1, max_size=3)), squeeze


@given(
    blocks=blocks(),
    stem=eights,
    size=st.tuples(*[st.integers(1, 2), st.integers(1, 70), st.integers(1, 40)]),
    seed=st.integers(0, 1000),
)
@example(blocks=([Inverted(3, 8, 8)], None), stem=8, size=(1, 1, 1), seed=0)
@example(blocks=([Inverted(5, 56, 24, 8)], Squeeze), stem=24, size=(2, 69, 1), seed=0)
def test_layers_compute_what_those_of_torch_do(
    blocks: tuple[list[Inverted], object], stem: int, size: tuple[int, int, int], seed: int
) -> None:
    torch.manual_seed(seed)
    rows, squeeze = blocks
    layers, channels = [conv_norm(1, stem, 3, (2, 1), activation=nn.Hardswish())], stem
    for row in rows:
        layers.append(InvertedResidual(channels, row, squeeze))
        channels = row.channels
    layers.append(conv_norm(channels, 40, activation=nn.ReLU()))
    batch, height, width = size
    x = torch.randn(batch, 1, height, width)
    check(fitted(nn.Sequential(*layers), x), x)


def some_layers(squeeze: object = Squeeze) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        conv_norm(1, 24, 3, (2, 2), activation=nn.Hardswish()),
        InvertedResidual(24, Inverted(5, 72, 24, 16), squeeze),
        InvertedResidual(24, Inverted(3, 40, 48, 8, True, (1, 2)), squeeze),
        conv_norm(48, 96, activation=nn.Hardswish()),
    )


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("threads", [1, 2, 3, 5])
@pytest.mark.parametrize("squeeze", [Squeeze, partial(LocalSqueeze, context=4)])
def test_so_they_do_on_any_number_of_threads(threads: int, squeeze: object) -> None:
    torch.set_num_threads(threads)
    for batch, length in ((1, 3000), (1, 40), (2, 1300), (7, 60)):
        x = torch.randn(batch, 1, length, 128)
        check(fitted(some_layers(squeeze), x), x)


def test_images_may_lie_in_any_way() -> None:
    x = torch.randn(2, 1, 60, 32)
    layers = fitted(some_layers(), x)
    check(layers, x.transpose(2, 3).contiguous().transpose(2, 3))
    check(layers, x[:, :, ::2, 1:])
    check(fitted(some_layers(partial(LocalSqueeze, context=2)), x), x.mT.contiguous().mT)
    compiled = compiled_sequence(layers, Settings())
    assert compiled(x[:0]).shape == (0, 96, 30, 8)


def test_several_threads_may_call_at_once() -> None:
    x = torch.randn(6, 1, 500, 128)
    compiled = compiled_sequence(fitted(some_layers(), x), Settings())
    expected = [compiled(clip[None]) for clip in x]
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(compiled, [clip[None] for clip in x] * 8)
        for k, values in enumerate(found):
            torch.testing.assert_close(values, expected[k % 6], rtol=0, atol=1e-5)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize(
    ("squeeze", "threads"), [(Squeeze, 1), (partial(LocalSqueeze, context=2), 3)]
)
def test_a_clip_has_the_same_bits_in_any_batch(squeeze: object, threads: int) -> None:
    torch.set_num_threads(threads)
    x = torch.randn(3, 1, 2000, 64)
    compiled = compiled_sequence(fitted(some_layers(squeeze), x), Settings())
    for clip, values in zip(x, compiled(x), strict=True):
        assert torch.equal(compiled(clip[None])[0], values)


class Interrupted(threading.Thread):
    """A thread in whose start, the second one, Ctrl-C is pressed."""

    n_started = 0

    def start(self) -> None:
        super().start()
        Interrupted.n_started += 1
        if Interrupted.n_started == 2:
            raise KeyboardInterrupt


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("batch", [1, 5])
def test_ctrl_c_leaves_no_thread_behind(monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    torch.set_num_threads(5)
    x = torch.randn(batch, 1, 3000, 128)
    layers = fitted(some_layers(), x)
    compiled = compiled_sequence(layers, Settings())
    before = threading.active_count()
    monkeypatch.setattr(library, "Thread", Interrupted)
    monkeypatch.setattr(Interrupted, "n_started", 0)
    with pytest.raises(KeyboardInterrupt):
        compiled(x)
    assert threading.active_count() == before
    check(layers, x)  # as if nothing had been


@pytest.mark.usefixtures("_threads")
def test_torch_has_its_threads_again_behind_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    network = build("mn01_as").eval()
    fast, x = fused_network(network), torch.randn(2, 32_000)
    seen = []
    monkeypatch.setattr(network.classifier[2], "forward", lambda x: seen.append(x))
    torch.set_num_threads(3)
    fast.segment_features(x)
    assert torch.get_num_threads() == 3
    with pytest.raises(TypeError):
        fast(x)
    assert len(seen) == 1
    assert torch.get_num_threads() == 3
    assert library.THREADS.number() == 3


class Doubled(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


def another_number_of_channels(layers: nn.Sequential) -> None:
    layers[0] = conv_norm(1, 20, 3, activation=nn.ReLU())


def channels_that_do_not_fit(layers: nn.Sequential) -> None:
    layers[0] = conv_norm(1, 16, 3, activation=nn.ReLU())


def another_activation(layers: nn.Sequential) -> None:
    layers[0][2] = nn.ReLU6()


def another_kernel(layers: nn.Sequential) -> None:
    layers[1].block[1][0] = nn.Conv2d(72, 72, 7, padding=3, groups=72, bias=False)


def a_dense_convolution(layers: nn.Sequential) -> None:
    layers[1].block[1][0] = nn.Conv2d(72, 72, 3, padding=1, bias=False)


def another_layer_of_a_squeeze(layers: nn.Sequential) -> None:
    layers[1].block[2].fc1 = Doubled(72, 16)


def a_squeeze_that_does_not_fit(layers: nn.Sequential) -> None:
    layers[1].block[2] = Squeeze(80, 16)


def no_norm(layers: nn.Sequential) -> None:
    layers[3][1] = nn.Identity()


def another_module(layers: nn.Sequential) -> None:
    layers.append(nn.AdaptiveAvgPool2d(1))


@pytest.mark.parametrize(
    "change",
    [
        another_number_of_channels,
        channels_that_do_not_fit,
        another_activation,
        another_kernel,
        a_dense_convolution,
        another_layer_of_a_squeeze,
        a_squeeze_that_does_not_fit,
        no_norm,
        another_module,
    ],
)
def test_other_layers_are_left_to_torch(change: object) -> None:
    layers = some_layers().eval()
    assert compiled_sequence(layers, Settings()) is not None
    change(layers)
    assert compiled_sequence(layers, Settings()) is None


def test_so_are_other_types_and_large_layers_without_a_copy() -> None:
    layers = some_layers().eval()
    assert compiled_sequence(layers, Settings(dtype=torch.bfloat16)) is None
    assert compiled_sequence(layers, Settings(largest=2000)) is None
    assert compiled_sequence(layers[1], Settings()) is None
    assert compiled_sequence(nn.Sequential(nn.Conv2d(1, 8, 3)), Settings()) is None


@pytest.mark.parametrize("name", ["PannsMini", "mn01_as", "mn10_as_hop_15"])
def test_networks_are_computed_by_it(name: str) -> None:
    fast = fused_network(build(name).eval())
    assert isinstance(fast.features, CompiledSequence)
    assert isinstance(fast.logmel_extractor, CompiledLogmel)


@pytest.mark.parametrize("mel_bins", [40, 128, 256])
@pytest.mark.parametrize("hop", [160, 320, 800])
def test_log_mel_images_are_those_of_the_module(mel_bins: int, hop: int) -> None:
    torch.manual_seed(0)
    module = KaldiLogmel(FrontEnd(32000, 800, hop, mel_bins, 0, 15000))
    compiled = compiled_logmel(module)
    loud = torch.rand(3, 1) * torch.tensor([[1.0], [1e-3], [0.0]])
    for samples in (514, 515, 32_000, 160_001):
        x = torch.randn(3, samples) * loud
        x[:, samples // 2 :] *= 1e-4  # frames without sound beside loud ones
        expected = copy.deepcopy(module).double()(x.double())
        found = compiled(x)
        assert found.shape == expected.shape
        # As near as the module itself in float32.
        torch.testing.assert_close(found.double(), expected, rtol=0, atol=3e-4)


@pytest.mark.usefixtures("_threads")
def test_so_they_are_on_several_threads() -> None:
    module = KaldiLogmel(FRONT_END)
    x = torch.randn(2, 400_000)
    torch.set_num_threads(1)
    expected = compiled_logmel(module)(x)
    for threads in (2, 3, 8):
        torch.set_num_threads(threads)
        assert torch.equal(compiled_logmel(module)(x), expected)


def test_other_front_ends_are_left_to_torch() -> None:
    assert compiled_logmel(KaldiLogmel(FrontEnd(16000, 400, 160, 64, 0, 8000))) is None
    module = KaldiLogmel(FRONT_END)
    x = torch.randn(1, 4000, dtype=torch.float64)
    assert torch.equal(compiled_logmel(module)(x), module(x))
    assert compiled_logmel(module)(torch.zeros(0, 4000)).shape == (0, 1, 13, 128)


@pytest.mark.slow
def test_without_a_compiler_the_package_is_built_without_it(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    shutil.copytree(ROOT / "panns_inference", tree / "panns_inference", ignore=ignored)
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", tmp_path]
    environment = {"PATH": "", "CC": "no-compiler-of-this-name", "HOME": str(tmp_path)}
    done = subprocess.run(
        [*command, tree], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    folder = tmp_path / "installed"
    shutil.unpack_archive(wheel, folder, "zip")
    program = (
        "import torch; from panns_inference.engine.cpu import fused_network, library;"
        "from panns_inference.models import build;"
        "assert library.library() is None; x = torch.randn(1, 32000);"
        "network = build('PannsMini').eval(); fast = fused_network(network);"
        "torch.testing.assert_close(fast(x)['clipwise_output'],"
        " network(x)['clipwise_output'], rtol=0, atol=1e-4)"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {program}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
