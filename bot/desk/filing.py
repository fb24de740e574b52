"""Orders about a case's file: history, notes, reminders, labels, merging, blocking, the child-protection checklist.

What each order does, the table in `commands` says.
"""

from __future__ import annotations

import re

from bot.desk import cards, ownership
from bot.desk import effects as fx
from bot.desk.canned import CheckStep
from bot.desk.commands import code_in
from bot.desk.given import Given, mine
from bot.desk.state import Case, Member
from bot.desk.work import Work
from bot.dialogue.rendering import escape
from bot.text.normalise import fold

_DELAY = re.compile(r"(\d{1,3})\s*(m|min|h|std|t|d)\b\s*(.*)", re.IGNORECASE | re.DOTALL)
_UNITS = {"m": 60.0, "min": 60.0, "h": 3600.0, "std": 3600.0, "t": 86400.0, "d": 86400.0}
_UNIT_WORDS = {60.0: ("einer Minute", "Minuten"), 3600.0: ("einer Stunde", "Stunden"), 86400.0: ("einem Tag", "Tagen")}


def history(given: Given) -> None:
    count = int(given.rest) if given.rest.isdecimal() else 20
    given.work.order(
        fx.ShowHistory(
            place=given.place, conversation=given.own.conversation, limit=min(max(count, 1), 100), until=given.work.at,
            alias=given.own.alias,
        )
    )  # fmt: skip
    given.work.audit(given.member.id, "read history", given.own.code)


def notes(given: Given) -> None:
    rows = [
        f"{cards.when(note.at, given.work)} {escape(note.by)}: {escape(note.text)}" for note in given.own.notes[-30:]
    ]
    given.answer("\n".join(rows) or "Zu diesem Fall gibt es keine Notizen.")


def remind(given: Given) -> None:
    match = _DELAY.fullmatch(given.rest.removeprefix("mich").removeprefix("in").strip())
    if match is None:
        given.answer("So geht es: `/erinnere 30m Rückruf`, `/erinnere 2h`, `/erinnere 3t Brief`")
        return
    seconds = int(match[1]) * _UNITS[match[2].casefold()]
    words = match[3].strip() or "Sie wollten an diesen Fall denken."
    number = f"{int(given.work.now)}x{len(given.own.notes)}"
    given.work.note(given.own, given.member.alias, f"Erinnerung: {words}", f"remind{number}")
    given.work.timer(f"remind|{given.own.code}|{number}", seconds)
    one, many = _UNIT_WORDS[_UNITS[match[2].casefold()]]
    given.answer(f"In Ordnung, ich erinnere Sie in {one if int(match[1]) == 1 else f'{int(match[1])} {many}'}.")


def label(given: Given) -> None:
    word = given.rest.strip()[:40]
    if not word:
        given.answer("Welches Stichwort? `/label WORT`")
        return
    case = given.work.edit(given.own)
    there = word in case.labels
    case.labels = tuple(one for one in case.labels if one != word) if there else (*case.labels, word)[-12:]
    cards.update_cards(given.work, case)
    given.answer(f"Stichwort {'entfernt' if there else 'gesetzt'}: {escape(word)}")


def merge(given: Given) -> None:
    work, case = given.work, given.own
    code = code_in(given.rest)
    other = work.desk.cases.get(code)
    if other is None or other.code == case.code:
        given.answer("Welcher Fall? `/zusammenführen CODE`")
        return
    if not mine(given):
        return
    if other.owner == "counsellor" and other.counsellor != given.member.id:
        given.answer(
            f"Fall {other.code} hat {work.name(other.counsellor)}. Bitte lassen Sie sich ihn zuerst übergeben."
        )
        return
    if other.owner != "counsellor":
        refusal = ownership.take(work, given.member, other, given.place)
        if refusal:
            given.answer(refusal)
            return
    other = work.edit(work.desk.cases[other.code])
    if other.place is not None and other.place != case.place:
        work.order(fx.CloseRoom(code=other.code, number=other.room, place=other.place))
    other.room += 1  # the room that was asked for is not needed any more
    other.merged, other.place = case.code, case.place
    work.flush(other)
    work.audit(given.member.id, "merged", other.code, case.code)
    given.answer(
        f"Fall {other.code} ({other.alias}) erscheint jetzt hier. Eine Antwort geht an den, auf dessen Nachricht Sie "
        f"antworten; `>>` geht an {case.alias}."
    )


def block(given: Given) -> None:
    if not given.rest:
        given.answer("Bitte mit Grund: `/sperren GRUND`. Notfälle kommen weiter durch.")
        return
    case = given.own
    if case.owner == "counsellor" and not mine(given):
        return
    common = given.work.common()
    common.blocked = tuple(dict.fromkeys((*common.blocked, case.conversation)))
    given.work.audit(given.member.id, "blocked", case.code, given.rest)
    given.answer("Gesperrt. Die Fachleitung sieht das im Protokoll.")
    if case.owner == "counsellor":
        ownership.release(given.work, given.member.id, case)


def unblock(given: Given) -> None:
    if given.case is None:
        given.answer("Welcher Fall? `/entsperren CODE`")
        return
    common = given.work.common()
    common.blocked = tuple(one for one in common.blocked if one != given.case.conversation)
    given.work.audit(given.member.id, "unblocked", given.case.code)
    given.answer("Die Sperre ist aufgehoben.")


def knows(given: Given) -> None:
    if given.case is None:
        given.answer("Welchen Fall? `/kenne CODE`")
        return
    hide(given.work, given.member, given.case)
    given.answer("Danke. Dieser Fall wird Ihnen nicht mehr angeboten.")


def hide(work: Work, member: Member, case: Case) -> None:
    """She knows the family: the case goes to somebody else."""
    member = work.edit_member(member)
    member.hidden = tuple(dict.fromkeys((*member.hidden, case.conversation)))[-100:]
    work.audit(member.id, "knows the family", case.code)
    if case.counsellor == member.id and case.owner == "counsellor":
        ownership.back_to_queue(work, case, member.id, "conflict of interest")
    cards.update_cards(work, work.desk.cases[case.code])


def _next_step(words: str, now: int) -> int:
    """The step that a button leads to, however often it is pressed: none is ever skipped. Without one, the following."""
    number = words.removeprefix("weiter").strip()
    return int(number) if number.isdecimal() else now + 1


def protect(given: Given) -> None:
    work, case = given.work, given.own
    steps = [one for one in work.policy.canned if isinstance(one, CheckStep)]
    if not steps:
        given.answer("Es ist keine Prüfliste hinterlegt.")
        return
    ends = fold(given.rest) == "ende"
    if ends and case.checklist < 0:
        given.answer("In Ordnung. `/kinderschutz` beginnt die Prüfliste jederzeit.")
        return
    case = work.edit(case)
    case.checklist = -1 if ends else _next_step(given.rest, case.checklist)
    if case.checklist < 0 or case.checklist >= len(steps):
        case.checklist = -1
        work.audit(given.member.id, "checklist ended", case.code)
        given.answer("Prüfliste beendet. Bitte halten Sie Ergebnis und Beteiligte als `/notiz` fest.")
        return
    step = steps[case.checklist]
    work.audit(given.member.id, f"checklist {case.checklist + 1}", case.code)
    given.ask(
        f"check.{case.checklist + 1}",
        f"**Kinderschutz {case.checklist + 1}/{len(steps)}: {step.title}**\n{step.text}\n_{step.source}_",
        ("Weiter", "Beenden"),
    )
