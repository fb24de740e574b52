"""`turn()`: one event in, one new session and its effects out. The only decision of the program.

Pure: the same content, session and event always give the same turn.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from msgspec import structs

from bot.dialogue import alerts, answering, asking, commands, events, reminders, reopening, routing, tongue
from bot.dialogue.content import Content
from bot.dialogue.draft import Draft, digest
from bot.dialogue.effects import Attachment, CancelHandoff, CancelTimer, Choice, Effect, React, Relay, Reply, Revise
from bot.dialogue.flow import Ask, Wait
from bot.dialogue.handoff import behaviour
from bot.dialogue.questions import Parsed
from bot.dialogue.rendering import topic_text
from bot.dialogue.session import FIRST_QUESTION, Concern, Frame, Offer, Part, Session, fresh
from bot.dialogue.understanding import BURST
from bot.dialogue.walk import walk
from bot.safety import Finding

MAX_ECHO = 3  # the same words so often in a row mean that we are going round in circles
COMPLAINT = "repair.complain"  # the flow whose answers no counsellor sees


@dataclass(frozen=True, slots=True)
class Turn:
    """What one event made of a conversation."""

    session: Session
    effects: tuple[Effect, ...]
    trace: tuple[tuple[str, str, str], ...] = ()  # (flow, step, exit) as they were walked; for coverage


def turn(content: Content, session: Session, event: events.Event) -> Turn:
    """Decides one turn. Never raises for anything a person, a counsellor or content can do."""
    draft = Draft(content, _begin(session, event), event.at, silent_since=session.last_at)
    _adopt_new_content(draft)
    _decide(draft, event)
    _finish(draft, event)
    return Turn(draft.session, tuple(draft.effects), tuple(draft.trace))


def _begin(session: Session, event: events.Event) -> Session:
    """Ages the session to the event's time: slots whose lifetime is over are gone before anything reads them."""
    stamp = event.at.timestamp()
    last = session.last_at or stamp
    begun = copy(session)
    begun.parts = {name: _begin_part(part, event.at, last) for name, part in session.parts.items()}
    begun.fence += 1
    begun.last_at = max(last, stamp)
    return begun


def _begin_part(part: Part, at: datetime, last: float) -> Part:
    begun = copy(part)
    begun.frames = tuple(copy(frame) for frame in part.frames)
    if part.slots:
        begun.slots = fresh(part.slots, at, last)
    if part.recent:
        begun.recent = tuple(row for row in part.recent if 0 <= at.timestamp() - row[0] <= BURST)
    return begun


# ------------------------------------------------------------------ new content under running talks


def _adopt_new_content(draft: Draft) -> None:
    """Moves frames to today's version of their flow; a removed step is asked again, never lost."""
    frames: list[Frame] = []
    for frame in draft.part.frames:
        moved = _moved(draft, frame)
        if moved is not None:
            frames.append(moved)
    if tuple(frames) != draft.part.frames:
        draft.change_part(frames=tuple(frames))


def _moved(draft: Draft, frame: Frame) -> Frame | None:
    flow = draft.content.flows.get(frame.flow)
    if flow is None:
        draft.say_key("content.flow_gone")
        return None
    if frame.version == flow.version:
        return frame
    name = frame.step
    if flow.step(name) is None:
        name = flow.moved.get(name, "")
    if flow.step(name) is not None:
        return structs.replace(frame, version=flow.version, step=name)
    draft.say_key("content.step_gone")
    known = tuple(
        step.action.slot
        for step in flow.steps
        if isinstance(step.action, Ask) and draft.value(step.action.slot) is not None
    )
    return Frame(flow=flow.name, version=flow.version, step=flow.steps[0].name, known=known, local=frame.local)


# ------------------------------------------------------------------ deciding


def _decide(draft: Draft, event: events.Event) -> None:
    kind = behaviour(draft.session.owner, event)
    if kind == "ignore":
        return
    if kind == "refuse":
        draft.effects.append(Relay(kind="refused", message=getattr(event, "message", "")))
        return
    if kind == "leave":
        _leave(draft)
        return
    match event:
        case events.Said() | events.Pressed() | events.Edited() | events.MediaSent() | events.Undecryptable():
            _person_acted(draft, event, kind)
        case events.Started() | events.Reacted() | events.Deleted():
            _person_touched(draft, event, kind)
        case events.TimerFired():
            _timer(draft, event, kind)
        case events.Left():
            _leave(draft)
        case events.FlowStarted() | events.Announced() | events.DeskNews():
            _others_began(draft, event)
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
            _counsellor_acted(draft, event)
        case _:
            assert_never(event)


