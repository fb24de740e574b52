"""Which flows need consent first, because a later message needs what an earlier one answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialogue.content import Content
from bot.dialogue.flow import Remind
from bot.loader.checks import check_flows
from bot.loader.flows import load_flows
from bot.loader.nodes import Problems
from bot.loader.remembering import mark, remembers

ASKED_TWICE = """
flow: probe
steps:
  - step: first
    say: Was?
    ask: {kind: short_text, slot: wanted, keep: session}
  - step: second
    say: Wann?
    ask: {kind: date, slot: day, keep: session}
"""


def _content(folder: Path, last: str) -> Content:
    (folder / "probe.yaml").write_text(f"{ASKED_TWICE}{last}\n")
    problems = Problems()
    flows = load_flows(folder, problems)
    assert not problems.found
    return Content(flows=flows)


@pytest.mark.parametrize(
    ("last", "needed"),
    [
        ("  - say: Danke.", False),
        ("  - say: Am {day}.", False),  # said just before
        ("  - say: Danke für {wanted}.", True),
        ("  - answer: $wanted", True),
        ("  - call: $wanted", True),
        ("  - branch: [{when: 'wanted == \"x\"', goto: first}, {else: second}]", True),
    ],
)
def test_a_flow_remembers_when_an_answer_is_used_after_the_next_question(
    tmp_path: Path, last: str, needed: bool
) -> None:
    assert remembers(_content(tmp_path, last).flows["probe"]) is needed


@pytest.mark.parametrize(
    ("reads", "needed"),
    [
        ("    say: Am {day} wegen {wanted}.", {"day", "wanted"}),
        ("    say: Bald.", set()),
        ("    say: Was?\n    ask: {kind: short_text, slot: wanted, keep: session, reuse: true}", {"wanted"}),
        ("    call: probe", {"day"}),  # of what it calls, too
        ("    call: $wanted", None),  # which flow that will be nobody knows here
    ],
)
def test_a_reminder_keeps_the_answers_that_it_will_say(tmp_path: Path, reads: str, needed: set[str] | None) -> None:
    last = "  - step: later\n    say: Der {day}.\n  - remind: {days: 1, flow: other}\n"
    (tmp_path / "other.yaml").write_text(f"flow: other\nsteps:\n  - step: a\n{reads}\n")
    (remind,) = [
        step.action for step in mark(_content(tmp_path, last).flows)["probe"].steps if isinstance(step.action, Remind)
    ]
    assert remind.needs == needed


@pytest.mark.parametrize("last", ["  - answer: $wantde", "  - call: $wantde", "  - say: '{wantde}'"])
def test_a_slot_that_nobody_sets_is_a_problem(tmp_path: Path, last: str) -> None:
    found = [str(problem) for problem in check_flows(_content(tmp_path, last))]
    assert any("wantde" in problem and "did you mean 'wanted'?" in problem for problem in found), found
