"""From `Outbound` texts to Matrix bodies: escaped HTML beside plain text, choices as a numbered list.

Matrix has no buttons. A person answers with the number, the label or a keycap reaction; the bot sets no reactions
itself, because they travel unencrypted.
"""

from __future__ import annotations

from html import escape

from bot.messengers.matrix.homeserver import Json
from bot.ports import Outbound
from bot.text.spans import Styled, foreign, html, join, parse, plain, split

MAX_TEXT = 12_000  # characters of one message: twice in an encrypted event, in at most 4 bytes each, stays below 64 KiB


def text_contents(outbound: Outbound) -> list[Json]:
    """The contents of the messages that carry text and choices, in order; none for an outbound without either."""
    bodies = _bodies(outbound.text, markup=outbound.markup)
    if outbound.choices:
        plain, rich = bodies.pop() if bodies else ("", "")
        listed = "\n".join(f"{number}. {label}" for number, label in enumerate(outbound.choices, 1))
        items = "".join(f"<li>{escape(label, quote=False)}</li>" for label in outbound.choices)
        bodies.append((f"{plain}\n\n{listed}".strip(), f"{rich}<ol>{items}</ol>"))
    msgtype = "m.notice" if outbound.silent else "m.text"
    contents = [_content(msgtype, plain, rich) for plain, rich in bodies]
    if contents and outbound.reply_to:
        contents[0]["m.relates_to"] = {"m.in_reply_to": {"event_id": outbound.reply_to}}
    return contents


def _content(msgtype: str, plain: str, rich: str) -> Json:
    content: Json = {"msgtype": msgtype, "body": plain, "m.mentions": {}}
    if rich and rich != escape(plain, quote=False):
        content |= {"format": "org.matrix.custom.html", "formatted_body": rich}
    return content


def replacement(content: Json, target: str) -> Json:
    """The content that changes message `target` into `content`."""
    fresh = {key: value for key, value in content.items() if key != "m.relates_to"}
    relation = {"rel_type": "m.replace", "event_id": target}
    return fresh | {"body": f"* {fresh['body']}", "m.new_content": fresh, "m.relates_to": relation}


def _bodies(text: str, *, markup: bool) -> list[tuple[str, str]]:
    """Plain and HTML body of each part of the text."""
    if not text:
        return []
    styled = parse(text) if markup else foreign(text)
    parts = split(styled, MAX_TEXT)
    if len(parts) > 1:
        parts = [join([part, Styled(f"({at}/{len(parts)})")], "\n") for at, part in enumerate(parts, 1)]
    return [(plain(part), html(part)) for part in parts]
