"""What staff read about a case: the card in the queue, the summary in its room, one line in a list. All German."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from bot.desk.canned import CheckStep
from bot.desk.hours import BERLIN, about
from bot.desk.state import Case, Member
from bot.desk.work import Work
from bot.dialogue.rendering import escape
from bot.machines import Place

CARD_PAUSE = 20.0  # seconds after which a card shows what is new
URGENT = {"emergency": "🔴 Notfall", "urgent": "🟠 Dringend", "normal": "🟢 Normal"}
AUDIENCES = {
    "caregiver": "Angehörige", "child": "Kind", "parent": "Elternteil", "staff": "Fachkraft", "": "noch unbekannt",
}  # fmt: skip
LANGUAGES = {
    "de": "Deutsch", "en": "Englisch", "tr": "Türkisch", "ar": "Arabisch", "ru": "Russisch", "uk": "Ukrainisch",
    "pl": "Polnisch",
}  # fmt: skip
REASONS = {
    "asked": "möchte mit einem Menschen schreiben", "safety": "nach einer Notlage", "misunderstood": "kam mit dem Bot nicht weiter",
    "alert": "Alarm", "again": "schreibt nach dem Abschluss wieder", "joined": "von der Beratung begonnen",
    "found": "vom Wächter gefunden", "complain": "Beschwerde",
}  # fmt: skip
CATEGORIES = {
    "suicide_self": "Suizidgedanken", "suicide_other": "Suizidgefahr bei jemand anderem", "self_harm": "Selbstverletzung",
    "violence_child": "Gewalt gegen ein Kind", "violence_adult": "Gewalt gegen Erwachsene", "sexual_abuse": "sexueller Missbrauch",
    "threat_other": "Drohung gegen andere", "emergency_now": "akuter Notfall", "drill": "Übung",
    "neglect_alone": "Kind allein oder unversorgt",
    "runaway": "Weglaufen",
}  # fmt: skip
ABOUT_CHILDREN = frozenset({"violence_child", "sexual_abuse", "neglect_alone", "runaway"})
SLOTS = {  # what a counsellor is shown of what the bot knows, and how it is called
    "child_age": "Alter des Kindes", "prison": "Anstalt", "remand": "Haftart", "visit_date": "Besuch am", "visit_time": "Besuch um",
    "arrest_day": "Festnahme am", "remand_day": "Haftprüfung am", "trial_day": "Verhandlung am", "transfer_day": "Verlegung am",
    "leave_day": "Ausgang am", "release_day": "Entlassung am",
}  # fmt: skip
OUTCOMES = (
    ("geklärt", "Anliegen geklärt"), ("verwiesen", "Weitergeleitet an eine andere Stelle"), ("abgebrochen", "Familie schreibt nicht mehr"),
    ("notfall", "Notfall, Hilfe eingeschaltet"), ("sonstiges", "Anderes"),
)  # fmt: skip
WATCHED = (
    "👁 **Jemand liest vielleicht mit.** Bitte schreiben Sie nur, wenn die Person gerade selbst schreibt, und nichts, was sie "
    "verraten kann."
)
MARKS = {"📤": "unterwegs", "✅": "angekommen", "⚠️": "nicht angekommen", "📝": "Notiz"}
_ON_TELEGRAM = str.maketrans(
    {"📤": "🕊", "✅": "👌", "⚠": "🤔", "\ufe0f": None, "📝": "✍"}
)  # it knows only some reactions


def marks(place: Place) -> str:
    """What the signs under her own messages mean, as this messenger shows them."""
    legend = " · ".join(f"{sign} {means}" for sign, means in MARKS.items())
    return legend.translate(_ON_TELEGRAM) if place.messenger == "telegram" else legend


def category(name: str) -> str:
    """The alert category in German."""
    return CATEGORIES.get(name, name.replace("_", " "))


def when(at: float, work: Work) -> str:
    """A time of day, with the day when it was not today."""
    here = datetime.fromtimestamp(at, UTC).astimezone(BERLIN)
    today = work.at.astimezone(BERLIN).date() == here.date()
    return f"{here:%H:%M}" if today else f"{here:%d.%m. %H:%M}"


def heading(case: Case) -> str:
    """`🟠 Dringend · **Fall 7Q3FK2** · Ahorn 31`"""
    return f"{URGENT[case.urgency]} · **Fall {case.code}** · {case.alias}"


def about_family(work: Work, case: Case) -> list[str]:
    """Who writes and what the bot knows, one line each."""
    who = AUDIENCES.get(case.audience, case.audience)
    if case.band:
        who += f" ({case.band} Jahre)"
    land = work.policy.words.get(("land", case.land), case.land)
    lines = [f"{who} · schreibt {LANGUAGES.get(case.language, case.language)}" + (f" · {land}" if land else "")]
    if case.watched:
        lines.append(WATCHED)
    if ("register", "leicht") in case.slots:
        lines.append("✏️ Liest Einfache Sprache: Bitte schreiben Sie kurze Sätze ohne schwere Wörter.")
    known = [f"{SLOTS[name]}: {_known(work, name, value)}" for name, value in case.slots if name in SLOTS and value]
    if known:
        lines.append("Der Bot weiß: " + "; ".join(known[:8]))
    if case.labels:
        lines.append("Stichworte: " + ", ".join(escape(label) for label in case.labels))
    lines += [_alert(case, mark.category, mark.seen_by) for mark in case.alerts[-3:]]
    return lines


def _known(work: Work, name: str, value: str) -> str:
    """In words: the label of a choice, the name of a prison, a day as people write it."""
    if (name, value) in work.policy.words:
        return escape(work.policy.words[name, value])
    try:
        return f"{date.fromisoformat(value):%d.%m.%Y}"
    except ValueError:
        return escape(value)


def _alert(case: Case, name: str, seen: str) -> str:
    return f"🚨 Alarm: {category(name)}" + (" (gesehen)" if seen else "")


def card_text(work: Work, case: Case) -> str:
    """The card in the queue, as it stands now."""
    lines = [heading(case)]
    match case.owner:
        case "queue":
            lines.append(f"Wartet seit {when(case.queued, work)} · {REASONS.get(case.reason, case.reason)}")
        case "counsellor":
            lines.append(f"✅ Übernommen von {work.name(case.counsellor)} um {when(case.taken, work)}")
        case "closed":
            lines.append(f"⬛ Geschlossen um {when(case.closed, work)}: {case.outcome}")
        case _:
            lines.append("Der Bot schreibt mit dieser Person.")
    lines += about_family(work, case)
    if case.owner == "queue":
        helper = suggested(work, case)
        if helper is not None:
            lines.append(f"Vorschlag: {helper.alias}" + (" (kennt den Fall)" if helper.id == case.last else ""))
        if case.last and case.last not in case.passed_over and (helper is None or helper.id != case.last):
            lines.append(f"Zuletzt bei: {work.name(case.last)}")
        lines.append(f"Übernehmen: Knopf, 👍 oder `nehmen {case.code}`")
    return "\n".join(lines)


def card_choices(case: Case) -> tuple[str, ...]:
    """The buttons of the card."""
    return ("Übernehmen", "Ich kenne diese Familie") if case.owner == "queue" else ()


def suggested(work: Work, case: Case) -> Member | None:
    """Who should take it: on duty, speaks the language, below her cap, knows the family, has the fewest cases."""
    present = [one for one in work.desk.members.values() if one.presence == "da" and can_take(work, one, case) == ""]
    if not present:
        return None

    def rank(one: Member) -> tuple[bool, bool, bool, int, str]:
        heavy = case.urgency != "normal" and one.heavy >= 2  # not three heavy ones in a row while others are there
        return (one.id != case.last, case.language not in one.languages, heavy, work.desk.load(one.id), one.id)

    return min(present, key=rank)


def can_take(work: Work, member: Member, case: Case) -> str:
    """Why she may not take it; "" when she may."""
    if not member.active or not member.has("counsellor", "supervisor"):
        return "Fälle übernehmen können nur Beraterinnen und Berater."
    if refusal := kept_from(member, case):
        return refusal
    if member.teams and case.team and case.team not in member.teams:
        return "Dieser Fall gehört zu einem anderen Team."
    if case.urgency == "normal" and work.desk.load(member.id) >= member.cap:
        many = "einen offenen Fall" if member.cap == 1 else f"{work.desk.load(member.id)} offene Fälle"
        return f"Sie haben schon {many}. Mehr sind für Sie nicht vorgesehen."
    return ""


def kept_from(member: Member, case: Case) -> str:
    """Why this family's case is never hers, however free she is; "" when it may be. A complaint is not betrayed."""
    if case.conversation in member.hidden:
        return "Sie haben angegeben, diese Familie zu kennen. Bitte überlassen Sie den Fall anderen."
    if member.id in case.passed_over:
        return f"Fall {case.code} ist für jemand anderen im Team vorgesehen. Fragen dazu beantwortet die Leitung."
    return ""


