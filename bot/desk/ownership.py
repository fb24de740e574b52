"""Who owns a case: asked for, taken, offered, handed over, given back, closed. One owner at any time."""

from __future__ import annotations

from dataclasses import replace

from bot.desk import cards, rooms
from bot.desk import effects as fx
from bot.desk.events import HandoffRequested, Profile, Served
from bot.desk.state import URGENCIES, Case, Desk, Member, Urgency
from bot.desk.table import meaning
from bot.desk.work import MINUTE, Work
from bot.dialogue import events as family
from bot.machines import Place

DAY = 86400.0
WAITING = (15.0, 45.0, 120.0)  # minutes in the queue after which the family is told that it is not forgotten
HISTORY = 12
ROOM_TRIES = 3


# ------------------------------------------------------------------ into the queue


def requested(work: Work, event: HandoffRequested) -> None:
    """A family asks for a human."""
    known = work.desk.case_of(event.conversation)
    if known is not None and known.owner == "closed" and work.now - known.closed > work.policy.reopen_days * DAY:
        known = None
    if event.conversation in work.desk.common.blocked and event.urgency == "normal":
        case = known or work.new_case(event.conversation)
        work.tell(case, family.Released(at=work.at, counsellor=""))
        work.audit("bot", "blocked person refused", case.code)
        return
    case = known or work.new_case(event.conversation)
    if case.lent and case.place is not None:
        work.say(
            case.place,
            f"🙋 Die Person hat den Ablauf verlassen und möchte mit einem Menschen schreiben. Sie wartet: `nehmen {case.code}`",
        )
    if known is not None and meaning(known.owner, "handoff requested") == "keep":
        _raise_urgency(work, known, event.urgency)
        if known.owner == "queue":
            _tell_place(work, known)
        return
    enqueue(work, case, event.reason, event.urgency, event.team, event.profile)


def complained(work: Work, conversation: str) -> None:
    """Who had the family last is not given its case again. No line of the log: that would tell who complained."""
    case = work.desk.case_of(conversation)
    whose = (case.counsellor or case.last) if case is not None else ""
    if (
        case is None
        or not whose
        or meaning(case.owner, "family complained") != "pass_over"
        or whose in case.passed_over
    ):
        return
    case = work.edit(case)
    case.passed_over = (*case.passed_over, whose)
    if case.owner == "queue":
        cards.update_cards(work, case)


def enqueue(
    work: Work, case: Case, reason: str, urgency: Urgency, team: str = "", profile: Profile | None = None
) -> None:
    """Puts a case into the queue, shows its card and starts the clocks."""
    reopened = case.owner == "closed"
    case = work.edit(case)
    learn(case, profile)
    if case.counsellor:
        case.last = case.counsellor
    case.owner, case.counsellor, case.offered, case.lent = "queue", "", "", ""
    case.epoch += 1
    urgency = _with_alarms(work, case, urgency)
    case.reason, case.urgency, case.queued = reason or "asked", urgency, work.now
    case.team = team or case.team or _team_for(work, case)
    case.step = case.waits = 0
    case.closed, case.outcome, case.reachable = 0.0, "", True
    case.cards = ()
    cards.post_cards(work, case)
    if reopened:
        cards.call_her_again(work, case)
    work.audit("bot", "reopened" if reopened else "queued", case.code, case.reason)
    work.fact("desk_queued", urgency=urgency, audience=case.audience or "unknown")
    _tell_place(work, case)
    start_clocks(work, case)


def _with_alarms(work: Work, case: Case, urgency: Urgency) -> Urgency:
    """Who was in danger today is not an ordinary case because she now asks in ordinary words."""
    fresh = [mark.urgency for mark in case.alerts if work.now - mark.at < DAY]
    return min([urgency, *(one for one in URGENCIES if one in fresh)], key=URGENCIES.index)


def learn(case: Case, profile: Profile | None) -> None:
    """Takes what the bot knows of the family; `case` is open for writing."""
    if profile is None:
        return
    case.audience, case.band = profile.audience or case.audience, profile.band or case.band
    case.language, case.land = profile.language or case.language, profile.land or case.land
    case.slots = profile.slots or case.slots
    case.watched = profile.watched


