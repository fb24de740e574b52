"""What a person has learned in a course: which questions are known, and when each comes again (FSRS-6).

Pure: the time comes with the event. What is kept is one slot a course, rows of text without anything a person wrote;
it goes 90 days after the last answer, and no question waits longer than `LONGEST_WAIT` days, so that it is asked before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, assert_never

from bot.dialogue import asking
from bot.dialogue.course import Course, Unit
from bot.dialogue.draft import Draft
from bot.dialogue.expressions import evaluate
from bot.dialogue.flow import Study
from bot.dialogue.rendering import berlin_day
from bot.dialogue.session import Keep, Value

if TYPE_CHECKING:
    from fsrs import Scheduler

KEEP: Keep = "90d"
LONGEST_WAIT = 60  # days
AT_ONCE = 8  # questions in one repetition; a pile after a holiday must not look like a mountain
LOOKED_UP = (
    "course_new", "course_due", "course_next", "course_card", "course_unit", "course_unit_text", "course_done",
    "course_units", "course_known", "course_asked", "course_share", "course_needed", "course_ready", "course_status_text",
)  # fmt: skip
"""Slots of the running flow that `look` sets: whether nothing was learned yet; how many questions are due, on what day
the next ones are, the flow of the one that waits longest; the flow and title of the next unit; units done and all;
questions known and all; percent known and needed; whether the certificate may be made; where one stands, in words."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of one question: the scheduler's two numbers, when it comes again, and how the last answer was."""

    stability: float
    difficulty: float
    last: datetime
    due: datetime
    right: bool


@dataclass(frozen=True, slots=True)
class Learned:
    """Everything of one course: questions by name, units gone through."""

    cards: Mapping[str, Memory] = field(default_factory=dict)
    done: frozenset[str] = frozenset()

    def rows(self) -> tuple[str, ...]:
        """The form in which it is kept: `question? known|unknown stability difficulty last due`, `unit name`."""
        cards = (
            f"{name} {'known' if card.right else 'unknown'} {card.stability:.4f} {card.difficulty:.4f} "
            f"{card.last:%Y-%m-%dT%H:%M} {card.due:%Y-%m-%dT%H:%M}"
            for name, card in self.cards.items()
        )
        return (*cards, *(f"unit {name}" for name in sorted(self.done)))


def learned_of(rows: object) -> Learned:
    """Reads the kept form; a row that nobody can read any more is forgotten, not an error."""
    cards: dict[str, Memory] = {}
    done: set[str] = set()
    for row in rows if isinstance(rows, tuple) else ():
        match str(row).split():
            case ["unit", name]:
                done.add(name)
            case [name, known, stability, difficulty, last, due]:
                cards[name] = Memory(float(stability), float(difficulty), _time(last), _time(due), known == "known")
            case _:
                continue
    return Learned(cards, frozenset(done))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@lru_cache(maxsize=1)
def _scheduler() -> Scheduler:
    from fsrs import Scheduler

    # without steps of minutes: in a chat a question comes again on another day, or not today
    return Scheduler(learning_steps=(), relearning_steps=(), maximum_interval=LONGEST_WAIT, enable_fuzzing=False)


def graded(before: Memory | None, right: bool, at: datetime) -> Memory:
    """The memory of a question after an answer at `at`: a right one counts as "good", a wrong one as "again"."""
    from fsrs import Card, Rating, State

    now = at.astimezone(UTC)
    card = (
        Card(card_id=1, due=now)
        if before is None
        else Card(
            card_id=1,
            state=State.Review,
            stability=before.stability,
            difficulty=before.difficulty,
            due=before.due,
            last_review=before.last,
        )
    )
    after, _ = _scheduler().review_card(card, Rating.Good if right else Rating.Again, review_datetime=now)
    assert after.stability is not None
    assert after.difficulty is not None
    return Memory(after.stability, after.difficulty, now, after.due, right)


def due_questions(course: Course, learned: Learned, today: date) -> list[str]:
    """The questions to be asked again by the end of `today`, the longest overdue first."""
    known = [(card.due, name) for name in course.questions() if (card := learned.cards.get(name)) is not None]
    return [name for due, name in sorted(known) if berlin_day(due) <= today]


def next_day(course: Course, learned: Learned, today: date) -> date | None:
    """The next working day on which a question comes again, after today; None when nothing was learned yet."""
    days = [berlin_day(card.due) for name in course.questions() if (card := learned.cards.get(name)) is not None]
    if not days:
        return None
    day = max(min(days), today + timedelta(days=1))
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)


def known_of(unit: Unit, learned: Learned) -> int:
    """How many questions of the unit were answered rightly the last time."""
    return sum(name in learned.cards and learned.cards[name].right for name in unit.questions)


def study(draft: Draft, action: Study) -> None:
    """Carries out one step of a course."""
    course = draft.content.courses[action.course]
    learned = learned_of(draft.value(course.slot))
    match action.act:
        case "grade":
            assert action.right is not None
            right = bool(evaluate(action.right, asking.expression_names(draft), draft.today))
            card = graded(learned.cards.get(action.item), right, draft.at)
            _keep(draft, course, Learned({**learned.cards, action.item: card}, learned.done))
            draft.record("course_answer", course=course.name, question=action.item, right="ja" if right else "nein")
        case "finish":
            _keep(draft, course, Learned(learned.cards, learned.done | {action.item}))
            draft.record("course_unit", course=course.name, unit=action.item)
        case "look":
            _look(draft, course, learned)
        case _:
            assert_never(action.act)


def _keep(draft: Draft, course: Course, learned: Learned) -> None:
    draft.set_slot(course.slot, learned.rows(), KEEP)


def _look(draft: Draft, course: Course, learned: Learned) -> None:
    due = due_questions(course, learned, draft.today)
    following = next_day(course, learned, draft.today)
    unit = next((unit for unit in course.units if unit.name not in learned.done), None)
    asked = sum(len(unit.questions) for unit in course.units)
    known = sum(known_of(unit, learned) for unit in course.units)
    share = 100 * known // asked
    done = sum(unit.name in learned.done for unit in course.units)
    values: dict[str, Value] = {
        "course_new": not learned.cards and not learned.done,
        "course_due": min(len(due), AT_ONCE),
        "course_next": following.isoformat() if following is not None else None,
        "course_card": course.question_flow(due[0]) if due else "",
        "course_unit": course.unit_flow(unit.name) if unit is not None else "",
        "course_unit_text": unit.title if unit is not None else "",
        "course_done": done,
        "course_units": len(course.units),
        "course_known": known,
        "course_asked": asked,
        "course_share": share,
        "course_needed": course.share,
        "course_ready": done == len(course.units) and share >= course.share,
        "course_status_text": "\n".join(_line(draft, unit, learned) for unit in course.units),
    }
    for name, value in values.items():
        draft.set_slot(name, value, "turn")


def _line(draft: Draft, unit: Unit, learned: Learned) -> str:
    """One line of "where do I stand"."""
    key = "course.done" if unit.name in learned.done else "course.open"
    return draft.text(key, {"title": unit.title, "known": known_of(unit, learned), "asked": len(unit.questions)})