def update_cards(work: Work, case: Case) -> None:
    """Edits the card in place wherever it stands; where the forum's minute is full, once a little later instead."""
    for place, message in case.cards:
        if work.full(place):
            work.timer(f"card|{case.code}", CARD_PAUSE)
            continue
        work.say(
            place, card_text(work, case), choices=card_choices(case), question=f"{case.code}.card", edits=message,
            optional=True,
        )  # fmt: skip


def post_cards(work: Work, case: Case, loud: bool = True) -> None:
    """A new card in each queue place of the case's team."""
    for place in work.queue_places(case):
        report = json.dumps(["card", case.code, *place])
        work.say(
            place, card_text(work, case), choices=card_choices(case), question=f"{case.code}.card", report=report,
            silent=not loud and place.messenger == "telegram",
        )  # fmt: skip


def call_her_again(work: Work, case: Case) -> None:
    """The family writes again after its case was closed: who had it is called by name, if she is there."""
    member = work.member(case.last)
    if member is None or member.presence != "da" or can_take(work, member, case):
        return
    text = f"🔁 **{escape(member.alias)}**: Die Familie aus Fall {case.code} schreibt wieder. Sie kennen den Fall."
    for place in work.queue_places(case):
        work.ask(place, case, "card", text, ("Übernehmen",))


