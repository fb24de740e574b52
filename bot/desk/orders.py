"""Carrying out what staff order. Each handler says its sentence in the room where the order was given."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.desk import alarms, cards, ownership, relay
from bot.desk import effects as fx
from bot.desk.canned import Canned, CheckStep
from bot.desk.commands import Order, code_in, help_text
from bot.desk.events import StaffWrote
from bot.desk.hours import BERLIN, about, day_words
from bot.desk.outgoing import Outgoing
from bot.desk.state import Case, Draft, Member, Place
from bot.desk.work import MINUTE, Work
from bot.dialogue import events as family
from bot.dialogue.rendering import escape
from bot.text.normalise import fold

_DELAY = re.compile(r"(\d{1,3})\s*(m|min|h|std|t|d)\b\s*(.*)", re.IGNORECASE | re.DOTALL)
_UNITS = {"m": 60.0, "min": 60.0, "h": 3600.0, "std": 3600.0, "t": 86400.0, "d": 86400.0}
_UNIT_WORDS = {60.0: "Minuten", 3600.0: "Stunden", 86400.0: "Tagen"}
LONGEST_LIST = 30


@dataclass(slots=True)
class Given:
    """An order with its surroundings; `case` is that of the room, or the one whose code was given."""

    work: Work
    member: Member
    wrote: StaffWrote
    rest: str
    case: Case | None
    named: bool  # whether the case's code was given

    @property
    def place(self) -> Place:
        return self.wrote.place

    def answer(self, text: str, **values: object) -> None:
        """A sentence in the room."""
        self.work.say(self.place, text, reply_to=self.wrote.message, **values)

    @property
    def own(self) -> Case:
        """The case; handlers that need one are only called with one."""
        assert self.case is not None
        return self.case


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
    if code and named is None and command.takes.startswith(("[CODE]", "CODE")):
        work.say(wrote.place, f"Einen Fall {code} gibt es nicht.", reply_to=wrote.message)
        return
    case, rest = room, order.rest
    if named is not None and command.takes.startswith(("[CODE]", "CODE")) and command.name != "zusammenführen":
        case, rest = named, " ".join(order.rest.split()[1:])
    if command.where == "case" and case is None:
        text = f"`/{command.name}` gilt für einen Fall. Bitte schreiben Sie das in dessen Raum."
        work.say(wrote.place, text, reply_to=wrote.message)
        return
    HANDLERS[command.name](Given(work, member, wrote, rest, case, case is not None and case is named))


# ------------------------------------------------------------------ ownership


def _take(given: Given) -> None:
    case = given.case
    if case is None or (case.owner == "counsellor" and not given.named):
        case = _next_for(given)
    if case is None:
        given.answer("Gerade wartet niemand, den Sie nehmen könnten.")
        return
    refusal = ownership.take(given.work, given.member, case, given.place)
    given.answer(refusal or f"✅ Fall {case.code} ist bei Ihnen. Der Raum geht gleich auf.")


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


def _mine(given: Given) -> bool:
    """Whether the case is hers (or she supervises); says so if not."""
    case = given.own
    if case.owner == "counsellor" and (case.counsellor == given.member.id or given.member.has("supervisor")):
        return True
    holder = f"hat {given.work.name(case.counsellor)}" if case.owner == "counsellor" else "ist nicht in Beratung"
    given.answer(f"Fall {case.code} {holder}. Es ist nichts geschehen.")
    return False


def _release(given: Given) -> None:
    if _mine(given):
        given.answer(f"Fall {given.own.code} ist wieder beim Bot. Die Familie weiß Bescheid.")
        ownership.release(given.work, given.member, given.own)


def _requeue(given: Given) -> None:
    if _mine(given):
        given.answer(f"Fall {given.own.code} liegt wieder in der Warteschlange.")
        ownership.back_to_queue(given.work, given.own, given.member.id, given.rest or "put back")


def _transfer(given: Given) -> None:
    if not _mine(given):
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
    receiver = _colleague(given, given.rest)
    if receiver is not None:
        if receiver.id == given.own.counsellor:
            given.answer("Der Fall ist schon dort.")
            return
        ownership.offer(work, given.member, given.own, receiver)
        given.answer(f"Angefragt: {escape(receiver.alias)}. Bis zur Zusage bleibt der Fall bei Ihnen.")
    elif team is not None and team.name != given.own.team:
        given.answer(f"Fall {given.own.code} wartet jetzt im Team {escape(team.title)}.")
        ownership.back_to_queue(work, given.own, given.member.id, "to another team", team.name)
    else:
        names = ", ".join(
            sorted(escape(one.alias) for one in work.desk.members.values() if one.active and one.id != given.member.id)
        )
        given.answer(f"An wen? `/übergeben NAME`. Im Team sind: {names or 'sonst niemand'}.")


def _colleague(given: Given, words: str) -> Member | None:
    wanted = fold(words)
    found = [one for one in given.work.desk.members.values() if one.active and wanted and fold(one.alias) == wanted]
    return found[0] if found else None


def _accept(given: Given) -> None:
    case = given.case or _offered_to(given)
    if case is None:
        given.answer("Ihnen wird gerade kein Fall angeboten.")
        return
    given.answer(ownership.accept(given.work, given.member, case, given.place) or f"✅ Fall {case.code} ist bei Ihnen.")


def _decline(given: Given) -> None:
    case = given.case or _offered_to(given)
    if case is None:
        given.answer("Ihnen wird gerade kein Fall angeboten.")
        return
    given.answer(ownership.decline(given.work, given.member, case) or "In Ordnung.")


def _offered_to(given: Given) -> Case | None:
    return next((case for case in given.work.desk.cases.values() if case.offered == given.member.id), None)


def _close(given: Given) -> None:
    case = given.own
    if case.owner == "counsellor" and not _mine(given):
        return
    wanted = fold(given.rest)
    outcome = next((key for key, title in cards.OUTCOMES if wanted and wanted in (fold(key), fold(title))), "")
    if not outcome and given.rest:
        outcome = "sonstiges"
        given.work.note(case, given.member.alias, f"Ergebnis: {given.rest}")
    if not outcome:
        question = f"{case.code}.close"
        given.answer(
            "Wie ist der Fall ausgegangen?", choices=tuple(title for _, title in cards.OUTCOMES), question=question,
            report=json.dumps(["ask", case.code, question]),
        )  # fmt: skip
        return
    refusal = ownership.close(given.work, given.member, case, outcome)
    if refusal:
        given.answer(refusal)


# ------------------------------------------------------------------ words


def _note(given: Given) -> None:
    if given.rest:
        given.work.note(given.own, given.member.alias, given.rest, given.wrote.message)
        given.work.mark(given.place, given.wrote.message, "📝")
    else:
        given.answer("Was soll in der Notiz stehen? `/notiz TEXT`")


def propose(work: Work, case: Case, place: Place, text: str, choices: tuple[str, ...] = (), remark: str = "") -> None:
    """Shows words that wait for "senden"."""
    case = work.edit(case)
    number = f"{len(case.drafts)}x{int(work.now)}x{len(work.effects)}"
    case.drafts = (*case.drafts, Draft(f"#{number}", text, choices))[-10:]
    shown = "\n".join([f"✉️ Entwurf{remark}:", text, *(f"▫️ {choice}" for choice in choices)])
    work.say(
        place, shown, choices=("Senden", "Verwerfen"), question=f"{case.code}.draft.{number}", markup=False,
        report=json.dumps(["draft", case.code, number]),
    )  # fmt: skip


def _draft(given: Given) -> None:
    if not given.rest:
        given.answer("Was soll im Entwurf stehen? `/entwurf TEXT`")
    elif _mine(given):
        propose(given.work, given.own, given.place, given.rest)


def _send(given: Given) -> None:
    draft = _draft_meant(given)
    if draft is None:
        given.answer("Hier liegt kein Entwurf, oder es sind mehrere: Bitte drücken Sie „Senden“ unter dem richtigen.")
        return
    send_draft(given.work, given.member, given.own, draft, given.wrote)


def _discard(given: Given) -> None:
    draft = _draft_meant(given)
    if draft is None:
        given.answer(
            "Hier liegt kein Entwurf, oder es sind mehrere: Bitte drücken Sie „Verwerfen“ unter dem richtigen."
        )
        return
    drop_draft(given.work, given.own, draft)
    given.answer("Verworfen.")


def _draft_meant(given: Given) -> Draft | None:
    drafts = given.own.drafts
    answered = next((one for one in drafts if given.wrote.reply_to and one.id == given.wrote.reply_to), None)
    return answered or (drafts[0] if len(drafts) == 1 and not given.wrote.reply_to else None)


def drop_draft(work: Work, case: Case, draft: Draft) -> None:
    """The draft is gone."""
    case = work.edit(case)
    case.drafts = tuple(one for one in case.drafts if one is not draft and one.id != draft.id)


def send_draft(work: Work, member: Member, case: Case, draft: Draft, wrote: StaffWrote) -> None:
    """The press or the word that lets a draft out."""
    message = draft.id if not draft.id.startswith("#") else wrote.message
    outgoing = Outgoing(text=draft.text, why="draft", message=message, choices=draft.choices)
    drop_draft(work, case, draft)
    relay.said(work, member, work.desk.cases[case.code], wrote, outgoing)


def _canned(given: Given) -> None:
    work, case = given.work, given.own
    today = work.at.astimezone(BERLIN).date()
    usable = [one for one in work.policy.canned if isinstance(one, Canned) and one.fits(case.audience, today)]
    wanted = fold(given.rest)
    chosen = next((one for one in usable if wanted and wanted in (fold(one.id), fold(one.title))), None)
    if chosen is None:
        rows = "\n".join(f"`/vorlage {one.id}` {escape(one.title)}" for one in usable[:LONGEST_LIST])
        given.answer(rows or "Für diese Familie gibt es gerade keine Vorlage.")
        return
    if not _mine(given):
        return
    values = {"counsellor": given.member.alias, "land": case.land, "when": _next_shift(given)}
    filled = chosen.fill(case.audience, case.band, case.language, values)
    if filled is None:
        given.answer("Für diese Altersgruppe gibt es keine Fassung.")
        return
    text, translated = filled
    propose(
        work,
        case,
        given.place,
        text,
        remark=""
        if translated
        else f" (nur auf Deutsch, die Familie schreibt {cards.LANGUAGES.get(case.language, case.language)})",
    )


def _next_shift(given: Given) -> str:
    opens = given.work.team(given.own).hours.next_open(given.work.at)
    return day_words(opens, given.work.at) if opens is not None else "bald"


def _flow(given: Given) -> None:
    flows = given.work.policy.flows
    wanted = fold(given.rest)
    name = next((key for key, title in flows.items() if wanted and wanted in (fold(key), fold(title))), "")
    if not name:
        rows = "\n".join(f"`/ablauf {key}` {escape(title)}" for key, title in list(flows.items())[:LONGEST_LIST])
        given.answer(f"Welcher Ablauf?\n{rows}")
        return
    if not _mine(given):
        return
    case = given.work.edit(given.own)
    case.owner, case.lent = "bot", name
    case.epoch += 1
    given.work.tell(case, family.FlowStarted(at=given.work.at, flow=name, back=True))
    given.work.audit(given.member.id, "flow started", case.code, name)
    given.answer(
        f"Der Bot führt jetzt „{escape(flows[name])}“. Sie lesen mit; danach schreiben wieder Sie. Abbrechen: `/zurückholen`"
    )


def _hold(given: Given) -> None:
    case = given.own
    if not case.lent:
        given.answer("Gerade läuft kein Ablauf.")
        return
    if case.counsellor != given.member.id:
        given.answer(f"Fall {case.code} hat {given.work.name(case.counsellor)}.")
        return
    case = given.work.edit(case)
    case.owner, case.lent = "counsellor", ""
    case.epoch += 1
    given.work.tell(case, family.Claimed(at=given.work.at, counsellor=given.member.id, alias=given.member.alias))
    given.answer("Sie schreiben wieder mit der Familie.")


def _topic(given: Given) -> None:
    topics = given.work.policy.topics
    wanted = given.rest.strip().casefold()
    if wanted not in topics:
        near = [key for key, title in topics.items() if wanted and (wanted in key or fold(wanted) in fold(title))]
        rows = "\n".join(f"`/thema {key}` {escape(topics[key])}" for key in near[:10])
        given.answer(rows or "Dieses Thema gibt es nicht. `/thema besuch` zeigt passende.")
    elif _mine(given):
        case = given.work.edit(given.own)
        report = json.dumps(["said", case.code, given.wrote.message])
        given.work.tell(
            case, family.TopicSent(at=given.work.at, counsellor=given.member.id, topic=wanted, message=report)
        )
        case.outgoing = (*case.outgoing, (given.wrote.message, f"Thema: {topics[wanted]}"))
        case.answered_at = given.work.now
        given.work.mark(given.place, given.wrote.message, "📤")


def _ask(given: Given) -> None:
    parts = [part.strip() for part in given.rest.split("|") if part.strip()]
    if not 3 <= len(parts) <= 8:
        given.answer("So geht es: `/frage Passt Ihnen Dienstag? | Ja | Nein` (zwei bis sieben Antworten)")
        return
    outgoing = Outgoing(text=parts[0], why="command", message=given.wrote.message, choices=tuple(parts[1:]))
    relay.said(given.work, given.member, given.own, given.wrote, outgoing)


def _delete_last(given: Given) -> None:
    case = given.own
    if not _mine(given):
        return
    link = next((one for one in reversed(case.links) if one.who == "counsellor"), None)
    if link is None:
        given.answer("Es gibt keine Nachricht von Ihnen, die sich löschen ließe.")
        return
    case = given.work.edit(case)
    case.links = tuple(one for one in case.links if one is not link)
    given.work.tell(
        case, family.CounsellorEdited(at=given.work.at, counsellor=given.member.id, message=link.family, text=None)
    )
    given.work.audit(given.member.id, "deleted a message", case.code)
    given.answer("Ich lösche sie. Telegram erlaubt das 48 Stunden lang; Ältere bleiben bei der Familie stehen.")


# ------------------------------------------------------------------ the case's file


def _history(given: Given) -> None:
    count = int(given.rest) if given.rest.isdecimal() else 20
    given.work.order(
        fx.ShowHistory(
            place=given.place, conversation=given.own.conversation, limit=min(max(count, 1), 100), until=given.work.at,
            alias=given.own.alias,
        )
    )  # fmt: skip
    given.work.audit(given.member.id, "read history", given.own.code)


def _notes(given: Given) -> None:
    rows = [
        f"{cards.when(note.at, given.work)} {escape(note.by)}: {escape(note.text)}" for note in given.own.notes[-30:]
    ]
    given.answer("\n".join(rows) or "Zu diesem Fall gibt es keine Notizen.")


def _remind(given: Given) -> None:
    match = _DELAY.fullmatch(given.rest.removeprefix("mich").removeprefix("in").strip())
    if match is None:
        given.answer("So geht es: `/erinnere 30m Rückruf`, `/erinnere 2h`, `/erinnere 3t Brief`")
        return
    seconds = int(match[1]) * _UNITS[match[2].casefold()]
    words = match[3].strip() or "Sie wollten an diesen Fall denken."
    number = f"{int(given.work.now)}x{len(given.own.notes)}"
    given.work.note(given.own, given.member.alias, f"Erinnerung: {words}", f"remind{number}")
    given.work.timer(f"remind|{given.own.code}|{number}", seconds)
    given.answer(f"In Ordnung, ich erinnere Sie in {match[1]} {_UNIT_WORDS[_UNITS[match[2].casefold()]]}.")


def _label(given: Given) -> None:
    word = given.rest.strip()[:40]
    if not word:
        given.answer("Welches Stichwort? `/label WORT`")
        return
    case = given.work.edit(given.own)
    there = word in case.labels
    case.labels = tuple(one for one in case.labels if one != word) if there else (*case.labels, word)[-12:]
    cards.update_cards(given.work, case)
    given.answer(f"Stichwort {'entfernt' if there else 'gesetzt'}: {escape(word)}")


def _merge(given: Given) -> None:
    work, case = given.work, given.own
    code = code_in(given.rest)
    other = work.desk.cases.get(code)
    if other is None or other.code == case.code:
        given.answer("Welcher Fall? `/zusammenführen CODE`")
        return
    if not _mine(given):
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


def _block(given: Given) -> None:
    if not given.rest:
        given.answer("Bitte mit Grund: `/sperren GRUND`. Notfälle kommen weiter durch.")
        return
    case = given.own
    if case.owner == "counsellor" and not _mine(given):
        return
    common = given.work.common()
    common.blocked = tuple(dict.fromkeys((*common.blocked, case.conversation)))
    given.work.audit(given.member.id, "blocked", case.code, given.rest)
    given.answer("Gesperrt. Die Fachleitung sieht das im Protokoll.")
    if case.owner == "counsellor":
        ownership.release(given.work, given.member, case)


def _unblock(given: Given) -> None:
    if given.case is None:
        given.answer("Welcher Fall? `/entsperren CODE`")
        return
    common = given.work.common()
    common.blocked = tuple(one for one in common.blocked if one != given.case.conversation)
    given.work.audit(given.member.id, "unblocked", given.case.code)
    given.answer("Die Sperre ist aufgehoben.")


def _knows(given: Given) -> None:
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


def _protect(given: Given) -> None:
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
    case.checklist = -1 if ends else case.checklist + 1
    if case.checklist < 0 or case.checklist >= len(steps):
        case.checklist = -1
        work.audit(given.member.id, "checklist ended", case.code)
        given.answer("Prüfliste beendet. Bitte halten Sie Ergebnis und Beteiligte als `/notiz` fest.")
        return
    step = steps[case.checklist]
    work.audit(given.member.id, f"checklist {case.checklist + 1}", case.code)
    question = f"{case.code}.check"
    given.answer(
        f"**Kinderschutz {case.checklist + 1}/{len(steps)}: {step.title}**\n{step.text}\n_{step.source}_",
        choices=("Weiter", "Beenden"), question=question, report=json.dumps(["ask", case.code, question]),
    )  # fmt: skip


# ------------------------------------------------------------------ alerts and duty


def _seen(given: Given) -> None:
    if given.work.desk.common.drill and given.case is None:
        given.answer(alarms.drill_seen(given.work, given.member))
    elif given.case is None:
        given.answer("Welcher Alarm? `/gesehen CODE`")
    else:
        given.answer(alarms.seen(given.work, given.member, given.case))


def _drill(given: Given) -> None:
    alarms.drill(given.work, given.member)


def _presence(presence: str, text: str) -> Callable[[Given], None]:
    def change(given: Given) -> None:
        member = given.work.edit_member(given.member)
        if presence == "da" and member.presence == "weg":
            member.taken = member.closed = member.written = member.heavy = 0
            member.since = given.work.now
        member.presence = presence  # type: ignore[assignment]  # one of three
        given.work.audit(member.id, f"presence {presence}")
        waiting, own = len(given.work.desk.queue()), ownership.owned_cases(given.work.desk, member.id)
        more = f" Es warten {waiting}." if presence == "da" else ""
        if presence == "weg" and own:
            codes = ", ".join(case.code for case in own)
            more = f" Sie haben noch {len(own)} offene Fälle: {codes}. `/schichtübergabe NAME` bietet sie an."
        given.answer(text + more)

    return change


def _queue(given: Given) -> None:
    waiting = given.work.desk.queue()
    rows = "\n".join(cards.line(given.work, case) for case in waiting[:LONGEST_LIST])
    given.answer(rows or "Niemand wartet.")


def _cases(given: Given) -> None:
    rows = "\n".join(cards.line(given.work, case) for case in ownership.owned_cases(given.work.desk, given.member.id))
    given.answer(rows or "Sie haben keine offenen Fälle.")


def _handover(given: Given) -> None:
    work = given.work
    receiver = _colleague(given, given.rest)
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
    given.answer(f"{len(own)} Fälle sind {escape(receiver.alias)} angeboten. Bis zur Zusage bleiben sie bei Ihnen.")


def _last_note(case: Case) -> str:
    return f" · {escape(case.notes[-1].text[:80])}" if case.notes else ""


def _stats(given: Given) -> None:
    member, work = given.member, given.work
    waits = sorted(work.desk.common.waits)
    middle = about(waits[len(waits) // 2]) if waits else "–"
    given.answer(
        f"Ihre Schicht seit {cards.when(member.since, work) if member.since else '–'}: {member.taken} übernommen, "
        f"{member.closed} geschlossen, {member.written} Nachrichten, {work.desk.load(member.id)} offen. "
        f"Heute warteten Familien im Mittel {middle}."
    )


def _all(given: Given) -> None:
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


def _assign(given: Given) -> None:
    work, case = given.work, given.case
    words = given.rest.split()
    receiver, reason = None, ""
    for count in range(1, len(words)):
        receiver = _colleague(given, " ".join(words[:count]))
        if receiver is not None:
            reason = " ".join(words[count:])
            break
    if case is None or receiver is None or not reason:
        given.answer("So geht es: `/zuweisen CODE NAME GRUND`")
        return
    if case.place is not None:
        work.say(case.place, f"Fall {case.code} geht an {escape(receiver.alias)} (Fachleitung: {escape(reason)}).")
    refusal = ownership.take(
        work, receiver, case, _home(work, receiver, given.place), forced=f"{given.member.id}: {reason}"
    )
    given.answer(refusal or f"Fall {case.code} ist jetzt bei {escape(receiver.alias)}.")


def _home(work: Work, member: Member, place: Place) -> Place:
    """A queue place of a messenger on which she has an account."""
    messengers = {messenger for messenger, _ in member.identities}
    if place.messenger in messengers:
        return place
    return next((one for one in work.all_queues() if one.messenger in messengers), place)


def _help(given: Given) -> None:
    intro = (
        "**So geht es.** In den Raum eines Falls schreiben Sie Notizen; zur Familie geht nur eine Antwort auf ihre Nachricht, "
        "eine Zeile mit `>>` oder ein abgeschickter Entwurf.\n" + cards.MARKS + "\n\n"
    )
    given.answer(("" if given.rest else intro) + help_text(given.member.roles, given.rest))


def _link(given: Given) -> None:
    given.answer(f"Sie sind schon angemeldet, als {escape(given.member.alias)}.")


HANDLERS: Mapping[str, Callable[[Given], None]] = MappingProxyType({
    "nehmen": _take, "abgeben": _release, "zurücklegen": _requeue, "übergeben": _transfer, "annehmen": _accept,
    "ablehnen": _decline, "schließen": _close, "notiz": _note, "entwurf": _draft, "senden": _send, "verwerfen": _discard,
    "verlauf": _history, "notizen": _notes, "vorlagen": _canned, "ablauf": _flow, "zurückholen": _hold, "thema": _topic,
    "frage": _ask, "erinnere": _remind, "löschen": _delete_last, "label": _label, "zusammenführen": _merge,
    "sperren": _block, "entsperren": _unblock, "kenne": _knows, "kinderschutz": _protect, "gesehen": _seen,
    "übung": _drill, "da": _presence("da", "Willkommen im Dienst."), "pause": _presence("pause", "Gute Pause."),
    "weg": _presence("weg", "Bis bald."), "warteschlange": _queue, "fälle": _cases, "schichtübergabe": _handover,
    "statistik": _stats, "alle": _all, "zuweisen": _assign, "anmelden": _link, "hilfe": _help,
})  # fmt: skip
