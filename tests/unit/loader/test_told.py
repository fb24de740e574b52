"""What people tell beside the point, as it ships: warm words for everybody, no danger, and faults are named with their place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as with_fields

from bot.dialogue.content import Content
from bot.dialogue.rendering import Reader, text_of
from bot.loader.checks import check_flows
from bot.loader.nodes import Problems
from bot.loader.told import load_told
from bot.safety.triage import triage

DIALOGUES = Path(__file__).parents[3] / "dialogues"
KINDS = sorted(load_told(DIALOGUES, Problems())[0].kinds)
CHILDREN = [Reader("child", "6-9", "plain", "de"), Reader("child", "14-17", "plain", "de")]
ADULTS = [Reader("caregiver", "", "plain", "de"), Reader("parent", "", "leicht", "de")]
HEAD = "never: [nicht]\nbeside: [haft*]\nthen: {grief: a, trouble: b, joy: c, plain: d}\nmore: {grief: a, trouble: b, joy: c, plain: d}\n"


@pytest.mark.parametrize("kind", KINDS)
def test_children_are_called_du_and_adults_sie(content: Content, kind: str) -> None:
    told = content.hearing.kinds[kind]
    if "child" in told.audiences:
        for reader in CHILDREN:
            said = text_of(content, f"told.{kind}", reader) + text_of(content, f"told.then.{told.mood}", reader)
            assert not {"Sie", "Ihnen", "Ihre", "Ihr"} & set(said.replace(",", " ").replace(".", " ").split()), said
    if {"caregiver", "parent"} & set(told.audiences):
        for reader in ADULTS:
            said = text_of(content, f"told.{kind}", reader) + text_of(content, f"told.then.{told.mood}", reader)
            assert not {"du", "dich", "dir", "dein"} & set(said.casefold().replace(",", " ").split()), said


@pytest.mark.parametrize(
    "text",
    ["mein hund ist gestorben", "ich hab eine 5 in mathe", "mein zahn ist raus", "mama hat geschimpft", "kein bock auf schule",
     "ich hab mich mit meiner freundin gestritten", "wir haben 3:2 gewonnen", "meine oma liegt im krankenhaus"],
)  # fmt: skip
def test_what_children_tell_is_heard_and_is_no_alarm(content: Content, text: str) -> None:
    assert content.hearing.mentions.find(text) is not None
    assert content.rules is not None
    found = triage(content.rules, text, audience="child")
    assert found is None or found.level != "alert"


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("kinds: {a: {hears: x y, mood: glad, say: Gut}}", "unknown mood 'glad'"),
        ("kinds: {a: {hears: x y, mood: joy}}", "'say' is missing"),
        ("kinds: {a: {hears: x y, mood: joy, say: Gut, for: [kids]}}", "unknown audience 'kids'"),
        ("", "'kinds' is missing"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, rows: str, fault: str) -> None:
    (tmp_path / "told.yaml").write_text(HEAD + rows)
    problems = Problems()
    load_told(tmp_path, problems)
    assert any(fault in problem.message for problem in problems.found), problems.found


def test_without_the_file_nothing_is_heard(tmp_path: Path) -> None:
    hearing, texts = load_told(tmp_path, Problems())
    assert not hearing.kinds
    assert not texts
    assert hearing.mentions.find("mein hund ist gestorben") is None


def test_an_unknown_topic_and_a_child_without_words_of_its_own_are_told(content: Content) -> None:
    kinds = dict(content.hearing.kinds)
    kinds["wedding"] = with_fields(kinds["wedding"], audiences=("child",), offers=("visit.nowhere",))
    found = check_flows(replace(content, hearing=with_fields(content.hearing, kinds=kinds)))
    messages = [problem.message for problem in found]
    assert "told 'wedding' offers an unknown topic 'visit.nowhere'" in messages
    assert "a child may read this: a variant `child` is missing" in messages
