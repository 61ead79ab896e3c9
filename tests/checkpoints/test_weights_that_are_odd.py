"""Files that hold something else than plain, finite weights of the network, and no files at all."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from filled import on_meta, save_stream, zeros
from torch import Tensor, nn

from panns_inference.checkpoints import identify, load, read_state
from panns_inference.checkpoints.cache import problem_of_weights
from panns_inference.errors import CheckpointError
from panns_inference.models import build

Change = Callable[[Tensor], Any]


@pytest.fixture
def state() -> dict[str, Tensor]:
    return build("LeeNet11").state_dict()


def saved(state: dict[str, Any], path: Path, zipped: bool = True) -> Path:
    torch.save({"model": state}, path, _use_new_zipfile_serialization=zipped)
    return path


ODD = {
    "sparse": (lambda t: t.to_sparse(), "layout torch.sparse_coo"),
    "csr": (lambda t: t.to_sparse_csr(), "layout torch.sparse_csr"),
    "quantised": (
        lambda t: torch.quantize_per_tensor(t, 0.1, 0, torch.qint8),
        "a quantised tensor",
    ),
    "meta": (lambda t: t.to("meta"), "without values, on the meta device"),
    "nested": (lambda t: torch.nested.nested_tensor([t, t[:1]]), "a nested tensor"),
}


@pytest.mark.filterwarnings("ignore::UserWarning")  # of torch: such tensors are not finished
@pytest.mark.parametrize("kind", ODD)
def test_tensors_whose_values_do_not_simply_lie_in_memory(
    state: dict[str, Any], tmp_path: Path, kind: str
) -> None:
    change, found = ODD[kind]
    state["fc1.weight"] = change(state["fc1.weight"])
    path = saved(state, tmp_path / "odd.pth")
    for ask in (read_state, identify, lambda path: load(on_meta("LeeNet11"), path)):
        with pytest.raises(CheckpointError, match=f"holds .*{found}.* in 'fc1.weight', where"):
            ask(path)


@pytest.mark.parametrize("dtype", [torch.complex64, torch.int8, torch.bool])
@pytest.mark.parametrize("make", [build, on_meta])
def test_numbers_of_another_kind(
    state: dict[str, Any], tmp_path: Path, dtype: torch.dtype, make: Callable[[str], Any]
) -> None:
    state["fc1.weight"] = state["fc1.weight"].to(dtype)
    path = saved(state, tmp_path / "odd.pth")
    message = f"of another type: fc1.weight {dtype}, expected torch.float32$"
    with pytest.raises(CheckpointError, match=message):
        load(make("LeeNet11"), path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e300])
@pytest.mark.parametrize("make", [build, on_meta])
@pytest.mark.parametrize("zipped", [True, False])
def test_values_that_are_not_finite(
    state: dict[str, Any],
    tmp_path: Path,
    value: float,
    make: Callable[[str], Any],
    zipped: bool,
) -> None:
    """1e300 is finite in the file, and not in the network."""
    state["fc1.weight"] = state["fc1.weight"].double()
    state["fc1.weight"][3, 4] = value
    path = saved(state, tmp_path / "odd.pth", zipped)
    network = make("LeeNet11")
    before = {key: id(tensor) for key, tensor in network.named_parameters()}
    with pytest.raises(CheckpointError, match=r"NaN or infinite in fc1.weight \(1 of 131,072 val"):
        load(network, path)
    assert {key: id(tensor) for key, tensor in network.named_parameters()} == before


@pytest.mark.parametrize(("value", "problem"), [(1.0, ""), (float("nan"), "fc1.weight (1 of")])
def test_numbers_of_which_torch_has_no_sums(
    state: dict[str, Any], tmp_path: Path, value: float, problem: str
) -> None:
    state["fc1.weight"][3, 4] = value
    state["fc1.weight"] = state["fc1.weight"].to(torch.float8_e5m2)
    found = problem_of_weights(saved(state, tmp_path / "odd.pth"), "LeeNet11")
    assert problem in found
    assert bool(found) == bool(problem)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_of_parameters_leaves_buffers_what_they_are(
    state: dict[str, Any], tmp_path: Path, zipped: bool
) -> None:
    changed = {key: nn.Parameter(t, t.is_floating_point()) for key, t in state.items()}
    network = load(on_meta("LeeNet11"), saved(changed, tmp_path / "odd.pth", zipped))
    assert not any(b.requires_grad or isinstance(b, nn.Parameter) for b in network.buffers())
    assert torch.equal(copy.deepcopy(network).fc1.weight, state["fc1.weight"])


def test_large_weights_whose_sum_overflows_are_finite(
    state: dict[str, Tensor], tmp_path: Path
) -> None:
    state["fc1.weight"][:] = 3e38
    network = load(on_meta("LeeNet11"), saved(state, tmp_path / "large.pth"))
    assert torch.equal(network.fc1.weight, state["fc1.weight"])


def test_a_second_dimension_that_does_not_fit(state: dict[str, Any], tmp_path: Path) -> None:
    state["fc_audioset.weight"] = torch.zeros(527, 1024)
    path = saved(state, tmp_path / "odd.pth")
    with pytest.raises(CheckpointError) as error:
        load(on_meta("LeeNet11"), path)
    assert str(error.value).splitlines()[1:] == [
        "  of another shape: fc_audioset.weight (527, 1024), expected (527, 512)",
        "it fits none of the networks of this package",
    ]


@pytest.mark.parametrize("n", [0, 10**15])
def test_a_number_of_classes_that_no_network_can_have(tmp_path: Path, n: int) -> None:
    state = zeros("LeeNet11")
    for key in ("fc_audioset.weight", "fc_audioset.bias"):
        state[key] = torch.zeros(()).expand(n, *state[key].shape[1:])
    path = save_stream(state, tmp_path / "odd.pth")
    with pytest.raises(CheckpointError, match=r"of another shape: fc_audioset\.weight"):
        load(on_meta("LeeNet11"), path)
    with pytest.raises(CheckpointError, match="of another shape"):
        load(on_meta("Cnn6"), path)


def test_a_zip_that_was_packed_again(state: dict[str, Tensor], tmp_path: Path) -> None:
    """Torch maps the bytes as they stand in the file: compressed ones would be noise."""
    path, packed = saved(state, tmp_path / "a.pth"), tmp_path / "b.pth"
    with (
        zipfile.ZipFile(path) as old,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    with pytest.raises(CheckpointError, match="is a compressed or encrypted zip archive"):
        read_state(packed)


OPEN = """
import sys
from panns_inference.checkpoints import identify, read_state, verify, CHECKPOINTS
from panns_inference.errors import CheckpointError
for ask in (read_state, identify, lambda path: verify(path, CHECKPOINTS["LeeNet11"])):
    try:
        ask(sys.argv[1])
    except CheckpointError as error:
        print(error)
"""


@pytest.mark.parametrize("name", ["mine.pth", "Cnn14_mAP=0.431.pth"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    os.mkfifo(path)
    command = [sys.executable, "-c", OPEN, str(path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    expected = f"{path} is a pipe, not a file; save the weights to a file first\n"
    # A published name identifies the network without a look into the file.
    assert run.stdout == expected * (3 if name == "mine.pth" else 2)


def test_names_that_no_file_can_have() -> None:
    for name in ("a\0b.pth", "a" * 5000):
        with pytest.raises(CheckpointError, match=r"^cannot read "):
            identify(name)
    with pytest.raises(CheckpointError, match="/dev/zero is a device, not a file"):
        identify("/dev/zero")
