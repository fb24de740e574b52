"""Conversation tests can fail: each line that is not what happens stops the talk there and says what came instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialogue.content import Content
from bot.loader.nodes import Problems
from bot.testing.playing import play
from bot.testing.script import Script, load_scripts

TALK = """- test: probe
  as: caregiver
  talk:
    - user: menü
    - bot: {step: menu.choose}
    - press: Mit einem Menschen schreiben
    - bot: {step: "repair.human.#6"}
    - does: [handoff asked]
    - owner: queue
    - consent: true
    - watched: false
    - counsellor: {claims: Frau Berg}
    - bot: {text: counsellor.taken}
    - owner: counsellor
    - counsellor: {says: Guten Tag}
    - bot: Guten Tag
    - counsellor: {releases: true}
    - bot: {text: counsellor.released}
    - bot: {step: menu.choose}
    - user: stopp
    - bot: {step: "repair.stop.#0"}
    - ends: true
"""


def _play(content: Content, tmp_path: Path, talk: str) -> str | None:
    path = tmp_path / "probe.yaml"
    path.write_text(talk, encoding="utf-8")
    problems = Problems()
    (script,) = load_scripts(path, problems)
    assert not problems.found
    return play(content, script).failure


def test_the_talk_passes_as_it_is(content: Content, tmp_path: Path) -> None:
    assert _play(content, tmp_path, TALK) is None


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("    - bot: {step: menu.choose}\n", "", 5, "not listed: bot: step:menu.choose"),
        ("{step: menu.choose}", "{step: menu.chose}", 5, "expected step: menu.chose, got step:menu.choose"),
        ("{step: menu.choose}", "{says: Guten Morgen}", 5, "expected says: Guten Morgen, got"),
        ("{step: menu.choose}", "{text: trouble}", 5, "expected text: trouble, got"),
        ("{step: menu.choose}", "{source: topic:x}", 5, "expected source: topic:x, got"),
        ("{step: menu.choose}", "Guten Morgen", 5, "expected 'Guten Morgen', got"),
        ("{step: menu.choose}", "{step: menu.choose}\n      choices: [Nichts]", 5, "expected choices ('Nichts',), got"),
        ("    - does: [handoff asked]\n", "", 11, "not listed: does: handoff asked"),
        ("[handoff asked]", "[handoff told]", 8, "expected does: handoff told, got handoff asked"),
        ("[handoff asked]", "[handoff asked, handoff asked]", 8, "expected does: handoff asked, got nothing"),
        ("[handoff asked]", "[handoff asked: {team: x}]", 8, "expected team = x, got None"),
        ("owner: queue", "owner: bot", 9, "expected owner bot, got queue"),
        ("consent: true", "consent: false", 10, "expected consent: False, got True"),
        ("watched: false", "watched: true", 11, "expected watched: True, got False"),
        ("says: Guten Tag", "sings: Guten Tag", 0, "unknown counsellor verb 'sings'"),
        ("    - ends: true", "    - bot: {text: thanks}", 22, "the bot says nothing here, expected {'text': 'thanks'}"),
        ("ends: true", "ends: false", 22, "every flow has ended"),
        ("    - press: Mit", "    - ends: true\n    - press: Mit", 6, "a flow is still open: menu"),
        ("ends: true", "flow: menu.choose", 22, "expected to stand at menu.choose, stands at nothing"),
        ("ends: true", "slot: {child_age: 7}", 22, "expected child_age = 7, got None"),
        ("ends: true", "after: soon", 22, "cannot read the duration 'soon'"),
    ],
)  # fmt: skip
def test_a_difference_is_told_at_its_line(
    content: Content, tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in TALK
    failure = _play(content, tmp_path, TALK.replace(old, new, 1))
    assert failure is not None
    assert said in failure
    assert line == 0 or failure.startswith(f"{tmp_path / 'probe.yaml'}:{line}:"), failure


def test_what_is_left_at_the_end_is_told(content: Content, tmp_path: Path) -> None:
    failure = _play(content, tmp_path, "- test: probe\n  as: caregiver\n  talk:\n    - user: menü\n")
    assert failure is not None
    assert "not listed: bot: step:menu.choose" in failure


def test_a_line_of_no_kind_is_told(content: Content, tmp_path: Path) -> None:
    path, problems = tmp_path / "probe.yaml", Problems()
    path.write_text("- test: probe\n  talk:\n    - choices: [x]\n    - usr: hallo\n", encoding="utf-8")
    (script,) = load_scripts(path, problems)
    assert [one.message for one in problems.found] == ["unknown key 'usr' (did you mean 'user'?)"]
    failure = play(content, script).failure
    assert failure is not None
    assert "a line begins with one of user, press" in failure


def test_who_talks_is_read_from_the_head(tmp_path: Path) -> None:
    path = tmp_path / "probe.yaml"
    path.write_text("- {test: a, as: child, age: 12, register: leicht, language: tr, consent: false, talk: []}\n")
    (script,) = load_scripts(tmp_path, Problems())
    assert isinstance(script, Script)
    part = script.session.part
    assert (part.audience, part.band, part.register) == ("child", "10-13", "leicht")
    assert (script.session.language, script.session.consent) == ("tr", "")


@pytest.mark.parametrize("slip", ["- {tset: b, talk: []}", "- nur Text", "- {test: b}"])
def test_what_is_no_test_is_told_and_not_passed_over(tmp_path: Path, slip: str) -> None:
    problems = Problems()
    (tmp_path / "probe.yaml").write_text(f"- {{test: a, talk: []}}\n{slip}\n")
    load_scripts(tmp_path, problems)
    assert {one.line for one in problems.errors} == {2}
