"""A fault in content never leaves a person without an answer: it ends the flow, says sorry, offers a human, tells the operator."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date

import pytest

from bot.dialogue import effects as fx
from bot.dialogue import events
from bot.dialogue.content import Content
from bot.dialogue.expressions import MAX_LENGTH, ExpressionError, evaluate, parse
from bot.dialogue.session import Frame, Part, Reminder, Session
from bot.loader.flows import load_flows
from bot.loader.nodes import Problems
from bot.testing.script import onboarded
from bot.testing.talk import Talk

FLOWS = {
    "circle": "  - step: a\n    goto: b\n  - step: b\n    goto: a",
    "sum": '  - set: {probe_sum: "1 + land"}',
    "nowhere": "  - answer: no.such.topic",
    "tower": "  - call: probe-tower",
}


@pytest.fixture(scope="module")
def probed(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Content:
    """The shipped content and flows with a fault each, which the check would refuse."""
    folder = tmp_path_factory.mktemp("dialogues")
    for name, steps in FLOWS.items():
        (folder / f"{name}.yaml").write_text(f"flow: probe-{name}\nstart: [probe {name}]\nsteps:\n{steps}\n")
    problems = Problems()
    flows = load_flows(folder, problems)
    assert not problems.found
    return replace(content, flows={**content.flows, **flows})


@pytest.mark.parametrize("name", FLOWS)
def test_the_person_gets_an_answer_and_the_operator_hears_of_it(probed: Content, name: str) -> None:
    talk = Talk(probed, onboarded("caregiver"))
    assert talk.say(f"probe {name}")
    assert any(isinstance(effect, fx.ReportTrouble) for effect in talk.last)
    assert any(reply.source == "topic:visit.apply" for reply in talk.say("Wie melde ich einen Besuch an?"))


@pytest.mark.parametrize("name", ["circle", "sum"])
def test_a_flow_that_cannot_go_on_ends_with_sorry_and_the_offer_of_a_human(probed: Content, name: str) -> None:
    talk = Talk(probed, onboarded("caregiver"))
    sources = [reply.source for reply in talk.say(f"probe {name}")]
    assert sources[0] == "text:trouble"
    assert all(frame.flow != f"probe-{name}" for frame in talk.session.part.frames)


def test_an_expression_is_stored_as_it_was_written() -> None:
    stored = pickle.loads(pickle.dumps(parse("age + 1", place="x.yaml:3")))
    assert (stored.source, stored.place) == ("age + 1", "x.yaml:3")
    assert evaluate(stored, {"age": 7}, date(2026, 11, 24)) == 8


@pytest.mark.parametrize("source", ["number(word)", "days_until(word)", "plus_days(word, 1)", "1 + word", "word / 2"])
def test_what_is_said_of_a_failed_expression_repeats_nothing_that_somebody_wrote(source: str) -> None:
    """It goes into the log and to the operator."""
    with pytest.raises(ExpressionError) as failed:
        evaluate(parse(source, place="x.yaml:3"), {"word": "Mein Mann schlägt mich"}, date(2026, 11, 24))
    assert "x.yaml:3" in str(failed.value)
    assert "schlägt" not in str(failed.value)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("1" * (MAX_LENGTH + 1), "longer than"),
        ("1 +", "cannot read"),
        ("+".join("1" * 90), "more than"),
        ("[x for x in land]", "not allowed"),
        ("open('x')", "unknown function"),
        ("land.upper()", "unknown function"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_reason(source: str, problem: str) -> None:
    with pytest.raises(ExpressionError, match=problem):
        parse(source)


def without(content: Content, flow: str) -> Content:
    """The shipped content when somebody has removed a flow that the program counts on."""
    return replace(content, flows={name: one for name, one in content.flows.items() if name != flow})


def test_a_command_whose_flow_is_gone_gets_an_answer_all_the_same(content: Content) -> None:
    talk = Talk(without(content, "repair.help"), onboarded("caregiver"))
    assert [reply.source for reply in talk.say("was kann ich schreiben")] == ["text:not_understood"]
    assert any(isinstance(effect, fx.ReportTrouble) for effect in talk.last)


def test_who_goes_round_in_circles_gets_an_answer_though_the_offer_of_a_human_is_gone(content: Content) -> None:
    talk = Talk(without(content, "repair.offer_human"), onboarded("caregiver"))
    for _ in range(3):
        assert talk.say("Menü")
    assert any(isinstance(effect, fx.ReportTrouble) for effect in talk.last)


def test_who_goes_round_in_circles_is_offered_a_human(content: Content) -> None:
    talk = Talk(content, onboarded("caregiver"))
    replies = [talk.say("Menü") for _ in range(3)]
    assert [row[-1].source for row in replies][:2] == ["step:menu.choose"] * 2
    assert replies[2][-1].source.startswith("step:repair.offer_human")


def test_a_flow_that_somebody_else_begins_and_that_is_gone_says_nothing(content: Content) -> None:
    talk = Talk(content, onboarded("caregiver"))
    assert talk.happen(events.FlowStarted(at=talk.now, flow="no-such-flow")) == []
    assert any(isinstance(effect, fx.ReportTrouble) for effect in talk.last)


def test_a_reminder_of_a_flow_that_is_gone_says_nothing_and_comes_no_more(content: Content) -> None:
    reminder = Reminder(flow="no-such-flow", step="", part="adult")
    talk = Talk(
        content, Session(consent="1", parts={"adult": Part(audience="caregiver")}, reminders={"remind:x:": reminder})
    )
    assert talk.happen(events.TimerFired(at=talk.now, timer="remind:x:", fence=0)) == []
    assert talk.session.reminders == {}


@pytest.mark.parametrize("timer", ["question", "no-such-timer"])
def test_a_timer_that_nothing_waits_for_does_nothing(content: Content, timer: str) -> None:
    talk = Talk(content, onboarded("caregiver"))
    assert talk.happen(events.TimerFired(at=talk.now, timer=timer, fence=0)) == []
    assert talk.last == []


def standing_in(content: Content, step: str, *, audience: str = "caregiver", answered: tuple[str, ...] = ()) -> Talk:
    """Somebody in the first visit as an older version of it left them: with no question open."""
    frame = Frame(flow="first-visit", version="before", step=step, answered=answered)
    return Talk(content, Session(consent="1", parts={"adult": Part(audience=audience, frames=(frame,))}))


def test_under_new_content_a_question_is_answered_and_the_flow_asks_its_own_again(content: Content) -> None:
    talk = standing_in(content, "land")
    sources = [reply.source for reply in talk.say("Wie melde ich einen Besuch an?")]
    assert sources == ["topic:visit.apply", "step:first-visit.land"]


def test_under_new_content_nobody_goes_back_to_a_question_that_is_gone(content: Content) -> None:
    talk = standing_in(content, "prison", answered=("no-such-step",))
    assert [reply.source for reply in talk.say("zurück")] == ["text:back.nothing", "step:first-visit.prison"]


def test_under_new_content_who_has_not_said_who_they_are_is_not_left_without_an_answer(content: Content) -> None:
    talk = standing_in(content, "land", audience="")
    assert [reply.source for reply in talk.say("qwxz vbnk jhgf")] == ["text:not_understood", "step:first-visit.land"]


def test_a_correction_of_nothing_is_read_as_any_text(content: Content) -> None:
    talk = Talk(content, onboarded("caregiver"))
    assert talk.say("nein, ich meinte 4")
    assert not any(isinstance(effect, fx.ReportTrouble) for effect in talk.last)


def test_before_consent_a_text_that_nobody_understands_is_kept_for_no_editor(content: Content) -> None:
    talk = Talk(content, Session(parts={"adult": Part(audience="caregiver")}))
    assert talk.say("qwxz vbnk jhgf") == []
    assert [reply.source for reply in talk.settle()] == ["text:not_understood"]
    assert not any(isinstance(effect, fx.CollectGap) for effect in talk.last)
