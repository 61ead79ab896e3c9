"""Recordings with annotations become clips with and without their classes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from panns_inference import AudioError, UsageError
from panns_inference.events import Event
from panns_inference.training.data import Clip, pack, read_annotated, read_dataset
from panns_inference.training.data.annotated import clips_of

TRACK = "1.0\t1.5\tDog\n3.0\t8.6\tRain\n"
"""Of Audacity, for the street, which lasts 9 s."""

TABLE = "filename,onset,offset,event_label\nstreet.flac,1.0,1.5,Dog\nstreet.flac,3,8.6,Rain\n"

RAVEN = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tAnnotation\n"
    "1\tSpectrogram 1\t1\t1.0\t1.5\tDog\n2\tSpectrogram 1\t1\t3.0\t8.6\tRain\n"
)

FORMS = {
    "street.txt": TRACK,
    "street.csv": "onset,offset,label\n1.0,1.5,Dog\n3.0,8.6,Rain\n",
    "street.Table.1.selections.txt": RAVEN,
}

WINDOWS = [
    ((0.25, 2.25), ("Dog",)),
    ((1.5, 3.0), ()),
    ((3.0, 5.0), ("Rain",)),
    ((5.0, 7.0), ("Rain",)),
    ((7.0, 8.6), ("Rain",)),
]
"""Of two seconds: before the dog there is too little, and behind the rain."""


@pytest.mark.parametrize("name", FORMS)
def test_events_are_in_the_middle_and_the_rest_is_negative(
    street: Path, tmp_path: Path, name: str
) -> None:
    for each in ("street.flac", "other.flac"):
        shutil.copy(street, tmp_path / each)
    (tmp_path / name).write_text(FORMS[name])
    windows = [((0.0, 1.0), ()), *WINDOWS]
    found = read_dataset(tmp_path, seconds=2.0)
    assert [((clip.onset, clip.offset), clip.labels) for clip in found.clips] == windows
    assert {clip.path for clip in found.clips} == {tmp_path / "street.flac"}
    assert found.labels == ("Dog", "Rain")
    times = ((1.0, 1.5, "Dog"), (3.0, 8.6, "Rain"))
    assert {clip.events for clip in found.clips} == {times}
    labels = ["Rain", "Cat", "Dog"]
    positives = read_dataset(tmp_path / name, seconds=2.0, negatives=False, labels=labels)
    # Where not all was annotated, a time is not known to be the only one.
    expected = (replace(clip, events=None) for clip in found.clips if clip.labels)
    assert positives.clips == tuple(expected)
    assert positives.labels == ("Rain", "Cat", "Dog")


def test_times_are_known_if_all_events_have_a_length_and_only_within_the_recording(
    street: Path,
) -> None:
    def times(*events: tuple[float, float]) -> set[object]:
        made = [Event(onset, offset, "x", "", 0, 1, 1) for onset, offset in events]
        return {clip.events for clip in clips_of(street, made, 9.0, 2.0)}

    assert times((8.0, 12.0), (9.5, 10.0), (1.0, 2.0)) == {((8, 9, "x"), (1, 2, "x"))}
    assert times((1.0, 2.0), (4.0, 4.0)) == {None}  # a point of Audacity's
    assert times() == {()}


def test_a_table_names_its_recordings(
    street: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "audio").mkdir()
    shutil.copy(street, tmp_path / "audio" / "street.ogg")
    (tmp_path / "events.csv").write_text(f"{TABLE}gone.wav,1,2,Dog\n")
    found = read_dataset(tmp_path / "events.csv", root=tmp_path / "audio", seconds=2.0)
    assert len(found.clips) == 6
    assert "1 of 2 annotated recordings are not in" in caplog.text
    assert "gone" in caplog.text


def test_what_annotates_nothing_is_refused(street: Path, tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(TABLE)
    with pytest.raises(AudioError, match="no recording"):
        read_annotated(tmp_path / "events.csv")
    for name in ("other", "another"):
        shutil.copy(street, tmp_path / f"{name}.flac")
    message = "annotates none of the 2 recordings in .*, but such as 'street': call annotations as"
    with pytest.raises(UsageError, match=message):
        read_annotated(tmp_path / "events.csv")
    (tmp_path / "events.csv").write_text("filename,onset,offset,event_label\n")
    with pytest.raises(
        UsageError, match=r"annotates none of the 2 recordings in .*: call annotatio"
    ):
        read_annotated(tmp_path / "events.csv")
    with pytest.raises(UsageError, match="seconds=0 is no length"):
        read_annotated(tmp_path, seconds=0)


def test_a_length_that_is_not_stated_is_found(tmp_path: Path) -> None:
    samples, rate = soundfile.read(Path(__file__).parents[3] / "examples" / "street.flac")
    soundfile.write(tmp_path / "a.mp3", samples[: 7 * rate], rate, format="MP3")
    (tmp_path / "a.txt").write_text("0\t1\tDog\n")
    last = read_annotated(tmp_path, seconds=2.0).clips[-1]
    assert last.offset == pytest.approx(7.0, abs=0.1)


def test_a_label_track_of_any_name_is_of_the_only_recording(street: Path, tmp_path: Path) -> None:
    shutil.copy(street, tmp_path)
    (tmp_path / "Label Track.txt").write_text(TRACK)
    found = read_dataset(tmp_path, seconds=2.0, negatives=False)
    assert [clip.labels for clip in found.clips] == [("Dog",), ("Rain",), ("Rain",), ("Rain",)]


@pytest.mark.parametrize("track", ["1\t3\tDog\n2\t2\tCat\n", "0\t0\tDog\n", "3\t3\tDog\n", ""])
def test_a_recording_that_cannot_be_read_is_for_those_who_decode_it(
    street: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, track: str
) -> None:
    shutil.copy(street, tmp_path)
    (tmp_path / "street.txt").write_text(TRACK)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    (tmp_path / "broken.txt").write_text(track)
    found = read_dataset(tmp_path, seconds=2.0)
    labels = tuple(label for label in ("Cat", "Dog") if label in track)
    assert found.clips[0] == Clip(tmp_path / "broken.wav", labels)
    assert {clip.path.name for clip in found.clips[1:]} == {"street.flac"}
    assert not caplog.text
    packed = pack(found, tmp_path / "packed", sample_rate=8000, seconds=2, workers=1)
    assert len(packed) == len(found.clips) - 1
    assert len(packed.broken) == 1
    assert "broken.wav" in str(packed.broken[0])


def test_events_behind_the_end_are_named(
    street: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copy(street, tmp_path)
    (tmp_path / "street.txt").write_text(f"{TRACK}1500\t2500\tCat\n9.5\t10\tDog\n")
    found = read_annotated(tmp_path)
    assert found.labels == ("Dog", "Rain")
    assert "2 annotated events begin behind the end of their recordings" in caplog.text
    assert "such as 'Cat' at 1500 s of " in caplog.text
    assert "street.flac, which lasts 9.00 s" in caplog.text


def test_a_label_at_a_point_is_of_what_follows(street: Path, tmp_path: Path) -> None:
    shutil.copy(street, tmp_path)
    (tmp_path / "street.txt").write_text("4.0\t4.0\tDog\n")
    found = read_annotated(tmp_path, seconds=2.0)
    assert [(clip.onset, clip.offset, clip.labels) for clip in found.clips] == [
        (0.0, 2.0, ()),
        (2.0, 4.0, ()),
        (3.0, 5.0, ("Dog",)),
        (4.0, 6.0, ("Dog",)),
        (6.0, 8.0, ()),
        (8.0, 9.0, ()),
    ]


def event(onset: float, offset: float, label: str = "Dog") -> Event:
    return Event(onset, offset, label, "", -1, 1.0, 1.0)


EVENTS = st.lists(
    st.builds(
        lambda onset, length, label: event(onset, onset + length, label),
        st.floats(0, 10),
        st.floats(0.01, 5),
        st.sampled_from("abc"),
    ),
    max_size=6,
)


@given(EVENTS, st.floats(0.5, 12))
def test_clips_lie_in_the_recording_and_hold_what_they_say(
    events: list[Event], seconds: float
) -> None:
    street = Path(__file__).parents[3] / "examples" / "street.flac"
    length = soundfile.info(street).duration
    found = clips_of(street, events, length, seconds)
    assert [clip.onset for clip in found] == sorted(clip.onset for clip in found)
    for clip in found:
        assert clip.offset is not None
        assert 0 <= clip.onset < clip.offset <= length
        assert clip.offset - clip.onset <= seconds + 1e-9
        overlapping = {
            each.label
            for each in events
            if each.onset < clip.offset - 1e-9 and clip.onset < each.offset - 1e-9
        }
        assert overlapping >= {*clip.labels}
        assert clip.labels or not overlapping
    short = [each for each in events if each.offset <= min(length, each.onset + seconds)]
    for each in short:
        assert any(
            each.label in clip.labels
            and clip.onset <= each.onset + 1e-9
            and each.offset <= (clip.offset or 0) + 1e-9
            for clip in found
        )
