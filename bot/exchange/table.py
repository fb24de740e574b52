"""What each kind of event means for a referral in each state. Complete; a test draws it into bot/README.md."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from bot.exchange.state import STATES, State

Meaning = Literal[
    "ask",  # the family is shown what would be passed on, and asked
    "send",  # the service is told
    "decline",  # the family does not want it; nobody but the professional hears
    "withdraw",  # the family takes its consent back; the words go, all hear
    "see",  # the service has looked
    "accept",  # the service takes it; its words go to the family
    "turn_down",  # the service cannot
    "meet",  # they have met for the first time
    "close",  # done
    "hand_back",  # the service gives it back after having accepted
    "remind_family",
    "remind_service",
    "expire",  # nobody answered in time
    "run_out",  # the consent's time is over
    "refuse",  # said in a clear sentence, nothing changes
    "ignore",  # stale
]


def _row(*meanings: Meaning) -> Mapping[State, Meaning]:
    return MappingProxyType(dict(zip(STATES, meanings, strict=True)))


TABLE: Mapping[str, Mapping[State, Meaning]] = MappingProxyType({
    #                                offered          sent              seen              accepted     met          ended
    "family enters the code":   _row("ask",           "refuse",         "refuse",         "refuse",    "refuse",    "refuse"),
    "family agrees":            _row("send",          "ignore",         "ignore",         "ignore",    "ignore",    "refuse"),
    "family declines":          _row("decline",       "withdraw",       "withdraw",       "withdraw",  "withdraw",  "refuse"),
    "family withdraws":         _row("decline",       "withdraw",       "withdraw",       "withdraw",  "withdraw",  "refuse"),
    "family is erased":         _row("decline",       "withdraw",       "withdraw",       "withdraw",  "withdraw",  "ignore"),
    "service looks":            _row("refuse",        "see",            "ignore",         "ignore",    "ignore",    "refuse"),
    "service accepts":          _row("refuse",        "accept",         "accept",         "refuse",    "refuse",    "refuse"),
    "service turns down":       _row("refuse",        "turn_down",      "turn_down",      "refuse",    "refuse",    "refuse"),
    "first contact":            _row("refuse",        "refuse",         "refuse",         "meet",      "refuse",    "refuse"),
    "service closes":           _row("refuse",        "refuse",         "refuse",         "close",     "close",     "refuse"),
    "service hands back":       _row("refuse",        "turn_down",      "turn_down",      "hand_back", "hand_back", "refuse"),
    "timer: nudge":             _row("remind_family", "remind_service", "remind_service", "ignore",    "ignore",    "ignore"),
    "timer: expire":            _row("expire",        "expire",         "expire",         "run_out",   "run_out",   "ignore"),
})  # fmt: skip


def meaning(state: State, kind: str) -> Meaning:
    """What this kind of event means for a referral in this state."""
    return TABLE[kind][state]