def show_summary(work: Work, case: Case, place: Place) -> None:
    """The first message in a case's room: who that is, how to write, and the usual orders as buttons."""
    lines = [heading(case), *about_family(work, case)]
    if case.notes:
        lines.append("Letzte Notiz: " + escape(case.notes[-1].text[:300]))
    lines += [
        "",
        "**So erreichen Ihre Worte die Familie:** Antworten Sie auf eine ihrer Nachrichten, oder beginnen Sie mit `>>`. "
        "Alles andere bleibt als Notiz hier.",
        marks(place),
    ]
    work.ask(place, case, "room", "\n".join(lines), ROOM_BUTTONS)
    offer_checklist(work, case, place)


def offer_checklist(work: Work, case: Case, place: Place) -> None:
    """After an alert that may be about a child's welfare: the checklist is one press away, never forced."""
    about_child = any(mark.category in ABOUT_CHILDREN for mark in case.alerts) or case.audience == "child"
    known = any(isinstance(one, CheckStep) for one in work.policy.canned)
    if not (case.alerts and about_child and known and case.checklist < 0):
        return
    work.ask(
        place,
        case,
        "check.0",
        "🧒 **Kinderschutz:** Ein solcher Alarm kann ein gewichtiger Anhaltspunkt sein. Die Prüfliste nach § 4 KKG und "
        "§ 8a SGB VIII führt Sie Schritt für Schritt.",
        ("Prüfliste beginnen", "Jetzt nicht"),
    )


ROOM_BUTTONS = ("Verlauf", "Vorlagen", "Übergeben", "An den Bot zurück", "Schließen", "Hilfe")


def line(work: Work, case: Case) -> str:
    """One line in a list of open cases."""
    parts = [f"`{case.code}`", URGENT[case.urgency], case.alias, AUDIENCES.get(case.audience, case.audience)]
    if case.owner == "queue":
        parts.append(f"wartet {about(work.now - case.queued)}")
    elif case.owner == "counsellor":
        parts.append(f"bei {work.name(case.counsellor)}")
        if case.family_at > case.answered_at:
            parts.append(f"Familie wartet auf Antwort ({about(work.now - case.family_at)})")
    else:
        parts.append("beim Bot")
    return " · ".join(parts)
