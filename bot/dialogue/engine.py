"""`turn()`: one event in, one new session and its effects out. The only decision of the program.

Pure: the same content, session and event always give the same turn.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from bot.dialogue import adopting, alerts, counsellor, events, person, reminders
from bot.dialogue.content import Content
from bot.dialogue.draft import Draft, digest
from bot.dialogue.effects import CancelHandoff, Choice, Effect, Relay, Reply
from bot.dialogue.flow import Ask, Wait
from bot.dialogue.handoff import behaviour
from bot.dialogue.session import REACH, Frame, Offer, Part, Session, fresh
from bot.dialogue.understanding import BURST
from bot.dialogue.walk import walk

MAX_ECHO = 3  # the same words so often in a row mean that we are going round in circles


@dataclass(frozen=True, slots=True)
class Turn:
    """What one event made of a conversation."""

    session: Session
    effects: tuple[Effect, ...]
    trace: tuple[tuple[str, str, str], ...] = ()  # (flow, step, exit) as they were walked; for coverage


def turn(content: Content, session: Session, event: events.Event) -> Turn:
    """Decides one turn. Never raises for anything a person, a counsellor or content can do."""
    draft = Draft(content, _begin(session, event), event.at, silent_since=session.last_at)
    adopting.adopt_new_content(draft)
    _decide(draft, event)
    _finish(draft, event)
    return Turn(draft.session, tuple(draft.effects), tuple(draft.trace))


def _begin(session: Session, event: events.Event) -> Session:
    """Ages the session to the event's time: slots whose lifetime is over are gone before anything reads them."""
    stamp = event.at.timestamp()
    last = session.last_at or stamp
    begun = copy(session)
    begun.parts = {name: _begin_part(part, event.at, stamp, last) for name, part in session.parts.items()}
    begun.fence += 1
    begun.last_at = max(last, stamp)
    return begun


def _begin_part(part: Part, at: datetime, stamp: float, last: float) -> Part:
    begun = copy(part)
    begun.frames = tuple([copy(frame) for frame in part.frames])
    if part.slots:
        begun.slots = fresh(part.slots, at, last)
    if part.written:
        begun.written = tuple(row for row in part.written if stamp - row[0] * 60 <= REACH.total_seconds())
    if part.recent:
        begun.recent = tuple(row for row in part.recent if 0 <= stamp - row[0] <= BURST)
    return begun


def _decide(draft: Draft, event: events.Event) -> None:
    kind = behaviour(draft.session.owner, event)
    if kind == "ignore":
        return
    if kind == "refuse":
        draft.effects.append(Relay(kind="refused", message=getattr(event, "message", "")))
        return
    match event:
        case events.Said() | events.Pressed() | events.Edited() | events.MediaSent() | events.Undecryptable():
            person.acted(draft, event, kind)
        case events.Started() | events.Reacted() | events.Deleted():
            person.touched(draft, event, kind)
        case events.TimerFired():
            _timer(draft, event, kind)
        case events.Left():
            _leave(draft)
        case events.FlowStarted() | events.Announced() | events.DeskNews():
            counsellor.others_began(draft, event)
        case (
            events.Claimed()
            | events.CounsellorSaid()
            | events.TopicSent()
            | events.CounsellorReacted()
            | events.CounsellorEdited()
            | events.Released()
            | events.Requeued()
            | events.Closed()
        ):
            counsellor.acted(draft, event)
        case _:
            assert_never(event)


def _leave(draft: Draft) -> None:
    if draft.session.owner in ("queue", "counsellor"):
        draft.effects.append(Relay(kind="left"))
    if draft.session.owner == "queue":
        draft.effects.append(CancelHandoff())
        draft.change(owner="bot")
    draft.change(reachable=False)
    draft.record("left")


def _timer(draft: Draft, event: events.TimerFired, kind: str) -> None:
    draft.unasked = True
    if event.timer == alerts.SILENCE_TIMER:
        alerts.silence_is_over(draft)
    elif not draft.session.reachable:
        return
    elif (reminder := draft.session.reminders.get(event.timer)) is not None:
        if reminders.fire(draft, event.timer, reminder):
            walk(draft)
    elif event.timer == "question" and kind == "fire":
        _timed_out(draft, event)


def _timed_out(draft: Draft, event: events.TimerFired) -> None:
    """A question or wait got no answer: the flow takes its time-out exit, if it still stands there."""
    frame = draft.top
    flow = draft.flow_of(frame) if frame is not None else None
    step = flow.step(frame.step) if flow is not None and frame is not None else None
    if flow is None or step is None or frame is None or not frame.question:
        return
    action = step.action
    goto = action.timeout_goto if isinstance(action, (Ask, Wait)) else ""
    if not goto or not _set_by_this_question(frame, event.fence):
        return
    draft.change_top(question="", attempts=0, step=goto)
    walk(draft)


def _set_by_this_question(frame: Frame, fence: int) -> bool:
    """The id of an asking begins with the turn that asked; a timer of another turn is stale."""
    return frame.question.startswith(f"q{fence:x}.")


def _finish(draft: Draft, event: events.Event) -> None:
    """What holds for every turn: nobody is left without an answer, nor without a way on, nor in a circle."""
    counsellor.give_back(draft)
    speaking = draft.session.owner != "counsellor" and not isinstance(
        event, (events.TimerFired, events.Reacted, events.Deleted)
    )
    person = isinstance(event, (events.Said, events.Pressed, events.MediaSent, events.Undecryptable, events.Started))
    if person and speaking and not draft.has_spoken:
        draft.say_key("not_understood")
    if person and speaking:
        _break_circle(draft)
    if speaking and person and draft.top is None:
        _leave_a_way_on(draft)


def _break_circle(draft: Draft) -> None:
    replies = [effect for effect in draft.effects if isinstance(effect, Reply)]
    said = digest(text for reply in replies for text in (reply.text, *(choice.label for choice in reply.choices)))
    last, times = draft.part.echo
    times = times + 1 if said == last else 1
    draft.change_part(echo=(said, times))
    if draft.session.owner == "queue":
        return  # a human is called already
    if times == MAX_ECHO and (draft.top is None or draft.top.flow != "repair.offer_human"):
        draft.waiting = False
        if draft.push("repair.offer_human"):
            walk(draft)


def _leave_a_way_on(draft: Draft) -> None:
    """The last reply of an ended flow gets a button to the menu, on a watched phone one to be gone as well."""
    at, reply = [(at, effect) for at, effect in enumerate(draft.effects) if isinstance(effect, Reply)][-1]
    if reply.choices or not draft.part.audience:
        return
    question = draft.question_id()
    offers = (Offer(draft.text("label.menu"), "command", "menu"), *draft.quick_exit())
    draft.effects[at] = replace(reply, choices=tuple(Choice(label=one.label) for one in offers), question=question)
    draft.change_part(offers=offers, offers_question=question)
