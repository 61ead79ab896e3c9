"""One contestant of `runtimes.py`, in a process of its own, asked through a pipe.

    python runner.py KIND FOLDER THREADS

FOLDER holds `weights.pth`, `trunk.npz` and the inputs, written by `runtimes.py`. Each line of
standard input names an input and how often it is run; each line of standard output is the answer,
in JSON: seconds of every run, the largest resident size of the process so far in MB, and the file
with the probabilities. Nothing of the package is imported for the other runtimes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Runner = Callable[[Any], Array]

SETTINGS = (32000, 1024, 320, 64, 50, 14000, 527)

POOLED_BLOCKS = 5
"""Blocks of Cnn14 that end with an average of 2 x 2."""


def old(folder: Path, threads: int) -> Runner:
    """panns-inference 0.1.1: whichever package `PYTHONPATH` gives."""
    from panns_inference.models import Cnn14

    return _of_torch(Cnn14(*SETTINGS), folder, threads)


def plain(folder: Path, threads: int) -> Runner:
    """The network of this package as it is."""
    return old(folder, threads)


def engine(folder: Path, threads: int, precision: str = "float32") -> Runner:
    """The network of this package, fused_network."""
    import torch

    from panns_inference.checkpoints import load
    from panns_inference.engine.cpu import fused_network
    from panns_inference.models import build

    torch.set_num_threads(threads)
    with torch.device("meta"):
        network = build("Cnn14")
    fast = fused_network(load(network, folder / "weights.pth").eval(), precision)
    return _asked(fast)


def bf16(folder: Path, threads: int) -> Runner:
    """The same with precision='bf16'."""
    return engine(folder, threads, "bf16")


def compiled(folder: Path, threads: int) -> Runner:
    """The network of this package through torch.compile."""
    import torch

    from panns_inference.models import Cnn14

    network = Cnn14(*SETTINGS)
    run = _of_torch(network, folder, threads)
    trunk = torch.compile(network.trunk)
    network.trunk = lambda image: trunk(image)
    return run


def _of_torch(network: Any, folder: Path, threads: int) -> Runner:
    import torch

    torch.set_num_threads(threads)
    state = torch.load(folder / "weights.pth", weights_only=True)["model"]
    network.load_state_dict(state)
    return _asked(network.eval())


def _asked(network: Any) -> Runner:
    import torch

    def run(waveforms: Array) -> Array:
        with torch.no_grad():
            found: Array = network(torch.from_numpy(waveforms), None)["clipwise_output"].numpy()
        return found

    return run


def onnxruntime(folder: Path, threads: int) -> Runner:
    """ONNX Runtime on the log-mel image."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = ort.InferenceSession(_onnx(folder), options, providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {"image": image})[0]  # type: ignore[no-any-return]


def openvino(folder: Path, threads: int, precision: str = "f32") -> Runner:
    """OpenVINO on the log-mel image, in float32."""
    import openvino as ov

    core = ov.Core()
    model = core.read_model(_onnx(folder))
    config = {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": precision,
        "PERFORMANCE_HINT": "LATENCY",
    }
    request = core.compile_model(model, "CPU", config).create_infer_request()
    return lambda image: np.array(request.infer({"image": image})[0])


def openvino_bf16(folder: Path, threads: int) -> Runner:
    """OpenVINO in bf16."""
    return openvino(folder, threads, "bf16")


def exported(folder: Path, threads: int, name: str = "float32") -> Runner:
    """A file that this package wrote, in float32."""
    from panns_inference.engine.onnx import OnnxEngine

    engine = OnnxEngine(folder / f"{name}.onnx", threads)
    return lambda waveforms: engine.outputs(waveforms)["clipwise_output"]


def exported_int8(folder: Path, threads: int) -> Runner:
    """A file that this package wrote, in int8."""
    return exported(folder, threads, "int8")


def openvino_int8(folder: Path, threads: int) -> Runner:
    """OpenVINO on the same file."""
    import openvino as ov

    config = {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",  # of what is not in int8
        "PERFORMANCE_HINT": "LATENCY",
    }
    core = ov.Core()
    model = core.compile_model(core.read_model(folder / "int8.onnx"), "CPU", config)
    request = model.create_infer_request()
    return lambda waveforms: np.array(request.infer({"waveform": waveforms})["clipwise_output"])


def openvino_vnni(folder: Path, threads: int) -> Runner:
    """The same without AMX, as on chips that have none."""
    os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX512_CORE_VNNI"
    return openvino_int8(folder, threads)


