"""A course as data: units with questions. What is read and asked are flows; this says what belongs together.

The loader compiles a file of `dialogues/courses/` into one `Course` and its flows; `learning` keeps what is known of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

LEARNED = "learned."  # before the name of a course: the slot that holds what a person knows of it


class Unit(Struct, frozen=True, kw_only=True):
    """One unit: its title and the names of its questions, in order."""

    name: str
    title: str
    questions: tuple[str, ...]


class Course(Struct, frozen=True, kw_only=True):
    """One course. `share` is how many percent of the questions must be known for the certificate."""

    name: str
    title: str
    place: str
    units: tuple[Unit, ...]
    share: int = 80

    @property
    def slot(self) -> str:
        """The slot that holds what a person knows of this course."""
        return f"{LEARNED}{self.name}"

    @property
    def flow(self) -> str:
        """The flow that a person begins with."""
        return f"course.{self.name}"

    def unit_flow(self, unit: str) -> str:
        """The flow of one unit."""
        return f"{self.flow}.{unit}"

    def question_flow(self, question: str) -> str:
        """The flow that asks one question, in its unit and again weeks later."""
        return f"{self.flow}.question.{question}"

    def questions(self) -> Iterator[str]:
        """The names of all questions, in order."""
        return (question for unit in self.units for question in unit.questions)
