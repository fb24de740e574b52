"""Words, files, edits, deletions and reactions between a family and its counsellor; `settled` tells what became of them."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.desk import alarms, cards, hints, ownership, rooms
from bot.desk import effects as fx
from bot.desk.events import FamilyActed, StaffEdited, StaffReacted, StaffWrote
from bot.desk.given import during_flow
from bot.desk.outgoing import PREFIX, Inside, Outgoing, release, without_prefix
from bot.desk.state import Case, Link, Member, Shown
from bot.desk.table import meaning
from bot.desk.work import MINUTE, Work
from bot.dialogue import events as family
from bot.machines import Place

WORDLESS = {
    "voice": "🎤 Sprachnachricht", "photo": "🖼 Bild", "video": "🎬 Video", "audio": "🎵 Ton", "file": "📎 Datei",
    "sticker": "🙂 Sticker", "location": "📍 Ort (nicht übertragen)", "contact": "👤 Kontakt (nicht übertragen)",
    "other": "Etwas, das hier nicht gezeigt werden kann",
}  # fmt: skip
NOT_SENT = (
    "📝 Das ist eine Notiz fürs Team, die Familie liest sie nicht. Soll es an die Familie gehen? Dann antworten Sie auf eine ihrer "
    "Nachrichten, oder beginnen Sie mit `>>`."
)
SAFE_REACTIONS = frozenset("👍👎❤🔥🙏😢😁🤔👏🎉👌🤝🤗")


# ------------------------------------------------------------------ from the family


def family_acted(work: Work, event: FamilyActed) -> None:
    """Something the family did while a human waits, talks, or lets the bot talk."""
    case = work.desk.case_of(event.conversation)
    if case is None:
        return
    if event.kind == "left":
        _left(work, case)
        return
    if event.kind == "refused":
        _not_said(work, case, event.message)
        return
    if event.kind == "to_bot":
        _went(work, case)
        return
    if event.kind in ("watched", "unwatched"):
        _watched(work, case, event.kind == "watched")
        return
    if event.kind == "calls":
        _calls(work, case)
        return
    match meaning(case.owner, "family acted"):
        case "relay":
            _relay(work, case, event)
        case "remember":
            _remember(work, case, event)
        case "follow" if case.lent:
            _follow(work, case, event)
        case _:
            return


def _relay(work: Work, case: Case, event: FamilyActed) -> None:
    case = work.edit(case)
    hints.look(work, case, hints.FAMILY, event.text)
    match event.kind:
        case "edit":
            _family_edited(work, case, event)
        case "delete":
            _family_deleted(work, case, event)
        case "reaction":
            _family_reacted(work, case, event)
        case "undecryptable":
            work.show_in_room(case, Shown("⚠️ hat etwas geschrieben, das sich nicht entschlüsseln ließ."))
        case "quick_exit":
            _quick_exit(work, case)
        case "pressed":
            work.show_in_room(case, Shown(f"☑️ {event.text}"))
            _waits_for_words(work, case)
        case _:
            work.show_in_room(case, _shown(case, event))
            _waits_for_words(work, case)


def _shown(case: Case, event: FamilyActed) -> Shown:
    text = event.text
    if event.media and not (event.blob and text):
        text = f"{WORDLESS.get(event.media, WORDLESS['other'])}{'' if event.blob else ' (nicht gespeichert)'} {text}".strip()
    answered = next((link.staff for link in case.links if event.reply_to and link.family == event.reply_to), "")
    return Shown(
        text, family=event.message, kind=event.kind, blob=event.blob, media=event.media, reply_to=answered,
        alias=case.alias if case.merged else "",
    )  # fmt: skip


def _waits_for_words(work: Work, case: Case) -> None:
    """The family waits for an answer from its first message on, not from its last."""
    case = work.edit(case)
    if case.family_at <= case.answered_at:
        case.family_at = work.now
        work.timer(f"answer|{case.code}|{case.epoch}|1", work.policy.answer_minutes * MINUTE)


def _remember(work: Work, case: Case, event: FamilyActed) -> None:
    """Texts come from the transcript when somebody takes the case; files are kept for the room."""
    case = work.edit(case)
    if event.media:
        case.backlog = (*case.backlog, _shown(case, event))[-50:]
    if event.kind in ("text", "media", "pressed"):
        case.family_at = work.now
        work.timer(f"card|{case.code}", cards.CARD_PAUSE)


def _follow(work: Work, case: Case, event: FamilyActed) -> None:
    if event.kind == "flow_done":
        case = work.edit(case)
        case.owner, case.lent = "counsellor", ""
        case.epoch += 1
        work.timer(f"silent|{case.code}|{case.epoch}", work.policy.silent_hours * 3600)
        if case.place is not None:
            work.say(case.place, "✅ Der Ablauf ist zu Ende. Sie schreiben wieder mit der Familie.")
        else:  # it was lost meanwhile
            rooms.another_room(work, case)
    elif event.kind in ("text", "media", "pressed"):
        work.show_in_room(case, _shown(case, event))


def _left(work: Work, case: Case) -> None:
    case = work.edit(case)
    case.reachable = False
    match meaning(case.owner, "family left"):
        case "unqueue":
            ownership.to_bot(work, case, "bot", "family left")
        case "lose" if case.place is not None:
            work.say(
                case.place, "⚠️ Die Person hat den Chat verlassen oder blockiert. Nachrichten kommen nicht mehr an."
            )
        case _:
            return


def _went(work: Work, case: Case) -> None:
    """The person went back to the bot; the room hears that, not why."""
    if case.owner not in ("queue", "counsellor"):
        return
    if case.place is not None:
        work.say(
            case.place,
            "↩️ Die Person schreibt jetzt wieder mit dem Bot. Das hat sie selbst gewählt. "
            "Fragt sie wieder nach einem Menschen, steht sie in der Warteschlange.",
        )
    danger = " ⚠️ Zu diesem Fall gab es einen Alarm." if case.alerts else ""
    for place in work.queue_places(case):
        work.say(place, f"↩️ Fall {case.code} ist wieder beim Bot: Die Person wollte es so.{danger}")
    ownership.to_bot(work, case, "family", "went to the bot")


def _watched(work: Work, case: Case, on: bool) -> None:
    case = work.edit(case)
    case.watched = on
    if case.place is not None:
        work.say(case.place, cards.WATCHED if on else "👁 Die Person schreibt, dass niemand mehr mitliest.")


def _calls(work: Work, case: Case) -> None:
    """She asks for a human although one has her: whoever is not on duty any more gives the case to those who are."""
    member = work.member(case.counsellor)
    if case.owner != "counsellor" or member is None:
        return
    if member.presence == "weg":
        for place in work.queue_places(case):
            work.say(
                place,
                f"🙋 Fall {case.code} ruft nach einem Menschen, und {member.alias} ist nicht im Dienst. Er wartet wieder.",
            )
        ownership.back_to_queue(work, case, "bot", "called while she was away")
    elif case.place is not None:
        work.say(
            case.place,
            "🙋 Die Person ruft noch einmal nach einem Menschen. Bitte schreiben Sie ihr jetzt, oder geben Sie den Fall frei: "
            "`/zurücklegen`",
        )


def _family_edited(work: Work, case: Case, event: FamilyActed) -> None:
    """The staff's copy is edited; what stood there before stays readable."""
    link = next((one for one in reversed(case.links) if one.family == event.message and one.who == "family"), None)
    if link is None or case.place is None:
        work.show_in_room(case, Shown(f"✏️ (geändert) {event.text}", family=event.message))
        _waits_for_words(work, case)
        return
    before = f"\n\n(vorher: {link.text})" if link.text else ""
    text = f"{case.alias}: ✏️ {event.text or '(Text entfernt)'}{before}"
    work.say(case.place, text, edits=link.staff, markup=False)
    _replace(case, link, replace(link, text=event.text))


