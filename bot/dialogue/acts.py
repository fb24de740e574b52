"""The built-in acts that a flow may call with `do:`: what no YAML can express."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec import structs

from bot.dialogue import alerts, aloud, answering, diary, lookup, reminders
from bot.dialogue.draft import Draft
from bot.dialogue.effects import CancelHandoff, CollectGap, Erase, ExportData, Relay, Retract
from bot.dialogue.introducing import start_over
from bot.dialogue.session import FIRST_QUESTION, REACH, Part, Session


def do(draft: Draft, act: str) -> None:
    """Carries out one act."""
    ACTS[act](draft)


def _erase(draft: Draft) -> None:
    """Everything goes, in the chat as well as it can; the session starts anew with nothing but the language."""
    _retract(draft)
    draft.effects.append(Erase())
    draft.session = Session(language=draft.session.language, fence=draft.session.fence)


def _export(draft: Draft) -> None:
    draft.effects.append(ExportData(part=draft.session.active))


def _switch(draft: Draft, name: str) -> None:
    """Hands the phone over: what was open in either part ends, the running flow goes on in the other part."""
    if draft.session.active == name:
        return
    running = draft.top
    draft.clear_frames()
    draft.change_part(offers=(), offers_question="", recent=())
    parts = dict(draft.session.parts)
    parts.setdefault(name, Part(audience="child" if name == "child" else ""))
    draft.change(parts=parts, active=name)
    draft.change_part(frames=(structs.replace(running, local={}, question=""),) if running is not None else ())
    reminders.bring_forward(draft, name)


def _answer_first(draft: Draft) -> None:
    """Answers the very first message, now that we know who asks."""
    rows = draft.value(FIRST_QUESTION)
    if not isinstance(rows, tuple):
        return
    told = f"{draft.part.audience}:"
    topics = tuple(row.removeprefix(told) for row in rows if row.startswith(told))
    draft.say_key("digress.now" if topics else "digress.none")
    if topics:
        answering.answer_or_clarify(draft, topics)


def _consent(draft: Draft) -> None:
    draft.change(consent=draft.content.consent_version, consented_at=draft.at.timestamp())
    draft.record("consent_given", version=draft.content.consent_version)


def _withdraw_consent(draft: Draft) -> None:
    """What was kept because of it is erased, as if it had never been allowed; who writes is remembered as before consent.

    Without it no human reads either: nobody waits for one any more, and a closed case is not opened again by itself.
    """
    _leave_queue(draft)
    draft.effects.append(Erase())
    draft.change(consent="", consented_at=0.0, reopens_until=0.0, reminders={}, alias="")
    draft.change_part(topic="", deferred="")
    draft.record("consent_withdrawn")


def _leave_queue(draft: Draft) -> None:
    if draft.session.owner == "queue":
        draft.change(owner="bot", waiting_since=0.0)
        draft.effects.append(CancelHandoff())


def _end_all_but_running(draft: Draft) -> None:
    """Ends the flows below the one that runs, which goes on to say its piece."""
    running = draft.part.frames[-1:]
    draft.clear_frames()
    draft.change_part(frames=running)


def _end_below(draft: Draft) -> None:
    """Ends the flow right below the one that runs, which wanted to begin and may not."""
    frames = draft.part.frames
    draft.change_part(frames=(*frames[:-2], *frames[-1:]))


def _retract(draft: Draft) -> None:
    """Deletes what both sides wrote of late, in every part of the phone."""
    theirs = tuple(message for part in draft.session.parts.values() for _, message in part.written)
    draft.effects.append(Retract(since=draft.at - REACH, theirs=theirs))
    draft.change(parts={name: structs.replace(part, written=()) for name, part in draft.session.parts.items()})


def _quick_exit(draft: Draft) -> None:
    """Deletes what was just written on both sides and forgets the open flows."""
    _retract(draft)
    if draft.session.owner in ("queue", "counsellor"):
        draft.effects.append(Relay(kind="quick_exit"))
    _end_all_but_running(draft)
    draft.change_part(offers=(), offers_question="", topic="", recent=())
    draft.drop_slot(alerts.SAID)
    draft.record("quick_exit")


def _forget_slots(draft: Draft) -> None:
    draft.change_part(slots={}, topic="", deferred="")


def _not_helpful(draft: Draft) -> None:
    draft.record("not_helpful", topic=draft.part.topic)


def _collect_rejected(draft: Draft) -> None:
    """None of the offered topics was meant: the question is kept for the editors, with consent only."""
    asked, candidates = draft.value("asked"), draft.value("candidates")
    nearest = candidates[0] if isinstance(candidates, tuple) and candidates else ""
    draft.record("rejected", topic=nearest)
    if draft.session.consent and isinstance(asked, str) and asked:
        draft.effects.append(CollectGap(text=asked, nearest=nearest, reason="clarify_rejected"))


ACTS: Mapping[str, Callable[[Draft], None]] = MappingProxyType({
    "erase": _erase,
    "export": _export,
    "child_part": lambda draft: _switch(draft, "child"),
    "adult_part": lambda draft: _switch(draft, "adult"),
    "consent": _consent,
    "withdraw_consent": _withdraw_consent,
    "leave_queue": _leave_queue,
    "end_below": _end_below,
    "quick_exit": _quick_exit,
    "watch_on": lambda draft: draft.change(watched=True),
    "watch_off": lambda draft: draft.change(watched=False),
    "confirm_alert": alerts.raise_confirmed,
    "dismiss_alert": alerts.dismiss,
    "forget_slots": _forget_slots,
    "menu": start_over,
    "not_helpful": _not_helpful,
    "collect_rejected": _collect_rejected,
    "answer_first": _answer_first,
    "aloud": aloud.read_aloud,
    "find_centres": lookup.find_centres,
    "find_prisons": lookup.find_prisons,
    **diary.ACTS,
})  # fmt: skip
