"""Timers of the desk: what is done when nobody does anything. A stale timer, told by its epoch, does nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.desk import alarms, cards, ownership, reviews, rooms
from bot.desk import effects as fx
from bot.desk.events import TimerDue
from bot.desk.hours import clock, day_words
from bot.desk.state import Case
from bot.desk.table import meaning
from bot.desk.work import MINUTE, Work
from bot.dialogue.reminders import awake
from bot.vault.retention import days

WATCH_EVERY = 300.0  # seconds
WAITING_TEXTS = ("queue.still", "queue.long", "queue.later")  # one for each of `ownership.WAITING`
KEEP_CLOSED = days("case")  # after closing a case is forgotten


def fired(work: Work, event: TimerDue) -> None:
    """One timer."""
    name, *rest = event.name.split("|")
    if name == "watchdog":
        watch(work)
    elif name == "review":
        reviews.called_again(work, rest[0])
    elif name == "drill":
        alarms.drill_unseen(work, int(rest[0]))
    else:
        case = work.desk.cases.get(rest[0])
        if case is not None:
            _of_case(work, name, case, rest[1:])


def _of_case(work: Work, name: str, case: Case, rest: list[str]) -> None:
    match name:
        case "flush":
            if case.place is not None and work.full(case.place):
                work.timer(f"flush|{case.code}", 4.0)
            else:
                work.flush(case)
        case "card":
            cards.update_cards(work, case)
        case "remind":
            _remind(work, case, rest[0])
        case "alert":
            alarms.unseen(work, case, rest[0], int(rest[1]))
        case "room":
            _ask_again(work, case, int(rest[0]))
        case _ if rest and rest[0] == str(case.epoch):
            _of_epoch(work, name, case, int(rest[1]) if len(rest) > 1 else 0)


def _of_epoch(work: Work, name: str, case: Case, step: int) -> None:
    match name:
        case "ladder" if meaning(case.owner, "timer: nobody takes it") == "call":
            alarms.nobody_takes(work, case, step)
        case "waiting" if meaning(case.owner, "timer: family waits") == "comfort":
            _comfort(work, case, step)
        case "answer" if meaning(case.owner, "timer: no answer") == "remind":
            _no_answer(work, case, step)
        case "silent" if meaning(case.owner, "timer: counsellor silent") == "requeue":
            _silent(work, case)
        case "offer" if meaning(case.owner, "timer: offer unanswered") == "withdraw" and case.offered:
            text = f"{work.name(case.offered)} hat nicht geantwortet. Fall {case.code} bleibt bei Ihnen."
            ownership.withdraw(work, case, text)
        case _:
            return


def _comfort(work: Work, case: Case, step: int) -> None:
    """The waiting texts escalate: still here, it takes long, it may take until later; while nobody is there they rest."""
    hours = work.team(case).hours
    opens = hours.next_open(work.at)
    if opens is not None and opens > work.at:
        _over_night(work, case, step, opens)
        return
    case = work.edit(case)
    case.waits = step
    place = [one.code for one in work.desk.queue()].index(case.code)
    work.news(case, WAITING_TEXTS[min(step, len(WAITING_TEXTS)) - 1], count=str(place + 1))
    if step < len(ownership.WAITING):
        pause = ownership.WAITING[step] - ownership.WAITING[step - 1]
        work.timer(f"waiting|{case.code}|{case.epoch}|{step + 1}", pause * MINUTE)


def _over_night(work: Work, case: Case, step: int, opens: datetime) -> None:
    """Says once when somebody reads again, unless that was the answer to asking; a quarter of an hour after opening it goes on."""
    asked = datetime.fromtimestamp(case.queued, UTC)
    if not (case.reason == "asked" and case.waits == 0 and work.team(case).hours.closes(asked) is None):
        work.news(case, "queue.closed", when=f"{day_words(opens, work.at)} ab {clock(opens)}")
    seconds = (opens - work.at).total_seconds() + ownership.WAITING[0] * MINUTE
    work.timer(f"waiting|{case.code}|{case.epoch}|{step}", seconds)


def _no_answer(work: Work, case: Case, step: int) -> None:
    """The family waits for the counsellor's words."""
    if case.family_at <= case.answered_at:
        return
    minutes = int((work.now - case.family_at) // 60)
    if step == 1 and case.place is not None:
        work.say(case.place, f"⏰ Die Familie wartet seit {minutes} Minuten auf Ihre Antwort.{_unread(work, case)}")
    elif step > 1:
        text = f"⏰ In Fall {case.code} ({work.name(case.counsellor)}) wartet die Familie seit {minutes} Minuten auf eine Antwort."
        for place in work.queue_places(case):
            work.say(place, text)
        work.audit("bot", "no answer", case.code, f"{minutes} min")
    if step < 6:
        work.timer(f"answer|{case.code}|{case.epoch}|{step + 1}", work.policy.answer_minutes * MINUTE)


def _unread(work: Work, case: Case) -> str:
    """What she wrote meanwhile and perhaps took for an answer: it stayed a note."""
    alias = work.name(case.counsellor)
    note = next((one for one in reversed(case.notes) if one.by == alias and one.at >= case.family_at), None)
    return f" Was Sie um {cards.when(note.at, work)} geschrieben haben, blieb eine Notiz." if note is not None else ""


def _silent(work: Work, case: Case) -> None:
    """A counsellor who wrote nothing for half a day has gone: the case waits for somebody else, or ends at the bot.

    The latter is no news that wakes a family at night.
    """
    name = work.name(case.counsellor)
    if case.family_at > case.answered_at:
        for place in work.queue_places(case):
            work.say(place, f"↩️ {name} hat lange nicht geschrieben. Fall {case.code} wartet wieder.")
        ownership.back_to_queue(work, case, "bot", "silent")
        return
    morning = awake(work.at)
    if morning != work.at:
        work.timer(f"silent|{case.code}|{case.epoch}", (morning - work.at).total_seconds())
        return
    for place in work.queue_places(case):
        text = f"↩️ In Fall {case.code} ({name}) schreibt seit {work.policy.silent_hours:.0f} Stunden niemand. Der Bot übernimmt wieder."
        work.say(place, text)
    ownership.release(work, case.counsellor, case)


def _remind(work: Work, case: Case, number: str) -> None:
    note = next((one for one in case.notes if one.message == f"remind{number}"), None)
    if note is not None and case.place is not None:
        work.say(case.place, f"⏰ {note.text}", markup=False)


def _ask_again(work: Work, case: Case, number: int) -> None:
    if case.room == number and case.place is None and case.owner == "counsellor":
        rooms.another_room(work, work.edit(case))


# ------------------------------------------------------------------ the watchdog


def watch(work: Work) -> None:
    """Finds conversations that nobody serves, forgets old cases, and sets its own next look."""
    work.common().watched = work.now
    work.timer("watchdog", WATCH_EVERY)
    work.order(fx.LookAround())
    for case in list(work.desk.cases.values()):
        if case.owner == "closed" and work.now - case.closed > KEEP_CLOSED * ownership.DAY:
            rooms.erase_rooms(work, case)
            work.drop_case(case)
        elif case.owner == "counsellor" and not _is_served(work, case):
            for place in work.queue_places(case):
                work.say(
                    place,
                    f"🔎 Fall {case.code} gehört {work.name(case.counsellor)}, die nicht mehr im Team ist. Er wartet wieder.",
                )
            ownership.back_to_queue(work, case, "bot", "member gone")


def _is_served(work: Work, case: Case) -> bool:
    member = work.member(case.counsellor)
    return member is not None and member.active
