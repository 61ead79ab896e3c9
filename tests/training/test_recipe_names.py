"""What names of recordings say: the table of names, and how it is read."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panns_inference.audioset import labels
from recipes.mini.names import TABLE, named_classes

with TABLE.open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))

CHAINS = (
    ("Bark", "Dog", "Domestic animals, pets", "Animal"),
    ("Oink", "Pig", "Livestock, farm animals, working animals", "Animal"),
    ("Hoot", "Owl", "Bird", "Wild animals", "Animal"),
    ("Chirp, tweet", "Bird vocalization, bird call, bird song", "Bird", "Wild animals", "Animal"),
    ("Baby cry, infant cry", "Crying, sobbing"),
    ("Snoring", "Breathing"),
    ("Throat clearing", "Cough"),
    ("Cough",),
    ("Finger snapping", "Hands"),
    ("Acoustic guitar", "Guitar", "Plucked string instrument", "Musical instrument", "Music"),
    ("Hi-hat", "Cymbal", "Percussion", "Musical instrument", "Music"),
    ("Cello", "Bowed string instrument", "Musical instrument", "Music"),
    ("Train horn", "Train", "Rail transport", "Vehicle"),
    ("Propeller, airscrew", "Aircraft engine", "Aircraft", "Vehicle"),
    ("Machine gun", "Gunshot, gunfire", "Explosion"),
    ("Computer keyboard", "Typing"),
    ("Drill", "Power tool", "Tools"),
    ("Thunder", "Thunderstorm"),
    ("Toilet flush",),
)
"""Classes with all that lie above them, where there is one way only."""

SEVERAL_WAYS = {
    "Police car (siren)": {"Siren", "Alarm", "Emergency vehicle", "Motor vehicle (road)"},
    "Doorbell": {"Door", "Alarm"},
    "Jet engine": {"Aircraft engine", "Aircraft", "Engine"},
    "Bicycle bell": {"Bell", "Bicycle", "Alarm", "Vehicle"},
    "Vehicle horn, car horn, honking": {"Car", "Motor vehicle (road)", "Vehicle", "Alarm"},
}
"""Classes that lie in several places, with some of what is above them."""

NAMED = {
    "hernanmd/COVID-19-train-audio/not-covid19-coughs/PMID-16436200/1745-9974-2-1-S1.mp3": "Cough",
    "gveres/donateacry-corpus/upload/090C15A8-1430147515-1.0-m-72-hu.caf": "Baby cry, infant cry",
    "vadim666pro/soti-station-rep2/Resources/Audio/Animals/small_dog_bark_happy.ogg": "Bark",
    "vadim666pro/soti-station-rep2/Resources/Audio/Animals/cat_hiss.ogg": "Hiss",
    "vadim666pro/soti-station-rep2/Resources/Audio/Voice/Human/whistle_1.ogg": "Whistling",
    "vadim666pro/soti-station-rep2/Resources/Audio/Items/Whistle/whistle_1.ogg": "Whistle",
    "r0man/doggy-dogs-car-dog-alarm/assets/sounds/pitbull/bark_01.mp3": "Bark",
    "jonjonsson/SoundMonster/Public domain/horn car.mp3": "Vehicle horn, car horn, honking",
    "jonjonsson/SoundMonster/Attribution license/horn air horn train.mp3": "Train horn",
    "jonjonsson/SoundMonster/Public domain/evil laughter.mp3": "Laughter",
    "ElCeejo/animalia/sounds/cat/animalia_cat_purr.ogg": "Purr",
    "AntumMT/mod-sounds/sounds/sounds_elephant_trumpet.ogg": "Wild animals",
    "AntumMT/mod-sounds/sounds/sounds_turkey_gobble.ogg": "Gobble",
    "AntumMT/mod-sounds/sounds/sounds_wolf_howl.ogg": "Howl",
    "cxong/cdogs-sdl/sounds/hits/dog_growl/0.ogg": "Growling",
    "cxong/cdogs-sdl/sounds/footsteps/gravel/0.ogg": "Walk, footsteps",
    "Fris0uman/CDDA-Soundpacks/sound/environment/WEATHER_RAINSTORM.ogg": "Rain",
    "Fris0uman/CDDA-Soundpacks/sound/fire_gun/handguns/handgun_1.ogg": "Gunshot, gunfire",
    "Tonejs/audio/berklee/DoorSlam1.mp3": "Slam",
    "Tonejs/audio/berklee/templebell1.mp3": "Bell",
    "debian:fluid-soundfont-gs/FluidR3_GS.sf2__Car_Pass.wav": "Car passing by",
    "freepats/spanish-classical-guitar/samples/A#1.flac": "Acoustic guitar",
    "sfzinstruments/karoryfer.war-tuba/Samples/f2_sus_cnd.wav": "Brass instrument",
    "sfzinstruments/dsmolken.double-bass/pizz/pizz_a2_fa.wav": "Double bass",
    "sugarlabs/tamtam/common/Resources/Sounds/drum1snare": "Snare drum",
    "simutrans/pak128/pak128.prototype/sound/train-horn-steam-0.wav": "Train horn",
    "KDE/klettres/sounds/en/syllab/key.ogg": "Speech",
    "zevv/bucklespring/wav/1a-1.wav": "Computer keyboard",
    "openclonk/openclonk/planet/Sound.ocg/Liquids.ocg/StereoRain.ogg": "Rain",
    "OpenRCT2/OpenSoundEffects/openrct2.sound/samples/flush.flac": "Toilet flush",
}

UNCLEAR = (
    # An effect of a weapon or a game, not a fire, a forest or a child.
    "BZFlag-Dev/bzflag/data/fire.wav",
    "OpenDungeons/OpenDungeons/sounds/Spatial/Creatures/Default/Die/die1.ogg",
    "xmoto/xmoto/bin/Textures/Sounds/NewHighscore.ogg",
    # The other meaning of a word.
    "openai/whisper/tests/jfk.flac",
    "KDE/ocean-sound-theme/ocean/stereo/bell-window-system.oga",
    "sjtaylor82/MapInABox/sounds/countries/turkey.ogg",
    "AntumDeluge/myabcs/data/audio/effect/rocking_horse.flac",
    "BlakesThingamajigs/Travel-Trivia/AudioClips/name-that-tune/flight-of-the-bumblebee.m4a",
    "LineageOS/android_vendor_lineage/prebuilt/common/media/audio/ringtones/Sheep.mp3",
    "themanaworld/tmwa-client-data/sfx/env/rubber_duck.ogg",
    "Tonejs/audio/berklee/cat_rattle_1.mp3",
    "Tonejs/audio/berklee/wind_up_toy_1.mp3",
    "FreeLikeGNU/goblins/sounds/goblins_goblin_dog_war_cry_cave.0.ogg",
    "forest/tree_bark.ogg",
    # Two that do not go with one another: a word spoken, steps.
    "KDE/klettres/sounds/en/syllab/dog.ogg",
    "cxong/cdogs-sdl/sounds/footsteps/dog/4.ogg",
    # No name at all.
    "OpenTTD/OpenSFX/src/wav/osfx_03.wav",
    "",
)


def items(cell: str) -> list[str]:
    return cell.split("; ") if cell else []


CLASS_OF = {phrase: row["class"] for row in ROWS for phrase in items(row["words"])}


def above(label: str) -> set[frozenset[str]]:
    """The sets of classes that the table gives as those above a class."""
    return {frozenset(items(row["above"])) for row in ROWS if row["class"] == label}


def test_every_class_is_one_of_the_527() -> None:
    named = {row["class"] for row in ROWS} | {
        label for row in ROWS for label in items(row["above"])
    }
    assert named <= {*labels}
    assert len({row["class"] for row in ROWS}) > 300


def test_no_class_is_above_itself_or_twice_above_another() -> None:
    for row in ROWS:
        chain = [row["class"], *items(row["above"])]
        assert len(chain) == len({*chain}), row


def test_what_is_above_a_class_is_also_above_those_below() -> None:
    for row in ROWS:
        over = {*items(row["above"])}
        for label in over:
            ways = above(label)
            assert not ways or any(way <= over for way in ways), (row["class"], label)


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain[0])
def test_chains_are_those_of_the_ontology(chain: tuple[str, ...]) -> None:
    places = [items(row["above"]) for row in ROWS if row["class"] == chain[0]]
    assert list(chain[1:]) in places


@pytest.mark.parametrize("label", SEVERAL_WAYS)
def test_classes_in_several_places_have_all_of_them_above(label: str) -> None:
    assert all(SEVERAL_WAYS[label] <= way for way in above(label))


def test_words_are_lower_case_and_say_one_thing() -> None:
    assert len(CLASS_OF) == sum(len(items(row["words"])) for row in ROWS)
    assert all(re.fullmatch(r"[a-z]+( [a-z]+)*", phrase) for phrase in CLASS_OF)
    assert all(re.fullmatch("[a-z]+", word) for row in ROWS for word in items(row["unless"]))


def test_each_of_the_words_alone_is_clear() -> None:
    said = {phrase: named_classes(phrase) for phrase in CLASS_OF}
    assert {phrase: labels[classes[0]] for phrase, classes in said.items() if classes} == CLASS_OF


@pytest.mark.parametrize("path", NAMED)
def test_clear_names_are_their_class(path: str) -> None:
    assert labels[named_classes(path)[0]] == NAMED[path]


@pytest.mark.parametrize("path", UNCLEAR)
def test_unclear_names_say_nothing(path: str) -> None:
    assert named_classes(path) == ()


def test_where_a_class_lies_in_several_places_the_words_decide() -> None:
    dog, lion = named_classes("dog_growl"), named_classes("lion_growl")
    assert dog[0] == lion[0] == labels.index("Growling")
    assert labels.index("Dog") in dog
    assert labels.index("Dog") not in lion
    assert labels.index("Roaring cats (lions, tigers)") in lion


@given(
    phrase=st.sampled_from(sorted(CLASS_OF)),
    separator=st.sampled_from(["_", "-", " ", ".", "/", "__", "+"]),
    number=st.integers(0, 99),
    style=st.sampled_from([str.lower, str.upper, str.title]),
    end=st.sampled_from([".wav", ".OGG", ""]),
)
def test_case_separators_and_digits_do_not_matter(
    phrase: str, separator: str, number: int, style: Callable[[str], str], end: str
) -> None:
    words = [style(word) for word in phrase.split()]
    expected = named_classes(phrase)
    assert named_classes(f"{separator.join(words)}{separator}{number}{end}") == expected
    assert named_classes(f"{number}{separator}{separator.join(words)}{end}") == expected
    assert named_classes(f"{''.join(word.title() for word in words)}{number:02}{end}") == expected
