"""From recordings to a network that knows their classes, by every door."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from panns_inference import AudioError, AudioTagging, SoundEventDetection, UsageError
from panns_inference.cli import main
from panns_inference.engine.onnx import OnnxEngine
from panns_inference.evaluation import read_annotations
from panns_inference.export import to_onnx
from panns_inference.metrics import Annotation, event_based, segment_based
from panns_inference.models.mini import PannsMini
from panns_inference.pipeline import EmbeddingTask
from panns_inference.training.data import Clip, Dataset, dataset, pack, read_dataset
from panns_inference.training.heads import transfer
from panns_inference.training.heads.embedding import embedded
from panns_inference.training.modes import MODES, Mode, Stage

RATE = 32_000
RNG = np.random.default_rng(0)


KINDS = ("noise", "silence", "tone")


def sound(kind: str, seconds: float = 2.0, draw: np.random.Generator = RNG) -> np.ndarray:
    """A tone, noise or next to nothing, each a little different."""
    time = np.arange(round(seconds * RATE)) / RATE
    if kind == "tone":
        return 0.3 * np.sin(2 * np.pi * draw.uniform(400, 900) * time)
    return draw.normal(0, 0.1 if kind == "noise" else 1e-4, len(time))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a subfolder for each class, of six recordings."""
    top = tmp_path_factory.mktemp("sounds")
    for kind in KINDS:
        (top / kind).mkdir()
        for k in range(6):
            soundfile.write(top / kind / f"{k}.wav", sound(kind), RATE)
    return top


@pytest.fixture(scope="module")
def mini() -> AudioTagging:
    return AudioTagging("PannsMini", device="cpu", verbose=False, threads=1)


@pytest.fixture(scope="module")
def leenet() -> AudioTagging:
    """A network with a softmax, of random weights: as an embedding, they will do."""
    return AudioTagging("LeeNet11", device="cpu", pretrained=False, verbose=False, threads=1)


