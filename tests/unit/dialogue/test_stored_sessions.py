"""What is kept of a conversation: before consent only the step, and after a day without a message not what it was about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.dialogue.session import (
    FIRST_QUESTION,
    FORMAT,
    ONBOARDING,
    SESSION_LIFETIME,
    WEEK,
    Concern,
    Frame,
    Offer,
    Part,
    Reminder,
    Session,
    Slot,
    fresh,
    slots_end,
)

DAY = SESSION_LIFETIME.total_seconds()
AT = 1_000_000.0
MENU = Offer("Menü", "command", "menu")
GREETED = Frame(
    flow=ONBOARDING, version="1", step="who", known=("name",), local={"name": "Anna", FIRST_QUESTION: ("child:visit",)}
)


def test_a_session_comes_back_as_it_was() -> None:
    session = Session(
        consent="1", parts={"adult": Part(audience="caregiver", slots={"name": Slot("Anna", "90d", AT)}), "child": Part(band="6-9")},
        reminders={"r": Reminder("diary", "ask", "adult", (("day", "heute"),))}, concern=Concern(score=2, at=AT, pending="violence_adult"),
    )  # fmt: skip
    assert Session.from_text(session.to_text()) == session


@pytest.mark.parametrize("text", ["", "[]", '{"format":"x"}', f'{{"format":{FORMAT},"parts":7}}', "[" * 100_000])
def test_what_is_no_session_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(ValueError, match="no session"):
        Session.from_text(text)


def test_a_newer_session_is_refused_also_when_it_does_not_look_like_one_of_ours() -> None:
    with pytest.raises(ValueError, match="newer"):
        Session.from_text(f'{{"format":{FORMAT + 1},"parts":7}}')


def test_before_consent_no_word_of_the_person_is_kept() -> None:
    part = Part(
        audience="child", band="6-9", frames=(GREETED, Frame(flow="diary", version="1", step="s", local={"day": "schön"})),
        slots={"name": Slot("Anna", "90d", AT)}, offers=(MENU,), topic="visit", recent=((AT, "Wo ist Papa?"),), misses=1,
    )  # fmt: skip
    session = Session(
        parts={"adult": part, "child": Part(band="10-12")}, reminders={"r": Reminder("diary", "s", "adult")}
    )
    kept = session.minimal()
    assert kept.reminders == {}
    assert kept.parts == {
        "adult": Part(
            audience="child", band="6-9", offers=(MENU,), topic="visit", misses=1,
            frames=(
                Frame(flow=ONBOARDING, version="1", step="who", local={FIRST_QUESTION: ("child:visit",)}),
                Frame(flow="diary", version="1", step="s"),
            ),
        )
    }  # fmt: skip


def test_after_a_day_what_it_was_about_is_gone_too() -> None:
    about = Frame(flow="repair.clarify", version="1", step="s", local={"candidates": ("visit",)})
    part = Part(audience="child", frames=(GREETED, about), offers=(MENU,), topic="visit", misses=2)
    bare = Session(parts={"adult": part}, last_at=AT).bare()
    assert bare.part == Part(audience="child", frames=(Frame(flow=ONBOARDING, version="1", step="who"),))


def test_a_sign_of_danger_stays_as_long_as_it_counts() -> None:
    concern = Concern(score=2, at=AT, pending="violence_adult", pending_rule="r", silence="suicide_self")
    assert Session(concern=concern, last_at=AT + WEEK - 1).bare().concern == Concern(
        score=2, at=AT, silence="suicide_self"
    )
    assert Session(concern=concern, last_at=AT + WEEK).bare().concern == Concern()


def test_a_day_after_the_last_message_is_when_something_has_to_be_dropped() -> None:
    about = Frame(flow="safety.look", version="1", step="s")
    for session in (
        Session(parts={"adult": Part(topic="visit")}, last_at=AT),
        Session(parts={"adult": Part(offers=(MENU,))}, last_at=AT),
        Session(parts={"adult": Part(frames=(GREETED,))}, last_at=AT),
        Session(parts={"adult": Part(frames=(about,))}, last_at=AT),
        Session(concern=Concern(pending="violence_adult", at=AT), last_at=AT),
    ):
        assert session.bare_from() == AT + DAY


def test_a_sign_of_danger_alone_is_dropped_when_it_does_not_count_any_more() -> None:
    assert Session(last_at=AT).bare_from() is None
    assert Session(concern=Concern(score=1, at=AT), last_at=AT).bare_from() == AT + WEEK
    assert Session(concern=Concern(score=1, at=AT), last_at=AT + WEEK).bare_from() == AT + WEEK + DAY


def test_answers_are_remembered_as_long_as_they_said() -> None:
    slots = {
        "now": Slot("a", "turn", AT), "today": Slot("b", "session", AT), "month": Slot("c", "30d", AT), "case": Slot("d", "case", AT)
    }  # fmt: skip

    def left(after: float) -> set[str]:
        return set(fresh(slots, datetime.fromtimestamp(AT + after, UTC), AT))

    assert left(0) == {"today", "month", "case"}
    assert left(DAY + 1) == {"month", "case"}
    assert left(30 * 86400 + 1) == {"case"}


def test_the_next_answer_to_be_forgotten_is_known_beforehand() -> None:
    def ends(**slots: Slot) -> float | None:
        return slots_end(Session(parts={"adult": Part(), "child": Part(slots=slots)}, last_at=AT))

    assert ends() is None
    assert ends(case=Slot("d", "case", AT)) is None
    assert ends(month=Slot("c", "30d", AT)) == AT + 30 * 86400
    assert ends(month=Slot("c", "30d", AT), today=Slot("b", "session", AT)) == AT + DAY