Heard = events.Said | events.Pressed | events.Edited | events.MediaSent | events.Undecryptable


def _person_acted(draft: Draft, event: Heard, kind: str) -> None:
    """A text, button, edit, medium: safety first, then whoever owns the conversation."""
    if not draft.session.reachable:
        draft.change(reachable=True)
    text = _words(event)
    finding = _danger(draft, event, kind, text)
    if isinstance(event, events.Said) and text:
        draft.change_part(recent=(*draft.part.recent, (event.at.timestamp(), text[:500]))[-5:])
    noticed = isinstance(event, events.Said) and kind != "relay" and tongue.notice(draft, text)
    if finding is not None:
        if isinstance(event, events.Said) and kind in ("relay", "accompany") and finding.level == "check":
            draft.effects.append(_relay(event))
        if draft.session.owner != "counsellor":
            routing.end_passing(draft)
        alerts.notice(draft, finding, text, getattr(event, "message", ""))
        if draft.session.owner != "counsellor":
            walk(draft)
        return
    if kind == "relay" and isinstance(event, events.Said) and event.blob is None and _takes_back(draft, text):
        return
    if (kind in ("relay", "accompany") or draft.session.lent) and not _is_complaint(draft, text):
        draft.effects.append(_relay(event))
    if kind == "relay":
        return
    if draft.session.owner == "closed":
        if reopening.is_wanted(draft, event):
            reopening.reopen(draft)
            draft.effects.append(_relay(event))
            return
        if event.at.timestamp() >= draft.session.reopens_until:
            draft.change(owner="bot")
    if noticed:
        draft.say_key("language.noticed")
    _converse(draft, event, text)
    walk(draft)


def _danger(draft: Draft, event: Heard, kind: str, text: str) -> Finding | None:
    """What the safety layer found. Kavi's own words, chosen, are none: "от 14 до 17 лет" tells an age, whatever it resembles.

    An unclear sign in another name of an offered answer ("kein Platz") is none either.
    """
    finding = None if isinstance(event, (events.MediaSent, events.Undecryptable)) else event.understanding.finding
    if finding is None or kind == "relay":
        return finding
    unclear = finding.level == "check" and routing.answers_by_name(draft, text)
    return None if unclear or asking.is_own_label(draft, text) else finding


TO_THE_BOT = ("forget", "export", "privacy", "complain")


def _takes_back(draft: Draft, text: str) -> bool:
    """What a person may do whoever she talks with, and what is not for the counsellor's eyes.

    "Schnell weg" leaves the conversation with the counsellor, who is told. The others take it back to the bot; why, the
    counsellor does not hear.
    """
    command = commands.command_in(text, draft.content.commands)
    if command == "quick_exit":
        commands.run(draft, command)
        walk(draft)
        return True
    if command not in TO_THE_BOT:
        return False
    alerts.silence_is_over(draft)
    _end_of_human(draft)
    draft.change(alias="")
    draft.effects.append(Relay(kind="to_bot"))
    commands.run(draft, command)
    walk(draft)
    return True


def _is_complaint(draft: Draft, text: str) -> bool:
    """Complaints go to those who lead the team, never into a room where a counsellor could read them."""
    answered = draft.top is not None and draft.top.flow == COMPLAINT
    return draft.session.owner != "counsellor" and (
        answered or commands.command_in(text, draft.content.commands) == "complain"
    )


def _words(event: Heard) -> str:
    match event:
        case events.Said() | events.Edited():
            return event.text
        case events.Pressed():
            return event.label
        case _:
            return ""


def _relay(event: Heard) -> Relay:
    match event:
        case events.Said():
            return Relay(
                kind="text", text=event.text, message=event.message, blob=event.blob, media=event.media, reply_to=event.reply_to
            )  # fmt: skip
        case events.Edited():
            return Relay(kind="edit", text=event.text, message=event.message)
        case events.Pressed():
            return Relay(kind="pressed", text=event.label)
        case events.MediaSent():
            return Relay(
                kind="media", message=event.message, blob=event.blob, media=event.kind, reply_to=event.reply_to
            )
        case events.Undecryptable():
            return Relay(kind="undecryptable")
        case _:
            assert_never(event)


