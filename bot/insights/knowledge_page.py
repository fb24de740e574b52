"""All topics on one page (`kavi knowledge --html`): sources, dates, review, what expires soon. For editors and reviewers.

One file without anything from the network: a small script hides what the filters leave out, also on paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from importlib.resources import files

from bot.dialogue.content import Content
from bot.insights.charts import thousands
from bot.insights.provenance import Used, Validity, expires, used_by, validity
from bot.insights.wording import GROUPS
from bot.matching.topic import Source, Topic

AUDIENCES = {"caregiver": "Angehörige", "child": "Kinder", "parent": "Eltern in Haft", "staff": "Fachkräfte"}
RISKS = {"harmless": "harmlos", "money": "Geld", "legal": "Recht", "safety": "Sicherheit"}
SCOPES = {"bund": "bundesweit", "land": "je Land", "prison": "je Anstalt"}
CERTAINTY = {"high": "sicher", "medium": "ziemlich sicher", "low": "unsicher"}
VALIDITY: dict[Validity, str] = {
    "over": "abgelaufen",
    "soon": "läuft bald ab",
    "valid": "gültig",
    "open": "ohne Ablauf",
}
_URL = re.compile(r"https?://[^\s;,)]+")


@dataclass(frozen=True, slots=True)
class Row:
    """A topic with what the page tells of it."""

    topic: Topic
    used: tuple[Used, ...]
    day: date | None  # the first on which something is no longer certain
    validity: Validity


def rows_of(content: Content, today: date) -> list[Row]:
    """All topics by group and title."""
    rows = []
    for topic in content.topics.values():
        used = used_by(topic, content)
        day = expires(topic, used)
        rows.append(Row(topic, tuple(used), day, validity(day, today)))
    return sorted(rows, key=lambda row: (_group(row.topic), row.topic.title.casefold()))


def knowledge_page(content: Content, today: date) -> str:
    """The page as HTML."""
    rows = rows_of(content, today)
    folder = files("bot.insights")
    return "\n".join((
        '<!doctype html><html lang="de"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Kavi: {len(rows)} Themen</title>",
        f"<style>{folder.joinpath('knowledge_page.css').read_text(encoding='utf-8')}</style></head><body>",
        f"<header><h1>Was Kavi weiß</h1><p>Stand {today:%d.%m.%Y} · Inhalt {escape(content.version)}</p></header>",
        _figures(rows),
        _soon(rows),
        _filters(rows),
        "<main>",
        *_groups(rows),
        '</main><p id="nothing" hidden>Kein Thema passt zu dieser Auswahl.</p>',
        f"<script>{folder.joinpath('knowledge_page.js').read_text(encoding='utf-8')}</script></body></html>",
    ))  # fmt: skip


def _figures(rows: Sequence[Row]) -> str:
    figures = (
        (len(rows), "Themen"),
        (sum(row.topic.reviewed_by is not None for row in rows), "fachlich geprüft"),
        (sum(row.validity == "soon" for row in rows), "laufen in 90 Tagen ab"),
        (sum(row.validity == "over" for row in rows), "abgelaufen"),
        (sum(row.topic.needs == "land" for row in rows), "fragen nach dem Land"),
        (sum(len(row.topic.asked) for row in rows), "Beispielfragen"),
    )
    boxes = "".join(f"<div><dt>{name}</dt><dd>{thousands(n)}</dd></div>" for n, name in figures)
    return f'<dl class="figures">{boxes}</dl>'


def _soon(rows: Iterable[Row]) -> str:
    """What has expired or will within 90 days, first things first."""
    due = sorted((row.day, row.topic.title, row) for row in rows if row.day and row.validity in ("over", "soon"))
    if not due:
        return '<section class="next"><h2>In den nächsten 90 Tagen läuft nichts ab</h2></section>'
    items = "".join(
        f'<li><b class="{row.validity}">{day:%d.%m.%Y}</b> <a href="#{escape(row.topic.id)}">{escape(title)}</a></li>'
        for day, title, row in due
    )
    head = f"<summary>Als Nächstes ansehen: {len(due)}</summary>"
    return f'<section class="next"><details open>{head}<ol>{items}</ol></details></section>'


def _filters(rows: Sequence[Row]) -> str:
    groups = {_group(row.topic): GROUPS.get(_group(row.topic), _group(row.topic)) for row in rows}
    choices = (
        ("group", "Bereich", groups),
        ("audience", "Für wen", AUDIENCES),
        ("risk", "Risiko", RISKS),
        ("scope", "Geltung", SCOPES),
        ("validity", "Ablauf", dict(VALIDITY)),
        ("review", "Prüfung", {"no": "noch nicht geprüft", "yes": "geprüft"}),
        ("certainty", "Sicherheit", CERTAINTY),
    )
    selects = "".join(
        f'<label>{title}<select name="{name}"><option value="">alle</option>'
        + "".join(f'<option value="{escape(value)}">{escape(label)}</option>' for value, label in options.items())
        + "</select></label>"
        for name, title, options in choices
    )
    search = '<label class="wide">Suchen<input type="search" name="words" placeholder="Titel, Kennung, Quelle"></label>'
    foot = '<p aria-live="polite"><output></output> <button type="reset">Alle zeigen</button></p>'
    return f'<form class="filters">{search}{selects}{foot}</form>'


def _groups(rows: Sequence[Row]) -> Iterable[str]:
    for name in dict.fromkeys(_group(row.topic) for row in rows):
        own = [row for row in rows if _group(row.topic) == name]
        yield f"<section><h2>{escape(GROUPS.get(name, name))} <small>{len(own)}</small></h2>"
        yield from map(_card, own)
        yield "</section>"


def _card(row: Row) -> str:
    topic = row.topic
    until = f"{row.day:%d.%m.%Y}" if row.day else "offen"
    marks = (
        ("risk-" + topic.risk, RISKS[topic.risk]),
        ("plain", SCOPES[topic.scope] + (", fragt nach dem Land" if topic.needs == "land" else "")),
        ("certainty-" + topic.confidence, CERTAINTY[topic.confidence]),
        (row.validity, VALIDITY[row.validity]) if row.validity in ("over", "soon") else ("", ""),
    )
    words = " ".join((topic.id, topic.title, *(source.name for source in topic.sources))).casefold()
    return "".join((
        f'<article id="{escape(topic.id)}" data-group="{_group(topic)}" data-audience="{" ".join(topic.audiences)}"',
        f' data-risk="{topic.risk}"',
        f' data-scope="{topic.scope}" data-validity="{row.validity}" data-review="{"no" if topic.reviewed_by is None else "yes"}"',
        f' data-certainty="{topic.confidence}" data-words="{escape(words)}">',
        f"<h3>{escape(topic.title)} <code>{escape(topic.id)}</code></h3>",
        '<p class="marks">' + "".join(f'<span class="{kind}">{escape(text)}</span>' for kind, text in marks if kind),
        f"</p><p>{', '.join(AUDIENCES[who] for who in topic.audiences)}</p>",
        f'<dl class="dates"><div><dt>Stand</dt><dd>{topic.as_of:%d.%m.%Y}</dd></div>',
        f'<div><dt>gültig bis</dt><dd class="{row.validity}">{until}</dd></div>',
        f"<div><dt>geprüft von</dt><dd>{escape(topic.reviewed_by or 'noch niemand')}</dd></div></dl>",
        "<ul>" + "".join(f"<li>{_source(source)}</li>" for source in topic.sources) + "</ul>",
        _numbers(row),
        "</article>",
    ))  # fmt: skip


def _source(source: Source) -> str:
    name = escape(source.name)
    link = f'<a href="{escape(source.url)}" rel="noreferrer">{name}</a>' if _URL.fullmatch(source.url) else name
    return link + (f" <small>({escape(source.as_of)})</small>" if source.as_of else "")


def _numbers(row: Row) -> str:
    """The values from data files, each with source and last day; those of the Länder are only counted."""
    own = [one for one in row.used if not one.name.startswith("land.")]
    lands = len(row.used) - len(own)
    if not row.used:
        return ""
    items = "".join(
        f"<li><b>{escape(one.fact.text)}</b> <code>{escape(one.name)}</code> {escape(one.fact.source)}"
        + (f" · bis {one.fact.valid_until:%d.%m.%Y}" if one.fact.valid_until else "")
        + "</li>"
        for one in own
    )
    if lands:
        items += f"<li>{lands} Angaben der Länder aus knowledge/data/laender.yaml</li>"
    return f"<details><summary>Zahlen aus den Daten: {len(row.used)}</summary><ul>{items}</ul></details>"


def _group(topic: Topic) -> str:
    return topic.id.partition(".")[0]
