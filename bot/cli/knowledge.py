"""`kavi why TOPIC` and `kavi knowledge`: where every claim comes from, for one topic and for all."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from bot import app
from bot.config import read_settings
from bot.dialogue.rendering import berlin_day
from bot.insights.knowledge_page import knowledge_page, rows_of
from bot.insights.provenance import Kind, used_by, written_numbers
from bot.loader.nodes import suggestion

_WRITTEN: dict[Kind, str] = {
    "law": "Paragraf, steht im Gesetz selbst",
    "reference": "Aktenzeichen oder Nummer einer Quelle",
    "emergency": "Notruf",
    "year": "Datum oder Jahr, siehe Quellen des Themas",
    "age": "Alter, siehe Quellen des Themas",
    "counting": "Aufzählung",
    "unknown": "OHNE QUELLE: gehört nach knowledge/data",
}


def run_why(topic_id: str) -> int:
    """Prints sources, dates and review state of a topic and where each of its numbers comes from; 1 when one has no source."""
    content = app.load_content_for(read_settings())
    topic = content.topics.get(topic_id)
    if topic is None:
        print(f"Das Thema {topic_id!r} gibt es nicht{suggestion(topic_id, content.topics)}.", file=sys.stderr)
        return 2
    print(f"{topic.id} · {topic.title}   ({topic.place})")
    print(f"Geltung: {topic.scope}, Risiko: {topic.risk}, Sicherheit: {topic.confidence}")
    print(
        f"Stand: {topic.as_of}, gültig bis: {topic.valid_until or 'offen'}, geprüft von: {topic.reviewed_by or 'noch niemand'}"
    )
    for source in topic.sources:
        print(f"Quelle: {source.name} {source.url} {source.as_of}".rstrip())
    for one in used_by(topic, content):
        fact = one.fact
        origin = f"Quelle: {fact.source or '-'}, Stand: {fact.as_of or '-'}, {fact.confidence}"
        print(f"{{{one.name}}} = {fact.text!r}   {fact.place}, {origin}")
    untraced = 0
    for kind, text, around in dict.fromkeys((n.kind, n.text, n.around) for n in written_numbers(topic)):
        untraced += kind == "unknown"
        if kind != "counting":
            print(f"{text} im Text: {_WRITTEN[kind]}   „… {around} …“")
    return 1 if untraced else 0


def run_knowledge(html: Path | None) -> int:
    """Writes the page of all topics, or prints a line for each when no file is named."""
    content = app.load_content_for(read_settings())
    today = berlin_day(datetime.now(UTC))
    if html is not None:
        html.write_text(knowledge_page(content, today), encoding="utf-8")
        print(f"{html} geschrieben: {len(content.topics)} Themen.")
        return 0
    for row in rows_of(content, today):
        until = row.day.isoformat() if row.day else "offen"
        print(
            f"{row.topic.id:28} {row.topic.risk:9} {row.topic.scope:7} bis {until:10} {row.validity:5} {row.topic.title}"
        )
    return 0
