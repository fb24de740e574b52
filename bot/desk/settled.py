"""What became of a message of the desk, or of a counsellor's words: its two ids are joined, or somebody hears that it did not arrive."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.desk import cards, ownership, reviews
from bot.desk.events import Delivered
from bot.desk.state import MAX_LINKS, Ask, Case, Link
from bot.desk.work import Work
from bot.machines import Place


def delivered(work: Work, event: Delivered) -> None:
    """A message was settled: its two ids are joined, or somebody is told that it did not arrive."""
    kind, code, *rest = json.loads(event.report)
    if kind == "review":
        reviews.delivered(work, code, rest, event)
        return
    case = work.desk.cases.get(code)
    if case is None:
        return
    match kind:
        case "show":
            _shown_settled(work, case, event)
        case "said":
            _said_settled(work, case, rest[0], event)
        case "card" if event.ids:
            case = work.edit(case)
            case.cards = (*case.cards, (Place(*rest), event.ids[-1]))[-6:]
            case.asks = (*case.asks, Ask(event.ids[-1], f"{code}.card", Place(*rest).chat))[-40:]
            if case.owner != "queue":
                cards.update_cards(work, case)
        case "ask" if event.ids:
            case = work.edit(case)
            case.asks = (*case.asks, Ask(event.ids[-1], *rest))[-40:]
        case "draft" if event.ids:
            case = work.edit(case)
            number, *chat = rest
            case.asks = (*case.asks, Ask(event.ids[-1], f"{code}.draft.{number}", *chat))[-40:]
            case.drafts = tuple(
                replace(one, id=event.ids[-1]) if one.id == f"#{number}" else one for one in case.drafts
            )
        case _:
            _place_gone(work, case, kind, event)


def _place_gone(work: Work, case: Case, kind: str, event: Delivered) -> None:
    if event.outcome == "gone" and kind in ("ask", "draft") and case.place is not None:
        ownership.room_lost(work, case, case.place)


def _shown_settled(work: Work, case: Case, event: Delivered) -> None:
    found = next((shown for report, shown in case.pending if report == event.report), None)
    place = case.place
    if found is None or place is None:
        return  # the room it was meant for is gone already, and what it said waits for the next one
    if event.outcome == "gone":
        ownership.room_lost(work, case, place)
        return
    case = work.edit(case)
    case.pending = tuple(row for row in case.pending if row[0] != event.report)
    if event.outcome == "ok":
        staff = event.ids[0] if event.ids else ""
        case.links = (*case.links, Link(staff, found.family, "family", found.text))[-MAX_LINKS:]
    elif event.outcome == "ambiguous":
        work.show_in_room(case, replace(found, text=f"(vielleicht doppelt) {found.text}"))
    elif found.blob:
        work.show_in_room(case, replace(found, blob="", text=f"⚠️ {found.text} (die Datei ließ sich hier nicht zeigen)"))
    else:
        work.say(place, "⚠️ Eine Nachricht der Familie ließ sich hier nicht zeigen. Bitte fragen Sie sie danach.")


def _said_settled(work: Work, case: Case, message: str, event: Delivered) -> None:
    text = next((words for one, words in case.outgoing if one == message), "")
    case = work.edit(case)
    case.outgoing = tuple(row for row in case.outgoing if row[0] != message)
    if event.outcome == "ok":
        family_id = event.ids[0] if event.ids else ""
        case.links = (*case.links, Link(message, family_id, "counsellor", text))[-MAX_LINKS:]
        if case.place is not None:
            work.mark(case.place, message, "✅")
        return
    case.answered_at = 0.0
    if case.place is not None:
        words = {
            "gone": "Die Person ist nicht mehr zu erreichen.",
            "refused": "Der Messenger der Familie hat die Nachricht abgelehnt.",
            "ambiguous": "Ob die Nachricht ankam, ist unklar. Bitte fragen Sie nach.",
        }  # fmt: skip
        work.mark(case.place, message, "⚠️")
        work.say(case.place, f"⚠️ {words.get(event.outcome, 'Nicht angekommen.')}", reply_to=message)
