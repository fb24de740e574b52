"""Carrying out what staff order; here those about who owns a case. Each handler says its sentence in the room it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from rapidfuzz import fuzz, process

from bot.desk import cards, duty, filing, ownership, reviews, rooms, wording
from bot.desk.commands import Order, code_in
from bot.desk.events import StaffWrote
from bot.desk.given import Given, absence, colleague, mine
from bot.desk.state import Case, Member, Review
from bot.desk.work import Work
from bot.dialogue.rendering import escape
from bot.text.normalise import fold
from bot.text.orders import NEAR
from bot.vault.codes import as_meant


def carry_out(work: Work, member: Member, wrote: StaffWrote, order: Order, room: Case | None) -> None:
    """Carries out an order, or says why not."""
    command = order.command
    if command is None:
        near = " oder ".join(f"`/{name}`" for name in order.near)
        work.say(
            wrote.place, f"„{escape(order.said)}“ kenne ich nicht.{f' Meinten Sie {near}?' if near else ''} Alles: `/hilfe`",
            reply_to=wrote.message,
        )  # fmt: skip
        return
    if command.roles and not member.has(*command.roles):
        work.say(wrote.place, f"`/{command.name}` ist der Fachleitung vorbehalten.", reply_to=wrote.message)
        return
    code = code_in(order.rest)
    named = work.desk.cases.get(code) if code else None
    review = work.desk.reviews.get(code) if code else None
    if review is not None and command.name in _OF_REVIEWS:
        rest = " ".join(order.rest.split()[1:])
        _OF_REVIEWS[command.name](Given(work, member, wrote, rest, room, False, code), review)
        return
    if code and named is None and command.takes.startswith(("[CODE]", "CODE")):
        work.say(wrote.place, f"Einen Fall {code} gibt es nicht.", reply_to=wrote.message)
        return
    if command.takes == "[CODE]" and order.rest and not code:
        work.say(wrote.place, _no_code(work, command.name, order.rest), reply_to=wrote.message)
        return
    case, rest = room, order.rest
    if named is not None and command.takes.startswith(("[CODE]", "CODE")) and command.name != "zusammenführen":
        case, rest = named, " ".join(order.rest.split()[1:])
    if command.where == "case" and case is None:
        text = f"`/{command.name}` gilt für einen Fall. Bitte schreiben Sie das in dessen Raum."
        work.say(wrote.place, text, reply_to=wrote.message)
        return
    HANDLERS[command.name](Given(work, member, wrote, rest, case, case is not None and case is named))


def _no_code(work: Work, name: str, typed: str) -> str:
    """A mistyped code never means another family: it is named, with the one that may be meant."""
    known = [*(code for code, case in work.desk.cases.items() if case.owner != "closed"), *work.desk.reviews]
    near = process.extractOne(as_meant(typed.split()[0]), known, scorer=fuzz.ratio, score_cutoff=NEAR)
    meant = f" Meinten Sie `/{name} {near[0]}`?" if near is not None else " Wer wartet, zeigt `/warteschlange`."
    return f"„{escape(typed[:30])}“ ist kein gültiger Code. Es ist nichts geschehen.{meant}"


_OF_REVIEWS: Mapping[str, Callable[[Given, Review], None]] = MappingProxyType({
    "anhören": lambda given, review: reviews.listen(given),
    "freigeben": reviews.release,
    "ablehnen": reviews.decline,
})  # fmt: skip
"""What these orders mean when they name a recording."""


def _take(given: Given) -> None:
    case = given.case
    if case is None or (case.owner == "counsellor" and not given.named):
        case = _next_for(given)
    if case is None:
        given.answer("Gerade wartet niemand, den Sie nehmen könnten.")
        return
    refusal = ownership.take(given.work, given.member, case, given.place)
    given.answer(
        refusal or f"✅ Fall {case.code} ist bei Ihnen. Gleich öffnet sich ein eigener Raum dafür: Dort schreiben Sie."
    )


def _next_for(given: Given) -> Case | None:
    """Danger first; then a family she knows, then her languages, then who waited longest."""
    work, member = given.work, given.member
    waiting = [case for case in work.desk.queue() if cards.can_take(work, member, case) == ""]
    if member.heavy >= 2 and any(case.urgency == "normal" for case in waiting):
        others = [one for one in work.desk.members.values() if one.presence == "da" and one.id != member.id]
        waiting = [case for case in waiting if case.urgency == "normal" or not others]
    return min(
        waiting,
        key=lambda case: (
            case.urgency != "emergency", case.urgency != "urgent", case.last != member.id, _waits_for_another(given, case),
            case.language not in member.languages, case.queued,
        ),
        default=None,
    )  # fmt: skip


def _waits_for_another(given: Given, case: Case) -> bool:
    """Whether the one who had it before is there and may want it again."""
    before = given.work.member(case.last)
    return before is not None and before.id != given.member.id and before.active and before.presence == "da"


def _release(given: Given) -> None:
    if mine(given):
        given.answer(f"Fall {given.own.code} ist wieder beim Bot. Die Familie weiß Bescheid.")
        ownership.release(given.work, given.member.id, given.own)


def _release_what(given: Given) -> None:
    """Without the code of a recording it means what it always meant in a case's room."""
    if given.case is not None:
        _release(given)
    else:
        given.answer("Was soll frei werden? `/freigeben CODE` für eine Aufnahme, `/abgeben` im Raum eines Falls.")


def _requeue(given: Given) -> None:
    if mine(given):
        given.answer(f"Fall {given.own.code} liegt wieder in der Warteschlange.")
        ownership.back_to_queue(given.work, given.own, given.member.id, given.rest or "put back")


