"""A fault in content never leaves a person without an answer: it ends the flow, says sorry, offers a human, tells the operator."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.dialogue.expressions import MAX_LENGTH, ExpressionError, parse
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
