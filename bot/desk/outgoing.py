"""What a message in a case's room is: words for the family, a note, or an order. The only way out is here.

By default everything stays inside: a slip delays, it never leaks. Out go only an answer to a message of the family, a
line that begins with `>>`, and a draft that was let go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.desk.commands import Order, order_in
from bot.desk.events import StaffWrote
from bot.desk.state import Case, Link
from bot.dialogue.events import CounsellorSaid, MediaKind
from bot.text.orders import is_order

PREFIX = ">>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Words (or a file) that a counsellor let out on purpose; `why` is the sign by which she did."""

    text: str
    why: Literal["reply", "prefix", "album", "draft", "command"]
    message: str
    reply_to: str = ""  # the family's message
    blob: str = ""
    media: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """A note: it has no way to a family, and no function here takes one there."""

    text: str
    message: str
    media: str = ""


Read = Outgoing | Inside | Order


def read(cases: list[Case], wrote: StaffWrote) -> Read:
    """What the message is; `cases` are those shown in this room."""
    text = wrote.text.strip()
    if text.startswith(PREFIX):
        words = text[len(PREFIX) :].strip()
        answered = answered_link(cases, wrote.reply_to)
        return Outgoing(
            text=words, why="prefix", message=wrote.message, reply_to=answered.family if answered else "",
            blob=wrote.blob, media=wrote.media,
        )  # fmt: skip
    order, answered = order_in(text), answered_link(cases, wrote.reply_to)
    if order is not None and (answered is None or is_order(text)):
        return order
    if answered is not None:  # "abgeben" answers "Soll ich das Formular abgeben?", and gives no case away
        return Outgoing(
            text=text, why="reply", message=wrote.message, reply_to=answered.family, blob=wrote.blob, media=wrote.media
        )
    if wrote.group and not text and any(case.album == wrote.group for case in cases):
        return Outgoing(text="", why="album", message=wrote.message, blob=wrote.blob, media=wrote.media)
    return Inside(text=text, message=wrote.message, media=wrote.media)


def answered_link(cases: list[Case], message: str) -> Link | None:
    """The family's message that was answered; None when it was something else, such as a note or a card."""
    for case in cases:
        for link in reversed(case.links):
            if message and link.staff == message and link.who == "family":
                return link
    return None


def without_prefix(text: str) -> str:
    """An edited message's words for the family."""
    text = text.strip()
    return text[len(PREFIX) :].strip() if text.startswith(PREFIX) else text


def release(outgoing: Outgoing, wrote_at: StaffWrote, counsellor: str, report: str) -> CounsellorSaid:
    """The event for the family's lane. Takes `Outgoing` and nothing else: this is where words leave."""
    media: MediaKind | None = outgoing.media or None  # type: ignore[assignment]  # the adapter's word is one of them
    return CounsellorSaid(
        at=wrote_at.at, counsellor=counsellor, text=outgoing.text, blob=outgoing.blob or None, media=media,
        message=report, reply_to=outgoing.reply_to or None, choices=outgoing.choices,
    )  # fmt: skip
