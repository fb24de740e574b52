"""What is learned in a course: intervals grow with right answers, shrink with wrong ones, and the kept form reads back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from bot.dialogue.course import Course, Unit
from bot.dialogue.learning import LONGEST_WAIT, Learned, Memory, due_questions, graded, learned_of, next_day

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)  # a Wednesday
COURSE = Course(
    name="c",
    title="C",
    place="x:1",
    units=(Unit(name="u", title="U", questions=("a", "b")), Unit(name="v", title="V", questions=("c",))),
)


def test_right_answers_wait_longer_each_time_but_never_beyond_the_limit() -> None:
    at, memory, waits = AT, None, []
    for _ in range(6):
        memory = graded(memory, True, at)
        waits.append((memory.due - at).days)
        at = memory.due
    assert waits[:3] == sorted(set(waits[:3]))
    assert waits[0] >= 1
    assert waits[-1] == LONGEST_WAIT
    assert max(waits) == LONGEST_WAIT


def test_a_wrong_answer_brings_the_question_back_soon() -> None:
    memory = None
    for _ in range(4):
        memory = graded(memory, True, AT if memory is None else memory.due)
    assert memory is not None
    wrong = graded(memory, False, memory.due)
    assert (wrong.due - memory.due).days < 7
    assert not wrong.right


def test_the_same_answers_give_the_same_memory() -> None:
    assert graded(graded(None, True, AT), False, AT + timedelta(days=3)) == graded(
        graded(None, True, AT), False, AT + timedelta(days=3)
    )


def test_the_kept_form_reads_back() -> None:
    learned = Learned({"a": graded(None, True, AT), "b": graded(None, False, AT)}, frozenset({"u"}))
    back = learned_of(learned.rows())
    assert back.done == learned.done
    assert back.rows() == learned.rows()
    assert learned_of(("strange", "unit u")).done == {"u"}
    assert learned_of(None) == Learned()


def _due(day: date) -> Memory:
    return Memory(1.0, 5.0, AT, datetime(day.year, day.month, day.day, 6, tzinfo=UTC), True)


def test_due_questions_come_longest_overdue_first_and_unknown_ones_not() -> None:
    learned = Learned(
        {
            "a": _due(date(2026, 11, 25)),
            "c": _due(date(2026, 11, 20)),
            "b": _due(date(2026, 11, 26)),
            "gone": _due(date(2026, 1, 1)),
        }
    )
    assert due_questions(COURSE, learned, AT.date()) == ["c", "a"]


def test_the_next_day_is_a_working_day_after_today() -> None:
    assert next_day(COURSE, Learned(), AT.date()) is None
    assert next_day(COURSE, Learned({"a": _due(date(2026, 11, 1))}), AT.date()) == date(2026, 11, 26)
    assert next_day(COURSE, Learned({"a": _due(date(2026, 11, 28))}), AT.date()) == date(2026, 11, 30)
    assert next_day(COURSE, Learned({"a": _due(date(2026, 11, 29))}), AT.date()) == date(2026, 11, 30)
