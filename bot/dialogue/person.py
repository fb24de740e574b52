"""What the person does: texts, buttons, edits, media, reactions, a start by link. Safety comes first, whoever speaks."""

from __future__ import annotations

from typing import assert_never

from bot.dialogue import alerts, answering, asking, commands, counsellor, events, reopening, routing, tongue
from bot.dialogue.draft import Draft
from bot.dialogue.effects import Relay, Submit
from bot.dialogue.introducing import go_home, sounds_like_a_child
from bot.dialogue.reading import Parsed
from bot.dialogue.session import FIRST_QUESTION, MOST_WRITTEN, ONBOARDING, Session
from bot.dialogue.walk import walk
from bot.matching.topic import Topic
from bot.safety import Finding

COMPLAINT = "repair.complain"  # the flow whose answers no counsellor sees
COMPLAINT_FORM = "complaint"
LONGEST_COMPLAINT, MOST_COMPLAINTS = 2000, 10  # characters; messages that are remembered
TO_THE_BOT = ("forget", "export", "privacy", "complain")
CAME_BY = frozenset({"poster", "card", "school", "office", "brief", "web"})
"""The ways that a link may name. A closed list: whoever makes a link must not be able to have a word of theirs kept."""

Heard = events.Said | events.Pressed | events.Edited | events.MediaSent | events.Undecryptable


def acted(draft: Draft, event: Heard, kind: str) -> None:
    """A text, button, edit, medium: safety first, then whoever owns the conversation."""
    if not draft.session.reachable:
        draft.change(reachable=True)
    _note_message(draft, event)
    text = _words(event)
    finding = _danger(draft, event, kind, text)
    complaint = _is_complaint(draft, event, text)
    if isinstance(event, events.Said) and text:
        _heard(draft, event, complaint=complaint)
    noticed = isinstance(event, events.Said) and kind != "relay" and tongue.notice(draft, text)
    if finding is not None:
        _answer_danger(draft, event, kind, finding, "" if complaint else text)
        return
    said = _leaves(draft, event) or (isinstance(event, events.Said) and event.blob is None)
    if kind == "relay" and said and _takes_back(draft, text):
        return
    if (kind in ("relay", "accompany") or draft.session.lent) and not complaint:
        draft.effects.append(_relay(event))
    if kind == "relay":
        _tell_her(draft, text)
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


