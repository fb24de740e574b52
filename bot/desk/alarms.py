"""Alerts at the desk: shown at once, confirmed by somebody, called up a ladder until they are; and drills."""

from __future__ import annotations

from dataclasses import replace

from bot.desk import cards, ownership
from bot.desk import effects as fx
from bot.desk.events import AlertRaised
from bot.desk.hours import about
from bot.desk.state import URGENCIES, AlertMark, Case, Member
from bot.desk.table import meaning
from bot.desk.work import MINUTE, Work
from bot.dialogue.rendering import escape

OFTEN = 6  # calls, one every `urgent_minutes`, before they get rarer
BUTTONS = ("Gesehen", "Übernehmen")


def raised(work: Work, event: AlertRaised) -> None:
    """Danger was noticed in a conversation."""
    case = work.desk.case_of(event.conversation)
    if case is None or (case.owner == "closed" and work.now - case.closed > work.policy.reopen_days * ownership.DAY):
        case = work.new_case(event.conversation)
        work.edit(case).reason = "alert"
    case = work.edit(case)
    ownership.learn(case, event.profile)
    if event.level == "check":
        if case.place is not None:
            work.say(
                case.place,
                f"👀 Unklares Zeichen: {cards.category(event.category)}. Bitte lesen Sie die letzte Nachricht genau.",
            )
        return
    mark = AlertMark(event.alert, event.category, event.level, event.urgency, work.now)
    case.alerts = (*case.alerts, mark)[-20:]
    if URGENCIES.index(event.urgency) < URGENCIES.index(case.urgency):
        case.urgency = event.urgency
    match meaning(case.owner, "alert"):
        case "warn":
            _warn(work, case, mark)
        case "promote":
            work.timer(f"ladder|{case.code}|{case.epoch}|1", work.policy.urgent_minutes * MINUTE)
            cards.update_cards(work, case)
            _call(work, case, mark, event.text_allowed)
        case _:
            _call(work, case, mark, event.text_allowed)
    work.timer(f"alert|{case.code}|{mark.id}|1", work.policy.urgent_minutes * MINUTE)


def _warn(work: Work, case: Case, mark: AlertMark) -> None:
    """In the counsellor's own room; the bot's automatic message follows if she writes nothing."""
    seconds = 20 if mark.urgency == "emergency" else 60
    text = (
        f"🚨 **Alarm: {cards.category(mark.category)}.** Bitte schreiben Sie jetzt. Wenn in {seconds} Sekunden nichts von "
        "Ihnen kommt, schickt der Bot einmal die Hilfenummern, als automatische Nachricht. Das Gespräch bleibt bei Ihnen."
    )
    if case.place is not None:
        work.ask(case.place, case, "alert", text, BUTTONS[:1])
        cards.offer_checklist(work, case, case.place)
    else:
        _call(work, case, mark, True)


def _call(work: Work, case: Case, mark: AlertMark, text_allowed: bool) -> None:
    """To everybody where cards stand."""
    lines = [
        f"🚨 **Alarm: {cards.category(mark.category)}** · Fall {case.code} · {case.alias}",
        *cards.about_family(work, replace(case, alerts=())),
        "Der Bot hat sofort geantwortet und Hilfenummern genannt."
        + ("" if text_allowed else " Ohne Einwilligung ist hier kein Text zu lesen."),
        f"**Jetzt:** „Gesehen“ heißt, Sie kümmern sich. Bestätigt niemand, rufe ich in {work.policy.urgent_minutes:.0f} Minuten weitere.",
    ]
    for place in work.queue_places(case):
        work.ask(place, case, "alert", "\n".join(lines), BUTTONS)


def seen(work: Work, member: Member, case: Case) -> str:
    """Somebody confirms the case's alerts; the sentence to say."""
    open_ones = [mark for mark in case.alerts if not mark.seen_by]
    if not open_ones:
        return f"In Fall {case.code} ist kein Alarm offen."
    _confirm(work, member, work.edit(case), open_ones)
    if case.owner == "counsellor" and case.counsellor == member.id:
        next_step = (
            " Bitte schreiben Sie der Person jetzt: Bestätigen allein hält die automatische Nachricht nicht auf."
        )
    elif case.owner == "counsellor":
        next_step = f" Den Fall hat {escape(work.name(case.counsellor))}."
    else:
        next_step = f" Noch schreibt niemand mit der Person: `/nehmen {case.code}`"
    return f"Danke, {escape(member.alias)}. Der Alarm in Fall {case.code} ist bestätigt.{next_step}"


def answered(work: Work, member: Member, case: Case) -> None:
    """Words to the family confirm its alerts: nobody has to be called to what is being dealt with. `case` is open for writing."""
    open_ones = [mark for mark in case.alerts if not mark.seen_by]
    if open_ones:
        _confirm(work, member, case, open_ones)


def _confirm(work: Work, member: Member, case: Case, open_ones: list[AlertMark]) -> None:
    case.alerts = tuple(replace(mark, seen_by=mark.seen_by or member.alias) for mark in case.alerts)
    for mark in open_ones:
        work.order(fx.SeeAlert(alert=mark.id, by=member.id))
        work.fact("desk_alert_seen", category=mark.category, seconds=_rough(work.now - mark.at))
    work.audit(member.id, "alert seen", case.code)
    cards.update_cards(work, case)


