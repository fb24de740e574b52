"""The survey: its 14 questions with their closed answers, and how one person's answers become numbers of a week.

Answers of the two sensitive questions are mixed with chance before anything is kept (randomised response, Warner 1965, in
the form for several answers): with probability 1/2 the answer is replaced by one drawn evenly from all answers. The draw
comes from outside; nothing here is random by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from bot.ports import Tally

Draw = Callable[[int], int]
"""A number from 0 to n-1, each as likely as any other."""

TALLY = "survey"
TAKEN = "taken"  # stands for "took part" beside the questions
ANSWERED = ""  # the answer that counts who answered a question at all; only where several answers may be given
UNKNOWN_LAND = "--"
REPLACED = 0.5  # how often a sensitive answer is replaced by a drawn one


class Question(Struct, frozen=True, kw_only=True):
    """One question. `most` is how many answers one person may give, `alone` an answer that excludes the others.

    `epsilon` is its share of the privacy budget for Germany, `land_epsilon` for each Land (0: published for Germany only).
    """

    id: str
    title: str  # above a plot
    answers: tuple[str, ...]
    most: int = 1
    alone: tuple[str, ...] = ()
    sensitive: bool = False
    epsilon: str = "0.125"
    land_epsilon: str = "0"

    @property
    def reach(self) -> int:
        """How many numbers one person changes by one."""
        return 1 if self.most == 1 else self.most + 1


QUESTIONS: tuple[Question, ...] = (
    Question(id="custody", title="Art der Haft", answers=("remand", "sentence", "open", "fine", "unknown")),
    Question(id="children", title="Betroffene Kinder je Familie", answers=("one", "two", "three", "more")),
    Question(id="youngest", title="Alter des jüngsten Kindes", answers=("0-2", "3-5", "6-9", "10-13", "14-17")),
    Question(
        id="carer", title="Bei wem das Kind lebt", answers=("parent", "grandparents", "care", "inside", "other")
    ),
    Question(id="parent", title="Wer in Haft ist", answers=("father", "mother", "other")),
    Question(
        id="contact", title="Kontakt im letzten Monat", answers=("visit", "video", "phone", "letters", "none"), most=4,
        alone=("none",), epsilon="0.4",
    ),
    Question(id="visits", title="Besuche im letzten Monat", answers=("none", "once", "twice", "some", "often")),
    Question(
        id="way", title="Weg zum Gefängnis, einfache Strecke", answers=("short", "hour", "two_hours", "long"), epsilon="0.15",
        land_epsilon="0.25",
    ),
    Question(
        id="obstacles", title="Was Besuche mit Kind schwer macht",
        answers=(
            "cost", "distance", "times", "papers", "permission", "child", "carer", "ban", "no_answer", "nothing",
        ),
        most=3, alone=("nothing",), epsilon="0.4", land_epsilon="0.9",
    ),
    Question(id="knows", title="Was das Kind weiß", answers=("all", "part", "story", "small"), sensitive=True),
    Question(
        id="offers", title="Was es im Gefängnis für Kinder gibt", answers=("room", "officer", "hours", "none", "unknown"),
        most=3, alone=("none", "unknown"), epsilon="0.35",
    ),
    Question(
        id="help", title="Wo Familien Hilfe bekommen haben", answers=("youth_office", "counselling", "school", "none"),
        most=3, alone=("none",), epsilon="0.35",
    ),
    Question(
        id="arrest", title="War ein Kind bei der Festnahme dabei?", answers=("yes", "no", "unknown"), sensitive=True
    ),
)  # fmt: skip
"""All but the Land, which is the first question and stands beside each of these."""

BY_LAND = frozenset({TAKEN, *(question.id for question in QUESTIONS if question.land_epsilon != "0")})


def survey_counts(draw: Draw, laender: Sequence[str]) -> Callable[[Mapping[str, str], datetime], list[Tally]]:
    """Counts finished questionnaires: (values as the flow hands them over, time) -> one more of each answer.

    The Land is kept only with what is published for each Land, so that less of it can be put together again. Whatever is no
    closed answer, such as a text that somebody put into the form, is left out; of more answers than allowed the first count.
    """

    def count(values: Mapping[str, str], at: datetime) -> list[Tally]:
        land = values.get("land", "")
        land = land if land in laender else UNKNOWN_LAND
        given = [(TAKEN, ANSWERED), *_answers(values, draw)]
        return [
            Tally.of(TALLY, at, {"land": land if q in BY_LAND else UNKNOWN_LAND, "question": q, "answer": answer})
            for q, answer in given
        ]

    return count


def _answers(values: Mapping[str, str], draw: Draw) -> Iterator[tuple[str, str]]:
    for question in QUESTIONS:
        said = [part.strip() for part in values.get(question.id, "").split(",")]
        chosen = [answer for answer in dict.fromkeys(said) if answer in question.answers]
        chosen = [one for one in chosen if one in question.alone][:1] or chosen[: question.most]
        if not chosen:
            continue
        if question.most > 1:
            yield question.id, ANSWERED
        for answer in chosen:
            yield question.id, randomised(answer, question.answers, draw) if question.sensitive else answer


def randomised(answer: str, answers: Sequence[str], draw: Draw) -> str:
    """The answer, or in half of the cases one drawn from all answers (which may be the same)."""
    return answers[draw(len(answers))] if draw(2) else answer
