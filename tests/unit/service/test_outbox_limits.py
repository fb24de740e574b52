"""The outbox's limits: never more within a second than the platform allows, and hardly less."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.service.outbox import Window


class Clock:
    """A clock that is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.integers(1, 40), st.integers(0, 1000), st.floats(0.0, 0.4))
def test_no_second_of_the_platform_s_clock_holds_too_many(limit: int, seed: int, longest: float) -> None:
    rng, clock = random.Random(seed), Clock()
    window = Window(limit, clock)
    taken: list[float] = []  # when the platform counted: anywhere between start and end
    flying: list[tuple[float, float]] = []  # end, start
    while len(taken) < 5 * limit:
        for end, start in [one for one in flying if one[0] <= clock.now]:
            flying.remove((end, start))
            taken.append(rng.uniform(start, end))
            window.done()
        for _ in range(window.available()):
            window.take(1)
            flying.append((clock.now + rng.uniform(0.0, longest), clock.now))
        clock.now += rng.uniform(0.0, 0.05)
    taken.sort()
    for first, after in zip(taken, taken[limit:], strict=False):
        assert after - first >= 1.0 - 1e-9


def test_full_speed_is_reached() -> None:
    clock = Clock()
    window = Window(30, clock)
    sent = 0
    while clock.now < 10.0:
        for _ in range(window.available()):
            window.take(1)
            window.done()
            sent += 1
        assert 0.0 < window.wait() <= 1.0 + 1e-9
        clock.now += 0.01
    assert sent >= 295


def test_what_did_not_leave_is_given_back() -> None:
    window = Window(1, Clock())
    window.take(1)
    assert window.available() == 0
    assert window.wait() == pytest.approx(0.02)
    window.give_back()
    assert window.available() == 1
