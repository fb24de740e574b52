"""Recorded voices as a function: what was, what happened -> what is and what is to be done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from bot.recording import effects as fx
from bot.recording import events as ev
from bot.recording.forms import FORMS
from bot.recording.state import Recording, Recordings
from bot.recording.steps import take
from bot.recording.work import Work


@dataclass(frozen=True, slots=True)
class Decision:
    """The recordings afterwards, and what is to be done, in order."""

    recordings: Recordings
    effects: tuple[fx.Effect, ...]


def decide(recordings: Recordings, event: ev.Event) -> Decision:
    """One event. What somebody gets wrong is answered with a sentence, never an exception."""
    work = Work(recordings, event.at)
    match event:
        case ev.FormSent():
            form = FORMS.get(event.form)
            if form is not None:
                form(work, event)
        case ev.Judged():
            one = recordings.recordings.get(event.id)
            if one is not None:
                take(work, one, f"counsellor {'releases' if event.released else 'declines'}", {})
        case ev.TimerDue():
            _timer(work, event.name)
        case ev.Forgotten():
            _forget(work, event.conversation)
        case _:
            assert_never(event)
    return Decision(work.recordings, tuple(work.effects))


def _timer(work: Work, name: str) -> None:
    kind, _, id = name.partition("|")
    one = work.recordings.recordings.get(id)
    if one is None:
        return
    if kind == "news":
        _news(work, one)
    else:
        take(work, one, f"timer: {kind}", {})


def _news(work: Work, one: Recording) -> None:
    """The parent hears that it arrived, or that its time is over: the same words whatever happened, on a day of its own."""
    told = replace(one, told=True)
    work.put(told)
    work.tell(one.parent, "recording.parent_news", state=told.seen_by_parent)


def _forget(work: Work, conversation: str) -> None:
    """Whoever was erased takes no part any more; the recording goes on both sides, and the others hear nothing new."""
    for one in list(work.recordings.recordings.values()):
        if one.caregiver == conversation:
            take(work, one, "caregiver is erased", {})
            work.put(replace(work.recordings.recordings[one.id], caregiver=""))
        elif one.child == conversation:
            take(work, one, "child is erased", {})
            work.put(replace(work.recordings.recordings[one.id], child=""))
        elif one.parent == conversation:
            take(work, one, "parent is erased", {})
            work.put(replace(work.recordings.recordings[one.id], parent="", told=True))
            work.effects.append(fx.DropTimer(name=f"news|{one.id}"))
    guesses = {who: tries for who, tries in work.recordings.guesses.items() if who != conversation}
    work.recordings = replace(work.recordings, guesses=guesses)