def _converse(draft: Draft, event: Heard, text: str) -> None:
    match event:
        case events.Said() if asking.take_voice(draft, event.media, event.blob):
            pass  # a recording with words beside it
        case events.Said():
            draft.trigger = text
            if not text.strip():
                draft.say_key("empty" if event.media is None else "media.declined")
            elif not draft.part.audience and draft.top is None:
                _first_words(draft, event)
            else:
                routing.route(draft, text, event.understanding)
        case events.Pressed():
            _press(draft, event)
        case events.Edited():
            draft.say_key("edited")
        case events.MediaSent() if asking.take_voice(draft, event.kind, event.blob):
            pass
        case events.MediaSent():
            key = f"media.{event.kind}"
            draft.say_key(key if key in draft.content.texts else "media.declined")
        case events.Undecryptable():
            draft.say_key("undecryptable")
        case _:
            assert_never(event)


def _first_words(draft: Draft, event: events.Said) -> None:
    """The very first message may already be the question: it is answered before anybody is asked who they are.

    Where the answer depends on who asks or on the Land, it comes when onboarding is done.
    """
    match = event.understanding.match
    command = commands.command_in(event.text, draft.content.commands)
    if commands.is_heavy(event.text, draft.content.commands):
        draft.say_key("heavy")
    draft.push("onboarding")
    language = tongue.named(draft, event.text)
    if language is not None:
        tongue.switch(draft, language)
    elif command is not None and command not in ("restart", "menu", "back", "skip", "repeat"):
        commands.run(draft, command)
    elif match is not None and (
        match.outcome == "answer" or (match.outcome == "clarify" and " " in event.text.strip())
    ):
        topics = tuple(candidate.topic for candidate in match.candidates)
        topic = draft.content.topics.get(topics[0])
        if match.outcome == "answer" and topic is not None and topic.needs != "land":
            answering.answer_topic(draft, topic.id)
        else:
            draft.change_top(local={FIRST_QUESTION: topics[:1] if match.outcome == "answer" else topics})


def _press(draft: Draft, event: events.Pressed) -> None:
    """A button: of the open question, of an offer, or an old one, which shows today's question again."""
    found = asking.open_question(draft)
    frame = draft.top
    if found is not None and frame is not None and event.question == frame.question:
        options = asking.shown_options(draft, found[2])
        if event.option < len(options):
            routing.route(draft, options[event.option].label, event.understanding)
        else:
            commands.run(draft, "skip")
        return
    if event.question and event.question == draft.part.offers_question and event.option < len(draft.part.offers):
        routing.take_offer(draft, draft.part.offers[event.option])
        return
    draft.say_key("button.old")
    if found is not None:
        asking.repeat(draft, found[1], found[2])
    elif draft.top is None:
        commands.run(draft, "menu")


def _person_touched(draft: Draft, event: events.Started | events.Reacted | events.Deleted, kind: str) -> None:
    """Start, reactions and deletions."""
    if kind == "note":
        return
    match event:
        case events.Deleted():
            draft.effects.append(Relay(kind="delete", message=event.message))
        case events.Reacted():
            _reacted(draft, event, kind)
        case events.Started():
            if kind == "relay":
                draft.effects.append(Relay(kind="text", text="/start"))
                return
            _start(draft, event)
            walk(draft)
        case _:
            assert_never(event)


def _reacted(draft: Draft, event: events.Reacted, kind: str) -> None:
    """An emoji that names an option of the open question answers it; any other is only seen."""
    if kind == "relay":
        draft.effects.append(Relay(kind="reaction", text=event.emoji, message=event.message))
        return
    reading = asking.take_text(draft, event.emoji)
    if isinstance(reading, Parsed):
        asking.apply(draft, reading)
        walk(draft)


CAME_BY = frozenset({"poster", "card", "school", "office", "brief", "web"})
"""The ways that a link may name. A closed list: whoever makes a link must not be able to have a word of theirs kept."""