def _onnx(folder: Path) -> bytes:
    """Cnn14 behind the front-end as an ONNX model, made of the folded weights."""
    from onnx import TensorProto, helper, numpy_helper

    weights = np.load(folder / "trunk.npz")
    constants = [numpy_helper.from_array(weights[name], name) for name in weights.files]
    nodes, x = [], "image"

    def add(kind: str, inputs: list[str], **attributes: Any) -> str:
        output = f"{kind}{len(nodes)}"
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    for number in range(12):
        names = [x, f"weight{number}", f"bias{number}"]
        x = add("Relu", [add("Conv", names, kernel_shape=[3, 3], pads=[1, 1, 1, 1])])
        if number % 2 and number // 2 < POOLED_BLOCKS:
            x = add("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
    x = add("ReduceMean", [x], axes=[3], keepdims=0)
    x = add("Add", [add(f"Reduce{n}", [x], axes=[2], keepdims=0) for n in ("Max", "Mean")])
    x = add("Relu", [add("Gemm", [x, "fc1", "fc1_bias"], transB=1)])
    x = add("Sigmoid", [add("Gemm", [x, "fc2", "fc2_bias"], transB=1)])
    given = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, "frames", 64])
    wanted = helper.make_tensor_value_info(x, TensorProto.FLOAT, ["batch", 527])
    graph = helper.make_graph(nodes, "Cnn14", [given], [wanted], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    serialised: bytes = model.SerializeToString()
    return serialised


def ncnn(folder: Path, threads: int) -> Runner:
    """Ncnn on the log-mel image, in float32, a clip at a time: it has no batches."""
    import ncnn as runtime

    _write_ncnn(folder)
    net = runtime.Net()
    net.opt.num_threads = threads
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    net.load_param(str(folder / "cnn14.param"))
    net.load_model(str(folder / "cnn14.bin"))

    def clip(image: Array) -> Array:
        extractor = net.create_extractor()
        extractor.input("image", runtime.Mat(np.ascontiguousarray(image)).clone())
        return np.array(extractor.extract("out")[1]).reshape(-1)

    return lambda images: np.stack([clip(image) for image in images])


def _write_ncnn(folder: Path) -> None:
    """Cnn14 behind the front-end as ncnn's two files: a list of layers, and raw weights."""
    weights = np.load(folder / "trunk.npz")
    layers, raw, x = [], [], "image"

    def add(kind: str, settings: str, *inputs: str, count: int = 1) -> list[str]:
        outputs = [f"b{len(layers)}_{i}" for i in range(count)]
        names = " ".join((*inputs, *outputs))
        layers.append((f"{kind} l{len(layers)} {len(inputs)} {count} {names} {settings}", count))
        return outputs

    def store(weight: Array, bias: Array) -> None:
        raw.extend((np.zeros(1, np.uint32), weight.ravel(), bias))

    for number in range(12):
        weight, bias = weights[f"weight{number}"], weights[f"bias{number}"]
        setting = f"0={len(weight)} 1=3 4=1 5=1 6={weight.size} 9=1"
        (x,) = add("Convolution", setting, x)
        store(weight, bias)
        if number % 2 and number // 2 < POOLED_BLOCKS:
            (x,) = add("Pooling", "0=1 1=2 2=2 5=1", x)
    # Mean over the bands; then maximum and mean over time.
    (x,) = add("Reduction", "0=3 1=0 -23303=1,2 4=0 5=1", x)
    first, second = add("Split", "", x, count=2)
    (largest,) = add("Reduction", "0=4 1=0 -23303=1,1 4=0 5=1", first)
    (mean,) = add("Reduction", "0=3 1=0 -23303=1,1 4=0 5=1", second)
    (x,) = add("BinaryOp", "0=0", largest, mean)
    for name, activation in (("fc1", "9=1"), ("fc2", "9=4")):
        weight = weights[name]
        (x,) = add("InnerProduct", f"0={len(weight)} 1=1 2={weight.size} {activation}", x)
        store(weight, weights[f"{name}_bias"])
    blobs = 1 + sum(count for _, count in layers)
    lines = ["7767517", f"{len(layers) + 1} {blobs}", "Input image 0 1 image"]
    lines += [line for line, _ in layers]
    text = "\n".join(lines).replace(f" {x} ", " out ") + "\n"
    (folder / "cnn14.param").write_text(text, encoding="ascii")
    (folder / "cnn14.bin").write_bytes(b"".join(part.tobytes() for part in raw))


RUNNERS = {
    "old": old,
    "plain": plain,
    "compiled": compiled,
    "engine": engine,
    "bf16": bf16,
    "onnxruntime": onnxruntime,
    "openvino": openvino,
    "openvino_bf16": openvino_bf16,
    "ncnn": ncnn,
    "exported": exported,
    "exported_int8": exported_int8,
    "openvino_int8": openvino_int8,
    "openvino_vnni": openvino_vnni,
}

ON_WAVEFORMS = (
    "old",
    "plain",
    "compiled",
    "engine",
    "bf16",
    "exported",
    "exported_int8",
    "openvino_int8",
    "openvino_vnni",
)
"""Those that are given waveforms; the others are given the finished log-mel image."""


def _peak() -> float:
    """Largest resident size in MB; of Linux, for getrusage counts the parent's in."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def main(runners: Mapping[str, Callable[[Path, int], Runner]], prefixes: Mapping[str, str]) -> None:
    """Answer until the pipe is closed.

    Args:
        runners: by kind.
        prefixes: what the names of a kind's inputs begin with, if it is not 'image'.
    """
    kind, folder, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    run = runners[kind](folder, threads)
    prefix = prefixes.get(kind, "image")
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        name, times = json.loads(line)
        given = np.load(folder / f"{prefix}_{name}.npy")
        seconds = []
        for _ in range(times):
            begun = time.perf_counter()
            found = run(given)
            seconds.append(time.perf_counter() - begun)
        output = folder / f"{kind}_{name}.npy"
        np.save(output, found)
        peak = _peak()
        answer = {"seconds": seconds, "peak": peak, "output": str(output)}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(RUNNERS, dict.fromkeys(ON_WAVEFORMS, "waveform"))
