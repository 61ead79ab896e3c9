"""A file of ONNX as an engine, beside its network; and files that are none."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from panns_inference import AudioTagging, CheckpointError, UsageError
from panns_inference.engine import Engine, Grid
from panns_inference.engine.onnx import OnnxEngine
from panns_inference.engine.onnx.metadata import with_checksum
from panns_inference.engine.schedule import schedule_of
from panns_inference.export import to_onnx
from panns_inference.models import build

NAMES = ("PannsMini", "LeeNet11")


@pytest.fixture(scope="module")
def models(leenet11: Path) -> dict[str, AudioTagging]:
    return {
        "PannsMini": AudioTagging("PannsMini", device="cpu"),
        "LeeNet11": AudioTagging("LeeNet11", leenet11, "cpu"),
    }


@pytest.fixture(scope="module")
def written(
    models: dict[str, AudioTagging], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("written")
    return {name: to_onnx(model, folder / f"{name}.onnx") for name, model in models.items()}


@pytest.fixture(scope="module")
def engines(
    models: dict[str, AudioTagging], written: dict[str, Path]
) -> dict[str, tuple[Engine, Engine]]:
    """What computes the network, and what computes the file."""
    return {name: (models[name].engine, OnnxEngine(path)) for name, path in written.items()}


def noise(*shape: int) -> np.ndarray:
    return (np.random.default_rng(len(shape)).standard_normal(shape) / 10).astype(np.float32)


def check_close(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert found[name].dtype == np.float32
        limit = 1e-5 * max(1, np.abs(value).max())
        np.testing.assert_allclose(found[name], value, rtol=0, atol=limit, err_msg=name)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_described_as_its_network(
    name: str, engines: dict[str, tuple[Engine, Engine]]
) -> None:
    network, file = engines[name]
    for name in (
        *("sample_rate", "hop_size", "output_names", "sizes", "statistics", "grid"),
        *("interpolation", "device"),
    ):
        assert getattr(file, name) == getattr(network, name), name
    assert schedule_of(file).batch_seconds == schedule_of(network).batch_seconds
    assert isinstance(file.grid, Grid)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 9999), (3, 40_000), (5, 32_000)])
def test_outputs_are_those_of_the_network(
    name: str, shape: tuple[int, int], engines: dict[str, tuple[Engine, Engine]]
) -> None:
    network, file = engines[name]
    waveforms = noise(*shape)
    check_close(file.outputs(waveforms), network.outputs(waveforms))
    # Samples of another type and order, as callers have them.
    check_close(file.outputs(np.asfortranarray(waveforms, float)), file.outputs(waveforms))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n_samples", [1, 50_000])
def test_segments_and_what_is_concluded_from_them_are_those_of_the_network(
    name: str, n_samples: int, engines: dict[str, tuple[Engine, Engine]]
) -> None:
    network, file = engines[name]
    waveform = noise(n_samples)
    segmentwise = file.segmentwise(waveform)
    check_close(segmentwise, network.segmentwise(waveform))
    both = {
        "maximum": segmentwise["features"].max(axis=-1).astype(float),
        "sum": segmentwise["features"].sum(axis=-1, dtype=float),
    }
    statistics = {name: both[name] for name in file.statistics}
    n_segments = segmentwise["features"].shape[-1]
    concluded = file.conclude(statistics, n_segments)
    check_close(concluded, network.conclude(statistics, n_segments))
    outputs = file.outputs(waveform[None])
    check_close(concluded, {key: outputs[key][0] for key in ("clipwise_output", "embedding")})


@pytest.mark.parametrize("name", NAMES)
def test_small_memory_gives_the_same(
    name: str, written: dict[str, Path], engines: dict[str, tuple[Engine, Engine]]
) -> None:
    waveforms = noise(2, 40_000)
    found = OnnxEngine(written[name], memory="small").outputs(waveforms)
    check_close(found, engines[name][0].outputs(waveforms))


def test_small_memory_is_less(tmp_path: Path) -> None:
    network = build("Cnn10")  # 20 MB of weights
    model = AudioTagging(network, device="cpu", pretrained=False, verbose=False)
    path = to_onnx(model, tmp_path / "Cnn10.onnx")
    code = (
        "import re, sys; from pathlib import Path; import numpy as np; "
        "from panns_inference.engine.onnx import OnnxEngine; "
        "engine = OnnxEngine(sys.argv[1], memory=sys.argv[2]); "
        "engine.outputs(np.zeros((1, 32000), np.float32)); "
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', Path('/proc/self/status').read_text())[1])"
    )
    default, small = (
        int(subprocess.check_output([sys.executable, "-c", code, path, memory]))
        for memory in ("default", "small")
    )
    assert small < default - 10_000  # kB


def test_another_memory_is_refused(written: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="memory must be 'default' or 'small', not 'tiny'"):
        AudioTagging(written["PannsMini"], memory="tiny")


def test_threads_that_share_the_cores_give_the_same(written: dict[str, Path]) -> None:
    file = OnnxEngine(written["PannsMini"], threads=4)
    assert (file.threads, file.schedule.workers) == (4, 4)
    waveforms = noise(1, 30_000)
    wanted, found = file.outputs(waveforms), {}

    def hear(number: int) -> None:
        file.schedule.enter_worker(4)
        found[number] = file.outputs(waveforms)

    threads = [threading.Thread(target=hear, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for outputs in found.values():
        check_close(outputs, wanted)
    assert len(found) == 4


def test_results_depend_on_the_file(written: dict[str, Path]) -> None:
    found = [OnnxEngine(path).identity() for path in written.values()]
    assert found[0]["weights"] != found[1]["weights"]
    assert all(each["weights"].startswith("sha256:") for each in found)
    assert found[0]["precision"] == "float32"
    assert found[0]["runtime"].startswith("onnxruntime ")


def test_a_file_that_is_not_there_is_missed(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"none\.onnx cannot be read: No such file"):
        OnnxEngine(tmp_path / "none.onnx")


@pytest.mark.parametrize("damaged", [b"", b"no network", b"\x00" * 5000])
def test_what_is_no_onnx_is_refused(damaged: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(damaged)
    with pytest.raises(CheckpointError, match="is no network in ONNX that this package wrote"):
        OnnxEngine(path)


def somebody_elses() -> onnx.ModelProto:
    given = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1])
    wanted = helper.make_tensor_value_info("found", TensorProto.FLOAT, [1])
    graph = helper.make_graph(
        [helper.make_node("Relu", ["image"], ["found"])], "g", [given], [wanted]
    )
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def resealed(model: onnx.ModelProto, path: Path) -> None:
    """Write a model with the right checksum."""
    kept = [entry for entry in model.metadata_props if entry.key != "sha256"]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    path.write_bytes(with_checksum(model.SerializeToString()))


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(somebody_elses().SerializeToString())
    with pytest.raises(
        CheckpointError, match="no checksum at its end; write one with panns export"
    ):
        OnnxEngine(path)


def test_a_damaged_file_is_refused(written: dict[str, Path], tmp_path: Path) -> None:
    damaged = bytearray(written["LeeNet11"].read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path = tmp_path / "damaged.onnx"
    path.write_bytes(damaged)
    with pytest.raises(CheckpointError, match=r"damaged, or was changed .*sha256 is .*, expected"):
        OnnxEngine(path)
    path.write_bytes(damaged[:-1000])
    with pytest.raises(CheckpointError, match="no checksum at its end"):
        OnnxEngine(path)


def test_a_file_of_another_version_is_refused(written: dict[str, Path], tmp_path: Path) -> None:
    model = onnx.load(written["LeeNet11"])
    kept = [entry for entry in model.metadata_props if entry.key != "grid"]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    path = tmp_path / "later.onnx"
    resealed(model, path)
    with pytest.raises(CheckpointError, match=r"says too little .*another version .*\('grid'\)"):
        OnnxEngine(path)


def test_a_file_that_the_runtime_cannot_open_is_refused(
    written: dict[str, Path], tmp_path: Path
) -> None:
    model = onnx.load(written["LeeNet11"])
    model.opset_import[0].version = 999
    path = tmp_path / "later.onnx"
    resealed(model, path)
    with pytest.raises(
        CheckpointError, match=r"later\.onnx cannot be opened by onnxruntime .* old"
    ):
        OnnxEngine(path)


def test_other_inputs_are_refused(written: dict[str, Path], tmp_path: Path) -> None:
    model, other = onnx.load(written["LeeNet11"]), somebody_elses()
    other.metadata_props.extend(model.metadata_props)
    path = tmp_path / "image.onnx"
    resealed(other, path)
    with pytest.raises(CheckpointError, match="takes image, expected waveform; write one"):
        OnnxEngine(path)
    model.graph.output.pop()
    resealed(model, path)
    with pytest.raises(
        CheckpointError, match=r"gives clipwise_output, embedding, expected .*segmentwise_features"
    ):
        OnnxEngine(path)


def test_a_file_that_changes_while_it_is_open_is_not_mixed_with_the_other(
    written: dict[str, Path], tmp_path: Path
) -> None:
    path = Path(shutil.copy(written["PannsMini"], tmp_path / "open.onnx"))
    engine = OnnxEngine(path, threads=2)
    wanted = engine.outputs(noise(1, 30_000))
    shutil.copy(written["LeeNet11"], path)
    check_close(engine.outputs(noise(1, 30_000)), wanted)
    engine.schedule.enter_worker(2)  # which needs another session
    with pytest.raises(CheckpointError, match=r"open\.onnx was changed since it was opened"):
        engine.outputs(noise(1, 30_000))


def test_without_the_extra_its_name_is_said(written: dict[str, Path], tmp_path: Path) -> None:
    shutil.copy(written["LeeNet11"], tmp_path / "lee.onnx")
    (tmp_path / "onnxruntime.py").write_text("raise ImportError('not here')")
    code = (
        "from panns_inference import AudioTagging, UsageError\n"
        "try: AudioTagging('lee.onnx')\n"
        "except UsageError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "a network in a file of ONNX is computed by ONNX Runtime: "
        "pip install 'panns-inference[onnx]'\n"
    )


def test_the_checksum_is_an_entry_like_the_others(written: dict[str, Path]) -> None:
    model = onnx.load(written["PannsMini"])
    assert model.metadata_props[-1].key == "sha256"
    assert (
        f"sha256:{model.metadata_props[-1].value}"
        == OnnxEngine(written["PannsMini"]).identity()["weights"]
    )