def _family_deleted(work: Work, case: Case, event: FamilyActed) -> None:
    link = next((one for one in case.links if one.family == event.message and one.who == "family"), None)
    if link is None or case.place is None:
        return
    work.say(case.place, f"{case.alias}: 🗑 (von der Familie gelöscht)", edits=link.staff, markup=False)
    _replace(case, link, replace(link, text=""))


def _family_reacted(work: Work, case: Case, event: FamilyActed) -> None:
    link = next((one for one in case.links if one.family == event.message), None)
    if link is None or case.place is None:
        work.show_in_room(case, Shown(f"hat mit {event.text} reagiert."))
        return
    work.say(case.place, f"{case.alias}: {event.text}", reply_to=link.staff, markup=False, silent=True, optional=True)


def _quick_exit(work: Work, case: Case) -> None:
    """The family may be watched: nothing new goes there unasked, and the copies of the last day go too."""
    if case.place is not None:
        ids = tuple(link.staff for link in case.links if link.staff and link.who == "family")
        if ids:
            work.order(fx.Unshow(place=case.place, messages=ids))
        text = "🚪 Die Person hat „Schnell weg“ gedrückt: Vielleicht liest jemand mit. Bitte schreiben Sie erst, wenn sie wieder schreibt."
        work.say(case.place, text)
    case.links = ()


def _replace(case: Case, old: Link, new: Link) -> None:
    case.links = tuple(new if link is old else link for link in case.links)


# ------------------------------------------------------------------ from the counsellor


def said(work: Work, member: Member, case: Case, wrote: StaffWrote, outgoing: Outgoing) -> None:
    """A counsellor let words out."""
    refusal = _may_not_say(work, member, case, outgoing)
    if refusal:
        work.mark(wrote.place, wrote.message, "⚠️")
        work.say(wrote.place, refusal, reply_to=wrote.message)
        return
    case = work.edit(case)
    report = json.dumps(["said", case.code, outgoing.message])
    work.mark(wrote.place, outgoing.message, "📤")
    hints.look(work, case, member.id, outgoing.text)
    work.tell(case, release(outgoing, wrote, member.id, report))
    case.outgoing = (*case.outgoing, (outgoing.message, outgoing.text))[-50:]
    case.answered_at = work.now
    case.album = wrote.group or case.album
    alarms.answered(work, member, case)
    work.edit_member(member).written += 1
    work.timer(f"silent|{case.code}|{case.epoch}", work.policy.silent_hours * 3600)