def _rough(seconds: float) -> str:
    return next((str(limit) for limit in (30, 60, 120, 300, 600, 1800) if seconds <= limit), "mehr")


# ------------------------------------------------------------------ the ladder


def ladder(work: Work, case: Case) -> list[tuple[str, ...]]:
    """Whom to call in which step: the people on call one by one, then all supervisors."""
    on_call = work.policy.rota.on_call(work.at)
    known = [
        member for alias in on_call for member in work.desk.members.values() if member.alias == alias and member.active
    ]
    steps: list[tuple[str, ...]] = [(member.alias,) for member in known]
    supervisors = tuple(
        sorted(member.alias for member in work.desk.members.values() if member.active and member.has("supervisor"))
    )
    return [*steps, supervisors] if supervisors else steps


def nobody_takes(work: Work, case: Case, step: int) -> None:
    """An urgent case waits: the next one on the ladder is called, at the end everybody again."""
    case = work.edit(case)
    case.step = step
    text = f"🔔 **Fall {case.code} wartet seit {about(work.now - case.queued)}**, und niemand hat ihn genommen."
    open_ones = [cards.category(mark.category) for mark in case.alerts if not mark.seen_by]
    if open_ones:
        text += f" Auch der Alarm ist nicht bestätigt ({open_ones[-1]})."
    _call_step(work, case, step, text)
    work.timer(f"ladder|{case.code}|{case.epoch}|{step + 1}", _pause(work, step))


def unseen(work: Work, case: Case, alert: str, step: int) -> None:
    """Nobody has confirmed an alert: the next one is called. While its case waits urgently, one call tells both."""
    mark = next((one for one in case.alerts if one.id == alert and not one.seen_by), None)
    if mark is None:
        return
    case = work.edit(case)
    case.alerts = tuple(replace(one, step=step) if one.id == alert else one for one in case.alerts)
    if case.owner != "queue" or case.urgency == "normal":
        _call_step(
            work,
            case,
            step,
            f"🔔 **Der Alarm in Fall {case.code} ist nicht bestätigt** ({cards.category(mark.category)}).",
        )
    work.timer(f"alert|{case.code}|{alert}|{step + 1}", _pause(work, step))


def _pause(work: Work, step: int) -> float:
    """Seconds until the next call. After an hour they get rarer: a bell that never stops is switched off."""
    minutes = work.policy.urgent_minutes
    return minutes * MINUTE * (1 if step <= OFTEN else 3)


def _call_step(work: Work, case: Case, step: int, text: str) -> None:
    rungs = ladder(work, case)
    if rungs:
        people = rungs[min(step, len(rungs)) - 1]
        text += f" Bitte jetzt: **{escape(', '.join(people))}**."
        work.audit("bot", f"called step {step}", case.code, ", ".join(people))
    else:
        text += " Es ist niemand als Rufbereitschaft eingetragen."
        work.audit("bot", f"called step {step}", case.code, "nobody on call")
    work.fact("desk_called", step=str(min(step, 9)))
    places = work.queue_places(case) if step <= len(rungs) else work.all_queues()
    for place in places:
        work.ask(place, case, "alert", text, BUTTONS)


# ------------------------------------------------------------------ drills


def drill(work: Work, member: Member) -> None:
    """A practice alert: everything but the family is real."""
    common = work.common()
    common.drill, common.drill_at = member.id, work.now
    for place in work.all_queues():
        work.say(
            place,
            "🚨 **ÜBUNG.** Bitte bestätigen Sie wie bei einem echten Alarm.",
            choices=("Gesehen",),
            question="drill",
        )
    work.timer("drill|1", work.policy.urgent_minutes * MINUTE)
    work.audit(member.id, "drill")


def drill_seen(work: Work, member: Member) -> str:
    """Who confirmed the drill and how fast; the sentence to say."""
    common = work.common()
    if not common.drill:
        return "Gerade läuft keine Übung."
    seconds = int(work.now - common.drill_at)
    common.drill = ""
    work.audit(member.id, "drill confirmed", reason=f"{seconds} s")
    work.fact("desk_drill", seconds=_rough(seconds))
    return f"Übung beendet: {escape(member.alias)} hat nach {seconds} Sekunden bestätigt."


def drill_unseen(work: Work, step: int) -> None:
    """Nobody confirmed the drill yet."""
    if not work.desk.common.drill:
        return
    if step > 3:
        work.common().drill = ""
        text = "Die Übung ist zu Ende: Niemand hat bestätigt. Bitte besprechen Sie das im Team."
        work.audit("bot", "drill unanswered")
    else:
        text = f"🔔 ÜBUNG: noch nicht bestätigt (Stufe {step})."
        work.timer(f"drill|{step + 1}", work.policy.urgent_minutes * MINUTE)
    for place in work.all_queues():
        work.say(place, text, choices=("Gesehen",) if step <= 3 else (), question="drill" if step <= 3 else "")
