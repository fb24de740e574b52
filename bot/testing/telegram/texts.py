"""How the server reads texts: entities given or found, HTML, lengths in UTF-16 units."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from bot.testing.telegram.world import Json, bad

MAX_TEXT = 4096
MAX_CAPTION = 1024

_FOUND: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("bot_command", re.compile(r"(?<![\w/])/\w{1,32}(?:@\w+)?")),
    ("mention", re.compile(r"(?<![\w@])@[A-Za-z]\w{3,31}")),
    ("url", re.compile(r"https?://[^\s]+[^\s.,;!?)]")),
    ("email", re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")),
)
_TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "s": "strikethrough",
    "code": "code", "pre": "pre", "a": "text_link", "blockquote": "blockquote",
}  # fmt: skip
_KINDS = {*_TAGS.values(), "spoiler", "expandable_blockquote", "custom_emoji", "text_mention", "mention", "url",
          "email", "bot_command", "hashtag", "cashtag", "phone_number", "date_time"}  # fmt: skip


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def found_entities(text: str) -> list[Json]:
    """What the platform finds by itself: commands, mentions, addresses."""
    found = [
        {"type": kind, "offset": units(text[: match.start()]), "length": units(match[0])}
        for kind, pattern in _FOUND
        for match in pattern.finditer(text)
    ]
    return sorted(found, key=lambda one: (one["offset"], -one["length"]))


def read_text(text: str, given: Any, parse_mode: str, limit: int, *, empty: bool = False) -> tuple[str, list[Json]]:
    """The text as stored with its entities, white space at its ends cut off. Raises Rejected."""
    if parse_mode:
        text, entities = _parsed(text, parse_mode)
    else:
        entities = [_checked(one, units(text)) for one in given or []]
    stripped = text.lstrip()
    shift, stripped = units(text) - units(stripped), stripped.rstrip()
    if not stripped and not empty:
        raise bad("message text is empty")
    if units(stripped) > limit:
        raise bad("message is too long" if limit == MAX_TEXT else "message caption is too long")
    moved = [one | {"offset": max(0, one["offset"] - shift)} for one in entities]
    taken = {(one["offset"], one["length"]) for one in moved}
    return stripped, moved + [one for one in found_entities(stripped) if (one["offset"], one["length"]) not in taken]


def _checked(entity: Any, length: int) -> Json:
    if not isinstance(entity, dict) or entity.get("type") not in _KINDS:
        raise bad("can't parse entities: unsupported entity type")
    start, size = int(entity.get("offset", -1)), int(entity.get("length", 0))
    if start < 0 or size <= 0 or start + size > length:
        raise bad(f"entity beginning at UTF-16 offset {start} ends after the end of the text")
    return entity


def _parsed(text: str, parse_mode: str) -> tuple[str, list[Json]]:
    if parse_mode.casefold() != "html":
        raise bad(f"parse mode {parse_mode} is not modelled by this server")
    reader = _Html()
    reader.feed(text)
    reader.close()
    if reader.open:
        raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{reader.open[-1][0]}\"")
    return "".join(reader.parts), reader.entities


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.entities: list[Json] = []
        self.open: list[tuple[str, int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise bad(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {self.getpos()[1]}')
        self.open.append((tag, units("".join(self.parts)), dict(attrs).get("href") or ""))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            raise bad(f"can't parse entities: Unexpected end tag at byte offset {self.getpos()[1]}")
        _, start, target = self.open.pop()
        entity: Json = {"type": _TAGS[tag], "offset": start, "length": units("".join(self.parts)) - start}
        self.entities.append(entity | {"url": target} if target else entity)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def read_keyboard(markup: Any) -> Json | None:
    """The inline keyboard of a message. Raises Rejected."""
    if not markup or "inline_keyboard" not in markup:
        return None
    rows = markup["inline_keyboard"]
    count = 0
    for button in (one for row in rows for one in row):
        count += 1
        if not button.get("text"):
            raise bad("inline keyboard button text is empty")
        data = button.get("callback_data")
        if data is not None and not 1 <= len(data.encode()) <= 64:
            raise bad("BUTTON_DATA_INVALID")
        if data is None and "url" not in button and "switch_inline_query" not in button:
            raise bad("Text buttons are unallowed in the inline keyboard")
    if count > 100:
        raise bad("reply markup is too long")
    return {"inline_keyboard": rows} if count else None
