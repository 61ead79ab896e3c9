"""Work done ahead: in its order, within its bounds, and over when nobody wants it any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from panns_inference.pipeline.batches import MOST
from panns_inference.pipeline.prefetch import CHUNKS, buffered, made_in_threads


class Made(NamedTuple):
    number: int
    n_samples: int


def test_the_order_is_that_of_the_items_whatever_is_done_first() -> None:
    def make(number: int) -> Made:
        time.sleep(0.002 * (number % 5))
        return Made(number, 1)

    for jobs in (1, 2, 7):
        made = made_in_threads(make, range(50), jobs, n_samples=10)
        assert [each.number for each in made] == list(range(50))


def test_nothing_is_begun_while_enough_waits() -> None:
    begun: list[int] = []

    def make(number: int) -> Made:
        begun.append(number)
        return Made(number, 6)

    made = made_in_threads(make, range(30), jobs=1, n_samples=10)
    assert next(made).number == 0
    time.sleep(0.2)
    # One was handed out, two wait: they are 12 samples long.
    assert begun == [0, 1, 2]
    assert [each.number for each in made] == list(range(1, 30))


def test_what_is_wanted_next_may_always_begin() -> None:
    # Each is longer than what may wait.
    made = made_in_threads(lambda number: Made(number, 99), range(20), jobs=3, n_samples=1)
    assert [each.number for each in made] == list(range(20))


def test_not_more_than_a_number_wait() -> None:
    begun: list[int] = []

    def make(number: int) -> Made:
        begun.append(number)
        return Made(number, 0)

    made = made_in_threads(make, range(500), jobs=2, n_samples=10)
    next(made)
    time.sleep(0.2)
    assert len(begun) <= MOST + 3
    made.close()  # type: ignore[attr-defined]
    assert len(begun) <= MOST + 3


def test_an_error_comes_in_its_turn() -> None:
    def make(number: int) -> Made:
        if number == 3:
            raise ZeroDivisionError
        return Made(number, 1)

    made = made_in_threads(make, range(99), jobs=2, n_samples=2)
    assert [next(made).number for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ZeroDivisionError):
        next(made)
    assert no_thread_is_left()


def test_whoever_waits_is_let_go() -> None:
    made = made_in_threads(lambda number: Made(number, 5), range(99), jobs=3, n_samples=5)
    next(made)
    made.close()  # type: ignore[attr-defined]
    assert no_thread_is_left()


def no_thread_is_left() -> bool:
    return not any("panns" in thread.name for thread in threading.enumerate())


def test_an_iterator_runs_ahead_but_not_away() -> None:
    reached = 0

    def chunks() -> Iterator[int]:
        nonlocal reached
        while reached < 49:
            reached += 1
            yield reached

    ahead = buffered(chunks())
    assert next(ahead) == 1
    time.sleep(0.1)
    assert reached == 1 + CHUNKS
    assert list(ahead) == list(range(2, 50))
    assert no_thread_is_left()


def test_an_iterator_that_fails() -> None:
    def chunks() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    ahead = buffered(chunks())
    assert next(ahead) == 1
    with pytest.raises(ZeroDivisionError):
        next(ahead)
    assert no_thread_is_left()
