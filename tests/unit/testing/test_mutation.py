"""Deliberate faults in flows: which are tried, and that a good script notices them, alone or with several workers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.dialogue.content import Content
from bot.loader.flows import load_flows
from bot.loader.nodes import Problems
from bot.testing.mutation import mutants_of, unnoticed
from bot.testing.playing import play
from bot.testing.script import Script, load_scripts

FLOW = """
flow: probe
start: [probe]
steps:
  - step: land
    say: Wo?
    ask:
      kind: choose
      slot: where
      keep: turn
      options:
        here: {label: "Hier", goto: here}
        there: {label: "Dort", goto: there}
      timeout: {after: 1 days, goto: finish}
      stop: finish
      retry: ["1 oder 2."]
  - step: here
    say: Gut, hier.
  - set: {chosen: where, keep: session}
    goto: finish
  - step: there
    set: {chosen: '"far"'}
  - send: {form: survey, with: {where: chosen}}
  - step: finish
    say: Fertig.
    end: true
"""
GOOD = """
- test: hier
  as: caregiver
  talk:
    - user: probe
    - bot: {step: probe.land}
    - user: "1"
    - bot: {step: probe.here}
    - bot: {step: probe.finish}
    - slot: {chosen: here}
- test: dort
  as: caregiver
  talk:
    - user: probe
    - bot: {step: probe.land}
    - user: "2"
    - does: [send survey: {where: far}]
    - bot: {step: probe.finish}
- test: stopp und Stille
  as: caregiver
  talk:
    - user: probe
    - bot: {step: probe.land}
    - user: stopp
    - bot: {step: probe.finish}
    - user: probe
    - bot: {step: probe.land}
    - after: 2 days
    - bot: {step: probe.finish}
"""


@pytest.fixture(scope="module")
def probed(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Content:
    folder = tmp_path_factory.mktemp("flows")
    (folder / "probe.yaml").write_text(FLOW, encoding="utf-8")
    problems = Problems()
    flows = load_flows(folder, problems)
    assert not problems.errors, problems.errors
    return replace(content, flows={**content.flows, **flows})


def scripts(tmp_path: Path, text: str) -> list[Script]:
    (tmp_path / "talks.yaml").write_text(text, encoding="utf-8")
    problems = Problems()
    found = load_scripts(tmp_path / "talks.yaml", problems)
    assert not problems.errors, problems.errors
    return found


def test_each_kind_of_fault_is_tried_and_none_that_changes_nothing(probed: Content) -> None:
    tried = [(one.step, one.what) for one in mutants_of(probed.flows["probe"])]
    assert tried == [
        ("land", "option there leads on"),
        ("land", "stop ends"),
        ("land", "no timeout"),
        ("here", "say nothing"),
        ("#2", "skip assign"),
        ("there", "skip assign"),
        ("#4", "skip send"),
        ("finish", "say nothing"),
    ], "option here leads to the next step anyway"


@pytest.mark.parametrize("workers", [1, 2])
def test_good_talks_notice_and_poor_ones_do_not(probed: Content, tmp_path: Path, workers: int) -> None:
    good = scripts(tmp_path, GOOD)
    assert [play(probed, one).failure for one in good] == [None] * 3
    survivors, tried = unnoticed(probed, good, ["probe"], workers=workers)
    assert (survivors, tried) == ([], 8)
    survivors, _ = unnoticed(probed, good[:1], ["probe"], workers=workers)
    assert [one.what for one in survivors] == [
        "option there leads on",
        "stop ends",
        "no timeout",
        "skip assign",
        "skip send",
    ]


def test_values_that_were_handed_over_are_compared(probed: Content, tmp_path: Path) -> None:
    wrong = scripts(tmp_path, GOOD.replace("where: far", "where: near"))[1]
    assert "expected where = near, got far" in (play(probed, wrong).failure or "")
    empty = scripts(tmp_path, GOOD.replace("where: far", "where: null"))[1]
    assert "expected where = None, got far" in (play(probed, empty).failure or "")
