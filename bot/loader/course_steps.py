"""The steps of a course: pieces to read, cases with choices and what comes of them, questions with their explanation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

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


def go_on(words: Words, name: str, text: str, node: Node) -> model.Step:
    """A piece to read; the next comes when the person says so."""
    ask = model.Ask(
        kind="choose",
        slot="course_on",
        keep="turn",
        prefill=False,
        options=(model.Option(value="on", label=Variants.of(words("on")), also=words.others("on.also")),),
        retry=(Variants.of(words("on.retry")),),
        why=Variants.of(words("on.why")),
    )
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
    options = tuple(
        replace(option, goto=f"{name}_{key.text()}")
        for option, (key, _) in zip(_lettered([k.text() for k, _ in choices], labels), choices, strict=True)
    )
    ask = model.Ask(
        kind="choose",
        slot=f"course_{name}",
        keep="turn",
        prefill=False,
        options=options,
        retry=(Variants.of(words("letter.retry")),),
        why=Variants.of(words("case.why")),
    )
    story = f"{words('case')} {row['story'].text().strip()}\n\n{_list(labels)}"
    yield model.Step(
        name=name, place=row["case"].place, say=Variants({"default": story}, row["story"].place), action=ask
    )
    for key, fields in choices:
        said = Variants({"default": fields["then"].text().strip()}, fields["then"].place)
        after = f"{name}_end" if key in best else f"{name}_again"
        yield model.Step(name=f"{name}_{key.text()}", place=key.place, say=said, goto=after)
    again = model.Ask(
        kind="choose",
        slot="course_again",
        keep="turn",
        prefill=False,
        options=(
            model.Option(
                value="again",
                label=Variants.of(words("again")),
                also=words.others("again.also"),
                goto=name,
            ),
            model.Option(value="on", label=Variants.of(words("on")), also=words.others("on.also")),
        ),
        retry=(Variants.of(words("again.retry")),),
    )
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
    ask = model.Ask(
        kind="choose", slot="course_answer", keep="turn", prefill=False, options=tuple(_lettered(keys, labels)),
        retry=(Variants.of(words("letter.retry")),), why=Variants.of(words("question.why")),
    )  # fmt: skip
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