def _may_not_say(work: Work, member: Member, case: Case, outgoing: Outgoing) -> str:
    end = " Ihre Worte gingen nicht an die Familie."
    if case.lent:
        return f"{during_flow(work, case)}{end}"
    if meaning(case.owner, "words for the family") != "deliver":
        return f"Fall {case.code} ist nicht in Beratung. Übernehmen: `/nehmen {case.code}`.{end}"
    if case.counsellor != member.id:
        return f"Fall {case.code} hat {work.name(case.counsellor)}.{end}"
    if not case.reachable:
        return f"Die Person hat den Chat verlassen oder blockiert.{end}"
    if not outgoing.text and not outgoing.blob:
        return (
            "Nach `>>` steht nichts."
            if not outgoing.media
            else f"Diese Datei ließ sich nicht holen oder ist zu groß.{end}"
        )
    return ""


def noted(work: Work, member: Member, case: Case, inside: Inside, place: Place) -> None:
    """Everything else is a note."""
    text = inside.text or WORDLESS.get(inside.media, "")
    unsure = case.counsellor == member.id and case.answered_at < case.taken and not _wrote_note(case, member)
    work.note(case, member.alias, text, inside.message)
    work.mark(place, inside.message, "📝")
    if unsure:
        work.say(place, NOT_SENT, reply_to=inside.message)


def _wrote_note(case: Case, member: Member) -> bool:
    """Whether she has written a note since she took the case."""
    return any(note.by == member.alias and note.at >= case.taken for note in case.notes)


def staff_edited(work: Work, member: Member, cases: list[Case], event: StaffEdited) -> None:
    """An edit stays on its side: of a note it changes the note, of words for the family the family's copy."""
    for case in cases:
        link = next(
            (one for one in reversed(case.links) if one.staff == event.message and one.who == "counsellor"), None
        )
        if link is not None:
            _revise(work, member, case, link, event)
            return
        if any(message == event.message for message, _ in case.outgoing):
            work.say(
                event.place,
                "Diese Nachricht ist noch unterwegs. Bitte ändern Sie sie gleich noch einmal.",
                reply_to=event.message,
            )
            return
        if any(note.message == event.message for note in case.notes):
            case = work.edit(case)
            text = event.text or ""
            if text.lstrip().startswith(PREFIX):
                words = "Das bleibt eine Notiz. Für die Familie schreiben Sie bitte eine neue Nachricht mit `>>`."
                work.say(event.place, words, reply_to=event.message)
            changed = [replace(note, text=text) if note.message == event.message else note for note in case.notes]
            case.notes = tuple(note for note in changed if note.text or note.message != event.message)
            return


def _revise(work: Work, member: Member, case: Case, link: Link, event: StaffEdited) -> None:
    if case.counsellor not in ("", member.id):
        work.say(event.place, f"Fall {case.code} hat {work.name(case.counsellor)}. Bei der Familie ändert sich nichts.")
        return
    text = None if event.text is None else without_prefix(event.text)
    if text in ("", link.text):
        return
    case = work.edit(case)
    hints.look(work, case, member.id, text or "")
    revised = family.CounsellorEdited(at=work.at, counsellor=member.id, message=link.family, text=text)
    work.tell(case, revised)
    if text is None:
        case.links = tuple(one for one in case.links if one is not link)
    else:
        _replace(case, link, replace(link, text=text))
    work.audit(member.id, "deleted a message" if text is None else "changed a message", case.code)


def staff_reacted(work: Work, member: Member, cases: list[Case], event: StaffReacted) -> None:
    """An emoji under a family's message goes to it, when it is one of the plain ones."""
    for case in cases:
        link = next((one for one in case.links if one.staff == event.message and one.who == "family"), None)
        if link is None or case.owner != "counsellor" or case.counsellor != member.id or not link.family:
            continue
        if event.emoji.rstrip("\ufe0f") in SAFE_REACTIONS:
            work.tell(
                case, family.CounsellorReacted(at=work.at, counsellor=member.id, message=link.family, emoji=event.emoji)
            )
        return


def _not_said(work: Work, case: Case, report: str) -> None:
    """The family's lane could not let the words through: the conversation was not the counsellor's any more."""
    _, _, message = json.loads(report)
    case = work.edit(case)
    case.outgoing = tuple(row for row in case.outgoing if row[0] != message)
    if case.place is not None:
        work.mark(case.place, message, "⚠️")
        work.say(case.place, "⚠️ Das ging nicht an die Familie: Das Gespräch gehört gerade dem Bot.", reply_to=message)
