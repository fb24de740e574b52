"""From `Outbound` texts to what the Bot API takes: entities counted in UTF-16 units, buttons bound to their question."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.ports import Outbound
from bot.text.spans import Span, Styled, foreign, join, parse, split

MAX_TEXT = 4096  # UTF-16 units of a message, after its entities were parsed
MAX_CAPTION = 1024
MAX_DATA = 64  # bytes of callback_data
MAX_BUTTONS = 100
ROW = 24  # characters that two or three buttons beside each other may have together on a small phone
NUMBERING = len("\n(99/99)")

_ENTITIES = {"bold": "bold", "italic": "italic", "code": "code", "quote": "blockquote"}
_MENTION = re.compile(r"(?<![\w.])@(?=\w)")
_APART = "\u2060"  # word joiner: invisible, and "@⁠name" is no mention for Telegram


@dataclass(frozen=True, slots=True)
class Text:
    """One message's text with its entities as the Bot API wants them."""

    text: str
    entities: tuple[dict[str, Any], ...] = ()


def utf16(text: str) -> int:
    """Length in UTF-16 units, which Telegram counts in."""
    return len(text.encode("utf-16-le")) // 2


def texts(outbound: Outbound, limit: int = MAX_TEXT) -> list[Text]:
    """The texts of the messages to send, in order; numbered when there are several; none for an empty text."""
    body = _styled(outbound)
    if outbound.choices and not buttons(outbound):
        body = join([body, _numbered(outbound.choices)], "\n\n" if body.text else "")
    if not body.text.strip():
        return []
    if utf16(body.text) <= limit:
        return [with_entities(body)]
    parts = split(body, limit - NUMBERING, utf16)
    return [
        with_entities(join([part, Styled(f"({number}/{len(parts)})")], "\n")) for number, part in enumerate(parts, 1)
    ]


def with_description(text: Text, description: str) -> Text:
    """The text and, below it in italics, what is on the picture: Telegram has no other place that screen readers find."""
    if not description:
        return text
    start = utf16(text.text) + 2
    italic = {"type": "italic", "offset": start, "length": utf16(description)}
    return Text(f"{text.text}\n\n{description}", (*text.entities, italic))


def _styled(outbound: Outbound) -> Styled:
    if outbound.markup:
        return _spelt_out(parse(outbound.text))
    return Styled(_MENTION.sub(f"@{_APART}", foreign(outbound.text).text))


def _numbered(choices: tuple[str, ...]) -> Styled:
    return Styled("\n".join(f"{number}. {label}" for number, label in enumerate(choices, 1)))


def _spelt_out(styled: Styled) -> Styled:
    """Telegram opens only web links: of mail and phone links the address is written behind the label."""
    odd = [span for span in styled.spans if span.style == "link" and not span.target.startswith("http")]
    for link in reversed(odd):
        address = link.target.partition(":")[2]
        label = styled.text[link.start : link.end]
        kept = tuple(span for span in styled.spans if span is not link)
        extra = "" if address in label else f" ({address})"
        moved = tuple(_moved(span, link.end, len(extra)) for span in kept)
        styled = Styled(styled.text[: link.end] + extra + styled.text[link.end :], moved)
    return styled


def _moved(span: Span, at: int, by: int) -> Span:
    start = span.start + by if span.start >= at else span.start
    end = span.end + by if span.end > at else span.end
    return Span(span.style, start, end, span.target)


def with_entities(styled: Styled) -> Text:
    """Spans as entities, from character positions to UTF-16 units."""
    entities: list[dict[str, Any]] = []
    for span in styled.spans:
        offset, length = utf16(styled.text[: span.start]), utf16(styled.text[span.start : span.end])
        if span.style == "link":
            entities.append({"type": "text_link", "offset": offset, "length": length, "url": span.target})
        else:
            entities.append({"type": _ENTITIES[span.style], "offset": offset, "length": length})
    return Text(styled.text, tuple(entities))


def buttons(outbound: Outbound) -> list[list[tuple[str, str]]]:
    """Rows of (label, callback data); empty when there are no choices, or when they do not fit into buttons.

    The data is `question:option`. It holds no state: what a question means is the session's business, and an old
    button is told by its old question.
    """
    made = [(label, f"{outbound.question}:{option}") for option, label in enumerate(outbound.choices)]
    if len(made) > MAX_BUTTONS or any(len(data.encode()) > MAX_DATA for _, data in made):
        return []
    labels = [label for label, _ in made]
    if 2 <= len(made) <= 3 and sum(map(len, labels)) <= ROW:
        return [made]
    return [[one] for one in made]


def pressed(data: str) -> tuple[str, int] | None:
    """(question, option) of a button's data; None for data that is not ours."""
    question, colon, option = data.rpartition(":")
    return (question, int(option)) if colon and option.isascii() and option.isdigit() else None
