"""The classifier's weights against the closed solution of ridge regression."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from bot.matching.ridge import MAX_SOLVED, RIDGE, fit, key_of
from bot.matching.rows import Row, Rows
from bot.matching.space import RESEMBLES, Spelt


def _examples(count: int, width: int) -> list[Row]:
    rng = np.random.default_rng(7)
    rows = []
    for _ in range(count):
        at = np.unique(rng.integers(0, width, 12))
        values = rng.random(len(at)).astype(np.float32)
        rows.append((at, values / np.float32(np.linalg.norm(values))))
    return rows


@pytest.mark.parametrize(("count", "rounds"), [(40, 12), (7000, 8)])
def test_weights_solve_the_ridge_regression_however_many_examples_there_are(count: int, rounds: int) -> None:
    width = 4 * count
    rows = _examples(count, width)
    labels = np.arange(count) % 3
    weights = fit(Rows.of(rows), labels, width, 3, rounds)
    goal = np.eye(3, dtype=np.float32)[labels]
    scores = np.stack([values @ weights[at] for at, values in rows])
    some = slice(0, 400)  # the whole Gram matrix of 7000 would be the very cost that `fit` avoids
    alpha = (goal - scores) / np.float32(RIDGE)  # what the normal equations say of the exact solution
    again = np.zeros_like(weights)
    for (at, values), share in zip(rows, alpha, strict=True):
        again[at] += values[:, None] * share[None, :]
    assert np.abs(again - weights).max() < 0.05
    assert (scores[some].argmax(axis=1) == labels[some]).mean() > 0.99


def test_small_sets_agree_with_the_inverse() -> None:
    rows, labels = _examples(30, 200), np.arange(30) % 4
    dense = np.zeros((30, 200), dtype=np.float32)
    for number, (at, values) in enumerate(rows):
        dense[number, at] = values
    gram = dense @ dense.T
    alpha = np.linalg.solve(
        gram + np.float32(RIDGE) * np.eye(30, dtype=np.float32), np.eye(4, dtype=np.float32)[labels]
    )
    exact = np.zeros((200, 4), dtype=np.float32)
    for (at, values), share in zip(rows, alpha, strict=True):
        exact[at] += values[:, None] * share[None, :]
    assert np.abs(fit(Rows.of(rows), labels, 200, 4, rounds=3) - exact).max() < 0.01


def test_more_examples_than_can_be_solved_are_still_told_apart_by_their_middles() -> None:
    count = 1 + MAX_SOLVED // 500
    labels = np.arange(count) % 3
    rows = [(np.array([label, 3 + number % 5]), np.full(2, 0.7, np.float32)) for number, label in enumerate(labels)]
    weights = fit(Rows.of(rows), labels, 8, 500)
    assert [int((values @ weights[at]).argmax()) for at, values in rows[:9]] == labels[:9].tolist()


def test_no_examples_give_no_weights() -> None:
    assert not fit(Rows.of([]), np.zeros(0, dtype=np.int64), 5, 2).any()


def test_a_new_example_leaves_the_scores_of_others_nearly_as_they_were() -> None:
    rows, labels = _examples(600, 900), np.arange(600) % 7
    keys = np.array([key_of(f"text {number}") for number in range(600)])
    fewer = [number for number in range(600) if number != 3]
    before = fit(Rows.of([rows[number] for number in fewer]), labels[fewer], 900, 7, keys=keys[fewer])
    after = fit(Rows.of(rows), labels, 900, 7, keys=keys)
    away = [number for number in fewer if not set(rows[number][0]) & set(rows[3][0])]
    moved = [np.abs(rows[number][1] @ (after - before)[rows[number][0]]).max() for number in away]
    without_keys = fit(Rows.of([rows[number] for number in fewer]), labels[fewer], 900, 7)
    with_all = fit(Rows.of(rows), labels, 900, 7)
    shaken = [np.abs(rows[number][1] @ (with_all - without_keys)[rows[number][0]]).max() for number in away[:50]]
    assert np.mean(moved) < 0.2 * np.mean(shaken)


@given(st.lists(st.text("abc", min_size=1, max_size=20), min_size=1), st.text("abc", min_size=4, max_size=20))
def test_no_word_is_passed_over_that_resembles_another(words: list[str], said: str) -> None:
    near = Spelt.of(words).near(len(said))
    assert {word for word in words if fuzz.ratio(said, word) >= RESEMBLES} <= set(near)
