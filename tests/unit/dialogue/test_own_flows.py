"""What editors may write beyond the shipped flows: each act and step does its work, or nothing where there is nothing to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.dialogue import effects as fx
from bot.dialogue import events
from bot.dialogue.content import Content
from bot.loader.flows import load_flows
from bot.loader.nodes import Problems
from bot.testing.script import onboarded
from bot.testing.talk import Talk

FLOWS = {
    "first": """
  - do: answer_first
  - say: Ende.""",
    "queue": """
  - do: leave_queue
  - say: Ende.""",
    "rejected": """
  - do: collect_rejected
  - say: Ende.""",
    "grown": """
  - answer: bot.press
  - say: Ende.""",
    "voice": """
  - step: tell
    say: Erzählen Sie.
    ask: {kind: voice, slot: probe_voice, keep: turn, vault: probe_vault}
  - say: Danke.""",
    "doubt": """
  - step: pick
    say: Was davon?
    ask:
      kind: choose
      slot: probe_pick
      keep: turn
      options:
        a: {label: Apfel, when: "land > 3"}
        b: {label: Birne}
  - say: Danke.""",
    "pause": """
  - step: wait
    say: Ich warte.
    wait: {for: 10 minutes, goto: late}
  - say: Weiter.
    goto: finish
  - step: late
    say: Das war lang.
  - step: finish
    end: true""",
    "list": """
  - step: pick
    say: Was davon?
    ask:
      kind: choose_many
      slot: probe_fruits
      keep: turn
      options:
        a: {label: Apfel}
        b: {label: Birne}
  - file: {template: visit-checklist, name: Obst, with: {items: probe_fruits}}
  - say: Ende.""",
    "far": """
  - set: {prison: "'no-such-prison'"}
  - say: Ende.""",
    "human": """
  - handoff: {reason: probe, park: false}
  - say: Ende.""",
    "words": """
  - step: words
    say: Wie heißt es?
    ask: {kind: short_text, slot: probe_words, keep: turn, digress: never}
  - step: number
    say: Wie alt?
    ask: {kind: number, slot: probe_number, keep: turn}
  - say: Ende.""",
}  # fmt: skip


@pytest.fixture(scope="module")
def probed(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Content:
    """The shipped content and a flow for each thing."""
    folder = tmp_path_factory.mktemp("dialogues")
    for name, steps in FLOWS.items():
        (folder / f"{name}.yaml").write_text(f"flow: probe-{name}\nstart: [probe {name}]\nsteps:{steps}\n")
    problems = Problems()
    flows = load_flows(folder, problems)
    assert not problems.found, problems.found
    return replace(content, flows={**content.flows, **flows})


@pytest.fixture
def talk(probed: Content) -> Talk:
    return Talk(probed, onboarded("caregiver"))


def texts(replies: list[fx.Reply]) -> list[str]:
    return [reply.text for reply in replies]


def made(talk: Talk, kind: type[fx.Effect]) -> list[fx.Effect]:
    """The effects of this kind that the last event had."""
    return [effect for effect in talk.last if isinstance(effect, kind)]


@pytest.mark.parametrize("name", ["first", "queue", "rejected"])
def test_an_act_with_nothing_to_act_on_does_nothing(talk: Talk, name: str) -> None:
    assert texts(talk.say(f"probe {name}")) == ["Ende."]
    assert made(talk, fx.CancelHandoff) == made(talk, fx.CollectGap) == made(talk, fx.ReportTrouble) == []


def test_an_answer_that_is_not_written_for_a_child_says_so(probed: Content) -> None:
    child = Talk(probed, onboarded("child", age=8))
    (reply, _) = child.say("probe grown")
    assert reply.source == "topic:bot.press"
    assert "noch keine Antwort für Kinder" in reply.text


def test_a_voice_for_no_vault_is_taken_and_not_sealed(talk: Talk) -> None:
    talk.say("probe voice")
    assert texts(talk.happen(events.MediaSent(at=talk.now, kind="voice", blob="b1"))) == ["Danke."]
    assert made(talk, fx.Seal) == []


def test_a_voice_with_words_beside_it_is_a_voice(talk: Talk) -> None:
    talk.say("probe voice")
    said = events.Said(at=talk.now, text="für dich", message="m", media="voice", blob="b1")
    assert texts(talk.happen(said)) == ["Danke."]


def test_an_option_whose_condition_fails_is_shown_and_the_operator_hears_of_it(talk: Talk) -> None:
    (question,) = talk.say("probe doubt")
    assert [choice.label for choice in question.choices] == ["Apfel", "Birne"]
    assert made(talk, fx.ReportTrouble)


def test_a_flow_that_waits_goes_on_with_any_word(talk: Talk) -> None:
    talk.say("probe pause")
    assert texts(talk.say("qwxz vbnk jhgf")) == ["Weiter."]


def test_an_old_button_does_not_end_the_waiting(talk: Talk) -> None:
    talk.say("probe pause")
    old = events.Pressed(at=talk.now, question="q0.7", option=0, label="Ja")
    assert [reply.source for reply in talk.happen(old)] == ["text:button.old", "step:probe-pause.wait"]
    assert texts(talk.say("qwxz vbnk jhgf")) == ["Weiter."]


def test_a_prison_that_nobody_knows_tells_no_land(talk: Talk) -> None:
    assert texts(talk.say("probe far")) == ["Ende."]
    assert "land" not in talk.session.part.slots


def test_a_flow_lent_by_the_desk_that_calls_for_a_human_leaves_the_talk_in_the_queue(talk: Talk) -> None:
    talk.say("Mensch")
    talk.happen(events.Claimed(at=talk.now, counsellor="c", alias="Frau Berg"))
    talk.happen(events.FlowStarted(at=talk.now, flow="probe-human", back=True))
    assert (talk.session.owner, talk.session.lent) == ("queue", "")


def test_several_things_stand_in_lines_of_their_own_on_paper(talk: Talk) -> None:
    talk.say("probe list")
    talk.say("1, 2")
    (file,) = made(talk, fx.MakeFile)
    assert dict(file.values) == {"items": "a\nb"}  # type: ignore[attr-defined]


def test_a_hand_over_that_parks_nothing_ends_every_flow_and_nobody_loses_the_place_in_the_queue(talk: Talk) -> None:
    talk.say("erster besuch")
    talk.say("probe human")
    assert (talk.session.owner, talk.session.part.frames) == ("queue", ())
    since = talk.session.waiting_since
    talk.say("probe human")
    assert talk.session.waiting_since == since
    assert made(talk, fx.RequestHandoff)


def test_a_hand_over_works_without_an_answer_about_waiting(probed: Content) -> None:
    topics = {name: topic for name, topic in probed.topics.items() if name != "bot.hours"}
    talk = Talk(replace(probed, topics=topics), onboarded("caregiver"))
    talk.say("probe human")
    assert talk.session.owner == "queue"


def test_words_of_their_own_are_not_what_a_number_corrects(talk: Talk) -> None:
    talk.say("probe words")
    assert texts(talk.say("Teddy")) == ["Wie alt?"]
    talk.say("nein, ich meinte 7")
    assert talk.session.part.frames == ()
