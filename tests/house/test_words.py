"""Names are made of the words of the field, not of words that one has to learn here."""

from __future__ import annotations

from pathlib import Path

from source import MODULES, defined, private_names, private_words_in, prose, words


def test_names_are_made_of_the_words_of_the_field() -> None:
    offenders = [name for names in private_names().values() for name in sorted(names)]
    assert not offenders, "say it in the words of the field:\n" + "\n".join(offenders)


def test_all_names_that_are_given_are_seen() -> None:
    source = (
        "import a as b\n"
        "class C(D):\n"
        "    e: int = f\n"
        "    async def g(self, h, *i, j=k, **l): self.m = n.o\n"
        "for p, (q, *r) in s: pass\n"
        "with t as u: pass\n"
        "try: v\n"
        "except W as x: pass\n"
        "match y:\n"
        "    case [z, *aa]: pass\n"
        "if (bb := cc(dd=ee)): ff = [gg for hh in ii]\n"
    )
    given = "b C e g self h i j l m p q r u x z aa bb ff hh"
    assert defined(source) == {*given.split()}


def test_names_are_split_into_words() -> None:
    names = {
        "snake_case2_more": "snake case more",
        "CamelCase": "camel case",
        "HTTPServer": "http server",
        "_PRIVATE": "private",
        "test_old-file": "test old file",
    }
    assert {name: " ".join(words(name)) for name in names} == names


def test_prose_is_in_the_words_of_the_field() -> None:
    root = Path(__file__).parents[2]
    pages = [*root.glob("*.md"), *(root / "docs").glob("*.md")]
    texts = {name: prose(path.read_text("utf-8")) for name, path in MODULES.items()}
    texts |= {page.name: page.read_text("utf-8") for page in pages}
    offenders = {name: sorted(private_words_in([text])) for name, text in texts.items()}
    lines = [f"{name}: {', '.join(found)}" for name, found in offenders.items() if found]
    assert not lines, "say it in the words of the field:\n" + "\n".join(lines)


def test_prose_is_what_people_read() -> None:
    source = 'def heard(told): "A docstring."  # a comment\n'
    assert prose(source) == '"A docstring."\n# a comment'
    assert private_words_in(["It hears what was told: Heard!", "the rest"]).total() == 3
