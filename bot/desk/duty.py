"""Orders about alarms and duty: seen, drills, who is there, lists, hand-over of a shift, figures, help.

What each order does, the table in `commands` says.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.desk import alarms, cards, ownership
from bot.desk.commands import help_text
from bot.desk.given import LONGEST_LIST, Given, colleague
from bot.desk.hours import about, usual_wait
from bot.desk.state import Case
from bot.desk.work import MINUTE
from bot.dialogue.rendering import escape


def seen(given: Given) -> None:
    if given.work.desk.common.drill and given.case is None:
        given.answer(alarms.drill_seen(given.work, given.member))
    elif given.case is None:
        given.answer(_which_alarm(given))
    else:
        given.answer(alarms.seen(given.work, given.member, given.case))


def _which_alarm(given: Given) -> str:
    """Which alarms nobody has confirmed yet, each with the order that does."""
    rows = [
        f"`/gesehen {case.code}` {cards.category(mark.category)} · {case.alias}"
        for case in given.work.desk.cases.values()
        for mark in case.alerts
        if not mark.seen_by
    ]
    return "\n".join(["Welcher Alarm?", *rows[:LONGEST_LIST]]) if rows else "Gerade ist kein Alarm offen."


def drill(given: Given) -> None:
    alarms.drill(given.work, given.member)


def presence(presence: str, text: str) -> Callable[[Given], None]:
    def change(given: Given) -> None:
        member = given.work.edit_member(given.member)
        if presence == "da" and member.presence == "weg":
            member.taken = member.closed = member.written = member.heavy = 0
            member.since = given.work.now
        member.presence = presence  # type: ignore[assignment]  # one of three
        given.work.audit(member.id, f"presence {presence}")
        waiting, own = len(given.work.desk.queue()), ownership.owned_cases(given.work.desk, member.id)
        more = f" {_waiting(waiting)}" if presence == "da" else ""
        if presence == "weg" and own:
            codes = ", ".join(case.code for case in own)
            more = f" Bei Ihnen ist noch offen: {codes}. `/schichtübergabe NAME` bietet das jemandem aus dem Team an."
        given.answer(text + more)

    return change


def _waiting(count: int) -> str:
    match count:
        case 0:
            return "Gerade wartet niemand."
        case 1:
            return "Eine Familie wartet: `/nehmen` übernimmt sie."
        case _:
            return f"{count} Familien warten: `/nehmen` übernimmt die nächste."


def queue(given: Given) -> None:
    waiting = given.work.desk.queue()
    rows = "\n".join(cards.line(given.work, case) for case in waiting[:LONGEST_LIST])
    given.answer(rows or "Niemand wartet.")


def cases(given: Given) -> None:
    rows = "\n".join(cards.line(given.work, case) for case in ownership.owned_cases(given.work.desk, given.member.id))
    given.answer(rows or "Sie haben keine offenen Fälle.")


def handover(given: Given) -> None:
    work = given.work
    receiver = colleague(given, given.rest)
    if given.rest and receiver is None:
        given.answer(f"„{escape(given.rest[:40])}“ ist nicht im Team.")
        return
    if receiver is None:
        open_cases = [case for case in work.desk.cases.values() if case.owner in ("queue", "counsellor")]
        rows = [cards.line(work, case) + _last_note(case) for case in sorted(open_cases, key=lambda case: case.opened)]
        given.answer("\n".join(rows[:LONGEST_LIST]) or "Es ist kein Fall offen.")
        return
    own = ownership.owned_cases(work.desk, given.member.id)
    for case in own:
        ownership.offer(work, given.member, case, receiver)
    codes = ", ".join(case.code for case in own)
    given.answer(
        f"{escape(receiver.alias)} angeboten: {codes}. Bis zur Zusage bleiben Sie zuständig."
        if own
        else "Sie haben keine offenen Fälle."
    )


def _last_note(case: Case) -> str:
    return f" · {escape(case.notes[-1].text[:80])}" if case.notes else ""


def stats(given: Given) -> None:
    member, work = given.member, given.work
    waits = work.common().waits
    middle = usual_wait(waits) if waits else "–"
    given.answer(
        f"Ihre Schicht seit {cards.when(member.since, work) if member.since else '–'}: {member.taken} übernommen, "
        f"{member.closed} geschlossen, {member.written} Nachrichten, {work.desk.load(member.id)} offen. "
        f"Heute warteten Familien im Mittel {middle}."
    )


def everything(given: Given) -> None:
    work = given.work
    open_cases = [
        case
        for case in work.desk.cases.values()
        if case.owner != "closed" and (case.owner != "bot" or case.alerts or case.lent)
    ]
    late = work.policy.answer_minutes * MINUTE
    rows = []
    for case in sorted(open_cases, key=lambda case: case.opened):
        waiting = (
            case.owner == "queue"
            and case.urgency != "normal"
            and work.now - case.queued > work.policy.urgent_minutes * MINUTE
        )
        breach = waiting or (case.owner == "counsellor" and case.answered_at < case.family_at < work.now - late)
        rows.append(("🔺 " if breach else "") + cards.line(work, case) + f" · Alter {about(work.now - case.opened)}")
    given.answer("\n".join(rows[:LONGEST_LIST]) or "Kein Fall ist offen.")


def help_(given: Given) -> None:
    intro = (
        "**So geht es.** `/da` meldet Sie zum Dienst, `/nehmen` übernimmt den nächsten Fall. Jeder Fall hat seinen eigenen Raum. Was "
        "Sie dort schreiben, bleibt im Team. Zur Familie geht nur: eine Antwort auf ihre Nachricht, eine Zeile mit `>>` oder ein "
        "abgeschickter Entwurf.\n" + cards.marks(given.place) + "\n\n"
    )
    given.answer(("" if given.rest else intro) + help_text(given.member.roles, given.rest))


def link(given: Given) -> None:
    given.answer(f"Sie sind schon angemeldet, als {escape(given.member.alias)}.")