@pytest.fixture(scope="module")
def mine(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command line writes."""
    path = tmp_path_factory.mktemp("mine") / "mine.pth"
    assert (
        main(
            [
                "transfer",
                str(folder),
                "-o",
                str(path),
                "--model",
                "PannsMini",
                "--device",
                "cpu",
                "--threads",
                "1",
            ]
        )
        == 0
    )
    return path


def test_a_folder_is_enough(mine: Path, folder: Path) -> None:
    page = json.loads(mine.with_suffix(".json").read_text())
    assert [each["label"] for each in page["classes"]] == [*KINDS]
    assert page["accuracy"] == 1
    assert mine.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    model = AudioTagging(str(mine), device="cpu", verbose=False, threads=1)
    assert model.labels == [*KINDS]
    assert len(model.thresholds) == 3
    for kind in model.labels:
        assert model.tag(folder / kind / "0.wav").top(1)[0].label == kind


def test_each_command_takes_it(
    mine: Path, folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = ["--model", str(mine), "--device", "cpu", "--threads", "1", "-f", "csv"]
    for wanted in (["tag", "--top", "1"], ["detect"]):
        assert main([*wanted, *given, str(folder / "tone" / "1.wav")]) == 0
        assert ",tone," in capsys.readouterr().out
    exported = tmp_path / "mine.onnx"
    assert main(["export", str(mine), "--to", "onnx", "-o", str(exported)]) == 0
    assert (
        main(
            [
                "tag",
                "--model",
                str(exported),
                "--top",
                "1",
                "-f",
                "csv",
                str(folder / "noise" / "1.wav"),
            ]
        )
        == 0
    )
    assert ",noise," in capsys.readouterr().out.replace(str(folder), "")


def test_events_are_where_the_sounds_are(mine: Path, tmp_path: Path) -> None:
    path = tmp_path / "scene.wav"
    kinds = ["silence", "tone", "silence", "noise", "silence", "tone", "silence"]
    soundfile.write(path, np.concatenate([*map(sound, kinds)]), RATE)
    detector = SoundEventDetection(str(mine), device="cpu", verbose=False, threads=1)
    found = detector.detect(path, exclude="silence", min_duration=0.5).events
    assert [event.label for event in found] == kinds[1::2]
    for k, event in enumerate(found):
        assert event.onset == pytest.approx(2 + 4 * k, abs=0.6)
        assert event.offset == pytest.approx(4 + 4 * k, abs=0.6)


@pytest.mark.parametrize("name", ["mini", "leenet"])
def test_the_network_gives_the_probabilities_of_the_head(
    name: str, folder: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from panns_inference.training.heads.examples import Examples

    model: AudioTagging = request.getfixturevalue(name)
    data = read_dataset(folder)
    found = embedded(data, model)
    activation = "sigmoid" if name == "mini" else "softmax"
    strength = Examples(data, found.embeddings, activation).learn().strength
    oracle = LogisticRegression(C=1 / strength, max_iter=1000)
    oracle = make_pipeline(
        StandardScaler(), OneVsRestClassifier(oracle) if name == "mini" else oracle
    )
    targets = data.targets if name == "mini" else data.targets.argmax(axis=1)
    expected = oracle.fit(found.embeddings.astype(float), targets).predict_proba(
        found.embeddings.astype(float)
    )
    path = transfer(data, model).save(tmp_path / "mine.safetensors")
    again = AudioTagging(str(path), device="cpu", verbose=False, threads=1)
    tags = again.tag([clip.path for clip in data.clips])
    np.testing.assert_allclose([each.clipwise for each in tags], expected, atol=1e-5)
    exported = to_onnx(again, tmp_path / "mine.onnx")
    onnx = AudioTagging(str(exported), verbose=False)
    assert isinstance(onnx.engine, OnnxEngine)
    np.testing.assert_allclose(onnx.tag(data.clips[0].path).clipwise, expected[0], atol=1e-4)


def test_a_broken_recording_is_left_out(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(folder, tmp_path / "sounds")
    (tmp_path / "sounds" / "noise" / "9.wav").write_text("no sound")
    given = [
        "--model",
        "PannsMini",
        "--device",
        "cpu",
        "--threads",
        "1",
        "-o",
        str(tmp_path / "mine.pth"),
    ]
    assert main(["transfer", str(tmp_path / "sounds"), *given]) == 1
    assert "left out 1 of 19 clips" in capsys.readouterr().err
    assert (tmp_path / "mine.pth").exists()


def test_a_broken_recording_of_several_clips_is_named_once(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.wav").write_text("no sound")
    good = [f"{path},{path.parent.name},," for path in sorted(folder.rglob("*.wav"))]
    rows = ["path,label,onset,offset", "broken.wav,tone,0,1", "broken.wav,tone,1,2", *good]
    (tmp_path / "clips.csv").write_text("\n".join(rows))
    given = ["--model", "PannsMini", "--device", "cpu", "--threads", "1"]
    assert (
        main(["transfer", str(tmp_path / "clips.csv"), *given, "-o", str(tmp_path / "m.pth")]) == 1
    )
    error = capsys.readouterr().err
    assert f"left out 2 of {len(good) + 2} clips" in error
    assert error.count("broken.wav") == 1


def test_nothing_is_overwritten(
    mine: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = mine.read_bytes()
    for path in (mine, mine.with_suffix(".safetensors")):
        assert main(["transfer", str(folder), "-o", str(path)]) == 2
        assert "is there already" in capsys.readouterr().err
    assert mine.read_bytes() == before
    assert main(["transfer", str(folder), "-o", str(mine.with_suffix(".txt"))]) == 2
    assert "end it in .pth" in capsys.readouterr().err


def test_folders_of_what_is_written_are_made(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, results = tmp_path / "networks/new/mine.pth", tmp_path / "results"
    given = ["--model", "PannsMini", "--device", "cpu", "--threads", "1"]
    written = ["-o", str(output), "--results", str(results)]
    assert main(["transfer", str(folder), *given, *written]) == 0
    assert [path.name for path in sorted(results.iterdir())] == ["mine.json", "mine.png"]
    capsys.readouterr()
    # Where there can be no folder, nothing is computed before that is said.
    assert main(["transfer", str(folder), *given, "-o", f"{output}/other.pth"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "other.pth cannot be written: " in line


def test_stretches_of_a_recording_are_clips(mini: AudioTagging, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    whole = np.concatenate([sound("tone"), sound("noise"), sound("silence")])
    soundfile.write(path, whole, RATE)
    times = [(0.0, 2.0), (4.0, None), (2.0, 4.0), (60.0, 61.0)]
    clips = [Clip(path, ("x",), onset, offset) for onset, offset in times]
    found = embedded(dataset([*clips, Clip(path, ())]), mini)
    assert [clip.onset for clip in found.dataset.clips] == [0, 4, 2, 0]
    stored, _ = soundfile.read(path, dtype="float32")
    for row, (onset, offset) in zip(found.embeddings, [*times[:3], (0, None)], strict=True):
        stretch = stored[round(onset * RATE) : None if offset is None else round(offset * RATE)]
        np.testing.assert_allclose(row, mini.embed(stretch, RATE).vector, atol=1e-5)
    (failure,) = found.failures
    assert failure.cause == f"{path} ends after 6.00 s, before this clip begins"


def test_a_class_without_a_clip_that_can_be_read_is_named(
    mini: AudioTagging, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for kind in ("tone", "noise"):
        soundfile.write(tmp_path / f"{kind}.wav", sound(kind), RATE)
    names = {"tone.wav": ("a",), "noise.wav": ("b",), "gone.wav": ("c",), "too.wav": ("a",)}
    found = transfer(dataset([Clip(tmp_path / name, names[name]) for name in names]), mini)
    assert len(found.failures) == 2
    assert found.n_clips == 2
    assert "nothing is learnt of 'c': no clip of it could be read" in caplog.text


def test_several_classes_at_a_time_and_none(mini: AudioTagging, tmp_path: Path) -> None:
    kinds, clips = ("tone", "noise"), []
    for k in range(16):
        held = [kind for bit, kind in enumerate(kinds) if k >> bit & 1]
        path = tmp_path / f"{k}.wav"
        soundfile.write(path, sum([sound(kind) for kind in held], np.full(2 * RATE, 1e-5)), RATE)
        clips.append(Clip(path, tuple(held)))
    found = transfer(dataset(clips), mini)
    assert found.results is not None
    assert found.results.confusion is None
    assert found.results.mean_average_precision > 0.9


def test_a_path_stands_for_what_it_holds(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    one, other = (transfer(each, mini) for each in (folder, read_dataset(folder)))
    assert (one.labels, one.thresholds) == (KINDS, other.thresholds)
    packed = pack(str(folder), tmp_path / "packed", sample_rate=8000, seconds=1, workers=1)
    assert packed.waveforms([17]).shape == (1, 8000)
    with pytest.raises(UsageError, match="is not there: give a folder with a subfolder"):
        transfer("missing", mini)


def test_too_few_clips_are_learnt_from_all_the_same(mini: AudioTagging, folder: Path) -> None:
    data = read_dataset(folder)
    few = data.where(lambda clip: clip.path.stem == "0")
    found = transfer(few, mini)
    assert found.results is None
    assert found.n_clips == 3
    assert found.thresholds == (0.5,) * 3


def test_what_cannot_be_learnt_is_refused(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    (path, *_) = (folder / "tone").iterdir()
    only = Dataset((Clip(path, ("tone",)),) * 2, ("tone",))
    with pytest.raises(UsageError, match="all clips are of the one class 'tone': give clips"):
        transfer(only, mini)
    broken = Dataset((Clip(tmp_path / "x.wav", ("tone",)), Clip(tmp_path / "y.wav", ())), ("tone",))
    with pytest.raises(AudioError, match=r"none of the clips can be read: .*x\.wav"):
        transfer(broken, mini)
    slow = AudioTagging(
        "Cnn14_DecisionLevelMax", device="cpu", pretrained=False, verbose=False, threads=1
    )
    with pytest.raises(UsageError, match="let it learn by transfer_in_mode"):
        transfer(only, slow)


def test_a_network_of_another_family_learns(folder: Path, tmp_path: Path) -> None:
    """EfficientAT's last layer is given more than the embedding."""
    model = AudioTagging("mn01_as", device="cpu", pretrained=False, verbose=False, threads=1)
    found = transfer(read_dataset(folder), model)
    again = AudioTagging(
        str(found.save(tmp_path / "mine.pth")), device="cpu", verbose=False, threads=1
    )
    assert again.network.activation == "softmax"
    tags = again.tag(folder / "tone" / "0.wav")
    assert tags.clipwise.sum() == pytest.approx(1, abs=1e-5)


def test_embeddings_are_computed_once(
    mini: AudioTagging, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole recordings and stretches; what is new or has changed is computed."""
    paths = [tmp_path / f"{k}.wav" for k in range(3)]
    for path in paths:
        soundfile.write(path, sound("noise"), RATE)
    clips = [Clip(paths[0], ("x",)), Clip(paths[1], ("x",), 0.0, 1.0), Clip(paths[2], (), 0.5)]
    first = embedded(dataset(clips), mini)
    computed: list[int] = []
    results = EmbeddingTask.results

    def counted(task: EmbeddingTask, waveforms: list, names: list) -> list:
        computed.append(len(waveforms))
        return results(task, waveforms, names)

    monkeypatch.setattr(EmbeddingTask, "results", counted)
    again = embedded(dataset(clips), mini)
    assert not computed
    np.testing.assert_array_equal(again.embeddings, first.embeddings)
    more = [*clips, Clip(paths[1], (), 1.0, 2.0)]
    soundfile.write(paths[2], sound("noise", 3.0), RATE)
    third = embedded(dataset(more), mini)
    assert sum(computed) == 3  # two stretches of the second recording, and one of the third
    np.testing.assert_array_equal(third.embeddings[:2], first.embeddings[:2])
    assert (third.embeddings[2] != first.embeddings[2]).any()
    elsewhere = embedded(dataset(more), mini, tmp_path / "elsewhere")
    np.testing.assert_allclose(elsewhere.embeddings, third.embeddings, atol=1e-5)


def test_the_whole_network_learns(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stages = (
        Stage(whole=False, epochs=1, learning_rate=0.01, batch_size=8, least_steps=60),
        Stage(whole=True, epochs=1, learning_rate=1e-3, batch_size=8, statistics=False),
    )
    monkeypatch.setitem(MODES, "fine-tune", Mode("fine-tune", stages))
    path = tmp_path / "mine.pth"
    given = ["--model", "PannsMini", "--device", "cpu", "--threads", "1", "--seconds", "2"]
    assert main(["transfer", str(folder), "-o", str(path), "--fine-tune", *given]) == 0
    assert "6 clips that it had not learnt from, accuracy" in capsys.readouterr().out
    assert len(json.loads(path.with_suffix(".json").read_text())["confusion"]) == 3
    again = AudioTagging(str(path), device="cpu", verbose=False, threads=1)
    assert again.labels == [*KINDS]
    trunk, own = again.network.state_dict(), AudioTagging("PannsMini", device="cpu").network
    assert (trunk["fc1.weight"] != own.state_dict()["fc1.weight"]).any()


def test_hits_of_a_search_are_learnt_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows with a label are confirmed, those without one are refused."""
    rows = ["filename,onset,offset,label,similarity"]
    for k in range(6):
        path = tmp_path / f"{k}.wav"
        soundfile.write(path, np.concatenate([sound("tone"), sound("noise")]), RATE)
        rows += [f"{path},0.5,1.5,whistle,0.9", f"{path},2.5,3.5,,0.8"]
    table = tmp_path / "hits.csv"
    table.write_text("\n".join(rows))
    path = tmp_path / "whistle.pth"
    given = ["--model", "PannsMini", "--device", "cpu", "--threads", "1"]
    assert main(["transfer", str(table), "-o", str(path), *given]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["whistle", "2"]
    again = AudioTagging(str(path), device="cpu", verbose=False, threads=1)
    tone, noise = (again.tag(sound(kind), RATE).clipwise for kind in ("tone", "noise"))
    assert tone > 0.5 > noise


@pytest.mark.shared("ESC-10")
def test_real_recordings_are_learnt(shared: Path, tmp_path: Path, mini: AudioTagging) -> None:
    names = ("dog_bark", "rain", "rooster")
    data = read_dataset(shared / "audio" / "esc10" / "esc10.csv")
    taken = {
        (name, fold): [c for c in data.clips if c.labels == (name,) and c.fold == fold][:2]
        for name in names
        for fold in ("1", "2", "3")
    }
    clips = dataset([clip for those in taken.values() for clip in those])
    found = transfer(clips, mini, folds=3, embeddings=tmp_path)
    assert found.results is not None
    assert found.results.n_clips == 18
    assert found.results.accuracy > 0.8


@pytest.mark.slow
@pytest.mark.shared("ESC-10 and the published weights of LeeNet11")
@pytest.mark.parametrize(("name", "least"), [("PannsMini", 0.95), ("LeeNet11", 0.9)])
def test_the_accuracy_on_esc10(name: str, least: float, shared: Path, tmp_path: Path) -> None:
    weights = None if name == "PannsMini" else next(shared.rglob("LeeNet11*.pth"))
    model = AudioTagging(name, weights, device="cpu", verbose=False)
    data = read_dataset(shared / "audio" / "esc10" / "esc10.csv")
    found = transfer(data, model, folds=4, embeddings=tmp_path)
    assert found.results is not None
    assert found.results.accuracy >= least


def scene(path: Path, kinds: list[str], draw: np.random.Generator) -> None:
    """Sounds of a second and a half, each two seconds behind the last, and their label track."""
    samples, lines = draw.normal(0, 1e-3, round((2 * len(kinds) + 4) * RATE)), []
    for k, kind in enumerate(kinds):
        onset = 1 + 2 * k + draw.uniform(0, 0.4)
        first, event = round(onset * RATE), sound(kind, 1.5, draw)
        samples[first : first + len(event)] += event
        lines.append(f"{onset:.3f}\t{onset + 1.5:.3f}\t{kind}\n")
    soundfile.write(path, samples, RATE)
    path.with_suffix(".txt").write_text("".join(lines))


def folder_of_scenes(folder: Path, number: int) -> Path:
    """Recordings with label tracks of Audacity beside them."""
    folder.mkdir()
    draw = np.random.default_rng(number)
    for k in range(number):
        kinds = [*draw.permutation(["tone", "noise", "tone", "noise", "noise"])]
        scene(folder / f"{k}.wav", kinds[: 3 + k % 2], draw)
    return folder


def test_annotated_recordings_teach_when_sounds_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Others are found as they are annotated; of the old head, which had no times, none was."""
    known, new = (
        folder_of_scenes(tmp_path / name, number) for name, number in (("known", 5), ("new", 3))
    )
    path = tmp_path / "mine.pth"
    given = ["--model", "PannsMini", "--device", "cpu", "--threads", "1"]
    assert main(["transfer", str(known), "-o", str(path), *given]) == 0
    detector = SoundEventDetection(str(path), device="cpu", verbose=False, threads=1)
    reference, estimate = (
        {
            Path(name).stem: [Annotation(each.onset, each.offset, each.label) for each in events]
            for name, events in found
        }
        for found in (
            read_annotations(new).items(),
            ((each, detector.detect(each).events) for each in new.glob("*.wav")),
        )
    )
    assert event_based(reference, estimate).f1 >= 0.9
    assert segment_based(reference, estimate, segment=0.5).f1 >= 0.9
    page = json.loads(path.with_suffix(".json").read_text())["events"]
    assert page["recordings"] == 1
    assert [each["label"] for each in page["classes"]] == ["noise", "tone"]
    assert [each["threshold"] for each in page["classes"]] == [*detector.thresholds]
    assert page["event_f1"] == 1
    assert (
        "events in 1 recording that it had not learnt from: event F1 1.000"
        in capsys.readouterr().out
    )


def test_recordings_are_decoded_and_computed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither clips nor segments are computed again, nor is a recording looked into."""
    known = folder_of_scenes(tmp_path / "known", 4)
    given = ["--model", "PannsMini", "--device", "cpu", "--threads", "1", "-o"]
    first, second = tmp_path / "first.pth", tmp_path / "second.pth"
    assert main(["transfer", str(known), *given, str(first)]) == 0

    def decoded(*_: object) -> None:
        raise AssertionError("a recording is decoded")

    monkeypatch.setattr("panns_inference.training.data.cutting.blocks", decoded)
    monkeypatch.setattr(EmbeddingTask, "results", decoded)
    monkeypatch.setattr(PannsMini, "segment_features", decoded)
    assert main(["transfer", str(known), *given, str(second)]) == 0
    assert first.with_suffix(".json").read_text() == second.with_suffix(
        ".json"
    ).read_text().replace("second", "first")


def test_times_of_some_recordings_and_clips_of_others(mini: AudioTagging, tmp_path: Path) -> None:
    """Annotated recordings of two classes, and a folder of a third one."""
    annotated = read_dataset(folder_of_scenes(tmp_path / "known", 5))
    (tmp_path / "more").mkdir()
    clips = []
    for k in range(8):
        path = tmp_path / "more" / f"{k}.wav"
        time = np.arange(3 * RATE) / RATE
        buzz = 0.2 * np.sign(np.sin(2 * np.pi * (90 + k) * time)) * (time > 1) * (time < 2)
        soundfile.write(path, buzz + RNG.normal(0, 1e-3, len(time)), RATE)
        clips.append(Clip(path, ("buzz",)))
    found = transfer(dataset([*annotated.clips, *clips]), mini)
    assert found.results is not None
    assert found.results.events is not None
    assert [*found.results.events.by_events.classes] == ["buzz", "noise", "tone"]
    found.save(tmp_path / "mine.pth")
    detector = SoundEventDetection(str(tmp_path / "mine.pth"), device="cpu", verbose=False)
    (event,) = detector.detect(tmp_path / "more" / "0.wav").events
    assert event.label == "buzz"
    assert event.onset == pytest.approx(1, abs=0.5)
    assert event.offset == pytest.approx(2, abs=0.5)
