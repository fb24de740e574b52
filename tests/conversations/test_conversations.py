"""Every conversation in this folder, played on the shipped content as `kavi test` plays it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from bot.dialogue.content import Content
from bot.loader.nodes import Problems
from bot.testing.playing import Played, exits_of, play
from bot.testing.script import Script, load_scripts

HERE = Path(__file__).parent
COVERED = 0.95  # of all steps, branches and options of the shipped flows


def _scripts() -> list[Script]:
    problems = Problems()
    scripts = load_scripts(HERE, problems)
    assert not problems.errors, problems.errors
    return scripts


SCRIPTS = _scripts()


@pytest.fixture(scope="module")
def played(content: Content) -> Callable[[int], Played]:
    """Plays the script of that number, once for all tests."""
    return cache(lambda number: play(content, SCRIPTS[number]))


@pytest.mark.parametrize("number", range(len(SCRIPTS)), ids=[script.name for script in SCRIPTS])
def test_a_conversation_goes_as_written(played: Callable[[int], Played], number: int) -> None:
    assert played(number).failure is None


def test_the_conversations_walk_nearly_every_step_and_branch(content: Content, played: Callable[[int], Played]) -> None:
    walked = {row for number in range(len(SCRIPTS)) for row in played(number).trace}
    exits = list(exits_of(content))
    missed = [f"{place}: {flow}.{step} {way}" for flow, step, way, place in exits if (flow, step, way) not in walked]
    assert len(missed) <= (1 - COVERED) * len(exits), missed


def test_every_conversation_has_a_name_of_its_own() -> None:
    names = [script.name for script in SCRIPTS]
    assert sorted(set(names)) == sorted(names)
