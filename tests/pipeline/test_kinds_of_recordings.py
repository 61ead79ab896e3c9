"""What a recording may be given as, one or many: the results are those of its file."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.errors import AudioError, AudioTypeError, PannsError, UsageError

RATE = 16_000


@pytest.fixture(scope="module")
def tagger() -> AudioTagging:
    return AudioTagging("PannsMini", device="cpu")


@pytest.fixture(scope="module")
def detector() -> SoundEventDetection:
    return SoundEventDetection("PannsMini", device="cpu")


@pytest.fixture(scope="module")
def stereo() -> np.ndarray:
    """Two seconds of two chirps, (samples, channels) int16."""
    time = np.arange(2 * RATE) / RATE
    chirps = np.stack([np.sin(2 * np.pi * (300 + 800 * time) * time), np.sin(2e4 * time**2)])
    return np.round(8000 * chirps.T).astype(np.int16)


@pytest.fixture(scope="module")
def file(stereo: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kinds") / "chirps.wav"
    soundfile.write(path, stereo, RATE)
    return path


@pytest.fixture(scope="module")
def files(file: Path) -> list[Path]:
    """Recordings of three lengths, two of which are alike in theirs."""
    samples, _ = soundfile.read(file)
    paths = [file.with_name(f"{name}.wav") for name in ("long", "short", "quiet", "odd")]
    lengths = [np.tile(samples, (17, 1)), samples, samples / 8, samples[:9999]]
    for path, waveform in zip(paths, lengths, strict=True):
        soundfile.write(path, waveform, RATE)
    return paths


class DatasetDecoder:
    """What Hugging Face's datasets give for the audio of a row, and torchcodec for a file."""

    def __init__(self, samples: np.ndarray) -> None:
        self.samples = samples
        self.n_decoded = 0

    def get_all_samples(self) -> SimpleNamespace:
        self.n_decoded += 1
        data = torch.from_numpy(self.samples.T / 32_768).float()
        return SimpleNamespace(data=data, sample_rate=RATE, pts_seconds=0.0)


def in_dict(**values: Any) -> dict[str, Any]:
    return values


KINDS: dict[str, Callable[[Path, np.ndarray], tuple[Any, ...]]] = {
    "text": lambda path, _: (str(path),),
    "bytes": lambda path, _: (path.read_bytes(),),
    "bytearray": lambda path, _: (bytearray(path.read_bytes()),),
    "BytesIO": lambda path, _: (io.BytesIO(path.read_bytes()),),
    "stream": lambda path, _: (SimpleNamespace(read=io.BytesIO(path.read_bytes()).read),),
    "int16 in columns": lambda _, x: (x, RATE),
    "int16 in rows": lambda _, x: (x.T, RATE),
    "float64": lambda _, x: (x / 32_768, RATE),
    "float32": lambda _, x: ((x / 32_768).astype(np.float32), RATE),
    "int32": lambda _, x: (x.astype(np.int32) * 65_536, RATE),
    "tensor": lambda _, x: (torch.from_numpy(x.T / 32_768), RATE),
    "tensor of int16": lambda _, x: (torch.from_numpy(x), RATE),
    "tensor with a gradient": lambda _, x: (
        torch.from_numpy(x / 32_768).requires_grad_(),
        RATE,
    ),
    "lists": lambda _, x: ((x.T / 32_768).tolist(), RATE),
    "dict of samples": lambda _, x: (in_dict(array=x.T / 32_768, sampling_rate=RATE),),
    "dict of a list": lambda _, x: (in_dict(array=(x.T / 32_768).tolist(), sampling_rate=RATE),),
    "dict of pyannote": lambda _, x: (
        in_dict(waveform=torch.from_numpy(x.T / 32_768), sample_rate=RATE),
    ),
    "dict of a pipeline": lambda _, x: (in_dict(raw=x / 32_768, sampling_rate=RATE),),
    "view of numbers": lambda _, x: (memoryview(np.ascontiguousarray(x.T / 32_768)), RATE),
    "dict, rate apart": lambda _, x: (in_dict(array=x), RATE),
    "dict of bytes": lambda path, _: (in_dict(bytes=path.read_bytes(), path=None),),
    "dict of a path": lambda path, _: (in_dict(bytes=None, path=str(path)),),
    "row of a dataset": lambda _, x: (in_dict(audio=in_dict(array=x, sampling_rate=RATE), id=7),),
    "row with a decoder": lambda _, x: (in_dict(audio=DatasetDecoder(x)),),
    "decoder": lambda _, x: (DatasetDecoder(x),),
}