def _team_for(work: Work, case: Case) -> str:
    """The first team whose name is that of the audience, else the first of all."""
    return case.audience if case.audience in work.policy.teams else next(iter(work.policy.teams))


def start_clocks(work: Work, case: Case) -> None:
    """When somebody else has to be called, and when the family hears again."""
    if case.urgency != "normal":
        work.timer(f"ladder|{case.code}|{case.epoch}|1", work.policy.urgent_minutes * MINUTE)
    work.timer(f"waiting|{case.code}|{case.epoch}|1", WAITING[0] * MINUTE)


def _raise_urgency(work: Work, case: Case, urgency: Urgency) -> None:
    if URGENCIES.index(urgency) >= URGENCIES.index(case.urgency):
        return
    case = work.edit(case)
    case.urgency = urgency
    if case.owner == "queue":
        work.timer(f"ladder|{case.code}|{case.epoch}|1", work.policy.urgent_minutes * MINUTE)
    cards.update_cards(work, case)


def _tell_place(work: Work, case: Case) -> None:
    """Her place in the queue, when somebody is before her."""
    before = [one.code for one in work.desk.queue()].index(case.code)
    if before:
        work.news(case, "queue.place", count=str(before))


def cancelled(work: Work, conversation: str) -> None:
    """The family does not wait any more."""
    case = work.desk.case_of(conversation)
    if case is None or meaning(case.owner, "handoff cancelled") != "unqueue":
        return
    to_bot(work, case, "bot", "not waiting any more")


def to_bot(work: Work, case: Case, who: str, why: str) -> None:
    """The desk's own books: the bot has the conversation. The family's lane was or is told by the caller."""
    case = work.edit(case)
    if case.counsellor:
        case.last = case.counsellor
    rooms.leave_room(work, case)
    case.owner, case.counsellor, case.offered, case.lent = "bot", "", "", ""
    case.epoch += 1
    cards.update_cards(work, case)
    work.audit(who, "to the bot", case.code, why)


# ------------------------------------------------------------------ taking


def take(work: Work, member: Member, case: Case, place: Place, forced: str = "") -> str:
    """Makes her the owner; why not, or "" when it went well. `forced` is a supervisor's reason for taking it away."""
    if meaning(case.owner, "take") == "refuse" and not forced:
        if case.counsellor == member.id:
            return f"Fall {case.code} ist schon bei Ihnen."
        return f"Fall {case.code} hat {work.name(case.counsellor)} übernommen."
    refusal = cards.can_take(work, member, case)
    if refusal and not forced:
        return refusal
    if not case.reachable:
        return "Diese Person ist nicht mehr zu erreichen: Sie hat den Chat verlassen."
    own(work, member, case, place, forced)
    return ""


