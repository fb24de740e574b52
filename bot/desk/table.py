"""What each kind of event means for a case in each state. Complete; a test draws it into bot/README.md."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from bot.dialogue.session import Owner

Meaning = Literal[
    "enqueue",  # into the queue, with a card
    "keep",  # stays as it is; the urgency may rise
    "reopen",  # the same case goes on
    "unqueue",  # nobody waits any more
    "watch",  # the bot goes on; staff see the alert
    "promote",  # moves up in the queue
    "warn",  # the counsellor is warned in her room
    "follow",  # staff see what the bot talks about on their behalf
    "remember",  # kept for whoever takes the case
    "relay",  # shown to the counsellor
    "pass_over",  # who had it last gets it no more
    "lose",  # the family cannot be reached any more
    "forget",  # everything about the family goes
    "take",  # this counsellor becomes the owner
    "release",  # the bot becomes the owner
    "requeue",  # back to the queue
    "offer",  # somebody else is asked to take over
    "hand_over",  # the receiver becomes the owner
    "close",  # the case ends
    "deliver",  # the words go to the family
    "revise",  # a message of before is changed at the family
    "note",  # kept inside
    "call",  # the next one on the ladder is called
    "comfort",  # the family is told that it is not forgotten
    "remind",  # the counsellor is reminded
    "withdraw",  # the offer is void
    "move_in",  # the room is ready
    "dismantle",  # the room is not needed
    "move",  # another room is opened
    "go_along",  # the same room at its new address
    "settle",  # what became of a message
    "refuse",  # said in a clear sentence, nothing changes
    "ignore",  # stale
]

STATES: tuple[Owner, ...] = ("bot", "queue", "counsellor", "closed")


def _row(bot: Meaning, queue: Meaning, counsellor: Meaning, closed: Meaning) -> Mapping[Owner, Meaning]:
    return MappingProxyType({"bot": bot, "queue": queue, "counsellor": counsellor, "closed": closed})


TABLE: Mapping[str, Mapping[Owner, Meaning]] = MappingProxyType(
    {
        "handoff requested": _row("enqueue", "keep", "keep", "reopen"),
        "handoff cancelled": _row("ignore", "unqueue", "ignore", "ignore"),
        "alert": _row("watch", "promote", "warn", "watch"),
        "family acted": _row("follow", "remember", "relay", "ignore"),
        "family complained": _row("pass_over", "pass_over", "pass_over", "pass_over"),
        "family left": _row("lose", "unqueue", "lose", "lose"),
        "family forgot": _row("forget", "forget", "forget", "forget"),
        "take": _row("take", "take", "refuse", "take"),
        "release": _row("refuse", "refuse", "release", "refuse"),
        "requeue": _row("refuse", "refuse", "requeue", "refuse"),
        "offer": _row("refuse", "refuse", "offer", "refuse"),
        "accept": _row("refuse", "refuse", "hand_over", "refuse"),
        "close": _row("close", "close", "close", "refuse"),
        "words for the family": _row("refuse", "refuse", "deliver", "refuse"),
        "edit or deletion": _row("revise", "revise", "revise", "revise"),
        "note": _row("note", "note", "note", "note"),
        "timer: nobody takes it": _row("ignore", "call", "ignore", "ignore"),
        "timer: family waits": _row("ignore", "comfort", "ignore", "ignore"),
        "timer: no answer": _row("ignore", "ignore", "remind", "ignore"),
        "timer: counsellor silent": _row("ignore", "ignore", "requeue", "ignore"),
        "timer: offer unanswered": _row("ignore", "ignore", "withdraw", "ignore"),
        "timer: alert unseen": _row("call", "call", "call", "call"),
        "counsellor left the room": _row("ignore", "ignore", "requeue", "ignore"),
        "room opened": _row("dismantle", "dismantle", "move_in", "dismantle"),
        "room failed": _row("ignore", "ignore", "requeue", "ignore"),
        "room lost": _row("forget", "forget", "move", "forget"),
        "room moved": _row("go_along", "go_along", "go_along", "go_along"),
        "delivered": _row("settle", "settle", "settle", "settle"),
    }
)


def meaning(owner: Owner, kind: str) -> Meaning:
    """What this kind of event means while `owner` has the case."""
    return TABLE[kind][owner]
