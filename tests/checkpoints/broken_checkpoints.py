"""Two hundred files that only seem to hold weights, made from good ones with a fixed seed."""

from __future__ import annotations

import io
import os
import pickle
import socket
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from panns_inference.models import build

FLIPS, CUTS = 60, 60


def saved(content: Any, zipped: bool) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def damaged(state: dict[str, Tensor]) -> Iterator[tuple[str, bytes]]:
    """Good files that were cut, or in whose structure bytes were changed."""
    random = np.random.default_rng(0)
    for zipped in (True, False):
        whole, kind = saved({"model": state}, zipped), "zip" if zipped else "stream"
        for number in range(CUTS // 2):
            yield f"{kind}-cut-{number}", whole[: int(random.integers(0, len(whole) - 1))]
        edges = np.r_[0:6_000, len(whole) - 12_000 : len(whole)]
        for number in range(FLIPS // 2):
            content = bytearray(whole)
            for at in random.choice(edges, 20, replace=False):
                content[int(at)] = int(random.integers(256))
            yield f"{kind}-flips-{number}", bytes(content)


CHANGES: dict[str, Callable[[Tensor], Any]] = {
    "coo": lambda t: t.to_sparse(),
    "csr": lambda t: t.to_sparse_csr() if t.ndim == 2 else t.to_sparse(),
    "quantised": lambda t: torch.quantize_per_tensor(t, 0.1, 0, torch.qint8),
    "meta": lambda t: t.to("meta"),
    "nested": lambda t: torch.nested.nested_tensor([t, t[:1]]),
    "complex": lambda t: t.to(torch.complex64),
    "int8": lambda t: t.to(torch.int8),
    "bool": lambda t: t.bool(),
    "nan": lambda t: t * float("nan"),
    "inf": lambda t: t + float("inf"),
    "float8 nan": lambda t: (t * float("nan")).to(torch.float8_e5m2),
    "too large": lambda t: t.double() * 0 + 1e300,
    "one dimension more": lambda t: t[None],
    "none at all": lambda t: t.reshape(-1)[:0],
    "a scalar": lambda t: t.sum(),
    "huge": lambda t: torch.zeros(()).expand(10**15, *t.shape[1:]),
    "a list": lambda t: [1.0, 2.0],
    "an array": lambda t: t.numpy(),
    "nothing": lambda t: None,
}
KEYS = ("fc_audioset.weight", "fc_audioset.bias", "fc1.weight")


def changed(state: dict[str, Tensor]) -> Iterator[tuple[str, bytes]]:
    """One tensor is something else."""
    for key in KEYS:
        for name, change in CHANGES.items():
            content = saved({"model": {**state, key: change(state[key])}}, name != "huge")
            yield f"{name} in {key}".replace(" ", "-"), content


def archive(members: dict[str, bytes], compression: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return file.getvalue()


def others(state: dict[str, Tensor]) -> Iterator[tuple[str, bytes]]:
    """Other contents altogether."""
    with zipfile.ZipFile(io.BytesIO(saved({"model": state}, True))) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    root = next(iter(members)).split("/")[0]
    yield "packed", archive(members, zipfile.ZIP_DEFLATED)
    yield "bomb", archive({**members, f"{root}/data/0": bytes(1 << 27)}, zipfile.ZIP_DEFLATED)
    yield "bomb-of-a-pickle", archive({"a/data.pkl": bytes(1 << 27)}, zipfile.ZIP_DEFLATED)
    for name in members:
        if name.endswith(("data.pkl", "data/0", "version", "byteorder")):
            rest = {key: value for key, value in members.items() if key != name}
            yield f"without-{Path(name).name}", archive(rest, zipfile.ZIP_STORED)
            yield f"empty-{Path(name).name}", archive({**members, name: b""}, zipfile.ZIP_STORED)
    stack = b"\x80\x02" + b"(" * 100_000 + b"l" * 100_000 + b"."
    yield "deep-pickle", archive({**members, f"{root}/data.pkl": stack}, zipfile.ZIP_STORED)
    for name, content in {
        "html": b"<html>log in</html>", "empty": b"", "zeros": bytes(5_000),
        "pickle": pickle.dumps(state), "npz": b"PK\x05\x06" + bytes(18), "text": b"weights\n",
    }.items():  # fmt: skip
        yield name, content
    for content in ([], {}, {"model": {}}, {"model": 5}, {"model": [1]}, {1: 2}, state["fc1.bias"],
                    {"state_dict": {"a": "b"}}, {"model": {"a": torch.ones(2)}},
                    {"model": state, "panns": 5}, {"model": state, "panns": {"format": 1}},
                    {"model": state, "ema": {key: t + 1 for key, t in state.items()}}):  # fmt: skip
        for zipped in (True, False):
            yield f"content-{type(content).__name__}-{id(content)}-{zipped}", saved(content, zipped)


def special(folder: Path) -> Iterator[Path]:
    """What is no file."""
    os.mkfifo(folder / "pipe.pth")
    (folder / "folder.pth").mkdir()
    (folder / "loop.pth").symlink_to("loop.pth")
    (folder / "dangling.pth").symlink_to("nothing")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(folder / "socket.pth"))
    names = ("pipe", "folder", "loop", "dangling", "socket", "missing")
    yield from (folder / f"{name}.pth" for name in names)
    yield from map(Path, ("/dev/zero", "/dev/null", f"{folder}/a\0b.pth", f"{folder}/{'a' * 300}"))


def broken(folder: Path) -> Iterator[Path]:
    """Paths of all of them."""
    state = build("LeeNet11").state_dict()
    for make in (damaged, changed, others):
        for number, (name, content) in enumerate(make(state)):
            path = folder / f"{number:03d}-{name}.pth"
            path.write_bytes(content)
            yield path
    yield from special(folder)
