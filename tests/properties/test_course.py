"""Laws of courses, tried with people who press anything at any time and stay away for days."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.dialogue import Session
from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.dialogue.learning import LONGEST_WAIT, learned_of
from bot.testing.script import onboarded
from bot.testing.talk import Talk

LINES = st.sampled_from([
    "kurs", "weiter", "weiter", "weiter", "a", "b", "c", "1", "2", "3", "noch einmal", "einheit wählen", "wo stehe ich",
    "bescheinigung", "erinnerungen", "genug", "warum", "zurück", "stopp", "ja", "nein", "jetzt", "morgen", "xyzxyz",
])  # fmt: skip
WALK = st.lists(st.tuples(LINES, st.sampled_from([0, 0, 0, 1, 3, 9])), min_size=8, max_size=30)


def _walk(content: Content, steps: list[tuple[str, int]]) -> tuple[Talk, list[fx.Effect]]:
    talk = Talk(content, session=onboarded("staff"))
    effects: list[fx.Effect] = []
    for line, days in [("kurs", 0), *steps]:
        if days:
            talk.advance(timedelta(days=days))
        assert talk.say(line) or talk.settle(), line
        talk.session = Session.from_text(talk.session.to_text())
        effects += talk.last
    return talk, effects


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WALK)
def test_whatever_is_pressed_the_course_goes_on_and_its_memory_stays_sound(
    content: Content, steps: list[tuple[str, int]]
) -> None:
    talk, effects = _walk(content, steps)
    assert not [effect for effect in effects if isinstance(effect, fx.ReportTrouble)]
    (course,) = content.courses.values()
    slot = talk.session.part.slots.get(course.slot)
    learned = learned_of(slot.value if slot is not None else None)
    assert set(learned.cards) <= set(course.questions())
    assert learned.done <= {unit.name for unit in course.units}
    for card in learned.cards.values():
        assert 1 <= (card.due - card.last).days <= LONGEST_WAIT
        assert card.last <= talk.now
    assert len([name for name in talk.session.reminders if "course." in name]) <= 2


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WALK)
def test_the_same_answers_at_the_same_times_give_the_same_course(
    content: Content, steps: list[tuple[str, int]]
) -> None:
    one, other = _walk(content, steps)[0], _walk(content, steps)[0]
    assert one.session == other.session
