"""`kavi why TOPIC`: the birth certificate of every claim of a topic."""

from __future__ import annotations

import sys

from bot import app
from bot.config import read_settings
from bot.dialogue.rendering import PLACEHOLDER
from bot.loader.nodes import suggestion


def run_why(topic_id: str) -> int:
    """Prints sources, dates, review state, and where each number comes from."""
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
    texts = "\n".join((*topic.answers.values(), *topic.next.values()))
    for name in dict.fromkeys(PLACEHOLDER.findall(texts)):
        by_land = [f"land.{code}.{name[5:]}" for code in content.laender] if name.startswith("land.") else []
        for full in [name] if name in content.values else by_land:
            fact = content.values.get(full)
            if fact is not None:
                origin = f"Quelle: {fact.source or '-'}, Stand: {fact.as_of or '-'}, {fact.confidence}"
                print(f"{{{full}}} = {fact.text!r}   {fact.place}, {origin}")
    return 0