def _transfer(given: Given) -> None:
    if not mine(given):
        return
    work = given.work
    team = next(
        (
            team
            for team in work.policy.teams.values()
            if given.rest and fold(given.rest) in (fold(team.name), fold(team.title))
        ),
        None,
    )
    receiver = colleague(given, given.rest)
    if receiver is not None:
        if receiver.id == given.own.counsellor:
            given.answer("Der Fall ist schon dort.")
            return
        if cards.kept_from(receiver, given.own):
            given.answer(
                f"{escape(receiver.alias)} kann diesen Fall nicht übernehmen. Bitte fragen Sie jemand anderen."
            )
            return
        ownership.offer(work, given.member, given.own, receiver)
        away = f" {escape(receiver.alias)} {absence(receiver)}." if absence(receiver) else ""
        given.answer(f"Angefragt: {escape(receiver.alias)}.{away} Bis zur Zusage bleibt der Fall bei Ihnen.")
    elif team is not None and team.name != given.own.team:
        given.answer(f"Fall {given.own.code} wartet jetzt im Team {escape(team.title)}.")
        ownership.back_to_queue(work, given.own, given.member.id, "to another team", team.name)
    else:
        given.answer(f"An wen? `/übergeben NAME`. Im Team sind: {_others(given) or 'sonst niemand'}.")


def _others(given: Given) -> str:
    """The rest of the team, with who is not there."""
    team = [one for one in given.work.desk.members.values() if one.active and one.id != given.member.id]
    names = [escape(one.alias) + (f" ({absence(one)})" if absence(one) else "") for one in team]
    return ", ".join(sorted(names))


def _accept(given: Given) -> None:
    case = _offered(given)
    if case is None:
        given.answer("Ihnen wird gerade kein Fall angeboten.")
        return
    given.answer(ownership.accept(given.work, given.member, case, given.place) or f"✅ Fall {case.code} ist bei Ihnen.")


def _decline(given: Given) -> None:
    case = _offered(given)
    if case is None:
        given.answer("Ihnen wird gerade kein Fall angeboten.")
        return
    given.answer(ownership.decline(given.work, given.member, case) or "In Ordnung.")


def _offered(given: Given) -> Case | None:
    """The case that is named, else the one that she is offered, in whatever room she answers."""
    offered = (case for case in given.work.desk.cases.values() if case.offered == given.member.id)
    return given.case if given.named else next(offered, given.case)


def _close(given: Given) -> None:
    case = given.own
    if (case.owner == "counsellor" or case.lent) and not mine(given):
        return
    wanted = fold(given.rest)
    outcome = next((key for key, title in cards.OUTCOMES if wanted and wanted in (fold(key), fold(title))), "")
    if not outcome and given.rest:
        outcome = "sonstiges"
        given.work.note(case, given.member.alias, f"Ergebnis: {given.rest}")
    if not outcome:
        given.ask("close", "Wie ist der Fall ausgegangen?", tuple(title for _, title in cards.OUTCOMES))
        return
    refusal = ownership.close(given.work, given.member, case, outcome)
    if refusal:
        given.answer(refusal)


def _assign(given: Given) -> None:
    work, case = given.work, given.case
    words = given.rest.split()
    receiver, reason = None, ""
    for count in range(len(words) - 1, 0, -1):  # "Frau See" before "Frau"
        receiver = colleague(given, " ".join(words[:count]))
        if receiver is not None:
            reason = " ".join(words[count:])
            break
    if case is None or receiver is None or not reason:
        given.answer("So geht es: `/zuweisen CODE NAME GRUND`")
        return
    if case.place is not None:
        work.say(case.place, f"Fall {case.code} geht an {escape(receiver.alias)} (Fachleitung: {escape(reason)}).")
    home = rooms.home(receiver, [given.place, *work.all_queues()])
    refusal = ownership.take(work, receiver, case, home, forced=f"{given.member.id}: {reason}")
    given.answer(refusal or f"Fall {case.code} ist jetzt bei {escape(receiver.alias)}.")


HANDLERS: Mapping[str, Callable[[Given], None]] = MappingProxyType(
    {
        "nehmen": _take,
        "abgeben": _release,
        "anhören": reviews.listen,
        "freigeben": _release_what,
        "zurücklegen": _requeue,
        "übergeben": _transfer,
        "annehmen": _accept,
        "ablehnen": _decline,
        "schließen": _close,
        "notiz": wording.note,
        "entwurf": wording.draft,
        "senden": wording.send,
        "verwerfen": wording.discard,
        "verlauf": filing.history,
        "notizen": filing.notes,
        "vorlagen": wording.canned,
        "ablauf": wording.flow,
        "zurückholen": wording.hold,
        "thema": wording.topic,
        "frage": wording.ask,
        "erinnere": filing.remind,
        "löschen": wording.delete_last,
        "label": filing.label,
        "zusammenführen": filing.merge,
        "sperren": filing.block,
        "entsperren": filing.unblock,
        "kenne": filing.knows,
        "kinderschutz": filing.protect,
        "gesehen": duty.seen,
        "übung": duty.drill,
        "da": duty.presence("da", "Willkommen im Dienst."),
        "pause": duty.presence("pause", "Gute Pause."),
        "weg": duty.presence("weg", "Bis bald."),
        "warteschlange": duty.queue,
        "fälle": duty.cases,
        "schichtübergabe": duty.handover,
        "statistik": duty.stats,
        "alle": duty.everything,
        "zuweisen": _assign,
        "anmelden": duty.link,
        "hilfe": duty.help_,
    }
)