def _note_message(draft: Draft, event: Heard) -> None:
    """Remembers which message it is, so that "Schnell weg" can delete it as well; nothing of what it says."""
    if isinstance(event, (events.Said, events.MediaSent)) and event.message:
        row = (int(event.at.timestamp() // 60), event.message)
        draft.change_part(written=(*draft.part.written, row)[-MOST_WRITTEN:])


def _heard(draft: Draft, event: events.Said, *, complaint: bool) -> None:
    """Remembers the text for the burst it may belong to, and in which messages a complaint stands."""
    draft.change_part(recent=(*draft.part.recent, (event.at.timestamp(), event.text[:500]))[-5:])
    if complaint and event.message:
        draft.change_part(complaints=(*draft.part.complaints, event.message)[-MOST_COMPLAINTS:])


def _answer_danger(draft: Draft, event: Heard, kind: str, finding: Finding, text: str) -> None:
    """Danger comes first, whoever speaks; of a complaint there is no `text` for the counsellors."""
    if text and isinstance(event, events.Said) and kind in ("relay", "accompany") and finding.level == "check":
        draft.effects.append(_relay(event))
    if draft.session.owner != "counsellor":
        routing.end_passing(draft)
    if not text and isinstance(event, events.Said):
        _hand_in(draft, event.text)
    alerts.notice(draft, finding, text, getattr(event, "message", ""))
    if draft.session.owner != "counsellor":
        walk(draft)


def _danger(draft: Draft, event: Heard, kind: str, text: str) -> Finding | None:
    """What the safety layer found. Kavi's own words, chosen, are none: "от 14 до 17 лет" tells an age, whatever it resembles;
    "mit dem Stern atmen" begins a flow.

    An unclear sign in another name of an offered answer ("kein Platz") or in a misspelt one of a flow is none either.
    """
    finding = None if isinstance(event, (events.MediaSent, events.Undecryptable)) else event.understanding.finding
    if finding is None or kind == "relay":
        return finding
    unclear = finding.level == "check" and (
        routing.answers_by_name(draft, text) or commands.flow_in(text, draft.content, draft.part.audience) is not None
    )
    ours = asking.is_own_label(draft, text) or commands.names_flow(text, draft.content)
    return None if unclear or ours else finding


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
    counsellor.end_of_human(draft)
    draft.change(alias="")
    draft.effects.append(Relay(kind="to_bot"))
    commands.run(draft, command)
    walk(draft)
    return True


def _tell_her(draft: Draft, text: str) -> None:
    """What a counsellor must know at once, beside the words themselves: somebody reads along, or a human is called again."""
    match commands.command_in(text, draft.content.commands):
        case "watch_on":
            draft.change(watched=True)
            draft.effects.append(Relay(kind="watched"))
        case "watch_off":
            draft.change(watched=False)
            draft.effects.append(Relay(kind="unwatched"))
        case "human":
            draft.effects.append(Relay(kind="calls"))
        case _:
            return


def _is_complaint(draft: Draft, event: Heard, text: str) -> bool:
    """Complaints go to those who lead the team, never into a room where a counsellor could read them; nor when they are
    changed later, by then perhaps in a talk with her."""
    if isinstance(event, events.Edited):
        return any(event.message in part.complaints for part in draft.session.parts.values())
    return draft.session.owner != "counsellor" and (
        answers_complaint(draft.session) or commands.command_in(text, draft.content.commands) == "complain"
    )


def answers_complaint(session: Session) -> bool:
    """Whether the open question asks for a complaint."""
    frames = session.part.frames
    return bool(frames) and frames[-1].flow == COMPLAINT


def _hand_in(draft: Draft, text: str) -> None:
    """A complaint in which danger was heard is one all the same: the danger is answered, the words go where they were meant for."""
    if answers_complaint(draft.session):
        draft.effects.append(Submit(form=COMPLAINT_FORM, values=(("text", text[:LONGEST_COMPLAINT]),)))
        draft.pop()


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
    draft.push(ONBOARDING)
    language = tongue.named(draft, event.text)
    if language is not None:
        tongue.switch(draft, language)
    elif command is not None and command not in ("restart", "menu", "back", "skip", "repeat"):
        commands.run(draft, command)
    elif match is not None and (
        match.outcome == "answer" or (match.outcome == "clarify" and " " in event.text.strip())
    ):
        topic = draft.content.topics.get(match.candidates[0].topic)
        role = event.understanding.role
        if match.outcome == "answer" and topic is not None and _fits(topic, role, event.text):
            if role:
                draft.change_part(audience=role)
            answering.answer_topic(draft, topic.id)
        else:
            rows = tuple(f"{role}:{name}" for role, topics in event.understanding.by_role for name in topics)
            draft.change_top(local={FIRST_QUESTION: rows})


def _fits(topic: Topic, role: str, text: str) -> bool:
    """Whether a topic's answer fits whoever writes, before that was asked: nobody is spoken to as a child who is none."""
    if topic.needs == "land":
        return False
    if role and role != "child":
        return True
    return "caregiver" in topic.audiences or (not role and "child" in topic.audiences and sounds_like_a_child(text))


def _press(draft: Draft, event: events.Pressed) -> None:
    """A button: of the open question, of an offer, or an old one, which shows today's question again.

    The one to be gone works however old it is.
    """
    if _leaves(draft, event):
        commands.run(draft, "quick_exit")
        return
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


def _leaves(draft: Draft, event: Heard) -> bool:
    return (
        isinstance(event, events.Pressed) and commands.command_in(event.label, draft.content.commands) == "quick_exit"
    )


def touched(draft: Draft, event: events.Started | events.Reacted | events.Deleted, kind: str) -> None:
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
            draft.push(ONBOARDING, {"role_hint": value})
        elif name == "from" and value in CAME_BY:
            source = value
    if source or prison:
        source = source or "poster"  # the name of some prisons leaves no room for the way in a link
        draft.record("came_by", source=source, land=str(draft.value("land") or ""), prison=prison)
    if draft.top is None:
        go_home(draft)
