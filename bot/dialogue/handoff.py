"""Who speaks: one owner per conversation, and what each kind of event means in each state.

The table is complete: every (owner, event) has a behaviour, and a test draws it into bot/README.md. One voice follows
from it: `converse` appears only where the bot may speak.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from bot.dialogue import events
from bot.dialogue.session import Owner

Behaviour = Literal[
    "converse",  # the bot answers
    "accompany",  # the bot answers, and the waiting counsellors see it as well
    "relay",  # only the counsellor sees it
    "deliver",  # the counsellor's words go to the person
    "take",  # a counsellor becomes the owner
    "give_back",  # the bot becomes the owner again
    "requeue",  # back to the queue
    "finish",  # the case is closed
    "fire",  # the timer does its work
    "postpone",  # the timer waits until the human has finished
    "note",  # remembered, nobody speaks
    "inform",  # the desk's news is told
    "begin",  # a flow is begun for the person
    "announce",  # a broadcast is said; the running flow stays as it is
    "refuse",  # the counsellor is told that it is not hers now
    "leave",  # the person cannot be reached any more
    "ignore",  # stale or meaningless here
]

_TALK: Mapping[Owner, Behaviour] = {
    "bot": "converse",
    "queue": "accompany",
    "counsellor": "relay",
    "closed": "converse",
}

TABLE: Mapping[type, Mapping[Owner, Behaviour]] = MappingProxyType({
    events.Said: _TALK,
    events.Pressed: _TALK,
    events.MediaSent: _TALK,
    events.Undecryptable: _TALK,
    events.Edited: _TALK,
    events.Started: _TALK,
    events.Deleted: {"bot": "note", "queue": "relay", "counsellor": "relay", "closed": "note"},
    events.Reacted: _TALK,
    events.Left: {"bot": "leave", "queue": "leave", "counsellor": "leave", "closed": "leave"},
    events.TimerFired: {"bot": "fire", "queue": "fire", "counsellor": "postpone", "closed": "fire"},
    events.Claimed: {"bot": "take", "queue": "take", "counsellor": "take", "closed": "take"},
    events.CounsellorSaid: {"bot": "refuse", "queue": "refuse", "counsellor": "deliver", "closed": "refuse"},
    events.TopicSent: {"bot": "refuse", "queue": "refuse", "counsellor": "deliver", "closed": "refuse"},
    events.CounsellorReacted: {"bot": "ignore", "queue": "ignore", "counsellor": "deliver", "closed": "ignore"},
    events.CounsellorEdited: {"bot": "deliver", "queue": "deliver", "counsellor": "deliver", "closed": "deliver"},
    events.Released: {"bot": "ignore", "queue": "give_back", "counsellor": "give_back", "closed": "ignore"},
    events.Requeued: {"bot": "ignore", "queue": "ignore", "counsellor": "requeue", "closed": "ignore"},
    events.Closed: {"bot": "ignore", "queue": "finish", "counsellor": "finish", "closed": "ignore"},
    events.DeskNews: {"bot": "ignore", "queue": "inform", "counsellor": "ignore", "closed": "ignore"},
    events.FlowStarted: {"bot": "begin", "queue": "begin", "counsellor": "begin", "closed": "begin"},
    events.Announced: {"bot": "announce", "queue": "announce", "counsellor": "ignore", "closed": "announce"},
})  # fmt: skip


def behaviour(owner: Owner, event: events.Event) -> Behaviour:
    """What this event means while `owner` has the conversation."""
    return TABLE[type(event)][owner]