def _start(draft: Draft, event: events.Started) -> None:
    if draft.session.owner == "closed":
        draft.change(owner="bot")
    draft.change(reachable=True)
    draft.clear_frames()
    source = prison = ""
    for item in event.payload.split("__"):
        name, _, value = item.partition("-")
        if name == "land" and value in draft.content.laender:
            draft.set_slot("land", value, "30d")
        elif name == "prison" and draft.content.prisons is not None and draft.content.prisons.get(value):
            draft.set_slot("prison", value, "30d")
            prison = value
        elif name == "role" and value in ("caregiver", "child", "parent", "staff") and not draft.part.audience:
            draft.push("onboarding", {"role_hint": value})
        elif name == "from" and value in CAME_BY:
            source = value
    if source or prison:
        source = source or "poster"  # the name of some prisons leaves no room for the way in a link
        draft.record("came_by", source=source, land=str(draft.value("land") or ""), prison=prison)
    if draft.top is None:
        draft.push("menu" if draft.part.audience else "onboarding")


def _leave(draft: Draft) -> None:
    if draft.session.owner in ("queue", "counsellor"):
        draft.effects.append(Relay(kind="left"))
    if draft.session.owner == "queue":
        draft.effects.append(CancelHandoff())
        draft.change(owner="bot")
    draft.change(reachable=False)
    draft.record("left")


# ------------------------------------------------------------------ timers


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


# ------------------------------------------------------------------ humans


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


def _counsellor_acted(draft: Draft, event: Human) -> None:
    match event:
        case events.Claimed():
            draft.change(owner="counsellor", alias=event.alias, lent="")
            draft.say_key("counsellor.taken")
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
            _end_of_human(draft)
            draft.say_key("counsellor.released")
            _resume(draft)
        case events.Requeued():
            draft.change(owner="queue", alias="", waiting_since=event.at.timestamp())
            draft.say_key("counsellor.requeued")
        case events.Closed():
            _end_of_human(draft, owner="closed")
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


def _end_of_human(draft: Draft, owner: str = "bot") -> None:
    if draft.session.concern.silence:
        draft.effects.append(CancelTimer(timer=alerts.SILENCE_TIMER))
    concern = draft.session.concern
    draft.change(owner=owner, waiting_since=0.0, lent="", concern=Concern(score=concern.score, at=concern.at))


def _resume(draft: Draft) -> None:
    """The parked flow goes on at the same question, or the menu opens."""
    if draft.top is None:
        draft.push("menu" if draft.part.audience else "onboarding")
    else:
        draft.change_top(question="")  # a quiet question is shown again after so long a pause
    walk(draft)


def _others_began(draft: Draft, event: events.FlowStarted | events.Announced | events.DeskNews) -> None:
    match event:
        case events.FlowStarted() if _must_wait(draft, event):
            reminders.put_off(draft, event.flow, event.slots, event.part or "adult")
        case events.FlowStarted():
            if draft.session.owner == "counsellor":  # one voice: while the flow asks, the bot owns the conversation
                draft.change(owner="bot", lent=event.flow if event.back else "")
                draft.clear_frames()
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


# ------------------------------------------------------------------ finishing


def _give_back(draft: Draft) -> None:
    """The flow that a counsellor had the bot run is over: she owns the conversation again."""
    lent = draft.session.lent
    if not lent or any(frame.flow == lent for frame in draft.part.frames):
        return
    if draft.session.owner == "bot":
        draft.clear_frames()
        draft.change(owner="counsellor")
        draft.effects.append(Relay(kind="flow_done", text=lent))
    draft.change(lent="")


def _finish(draft: Draft, event: events.Event) -> None:
    """What holds for every turn: nobody is left without an answer, nor without a way on, nor in a circle."""
    _give_back(draft)
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
    """The last reply of an ended flow gets a button to the menu."""
    for at in range(len(draft.effects) - 1, -1, -1):
        effect = draft.effects[at]
        if isinstance(effect, Reply):
            if effect.choices or not draft.part.audience:
                return
            question = draft.question_id()
            label = draft.text("label.menu")
            draft.effects[at] = replace(effect, choices=(Choice(label=label),), question=question)
            draft.change_part(offers=(Offer(label, "command", "menu"),), offers_question=question)
            return
