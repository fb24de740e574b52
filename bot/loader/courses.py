"""dialogues/courses/*.yaml -> courses and the flows that they are compiled into.

What all courses share (overview, repetition, reminder, certificate) lies as flows in `frame.yaml`, with COURSE for the
course's name; units, cases and questions become flows here, so that back, stop, why and questions in between work as in
every flow. `dialogues/README.md` explains the keys to editors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from msgspec.structs import replace

from bot.dialogue import flow as model
from bot.dialogue.course import Course, Unit
from bot.loader.course_steps import (
    CASE_KEYS,
    QUESTION_KEYS,
    Words,
    case_steps,
    choice,
    go_on,
    name_of,
    question_steps,
    rows_of,
)
from bot.loader.flows import flow_of
from bot.loader.nodes import Node, Problems, read_yaml, read_yaml_text
from bot.text.variants import AUDIENCES, Variants

FRAME = "frame.yaml"
_COURSE_KEYS = ("course", "title", "about", "for", "start", "intro", "share", "as_of", "reviewed_by", "units")
_UNIT_KEYS = ("unit", "title", "minutes", "read", "cases", "questions", "sources")
_SOURCE_KEYS = ("name", "url", "as_of")
MAX_READ = 900  # characters of one piece: about a phone screen and a half
GIVEAWAY = 0.7  # from this share on, "the longest answer is right" helps to guess


def load_courses(
    root: Path, texts: Mapping[str, Variants], problems: Problems
) -> tuple[dict[str, Course], dict[str, model.Flow]]:
    """All courses below `root`/courses by name, and their flows."""
    folder = root / "courses"
    courses: dict[str, Course] = {}
    flows: dict[str, model.Flow] = {}
    for path in sorted(folder.glob("*.yaml")):
        shown = str(path.relative_to(root.parent))
        node = read_yaml(path, shown, problems) if path.name != FRAME else None
        if node is None:
            continue
        builder = _Builder.of(node, Words(texts), path, folder / FRAME)
        if builder is None:
            continue
        if builder.course.name in courses:
            node.problem(f"course {builder.course.name!r} exists already in {courses[builder.course.name].place}")
        courses[builder.course.name] = builder.course
        flows |= {flow.name: flow for flow in builder.flows()}
    return courses, flows


@dataclass(slots=True)
class _Builder:
    """One course on its way from nodes to flows."""

    course: Course
    fields: Mapping[str, Node]
    units: Sequence[Mapping[str, Node]]
    words: Words
    version: str
    frame: Path

    @classmethod
    def of(cls, node: Node, words: Words, path: Path, frame: Path) -> _Builder | None:
        fields = node.fields(_COURSE_KEYS, required=("course", "title", "for", "start", "intro", "as_of", "units"))
        if not frame.is_file():
            node.problem(f"{FRAME} is missing beside this file")
            return None
        if "course" not in fields or "units" not in fields:
            return None
        units = [unit.fields(_UNIT_KEYS, required=_UNIT_KEYS[:4] + _UNIT_KEYS[5:]) for unit in fields["units"].items()]
        named = [unit for unit in units if {"unit", "title", "questions"} <= unit.keys()]
        course = Course(
            name=name_of(fields["course"]),
            title=fields["title"].text() if "title" in fields else "",
            place=node.place,
            units=tuple(
                Unit(
                    name=name_of(unit["unit"]),
                    title=unit["title"].text(),
                    questions=tuple(
                        name_of(row["question"])
                        for row in rows_of(unit["questions"], QUESTION_KEYS)
                        if "question" in row
                    ),
                )
                for unit in named
            ),
            share=int(fields["share"].number()) if "share" in fields else 80,
        )
        version = hashlib.blake2b(path.read_bytes() + frame.read_bytes(), digest_size=6).hexdigest()
        builder = cls(course, fields, named, words, version, frame)
        builder.check()
        return builder

    # ------------------------------------------------------------------ rules of a course

    def check(self) -> None:
        """What makes a course teach: sources, names used once, answers that cannot be guessed by their looks."""
        _once(node for unit in self.units for node in [unit["unit"]])
        questions = [row for unit in self.units for row in rows_of(unit["questions"], QUESTION_KEYS, quiet=True)]
        _once(row["question"] for row in questions if "question" in row)
        for unit in self.units:
            if "sources" in unit and not unit["sources"].items():
                unit["sources"].problem("a unit names at least one source")
            for piece in unit["read"].items() if "read" in unit else ():
                if len(piece.text()) > MAX_READ:
                    piece.problem(
                        f"a piece to read has at most {MAX_READ} characters; this one has {len(piece.text())}"
                    )
        share = self.fields.get("share")
        if share is not None and not 50 <= share.number() <= 100:
            share.problem("share is a percentage from 50 to 100")
        self._check_guessing(questions)

    def _check_guessing(self, questions: list[dict[str, Node]]) -> None:
        whole = [row for row in questions if {"options", "right"} <= row.keys()]
        answers = [[(k.text(), len(v.text())) for k, v in row["options"].pairs()] for row in whole]
        rights = [row["right"].text() for row in whole]
        places = {
            next((at for at, (key, _) in enumerate(rows) if key == right), -1)
            for rows, right in zip(answers, rights, strict=True)
        }
        if len(whole) >= 4 and len(places) == 1:
            self.fields["units"].problem("the right answer always stands at the same place", "warning")
        longest = sum(
            max(rows, key=lambda row: row[1])[0] == right for rows, right in zip(answers, rights, strict=True) if rows
        )
        if len(whole) >= 4 and longest > GIVEAWAY * len(whole):
            self.fields["units"].problem(
                f"in {longest} of {len(whole)} questions the longest answer is the right one", "warning"
            )

    # ------------------------------------------------------------------ flows

    def flows(self) -> Iterator[model.Flow]:
        """The frame's flows, one a unit, one a question."""
        yield from self._frame_flows()
        units = self.fields["units"]
        yield self._flow(f"{self.course.flow}.units", units, [self._choice_of_unit(units)])
        for number, unit in enumerate(self.units):
            yield self._flow(
                self.course.unit_flow(self.course.units[number].name), unit["unit"], self._unit_steps(number, unit)
            )
            for row in rows_of(unit["questions"], QUESTION_KEYS, quiet=True):
                if set(QUESTION_KEYS) <= row.keys():
                    name = self.course.question_flow(row["question"].text())
                    yield self._flow(name, row["question"], question_steps(self.words, self.course.name, row))

    def _flow(self, name: str, node: Node, steps: list[model.Step]) -> model.Flow:
        return model.Flow(
            name=name,
            place=node.place,
            version=self.version,
            steps=tuple(steps),
            title=Variants.of(self.course.title),
            audiences=self.audiences,
            transcript=False,  # kept is whether an answer was right, nothing else
            position={step.name: at for at, step in enumerate(steps)},
        )

    @property
    def audiences(self) -> tuple[str, ...]:
        """Whom the course is for."""
        named = self.fields["for"].items() if "for" in self.fields else []
        for node in named:
            if node.text() not in AUDIENCES:
                node.problem(f"unknown audience {node.text()!r}")
        return tuple(node.text() for node in named)

    def _frame_flows(self) -> Iterator[model.Flow]:
        shown = f"dialogues/courses/{FRAME}"
        text = self.frame.read_text(encoding="utf-8", errors="replace").replace("COURSE", self.course.name)
        node = read_yaml_text(text, shown, self.fields["course"].problems)
        for item in node.items() if node is not None else ():
            flow = flow_of(item, self.version)
            if flow is None:
                continue
            flow = replace(flow, title=Variants.of(self.course.title), audiences=self.audiences, transcript=False)
            if flow.name == self.course.flow:
                flow = replace(
                    flow,
                    start=self.fields["start"].texts() if "start" in self.fields else (),
                    steps=self._with_intro(flow),
                )
            yield flow

    def _with_intro(self, flow: model.Flow) -> tuple[model.Step, ...]:
        intro = self.fields.get("intro")
        said = Variants({"default": intro.text()}, intro.place) if intro is not None else None
        return tuple(replace(step, say=said) if step.name == "intro" else step for step in flow.steps)

    def _choice_of_unit(self, node: Node) -> model.Step:
        options = (
            model.Option(value=unit.name, label=Variants.of(unit.title), link=self.course.unit_flow(unit.name))
            for unit in self.course.units
        )
        ask = choice(self.words, "course_chosen", options, "choose.retry")
        return model.Step(name="choose", place=node.place, say=Variants.of(self.words("choose")), action=ask)

    def _unit_steps(self, number: int, unit: Mapping[str, Node]) -> list[model.Step]:
        """Read, decide cases, answer questions, a word at the end."""
        steps: list[model.Step] = []
        pieces = unit["read"].items() if "read" in unit else []
        head = self.words(
            "unit",
            number=number + 1,
            of=len(self.units),
            title=unit["title"].text(),
            minutes=unit["minutes"].text() if "minutes" in unit else "",
        )
        for at, piece in enumerate(pieces):
            text = f"{head}\n\n{piece.text().strip()}" if at == 0 else piece.text().strip()
            steps.append(go_on(self.words, f"read_{at + 1}", text, piece))
        for row in rows_of(unit["cases"], CASE_KEYS) if "cases" in unit else ():
            if set(CASE_KEYS) <= row.keys():
                steps += case_steps(self.words, row)
        for at, name in enumerate(self.course.units[number].questions):
            say = (
                Variants.of(self.words("questions", number=len(self.course.units[number].questions)))
                if at == 0
                else None
            )
            place = unit["questions"].place
            steps.append(
                model.Step(
                    name=f"question_{name}", place=place, say=say, action=model.Call(self.course.question_flow(name))
                )
            )
        return [*steps, *self._end_of_unit(number, unit)]

    def _end_of_unit(self, number: int, unit: Mapping[str, Node]) -> Iterator[model.Step]:
        place, name = unit["unit"].place, self.course.units[number].name
        course = self.course.name
        yield model.Step(name="finish", place=place, action=model.Study(act="finish", course=course, item=name))
        yield model.Step(name="look", place=place, action=model.Study(act="look", course=course))
        reviewed = self.fields.get("reviewed_by")
        review = self.words("unreviewed") if reviewed is None or reviewed.is_null else ""
        as_of = self._as_of()
        said = self.words(
            "finished", title=unit["title"].text(), sources=self._sources(unit), as_of=as_of, review=review
        )
        yield model.Step(
            name="finished",
            place=place,
            say=Variants({"default": said.strip()}, place),
            action=model.Call(f"{self.course.flow}.plan"),
        )

    def _as_of(self) -> str:
        node = self.fields.get("as_of")
        try:
            return f"{date.fromisoformat(node.text()):%d.%m.%Y}" if node is not None else ""
        except ValueError:
            assert node is not None
            node.problem(f"cannot read the date {node.text()!r}; write 2026-12-31")
            return ""

    def _sources(self, unit: Mapping[str, Node]) -> str:
        rows = rows_of(unit["sources"], _SOURCE_KEYS, required=("name",)) if "sources" in unit else []
        return "; ".join(row["name"].text() for row in rows if "name" in row)


def _once(nodes: Iterator[Node]) -> None:
    seen: set[str] = set()
    for node in nodes:
        if node.text() in seen:
            node.problem(f"{node.text()!r} stands here twice")
        seen.add(node.text())
