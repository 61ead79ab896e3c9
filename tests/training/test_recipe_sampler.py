"""The recipe's draws: as often from rare groups as from common ones."""

from __future__ import annotations

from collections import Counter

import numpy as np

from recipes.mini.sampler import Sampler


def test_the_sampler_balances_groups() -> None:
    items = [*("a" + str(k) for k in range(98)), "b0", "c0"]
    draw = np.random.default_rng(1)
    balanced = Sampler(items, [item[0] for item in items], 1.0)
    found = Counter(balanced.draw(draw)[0] for _ in range(3000))
    assert all(900 < found[group] < 1100 for group in "abc")
    plain = Sampler(items, [item[0] for item in items], 0.0)
    found = Counter(plain.draw(draw)[0] for _ in range(3000))
    assert found["a"] > 2850


def test_the_sampler_depends_on_the_generator_alone() -> None:
    sampler = Sampler(range(100), [k % 7 for k in range(100)], 0.5)
    first = [sampler.draw(np.random.default_rng((5, k))) for k in range(50)]
    assert first == [sampler.draw(np.random.default_rng((5, k))) for k in range(50)]
    assert len(set(first)) > 20