SOME = ["bytes", "stream", "int16 in columns", "row of a dataset", "decoder"]
"""Kinds that are read in ways of their own."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_what_the_file_gives(
    tagger: AudioTagging, file: Path, stereo: np.ndarray, kind: str
) -> None:
    found = tagger.tag(*KINDS[kind](file, stereo))
    np.testing.assert_array_equal(found.clipwise, tagger.tag(file).clipwise)
    assert (found.source_rate, found.duration) == (RATE, 2.0)


@pytest.mark.parametrize("kind", SOME)
def test_each_channel_of_every_kind(
    tagger: AudioTagging, file: Path, stereo: np.ndarray, kind: str
) -> None:
    found = tagger.embed(*KINDS[kind](file, stereo), channel="each")
    expected = tagger.embed(file, channel="each")
    assert [each.channel for each in found] == [1, 2]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.vector, other.vector)


@pytest.mark.parametrize("kind", SOME)
def test_events_of_every_kind(
    detector: SoundEventDetection, file: Path, stereo: np.ndarray, kind: str
) -> None:
    found = detector.events(*KINDS[kind](file, stereo), threshold=0.05)
    expected = list(detector.events(file, threshold=0.05))
    assert list(found) == expected != []


def test_the_name_is_the_one_that_is_given(
    tagger: AudioTagging, file: Path, stereo: np.ndarray
) -> None:
    content = file.read_bytes()
    given = {
        None: content,
        "a.flac": {"bytes": content, "path": "a.flac"},
        "b.flac": {"array": stereo, "sampling_rate": RATE, "path": "b.flac"},
        "c.flac": {"audio": {"array": stereo, "sampling_rate": RATE, "path": "c.flac"}},
    }
    assert [tagger.tag(each).source for each in given.values()] == list(given)


def test_a_list_gives_a_list(tagger: AudioTagging, files: list[Path]) -> None:
    found = tagger.tag(files)
    assert [each.source for each in found] == [str(path) for path in files]
    assert [each.duration for each in found] == [34.0, 2.0, 2.0, 9999 / RATE]
    for path, each in zip(files, found, strict=True):
        np.testing.assert_allclose(each.clipwise, tagger.tag(path).clipwise, atol=1e-6)


def test_recordings_of_one_length_are_one_batch(tagger: AudioTagging, files: list[Path]) -> None:
    sizes = []
    hook = tagger.model.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))
    try:
        tagger.tag(files[1:3])
    finally:
        hook.remove()
    assert sizes == [2]


def test_a_list_of_every_kind(tagger: AudioTagging, file: Path, stereo: np.ndarray) -> None:
    given = [args[0] for args in (KINDS[kind](file, stereo) for kind in KINDS) if len(args) == 1]
    expected = tagger.tag(file).clipwise
    assert len(given) > 10
    for each in tagger.tag(given):
        np.testing.assert_allclose(each.clipwise, expected, atol=1e-6)


ITERABLES: dict[str, Callable[[list[Path]], Any]] = {
    "tuple": tuple,
    "iterator": iter,
    "generator": lambda paths: (path for path in paths),
    "map": lambda paths: map(str, paths),
    "values of a dict": lambda paths: dict(enumerate(paths)).values(),
    "array": lambda paths: np.array(list(map(str, paths))),
    "column": lambda paths: pd.Series(list(map(str, paths))),
}


@pytest.mark.parametrize("kind", ITERABLES)
def test_any_iterable_of_recordings_is_a_list(
    detector: SoundEventDetection, files: list[Path], kind: str
) -> None:
    found = detector.detect(ITERABLES[kind](files[1:]))
    assert [each.source for each in found] == [str(path) for path in files[1:]]


@pytest.mark.parametrize("nothing", [[], (), iter([])], ids=["list", "tuple", "iterator"])
def test_no_recordings_give_no_results(tagger: AudioTagging, nothing: Any) -> None:
    assert tagger.tag(nothing) == tagger.tag(nothing, channel="each") == []


def test_arrays_in_a_list_are_recordings(tagger: AudioTagging, stereo: np.ndarray) -> None:
    first, second = stereo.T
    found = tagger.embed([first, torch.from_numpy(second.copy())], RATE)
    for samples, each in zip((first, second), found, strict=True):
        expected = tagger.embed(samples, RATE).vector
        np.testing.assert_allclose(each.vector, expected, atol=1e-5 * np.abs(expected).max())


def test_each_channel_of_a_list(tagger: AudioTagging, files: list[Path]) -> None:
    found = tagger.tag(files[1:3], channel="each")
    assert [[each.channel for each in of_one] for of_one in found] == [[1, 2], [1, 2]]
    assert [of_one[0].source for of_one in found] == [str(path) for path in files[1:3]]


def test_open_files_of_one_archive_do_not_disturb_each_other(
    tagger: AudioTagging, file: Path
) -> None:
    opened = io.BytesIO(file.read_bytes())
    expected = tagger.tag(file).clipwise
    for each in tagger.tag([opened] * 6):
        np.testing.assert_allclose(each.clipwise, expected, atol=1e-6)


def test_decoders_are_used_one_by_one(tagger: AudioTagging, stereo: np.ndarray) -> None:
    decoders = [DatasetDecoder(stereo) for _ in range(3)]
    assert len(tagger.tag(decoders)) == 3
    assert [decoder.n_decoded for decoder in decoders] == [1, 1, 1]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("no.wav", r"^recording 2 of the list: 'no.wav': no such file"),
        (np.zeros(100), r"^recording 2 of the list: samples in memory do not know their rate"),
        (
            {"array": [0.0], "sampling_rate": "16k"},
            r"^recording 2 of the list: sample_rate='16k' is no sample rate: give whole Hz from",
        ),
        (None, r"^recording 2 of the list: None is no recording: give a path"),
        (16_000, r"^recording 2 of the list: a value of type int is no recording"),
        (
            {"array": np.array([0, np.inf]), "sampling_rate": RATE},
            r"^recording 2 of the list: the recording has a sample of inf at 0.000 s",
        ),
    ],
    ids=["path", "rate", "no rate", "None", "number", "samples"],
)
def test_the_one_that_is_wrong_is_named(
    tagger: AudioTagging, file: Path, bad: Any, message: str
) -> None:
    with pytest.raises(PannsError, match=message):
        tagger.tag([file, bad])


def test_samples_and_their_rate_are_two_arguments(tagger: AudioTagging) -> None:
    pair = np.zeros(100), 16_000
    with pytest.raises(UsageError, match="recording 1 of the list: samples in memory do not know"):
        tagger.tag(pair)
    with pytest.raises(
        AudioTypeError, match=r"of the list: .* two arguments: tag\(samples, rate\)"
    ):
        tagger.tag(pair[::-1])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "None is no recording: give a path, an open file, the bytes of one, samples in"),
        (3, "a value of type int is no recording"),
        (object(), "a value of type object is no recording"),
        (Path, "a value of type type is no recording"),
        ({}, r"a dict with the keys \(none\) is no recording: expected 'array' and 'sampling_rate"),
        ({"text": "a", "id": 1}, "a dict with the keys 'text', 'id' is no recording: expected"),
        ([[0.5, 0.1], ["b"]], "recording 2 of the list: several recordings where one is expected"),
    ],
)
def test_what_is_no_recording_says_what_is_expected(
    tagger: AudioTagging, given: Any, message: str
) -> None:
    with pytest.raises(AudioTypeError, match=message):
        tagger.tag(given, 32_000)


def test_rates_that_do_not_go_with_the_recording(
    tagger: AudioTagging, file: Path, stereo: np.ndarray
) -> None:
    given = {"array": stereo, "sampling_rate": RATE}
    assert tagger.tag(given, RATE).duration == 2.0
    with pytest.raises(UsageError, match="sample_rate=44100 is not the 16000 Hz that the record"):
        tagger.tag(given, 44_100)
    with pytest.raises(UsageError, match="give sample_rate= in Hz"):
        tagger.tag({"array": stereo})
    for known in (file.read_bytes(), {"bytes": file.read_bytes()}, DatasetDecoder(stereo)):
        with pytest.raises(UsageError, match="a file knows its own"):
            tagger.tag(known, RATE)
    with pytest.raises(UsageError, match="track= is for files"):
        tagger.tag(DatasetDecoder(stereo), track=1)


def test_the_rate_is_of_samples_alone_in_a_list(tagger: AudioTagging, file: Path) -> None:
    samples = np.zeros(1000)
    with pytest.raises(UsageError, match=r"^recording 2 of the list: sample_rate= is for samples"):
        tagger.tag([samples, file], RATE)
    assert len(tagger.tag([{"array": samples, "sampling_rate": RATE}, file])) == 2


def test_a_list_has_no_iterator_of_its_own(
    tagger: AudioTagging, detector: SoundEventDetection, files: list[Path]
) -> None:
    with pytest.raises(AudioTypeError, match="several recordings where one is expected"):
        next(tagger.tags(files, window=1.0))
    with pytest.raises(AudioTypeError, match="several recordings where one is expected"):
        next(detector.events(files))


def test_inference_takes_samples_alone(tagger: AudioTagging, file: Path) -> None:
    with pytest.raises(TypeError, match=r"is bytes, not samples: tag\(\) and its like take those"):
        tagger.inference(file.read_bytes())
    with pytest.raises(TypeError, match=r"takes samples, not files: tag\(.*\) reads one"):
        tagger.inference(file)
    with pytest.raises(AudioError, match="values of type object, which are no samples"):
        tagger.inference({"array": np.zeros(100), "sampling_rate": RATE})
