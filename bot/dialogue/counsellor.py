"""What comes from the desk and from other lanes: a counsellor takes over, speaks and gives back; flows and news are begun."""

from __future__ import annotations

from typing import assert_never

from bot.dialogue import alerts, events, reminders
from bot.dialogue.draft import Draft
from bot.dialogue.effects import Attachment, CancelTimer, Choice, React, Relay, Reply, Revise
from bot.dialogue.introducing import go_home
from bot.dialogue.rendering import topic_text
from bot.dialogue.session import Concern
from bot.dialogue.walk import walk

Human = (
    events.Claimed
    | events.CounsellorSaid
    | events.TopicSent
    | events.CounsellorReacted
    | events.CounsellorEdited
    | events.Released
    | events.Requeued
    | events.Closed
)


def acted(draft: Draft, event: Human) -> None:
    """The desk took the conversation, spoke in it, or gave it back."""
    match event:
        case events.Claimed():
            again = draft.session.lent and draft.session.alias == event.alias
            handed = draft.session.owner == "counsellor" and draft.session.alias != event.alias
            if draft.session.lent:  # what the bot was to ask for her is over
                draft.clear_frames()
            draft.change(owner="counsellor", alias=event.alias, lent="")
            draft.say_key(f"counsellor.{'back' if again else 'handed_over' if handed else 'taken'}")
        case events.CounsellorSaid():
            alerts.counsellor_wrote(draft)
            _say_for_counsellor(draft, event)
        case events.TopicSent():
            alerts.counsellor_wrote(draft)
            _topic_for_counsellor(draft, event)
        case events.CounsellorReacted():
            draft.effects.append(React(message=event.message, emoji=event.emoji))
        case events.CounsellorEdited():
            draft.effects.append(Revise(message=event.message, text=event.text))
        case events.Released():
            end_of_human(draft)
            draft.say_key("counsellor.released")
            _resume(draft)
        case events.Requeued():
            draft.change(owner="queue", alias="", waiting_since=event.at.timestamp())
            draft.say_key("counsellor.requeued")
        case events.Closed():
            end_of_human(draft, owner="closed")
            draft.change(reopens_until=event.reopens_until)
            draft.say_key("counsellor.closed")
            draft.push("desk.feedback") if "desk.feedback" in draft.content.flows else None
            walk(draft)
            draft.record("case_closed", outcome=event.outcome[:24])
        case _:
            assert_never(event)


def _say_for_counsellor(draft: Draft, event: events.CounsellorSaid) -> None:
    attachments: tuple[Attachment, ...] = ()
    if event.blob:
        kind = "picture" if event.media == "photo" else "voice" if event.media == "voice" else "file"
        attachments = (Attachment(source=f"blob:{event.blob}", kind=kind, name=""),)  # type: ignore[arg-type]  # one of three
    draft.effects.append(
        Reply(
            text=event.text,
            attachments=attachments,
            markup=False,
            reply_to=event.reply_to,
            choices=tuple(Choice(label=label) for label in event.choices),
            question=draft.question_id() if event.choices else "",
            source=f"counsellor:{event.message}",
            language=draft.session.language,
        )
    )


def _topic_for_counsellor(draft: Draft, event: events.TopicSent) -> None:
    topic = draft.content.topics.get(event.topic)
    text = topic_text(draft.content, topic, draft.lookup(), draft.reader) if topic is not None else None
    if text is None:
        draft.effects.append(Relay(kind="refused", message=event.message))
        return
    draft.say(text, source=f"counsellor:{event.message}")


def end_of_human(draft: Draft, owner: str = "bot") -> None:
    if draft.session.concern.silence:
        draft.effects.append(CancelTimer(timer=alerts.SILENCE_TIMER))
    concern = draft.session.concern
    draft.change(owner=owner, waiting_since=0.0, lent="", concern=Concern(score=concern.score, at=concern.at))


def _resume(draft: Draft) -> None:
    """The parked flow goes on at the same question, or the menu opens."""
    if draft.top is None:
        go_home(draft)
    else:
        draft.change_top(question="")  # a quiet question is shown again after so long a pause
    walk(draft)


def give_back(draft: Draft) -> None:
    """The flow that a counsellor had the bot run is over: she owns the conversation again."""
    lent = draft.session.lent
    if not lent or any(frame.flow == lent for frame in draft.part.frames):
        return
    if draft.session.owner == "bot":
        draft.clear_frames()
        draft.change(owner="counsellor")
        draft.say_key("counsellor.back")
        draft.effects.append(Relay(kind="flow_done", text=lent))
    draft.change(lent="")


def others_began(draft: Draft, event: events.FlowStarted | events.Announced | events.DeskNews) -> None:
    """A flow begins that the person did not ask for, or something is announced."""
    match event:
        case events.FlowStarted() if _must_wait(draft, event):
            reminders.put_off(draft, event.flow, event.slots, event.part or "adult")
        case events.FlowStarted():
            if draft.session.owner == "counsellor":  # one voice: while the flow asks, the bot owns the conversation
                draft.change(owner="bot", lent=event.flow if event.back else "")
                draft.clear_frames()
                if event.back:
                    draft.say_key("counsellor.lent")
            if draft.push(event.flow, dict(event.slots)):
                walk(draft)
        case events.Announced():
            draft.say(event.text, optional=True, source="announcement")
        case events.DeskNews():
            draft.say_key(event.text_key, dict(event.values), optional=True)
        case _:
            assert_never(event)


def _must_wait(draft: Draft, event: events.FlowStarted) -> bool:
    """Whether a flow has to wait: it is for the other part of the phone, or can wait and a human speaks here or it is night."""
    others = draft.session.active != (event.part or "adult")
    if not event.gentle:
        return bool(event.part) and others
    return draft.session.owner == "counsellor" or others or reminders.awake(event.at) != event.at
