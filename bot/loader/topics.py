"""knowledge/topics/**/*.yaml -> topics, with every check that needs only the file and the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from bot.dialogue.content import FactText
from bot.dialogue.rendering import PLACEHOLDER
from bot.loader.nodes import Node, Problems, missing_severity, read_yaml, suggestion
from bot.matching.topic import Asked, Source, Topic
from bot.text.normalise import fold
from bot.text.variants import AUDIENCES, BANDS

_KEYS = ("id", "title", "audiences", "risk", "scope", "needs", "part_of", "as_of", "valid_until", "confidence", "reviewed_by",
         "sources", "answers", "next", "related", "asked", "not_asked", "note")  # fmt: skip
_REQUIRED = ("id", "title", "audiences", "risk", "scope", "as_of", "confidence", "sources", "answers", "asked")
_RISKS = ("harmless", "money", "legal", "safety")
_SCOPES = ("bund", "land", "prison")
_CONFIDENCES = ("high", "medium", "low")
MAX_TITLE = 40
MAX_ANSWER = 1500
MIN_ASKED = 12

NEEDED_VARIANTS: Mapping[str, tuple[str, ...]] = {
    "caregiver": ("caregiver", "caregiver.leicht"),
    "child": (*(f"child.{band}" for band in BANDS), "child.leicht"),
    "parent": ("parent", "parent.leicht"),
    "staff": ("staff",),
}
_VARIANT_KEYS = frozenset(
    {key for keys in NEEDED_VARIANTS.values() for key in keys} | {"child", *(f"child.{band}.leicht" for band in BANDS)}
)


def load_topics(root: Path, problems: Problems) -> dict[str, Topic]:
    """All topics below `root`/topics by id."""
    topics: dict[str, Topic] = {}
    for path in sorted((root / "topics").rglob("*.yaml")):
        node = read_yaml(path, str(path.relative_to(root.parent)), problems)
        topic = _topic(node) if node is not None and node.is_map else None
        if topic is None:
            continue
        if topic.id in topics:
            node.problem(f"topic {topic.id!r} exists already in {topics[topic.id].place}") if node else None
        topics[topic.id] = topic
    return topics


def titles_of(topics: Mapping[str, Topic], catalogs: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
    """The folded titles, as they stand on buttons, in German and in each language that has them."""
    german = [topic.title for topic in topics.values()]
    translated = (catalog[title] for catalog in catalogs.values() for title in german if title in catalog)
    return frozenset(map(fold, (*german, *translated)))


def _topic(node: Node) -> Topic | None:
    fields = node.fields(_KEYS, required=_REQUIRED)
    if any(name not in fields for name in _REQUIRED):
        return None
    audiences = fields["audiences"].texts()
    for item in fields["audiences"].items():
        if item.text() not in AUDIENCES:
            item.problem(f"unknown audience {item.text()!r}{suggestion(item.text(), AUDIENCES)}")
    if len(fields["title"].text()) > MAX_TITLE:
        fields["title"].problem(f"a title has at most {MAX_TITLE} characters; it stands on a button")
    reviewed = fields.get("reviewed_by")
    return Topic(
        id=fields["id"].text(),
        title=fields["title"].text(),
        audiences=audiences,
        risk=_word(fields["risk"], _RISKS),  # type: ignore[arg-type]  # checked by _word
        scope=_word(fields["scope"], _SCOPES),  # type: ignore[arg-type]  # checked by _word
        needs=_word(fields["needs"], ("land",)) if "needs" in fields and not fields["needs"].is_null else "",
        part_of=fields["part_of"].text() if "part_of" in fields else "",
        as_of=_date(fields["as_of"]) or date(2000, 1, 1),
        valid_until=_date(fields["valid_until"]) if "valid_until" in fields else None,
        confidence=_word(fields["confidence"], _CONFIDENCES),  # type: ignore[arg-type]  # checked by _word
        reviewed_by=None if reviewed is None or reviewed.is_null else reviewed.text(),
        sources=_sources(fields["sources"]),
        answers=_variants(fields["answers"], audiences),
        next=_variants(fields["next"], ()) if "next" in fields else {},
        related=fields["related"].texts() if "related" in fields else (),
        asked=_asked(fields["asked"]),
        not_asked=_asked(fields["not_asked"]) if "not_asked" in fields else (),
        place=node.place,
    )


def _word(node: Node, allowed: tuple[str, ...]) -> str:
    if node.text() not in allowed:
        node.problem(f"{node.text()!r} is none of {', '.join(allowed)}{suggestion(node.text(), allowed)}")
        return allowed[0]
    return node.text()


def _date(node: Node) -> date | None:
    """An ISO day; a month or year alone counts from its first day."""
    if node.is_null:
        return None
    text = node.text()
    try:
        return date.fromisoformat(text + "-01" * (2 - text.count("-")))
    except ValueError:
        node.problem(f"cannot read the date {text!r}; write 2026-11-23")
        return None


def _sources(node: Node) -> tuple[Source, ...]:
    rows = []
    for item in node.items():
        fields = item.fields(("name", "url", "as_of"), required=("name",))
        values = {name: value.text() for name, value in fields.items() if not value.is_null}
        rows.append(Source(values.get("name", ""), values.get("url", ""), values.get("as_of", "")))
    if not rows:
        node.problem("a topic needs at least one source")
    return tuple(rows)


def _variants(node: Node, audiences: tuple[str, ...]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for key, value in node.pairs():
        if key.text() not in _VARIANT_KEYS:
            key.problem(f"unknown variant {key.text()!r}{suggestion(key.text(), _VARIANT_KEYS)}")
        if len(value.text()) > MAX_ANSWER:
            value.problem(f"an answer has at most {MAX_ANSWER} characters, this one {len(value.text())}")
        texts[key.text()] = value.text()
    for audience in audiences:
        for needed in NEEDED_VARIANTS.get(audience, ()):
            if needed not in texts:
                node.problem(f"the variant {needed!r} is missing")
    return texts


def _asked(node: Node) -> tuple[Asked, ...]:
    rows = []
    for item in node.items():
        if item.is_scalar:
            rows.append(Asked(item.text(), place=item.place))
            continue
        fields = item.fields(("text", "audience", "topic"), required=("text",))
        values = {name: value.text() for name, value in fields.items()}
        rows.append(Asked(values.get("text", ""), values.get("audience", ""), values.get("topic", ""), item.place))
    return tuple(rows)


def check_topics(
    topics: Mapping[str, Topic], values: Mapping[str, FactText], laender: Mapping[str, str], problems: Problems
) -> None:
    """What only shows when all topics and data are there: related ids, placeholders, doubled example questions."""
    seen: dict[str, str] = {}
    for topic in topics.values():
        file, _, line = topic.place.rpartition(":")

        def note(message: str, severity: str = "error", file: str = file, line: str = line) -> None:
            problems.add(file, int(line), 1, message, severity)

        _check_ids(topic, topics, note)
        for text in (*topic.answers.values(), *topic.next.values()):
            for name in PLACEHOLDER.findall(text):
                if not _known(name, values, laender):
                    note(f"{{{name}}} is not in knowledge/data{suggestion(name, values)}")
        if "{land." in "".join(topic.answers.values()) and topic.needs != "land":
            note("an answer with {land.…} needs `needs: land`")
        if len(topic.asked) < MIN_ASKED:
            note(f"{len(topic.asked)} example questions, at least {MIN_ASKED} are needed", "warning")
        for row in topic.asked:
            said = fold(row.text)
            if said in seen and seen[said] != topic.id:
                problems.add(*_place(row.place), f"{row.text!r} is also an example question of {seen[said]}")
            seen[said] = topic.id
        for row in topic.not_asked:
            if row.topic and row.topic not in topics:
                message = f"topic {row.topic!r} does not exist{suggestion(row.topic, topics)}"
                problems.add(*_place(row.place), message, missing_severity(row.topic, topics))


def _check_ids(topic: Topic, topics: Mapping[str, Topic], note: Callable[..., None]) -> None:
    for other in topic.related:
        if other not in topics:
            note(f"related topic {other!r} does not exist{suggestion(other, topics)}", missing_severity(other, topics))
    wider = topics.get(topic.part_of)
    if topic.part_of and (wider is None or wider.part_of):
        note(f"part_of: {topic.part_of!r} is no topic that stands for itself{suggestion(topic.part_of, topics)}")


def _place(place: str) -> tuple[str, int, int]:
    file, _, line = place.rpartition(":")
    return file, int(line), 1


def _known(name: str, values: Mapping[str, FactText], laender: Mapping[str, str]) -> bool:
    if name in values:
        return True
    if name.startswith("land."):
        return any(f"land.{code}.{name[5:]}" in values for code in laender)
    return name in ("land", "prison", "human_when")
