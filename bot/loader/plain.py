"""knowledge/leicht.yaml -> the rules of plain German, and all texts in plain German measured by them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.dialogue.content import Content
from bot.errors import Problem
from bot.loader.nodes import Problems, read_yaml
from bot.loader.steps import texts_of_step
from bot.text.readability import Measured, PlainRules, measure

_LIMITS = ("words", "letters", "commas", "negation", "findings")
_LISTS = ("known", "negation", "konjunktiv", "genitive", "words")
_NAMES = {
    "words": "zu lang", "letters": "langes Wort ohne Bindestrich", "commas": "verschachtelt", "genitive": "Genitiv",
    "passive": "Passiv", "konjunktiv": "Konjunktiv", "hard": "schweres Wort",
}  # fmt: skip
_NAMED = 3  # findings that a problem names


@dataclass(frozen=True, slots=True)
class PlainText:
    """One text in plain German: where it stands, what it is, its measure."""

    place: str
    name: str
    measured: Measured


def load_plain(knowledge: Path, problems: Problems) -> PlainRules | None:
    """The rules; None when the file is not there."""
    path = knowledge / "leicht.yaml"
    node = read_yaml(path, str(path.relative_to(knowledge.parent)), problems) if path.is_file() else None
    if node is None:
        return None
    fields = node.fields(("limits", *_LISTS), required=("limits", *_LISTS))
    if any(name not in fields for name in ("limits", *_LISTS)):
        return None
    limits = fields["limits"].fields(_LIMITS, required=_LIMITS)
    if limits.keys() != set(_LIMITS):
        return None
    numbers = {name: int(value.number()) for name, value in limits.items()}

    def words(name: str) -> frozenset[str]:
        return frozenset(word.casefold() for word in fields[name].texts())

    return PlainRules(
        **numbers,
        known=words("known"),
        negations=words("negation"),
        konjunktiv=words("konjunktiv"),
        genitive=words("genitive"),
        hard={key.text(): value.text() for key, value in fields["words"].pairs()},
    )


def plain_texts(content: Content, rules: PlainRules) -> list[PlainText]:
    """Every text in plain German with its measure, in the order of the content."""
    return [PlainText(place, name, measure(text, rules)) for place, name, text in _texts(content)]


def _texts(content: Content) -> Iterator[tuple[str, str, str]]:
    for topic in content.topics.values():
        for part, texts in (("answers", topic.answers), ("next", topic.next)):
            for key, text in texts.items():
                if key.endswith("leicht"):
                    yield topic.place, f"{topic.id} {part}.{key}", text
    for flow in content.flows.values():
        for step in flow.steps:
            for variants in texts_of_step(step):
                for key, text in variants.texts.items():
                    if key.endswith("leicht"):
                        yield variants.place, f"{flow.name}.{step.name} {key}", text
    for name, variants in content.texts.items():
        for key, text in variants.texts.items():
            if key.endswith("leicht"):
                yield variants.place, f"{name} {key}", text


def plain_problems(texts: list[PlainText], rules: PlainRules, *, every: bool = False) -> list[Problem]:
    """What stands out: texts with more than the rules allow, or with `every` each single finding."""
    found = []
    for text in texts:
        file, _, line = text.place.rpartition(":")
        told = [f"{_NAMES[one.kind]}: {one.what}" for one in text.measured.findings]
        if every:
            messages = [f"{tale} („{one.sentence}“)" for tale, one in zip(told, text.measured.findings, strict=True)]
        elif text.measured.too_hard(rules):
            more = f" und {len(told) - _NAMED} weitere" if len(told) > _NAMED else ""
            share = f"{text.measured.hard} von {text.measured.sentences} Sätzen"
            messages = [f"schwer zu lesen, {share}: {'; '.join(told[:_NAMED])}{more}"]
        else:
            messages = []
        if text.measured.negates_too_much(rules):
            messages.append(f"{text.measured.negated} von {text.measured.sentences} Sätzen verneinen")
        found += [Problem(file, int(line), 1, f"{text.name}: {message}", "warning") for message in messages]
    return found