def own(work: Work, member: Member, case: Case, place: Place, why: str = "") -> None:
    """The change of owner itself: books, room, family, colleagues."""
    case = work.edit(case)
    if case.owner == "queue":
        common = work.common()
        common.waits = (*common.waits, int(work.now - case.queued))[-50:]
        work.fact("desk_taken", urgency=case.urgency, minutes=str(int((work.now - case.queued) // 60)))
    before = case.counsellor
    if before and before != member.id:
        case.last = before
    if case.owner == "closed":
        case.closed, case.outcome = 0.0, ""
    case.owner, case.counsellor, case.offered, case.lent = "counsellor", member.id, "", ""
    case.epoch += 1
    case.taken, case.step = work.now, 0
    for mark in case.alerts:
        if not mark.seen_by:
            work.order(fx.SeeAlert(alert=mark.id, by=member.id))
    case.alerts = tuple(replace(mark, seen_by=mark.seen_by or member.alias) for mark in case.alerts)
    _count_taking(work, member, case)
    work.tell(case, family.Claimed(at=work.at, counsellor=member.id, alias=member.alias))
    work.audit(member.id, "took", case.code, why)
    if not case.cards:
        cards.post_cards(work, case, loud=False)
    cards.update_cards(work, case)
    rooms.find_room(work, member, case, place)
    work.timer(f"silent|{case.code}|{case.epoch}", work.policy.silent_hours * 3600)
    answer_clock(work, case)


def _count_taking(work: Work, member: Member, case: Case) -> None:
    member = work.edit_member(member)
    if member.presence == "weg":
        member.presence, member.since = "da", work.now
        member.taken = member.closed = member.written = 0
    member.taken += 1
    member.heavy = member.heavy + 1 if case.urgency != "normal" else 0


def answer_clock(work: Work, case: Case) -> None:
    """From now on the family waits for the counsellor's words."""
    case = work.edit(case)
    if case.family_at <= case.answered_at:
        case.family_at = work.now
    work.timer(f"answer|{case.code}|{case.epoch}|1", work.policy.answer_minutes * MINUTE)


def room_opened(work: Work, case: Case, number: int, place: Place | None) -> None:
    """The room is there, or there will be none."""
    if place is None:
        if number == case.room and meaning(case.owner, "room failed") == "requeue":
            _no_room(work, case)
        return
    if number != case.room or meaning(case.owner, "room opened") != "move_in":
        work.order(fx.CloseRoom(code=case.code, number=number, place=place))
        return
    case = work.edit(case)
    case.place = place
    cards.show_summary(work, case, place)
    work.order(
        fx.ShowHistory(
            place=place, conversation=case.conversation, limit=HISTORY, until=work.at, alias=case.alias
        )
    )  # fmt: skip
    work.flush(case)


def _no_room(work: Work, case: Case) -> None:
    case = work.edit(case)
    case.room_tries += 1
    if case.room_tries < ROOM_TRIES:
        work.timer(f"room|{case.code}|{case.room}", 5.0 * case.room_tries)
        return
    for place in work.queue_places(case):
        work.say(place, f"⚠️ Für Fall {case.code} ließ sich kein Raum öffnen. Er liegt wieder in der Warteschlange.")
    back_to_queue(work, case, "bot", "no room")


def room_lost(work: Work, case: Case, place: Place) -> None:
    """A topic was deleted, the bot was thrown out: the case goes on in another room."""
    case = work.edit(case)
    case.place = None
    waiting = tuple(shown for _, shown in case.pending)
    case.backlog, case.pending, case.links = (*waiting, *case.backlog), (), rooms.only_family_side(case)
    if meaning(case.owner, "room lost") != "move":
        return
    member = work.desk.members[case.counsellor]
    work.audit("bot", "room lost", case.code)
    others = [one for one in work.queue_places(case) if one.chat != place.chat or place.thread]
    if not others:
        back_to_queue(work, case, "bot", "room lost")
        return
    target = next((one for one in others if one.messenger == place.messenger), others[0])
    for one in others:
        work.say(
            one,
            f"⚠️ Der Raum von Fall {case.code} ist weg. Ich öffne einen neuen für {member.alias}; verloren ist nichts.",
        )
    case.room += 1
    case.room_tries = 0
    rooms.ask_room(work, member, case, target)


# ------------------------------------------------------------------ giving away


def release(work: Work, counsellor: str, case: Case) -> None:
    """Back to the bot."""
    work.tell(case, family.Released(at=work.at, counsellor=counsellor))
    to_bot(work, case, counsellor, "released")


def back_to_queue(work: Work, case: Case, who: str, why: str, team: str = "") -> None:
    """Nobody has it now: it waits again, before those who came after it."""
    work.tell(case, family.Requeued(at=work.at, reason=why))
    case = work.edit(case)
    rooms.leave_room(work, case)
    since = case.queued or work.now
    work.audit(who, "requeued", case.code, why)
    enqueue(work, case, case.reason, case.urgency, team or case.team)
    case.queued = since


def offer(work: Work, member: Member, case: Case, receiver: Member) -> None:
    """Asks somebody to take over; until she agrees the case stays where it is."""
    case = work.edit(case)
    case.offered, case.offered_at = receiver.id, work.now
    work.timer(f"offer|{case.code}|{case.epoch}", work.policy.offer_minutes * MINUTE)
    work.audit(member.id, "offered", case.code, receiver.id)
    text = f"🤝 {member.alias} bietet {receiver.alias} an:\n{cards.line(work, case)}"
    for place in work.queue_places(case):
        work.ask(place, case, "offer", text, ("Annehmen", "Ablehnen"))


def accept(work: Work, member: Member, case: Case, place: Place) -> str:
    """The receiver agrees; why not, or ""."""
    if meaning(case.owner, "accept") != "hand_over" or case.offered != member.id:
        return f"Fall {case.code} wird Ihnen gerade nicht angeboten."
    if refusal := cards.kept_from(member, case):
        return refusal
    giver, old = case.counsellor, case.place
    if old is not None and old != place:
        work.say(old, f"🤝 {member.alias} hat Fall {case.code} übernommen. Dieser Raum wird geschlossen.")
    own(work, member, case, place, f"handed over by {giver}")
    return ""


def decline(work: Work, member: Member, case: Case) -> str:
    """The receiver does not want it; why not, or ""."""
    if case.offered != member.id:
        return f"Fall {case.code} wird Ihnen gerade nicht angeboten."
    withdraw(work, case, f"{member.alias} kann Fall {case.code} nicht übernehmen. Er bleibt bei Ihnen.")
    work.audit(member.id, "declined", case.code)
    return ""


def withdraw(work: Work, case: Case, text: str) -> None:
    """The offer is void."""
    case = work.edit(case)
    case.offered = ""
    if case.place is not None:
        work.say(case.place, text)


def close(work: Work, member: Member, case: Case, outcome: str) -> str:
    """Ends a case; why not, or ""."""
    if meaning(case.owner, "close") == "refuse":
        return f"Fall {case.code} ist schon geschlossen."
    owned = case.owner != "bot"
    if owned:
        until = work.now + work.policy.reopen_days * DAY
        work.tell(case, family.Closed(at=work.at, counsellor=member.id, outcome=outcome, reopens_until=until))
    case = work.edit(case)
    if case.place is not None:
        work.say(case.place, f"⬛ Fall {case.code} ist geschlossen: {outcome}.")
    case.last = case.counsellor or case.last
    case.owner, case.counsellor, case.offered, case.lent = "closed", "", "", ""
    case.epoch += 1
    case.closed, case.outcome = work.now, outcome
    rooms.leave_room(work, case)
    case.backlog, case.outgoing = (), ()
    cards.update_cards(work, case)
    work.edit_member(member).closed += 1
    work.audit(member.id, "closed", case.code, outcome)
    work.fact("desk_closed", outcome=outcome, audience=case.audience or "unknown")
    return ""


def served(work: Work, event: Served) -> None:
    """The watchdog compares the family's lane with the desk's books; a difference is mended and named."""
    case = work.desk.case_of(event.conversation)
    owner = case.owner if case is not None else "bot"
    lent = case is not None and bool(case.lent)
    if event.owner == owner or (lent and event.owner == "bot"):
        return
    if case is not None and work.now - max(case.taken, case.queued, case.closed, case.opened) < MINUTE:
        return  # on its way
    if event.owner == "queue" or (event.owner == "counsellor" and owner != "counsellor"):
        case = case or work.new_case(event.conversation)
        if event.owner == "counsellor":
            work.tell(case, family.Requeued(at=work.at, reason="nobody had it"))
        enqueue(work, case, "found", case.urgency, profile=event.profile)
        for place in work.queue_places(case):
            work.say(
                place, f"🔎 Der Wächter hat Fall {case.code} gefunden: Die Person wartete, ohne dass jemand sie sah."
            )
    elif case is not None and owner in ("queue", "counsellor"):
        to_bot(work, case, "bot", "watchdog: the bot has the conversation")


def owned_cases(desk: Desk, member: str) -> list[Case]:
    """Her open cases, oldest first."""
    found = [case for case in desk.cases.values() if case.owner == "counsellor" and case.counsellor == member]
    return sorted(found, key=lambda case: case.taken)
