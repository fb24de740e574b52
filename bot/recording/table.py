"""What each kind of event means for a recording in each state. Complete; a test draws it into bot/README.md."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from bot.recording.state import STATES, State

Meaning = Literal[
    "join",  # the parent may record
    "offer",  # the recording is there; the caregiver is asked
    "pass_on",  # the caregiver agrees: to the child from 14, else to the counsellors
    "submit",  # the child agrees: to the counsellors
    "release",  # a counsellor lets it out: caregiver and child hear that it is there
    "play",  # it is heard
    "ask_again",  # who put it off is asked again some days later
    "remind",  # that day has come
    "end",  # the recording is destroyed; the parent's news stay what they were
    "delete",  # the same, wished by the parent, who is told at once and hears no more of it
    "lapse",  # nobody took it in time: destroyed
    "swallow",  # the parent sends what is not wanted any more: destroyed, and answered as if it had arrived
    "refuse",  # said in a sentence that is the same for all reasons, nothing changes
    "ignore",  # stale
]


def _row(*meanings: Meaning) -> Mapping[State, Meaning]:
    return MappingProxyType(dict(zip(STATES, meanings, strict=True)))


TABLE: Mapping[str, Mapping[State, Meaning]] = MappingProxyType({
    #                            invited    joined     offered      asked        review    ready        heard     ended
    "parent enters the code": _row("join",   "join",    "refuse",    "refuse",    "refuse", "refuse",    "refuse", "refuse"),
    "parent sends":           _row("refuse", "offer",   "refuse",    "refuse",    "refuse", "refuse",    "refuse", "swallow"),
    "parent deletes":         _row("refuse", "refuse",  "delete",    "delete",    "delete", "delete",    "delete", "refuse"),
    "caregiver agrees":       _row("refuse", "refuse",  "pass_on",   "ignore",    "ignore", "ignore",    "ignore", "refuse"),
    "caregiver puts off":     _row("refuse", "refuse",  "ask_again", "ignore",    "ignore", "ask_again", "ignore", "ignore"),
    "caregiver declines":     _row("end",    "end",     "end",       "end",       "end",    "end",       "end",    "ignore"),
    "child agrees":           _row("refuse", "refuse",  "refuse",    "submit",    "ignore", "ignore",    "ignore", "refuse"),
    "child puts off":         _row("refuse", "refuse",  "refuse",    "ask_again", "ignore", "ask_again", "ignore", "ignore"),
    "child declines":         _row("refuse", "refuse",  "refuse",    "end",       "end",    "end",       "end",    "ignore"),
    "counsellor releases":    _row("ignore", "ignore",  "ignore",    "ignore",    "release", "ignore",   "ignore", "ignore"),
    "counsellor declines":    _row("ignore", "ignore",  "ignore",    "ignore",    "end",    "ignore",    "ignore", "ignore"),
    "somebody listens":       _row("refuse", "refuse",  "refuse",    "refuse",    "refuse", "play",      "play",   "refuse"),
    "caregiver is erased":    _row("end",    "end",     "end",       "end",       "end",    "end",       "end",    "ignore"),
    "child is erased":        _row("ignore", "ignore",  "ignore",    "end",       "end",    "end",       "end",    "ignore"),
    "parent is erased":       _row("ignore", "end",     "end",       "end",       "end",    "end",       "end",    "ignore"),
    "timer: again":           _row("ignore", "ignore",  "remind",    "remind",    "ignore", "remind",    "ignore", "ignore"),
    "timer: expire":          _row("lapse",  "lapse",   "lapse",     "lapse",     "lapse",  "lapse",     "lapse",  "ignore"),
})  # fmt: skip


def meaning(state: State, kind: str) -> Meaning:
    """What this kind of event means for a recording in this state."""
    return TABLE[kind][state]
