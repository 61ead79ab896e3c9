"""Examples in, hits out: of folders, recordings and tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from similar.conftest import RATE, write

from panns_inference import AudioTagging
from panns_inference.errors import AudioError, UsageError
from panns_inference.formats import FORMATS
from panns_inference.pipeline import EmbeddingTask
from panns_inference.similar import Example, Hit, search_similar
from panns_inference.similar.examples import direction_of, example_of

WINDOWS = {"window": 1.0, "hop": 0.5}


def cosine(one, other) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def names(hits: list[Hit]) -> list[str]:
    return [Path(hit.filename).name for hit in hits]


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("night.wav", Example("night.wav")),
        ("night.wav:12.5-14", Example("night.wav", 12.5, 14.0)),
        ("night.wav:12,5-14", Example("night.wav", 12.5, 14.0)),
        ("night.wav:3-", Example("night.wav", 3.0, None)),
        ("a:b:1-2", Example("a:b", 1.0, 2.0)),
        (r"C:\night.wav", Example(r"C:\night.wav")),
        ("night.wav:noon", Example("night.wav:noon")),
    ],
)
def test_examples_as_texts(text, example) -> None:
    assert example_of(text) == example
    assert example_of(str(example)) == example


def test_a_file_of_that_name_is_meant(tmp_path) -> None:
    path = tmp_path / "odd.wav:1-2"
    path.touch()
    assert example_of(path) == Example(str(path))


def test_a_stretch_that_ends_before_it_begins() -> None:
    with pytest.raises(UsageError, match="ends before it begins"):
        example_of("night.wav:3-3")


def test_a_recording_is_most_like_itself(model, library) -> None:
    example = library / "b" / "3.wav"
    hits = search_similar([example], library, model=model, **WINDOWS)
    assert names(hits)[0] == "3.wav"
    assert len(hits) == len({(hit.filename, hit.onset) for hit in hits})
    direction = direction_of(EmbeddingTask(model, **WINDOWS), [Example(str(example))])
    for hit in hits:
        samples, _ = soundfile.read(hit.filename, dtype="float32")
        padded = np.zeros(RATE, np.float32)
        found = samples[round(hit.onset * RATE) : round(hit.offset * RATE)]
        padded[: len(found)] = found
        vector = model.embed(padded, RATE).vector
        assert hit.similarity == pytest.approx(cosine(vector, direction), abs=2e-3)


def test_one_example_needs_no_list(model, library) -> None:
    wren, robin = str(library / "b" / "3.wav"), library / "a" / "1.wav"
    found = search_similar(wren, library, model=model, unlike=robin, **WINDOWS)
    assert found == search_similar([wren], library, model=model, unlike=[robin], **WINDOWS)
    example = Example(wren)
    assert search_similar(example, library, model=model, unlike=Example(str(robin)), **WINDOWS)


def test_the_direction_is_a_mean(model, library) -> None:
    task = EmbeddingTask(model, **WINDOWS)
    one, other = library / "a" / "2.wav", library / "b" / "3.wav"

    def unit(vector):
        return vector / np.linalg.norm(vector)

    def expected(path, **_):
        stretches = model.embed(path, **WINDOWS).stretches
        return unit(sum(unit(each.vector.astype(float)) * each.duration for each in stretches))

    pair = [Example(str(one)), Example(str(other))]
    for examples, unlike, direction in (
        (pair[:1], [], expected(one)),
        (pair, [], expected(one) + expected(other)),
        (pair[:1], pair[1:], expected(one) - expected(other)),
    ):
        found = direction_of(task, examples, unlike)
        np.testing.assert_allclose(found, unit(direction), rtol=0, atol=1e-5)


def test_a_stretch_is_what_is_cut_out(model, library, tmp_path) -> None:
    path = library / "b" / "10.wav"
    samples, rate = soundfile.read(path)
    cut = tmp_path / "cut.wav"
    soundfile.write(cut, samples[rate // 2 : 2 * rate], rate)
    task = EmbeddingTask(model)
    whole = direction_of(task, [Example(str(cut))])
    stretch = direction_of(task, [Example(str(path), 0.5, 2.0)])
    assert cosine(whole, stretch) > 0.999


def test_what_is_not_wanted_comes_last(model, library) -> None:
    for number in range(3):
        write(library / f"more{number}.wav", 310 + number)
    example, unlike = library / "a" / "1.wav", library / "b" / "3.wav"
    hits = search_similar([example], library, model=model, unlike=[unlike], **WINDOWS)
    plain = search_similar([example], library, model=model, **WINDOWS)
    assert names(plain)[0] == "1.wav"
    assert names(hits)[-1] == "3.wav"
    before, after = (
        min(hit.similarity for hit in those if hit.filename.endswith("3.wav"))
        for those in (plain, hits)
    )
    assert before > 0 > after


def test_hits_do_not_overlap_unless_wanted(model, library) -> None:
    example = library / "b" / "10.wav"
    hits = search_similar([example], library, model=model, **WINDOWS)
    for one in hits:
        for other in hits:
            is_over = one.onset < other.offset and other.onset < one.offset
            assert one == other or one.filename != other.filename or not is_over
    every = search_similar([example], library, model=model, all_windows=True, top=None, **WINDOWS)
    assert {*hits} < {*every}
    assert len(every) == 1 + 2 + 3 + 4


def test_fewer_hits(model, library) -> None:
    example = library / "b" / "10.wav"
    hits = search_similar([example], library, model=model, **WINDOWS)
    assert search_similar([example], library, model=model, top=2, **WINDOWS) == hits[:2]
    least = hits[2].similarity
    found = search_similar([example], library, model=model, min_similarity=least, **WINDOWS)
    assert found == hits[:3]


def test_within_one_recording(model, library) -> None:
    path = library / "b" / "10.wav"
    hits = search_similar([f"{path}:1-2"], path, model=model, **WINDOWS)
    assert {hit.filename for hit in hits} == {str(path)}
    assert (hits[0].onset, hits[0].offset) == (1.0, 2.0)
    assert hits[0].similarity == pytest.approx(1, abs=1e-3)


def test_channels_are_named(model, library) -> None:
    example = library / "a" / "1.wav"
    hits = search_similar([example], library, model=model, channel="each", top=1, **WINDOWS)
    assert (hits[0].track, hits[0].channel) == (None, 1)


@pytest.mark.parametrize("form", ["parquet", "csv", "tsv"])
@pytest.mark.parametrize("channel", ["mix", "each"])
def test_a_table_gives_the_hits_of_its_folder(model, library, tmp_path, form, channel) -> None:
    example = library / "a" / "2.wav"
    expected = search_similar([example], library, model=model, channel=channel, **WINDOWS)
    paths = map(str, sorted(library.rglob("*.wav")))
    results = model.embed([*paths], channel=channel, **WINDOWS)
    flat = [each for those in results for each in (those if channel == "each" else [those])]
    table = tmp_path / f"table.{form}"
    with table.open("wb" if form == "parquet" else "w") as file:
        FORMATS[form].write(flat, file)
    found = search_similar([example], table, model=model, channel=channel)
    assert [hit.filename for hit in found] == [hit.filename for hit in expected]
    for one, other in zip(found, expected, strict=True):
        assert (one.channel, one.onset) == (other.channel, other.onset)
        assert one.similarity == pytest.approx(other.similarity, abs=1e-5)


def test_a_table_names_its_network(model, library, tmp_path) -> None:
    table = tmp_path / "table.parquet"
    with table.open("wb") as file:
        FORMATS["parquet"].write([model.embed(library / "a" / "2.wav", **WINDOWS)], file)
    hits = search_similar([library / "a" / "2.wav"], table)
    assert hits[0].similarity > 0.9
    other = AudioTagging("Cnn10", pretrained=False, device="cpu")
    with pytest.raises(UsageError, match="embeddings of PannsMini, not of Cnn10"):
        search_similar([library / "a" / "2.wav"], table, model=other)
    with pytest.raises(UsageError, match="window is for folders"):
        search_similar([library / "a" / "2.wav"], table, window=1.0)


def test_a_table_of_another_network_is_refused(library, tmp_path, model) -> None:
    table = tmp_path / "table.csv"
    table.write_text("filename,onset,offset,0,1\na.wav,0,1,0.5,0.5\n")
    with pytest.raises(UsageError, match="2 values, and those of PannsMini have 512"):
        search_similar([library / "a" / "2.wav"], table, model=model)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "cannot be searched"),
        ("filename,0\na.wav,1\n", "no column onset, offset"),
        ("filename,onset,offset\na.wav,1,2\n", "no embeddings"),
        ("filename,onset,offset,0\n", "no row"),
        ("filename,onset,offset,0\na.wav,x,y,z\n", "cannot be searched"),
    ],
)
def test_tables_that_cannot_be_used(library, tmp_path, model, text, cause) -> None:
    table = tmp_path / "table.csv"
    table.write_text(text)
    with pytest.raises(UsageError, match=cause):
        search_similar([library / "a" / "2.wav"], table, model=model)


def test_what_is_not_there(model, library, tmp_path) -> None:
    example = library / "a" / "2.wav"
    with pytest.raises(UsageError, match="cannot be read"):
        search_similar([example], tmp_path / "none.parquet", model=model)
    with pytest.raises(AudioError, match=r"none\.wav"):
        search_similar([tmp_path / "none.wav"], library, model=model)
    assert not (library / ".panns-embeddings").exists()
    with pytest.raises(AudioError, match=r"2\.wav:7-8: the recording has only 1\.50 s"):
        search_similar([f"{example}:7-8"], library, model=model)
    with pytest.raises(UsageError, match="give an example"):
        search_similar([], library, model=model)
    with pytest.raises(UsageError, match="nothing is left"):
        search_similar([example], library, model=model, unlike=[example])


@pytest.mark.parametrize("index", [False, True])
def test_silence_is_no_hit(model, tmp_path, index) -> None:
    library = tmp_path / "library"
    for number in range(3):  # less than a second of a tone, two of silence
        path = write(library / f"{number}.wav", 300 * 2**number, 0.8)
        samples, rate = soundfile.read(path, dtype="float32")
        soundfile.write(path, np.pad(samples, (0, 2 * rate)), rate)
    soundfile.write(library / "silence.wav", np.zeros(2 * RATE), RATE)
    hits = search_similar(
        [library / "0.wav"], library, model=model, index=index, all_windows=True, **WINDOWS
    )
    assert sorted((Path(hit.filename).name, hit.onset) for hit in hits) == [
        (f"{number}.wav", onset) for number in range(3) for onset in (0.0, 0.5)
    ]


def test_an_example_in_which_nothing_sounds(model, library, tmp_path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE), RATE)
    with pytest.raises(UsageError, match=r"nothing sounds in .*silence\.wav: give another example"):
        search_similar([tmp_path / "silence.wav"], library, model=model, **WINDOWS)
