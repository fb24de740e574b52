"""The steps of a course: pieces to read, cases with choices and what comes of them, questions with their explanation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from bot.dialogue import flow as model
from bot.dialogue.expressions import parse
from bot.loader.nodes import Node
from bot.text.variants import Variants

CASE_KEYS = ("case", "story", "choices")
CHOICE_KEYS = ("label", "then", "best")
QUESTION_KEYS = ("question", "ask", "options", "right", "because")
LETTERS = "ABCDE"
_NAME = re.compile(r"[a-z][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Words:
    """The words that stand around every course's own, from texts.yaml."""

    texts: Mapping[str, Variants]

    def __call__(self, key: str, **values: object) -> str:
        found = self.texts.get(f"course.{key}")
        text = found.texts.get("default", "") if found is not None else ""
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def others(self, key: str) -> tuple[str, ...]:
        """Other words that people type for it, divided by commas."""
        return tuple(word.strip() for word in self(key).split(","))


def choice(words: Words, slot: str, options: Iterable[model.Option], retry: str, why: str = "") -> model.Ask:
    """A question whose answer nothing but the next steps needs; `retry` and `why` are keys of the course's words."""
    return model.Ask(
        kind="choose",
        slot=slot,
        keep="turn",
        prefill=False,
        options=tuple(options),
        retry=(Variants.of(words(retry)),),
        why=Variants.of(words(why)) if why else None,
    )


def _button(words: Words, value: str, goto: str = "") -> model.Option:
    """An option in the words of every course."""
    return model.Option(value=value, label=Variants.of(words(value)), also=words.others(f"{value}.also"), goto=goto)


def go_on(words: Words, name: str, text: str, node: Node) -> model.Step:
    """A piece to read; the next comes when the person says so."""
    ask = choice(words, "course_on", [_button(words, "on")], "on.retry", "on.why")
    return model.Step(name=name, place=node.place, say=Variants({"default": text}, node.place), action=ask)


def case_steps(words: Words, row: Mapping[str, Node]) -> Iterator[model.Step]:
    """The story with its choices, what comes of each, and another try after a choice that was not the best."""
    name = f"case_{name_of(row['case'])}"
    choices = [(key, value.fields(CHOICE_KEYS, required=("label", "then"))) for key, value in row["choices"].pairs()]
    choices = [(key, fields) for key, fields in choices if {"label", "then"} <= fields.keys()]
    best = [key for key, fields in choices if "best" in fields and fields["best"].boolean()]
    if len(best) != 1 or not 2 <= len(choices) <= len(LETTERS):
        row["choices"].problem(f"a case has 2 to {len(LETTERS)} choices, one of them with best: true")
        return
    labels = [fields["label"] for _, fields in choices]
    lettered = _lettered([key.text() for key, _ in choices], labels)
    options = [replace(option, goto=f"{name}_{option.value}") for option in lettered]
    ask = choice(words, f"course_{name}", options, "letter.retry", "case.why")
    story = f"{words('case')} {row['story'].text().strip()}\n\n{_list(labels)}"
    yield model.Step(
        name=name, place=row["case"].place, say=Variants({"default": story}, row["story"].place), action=ask
    )
    for key, fields in choices:
        said = Variants({"default": fields["then"].text().strip()}, fields["then"].place)
        after = f"{name}_end" if key in best else f"{name}_again"
        yield model.Step(name=f"{name}_{key.text()}", place=key.place, say=said, goto=after)
    again = choice(words, "course_again", [_button(words, "again", name), _button(words, "on")], "again.retry")
    yield model.Step(name=f"{name}_again", place=row["case"].place, say=Variants.of(words("again.ask")), action=again)
    yield go_on(words, f"{name}_end", words("case.end"), row["case"])


def question_steps(words: Words, course: str, row: Mapping[str, Node]) -> list[model.Step]:
    name, place = row["question"].text(), row["question"].place
    keys = [key.text() for key, _ in row["options"].pairs()]
    labels = [value for _, value in row["options"].pairs()]
    right = row["right"].text()
    if right not in keys or not 2 <= len(keys) <= len(LETTERS):
        row["right"].problem(f"a question has 2 to {len(LETTERS)} options, and `right` names one of them")
        right = keys[0] if keys else ""
    letter = LETTERS[keys.index(right)] if right in keys else ""
    because = row["because"].text().strip()
    solution = labels[keys.index(right)].text() if right in keys else ""
    ask = choice(words, "course_answer", _lettered(keys, labels), "letter.retry", "question.why")
    is_right = parse(f'course_answer == "{right}"', row["right"].place)
    text = f"{row['ask'].text().strip()}\n\n{_list(labels)}"
    return [
        model.Step(name="ask", place=place, say=Variants({"default": text}, row["ask"].place), action=ask),
        model.Step(
            name="grade",
            place=place,
            action=model.Study(act="grade", course=course, item=name, right=is_right),
        ),
        model.Step(name="which", place=place, action=model.Branch(((is_right, "right"),), "wrong")),
        model.Step(
            name="right",
            place=place,
            say=Variants({"default": words("right", because=because)}, row["because"].place),
            action=model.End(),
        ),
        model.Step(
            name="wrong",
            place=place,
            say=Variants(
                {"default": words("wrong", letter=letter, solution=solution, because=because)},
                row["because"].place,
            ),
            action=model.End(),
        ),
    ]


def _lettered(keys: list[str], labels: list[Node]) -> Iterator[model.Option]:
    """Options with a letter on the button, because a phone cuts long buttons off; the whole words may be typed too."""
    for key, label, letter in zip(keys, labels, LETTERS, strict=False):
        yield model.Option(
            value=key, label=Variants({"default": letter}, label.place), also=(letter.lower(), label.text())
        )


def _list(labels: list[Node]) -> str:
    return "\n".join(f"**{letter}** {label.text()}" for letter, label in zip(LETTERS, labels, strict=False))


def rows_of(
    node: Node, keys: tuple[str, ...], required: tuple[str, ...] | None = None, *, quiet: bool = False
) -> list[dict[str, Node]]:
    """The records of a list; with `quiet` what is wrong with them was told before."""
    if quiet:
        return [{key.text(): value for key, value in item.pairs() if key.text() in keys} for item in node.items()]
    return [item.fields(keys, required=keys if required is None else required) for item in node.items()]


def name_of(node: Node) -> str:
    name = node.text()
    if not _NAME.fullmatch(name):
        node.problem(f"{name!r} is no name: small letters, digits, - and _")
    return name
