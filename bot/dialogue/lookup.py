"""Looking places up for a person: counselling centres and prisons near a postal code or in a Land, as a list to read.

A flow asks for `area` (a postal code or a Land) and `wanted` (a kind of the directory, or `any`); the acts here answer with
`found` ("near", "land": only elsewhere in the Land, "none"), `found_text`, `area_text`
and, for centres, `wide_text` (who serves everybody); `found_ids` are the ids of those in the list, with commas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.dialogue.draft import Draft
from bot.dialogue.rendering import escape

if TYPE_CHECKING:  # loaded with the directories
    from bot.matching.directory import Directory, Entry, Hit

NEAR = 60.0  # km as the crow flies, about an hour on the way; what is farther is not called near
MOST = 4  # rows of a list; more does not fit a phone
ANY = "any"
STATE_OFFICE = "Landesfachstelle"  # serves its whole Land, wherever it sits
# Who helps families without a way: offered wherever nothing is near. Professionals get the networks.
FOR_FAMILIES, FOR_STAFF = frozenset({"Onlineberatung", "Amt"}), frozenset({"Netzwerk", "Fachberatung"})


def find_centres(draft: Draft) -> None:
    """Counselling centres near the area and those for its whole Land, then the nationwide ones."""
    centres = draft.content.centres
    if centres is None:
        _set(draft, "none", [], [])
        return
    from bot.matching.directory import Hit

    kinds = _wanted(draft)
    plz, land = _area(draft)
    hits = centres.near(plz, MOST, within=NEAR, kinds=kinds) if plz else []
    shown = {hit.entry.id for hit in hits}
    rows = [hit for hit in centres.serving(land, kinds) if hit.scope == "land" and hit.id not in shown] if land else []
    if plz:  # of the others in the Land only those that do not sit in one far town
        rows = [entry for entry in rows if not (entry.plz or entry.around) or STATE_OFFICE in entry.kinds]
    usual = FOR_STAFF if draft.part.audience == "staff" else FOR_FAMILIES
    wide = centres.serving("", kinds) if kinds else ()
    found = [*hits, *(Hit(0.0, entry) for entry in rows)][:MOST]
    near = hits or (rows and not plz)
    state = "near" if near else "land" if rows else "none"
    _set(draft, state, found, [Hit(0.0, entry) for entry in (wide or centres.serving("", usual))[:MOST]])


def find_prisons(draft: Draft) -> None:
    """The prisons nearest to the area, or all of its Land, of the wanted kind; nothing is too far away here."""
    prisons = draft.content.prisons
    if prisons is None:
        _set(draft, "none", [], [])
        return
    from bot.matching.directory import Hit

    plz, land = _area(draft)
    if plz:
        hits = prisons.near(plz, MOST, kinds=_wanted(draft))
        _set(draft, "near" if hits else "none", hits, [])
        return
    rows = [Hit(0.0, entry) for entry in _in_land(prisons, land, _wanted(draft))]
    _set(draft, "land" if rows else "none", rows[: 2 * MOST], [])


def _in_land(directory: Directory, land: str, kinds: frozenset[str]) -> list[Entry]:
    return [entry for entry in directory.serving(land, kinds) if entry.land == land] if land else []


def _wanted(draft: Draft) -> frozenset[str]:
    wanted = str(draft.value("wanted") or ANY)
    return frozenset() if wanted == ANY else frozenset({wanted})


def _area(draft: Draft) -> tuple[str, str]:
    """Postal code and Land of what was asked for; either may be empty."""
    area = str(draft.value("area") or "")
    if not area.isdecimal():
        return "", area
    point = draft.content.places.at(area)
    return area, point.land if point is not None else ""


def names_of(draft: Draft, entries: Sequence[Entry]) -> str:
    """These places as a list to read; what a prison is for only professionals read: "Sicherungsverwahrung" frightens."""
    from bot.matching.directory import Hit

    return "\n".join(_row(draft, Hit(0.0, entry), purpose=draft.part.audience == "staff") for entry in entries[:MOST])


def _set(draft: Draft, found: str, rows: list[Hit], wide: list[Hit]) -> None:
    draft.set_slot("found", found, "turn")
    draft.set_slot("found_ids", ",".join(hit.entry.id for hit in rows), "turn")
    draft.set_slot("found_text", "\n".join(_row(draft, hit) for hit in rows), "turn")
    draft.set_slot("wide_text", "\n".join(_row(draft, hit) for hit in wide), "turn")
    plz, land = _area(draft)
    point = draft.content.places.at(plz) if plz else None
    name = f"{plz} {escape(point.town)}".strip() if point is not None else draft.content.laender.get(land, plz)
    draft.set_slot("area_text", name, "turn")


def _row(draft: Draft, hit: Hit, *, purpose: bool = True) -> str:
    """A place in one line of a list: name, town, distance, what it offers or is for, how to reach it, doubts."""
    entry = hit.entry
    town = entry.city if entry.scope == "land" and entry.city not in entry.name else ""
    away = draft.text("lookup.distance", {"km": max(1, round(hit.km))}) if hit.km is not None else ""
    where = ", ".join(part for part in (escape(town), away) if part)
    what = escape(entry.offers or ", ".join(entry.kinds)) if purpose else ""
    reach = ", ".join(part for part in (escape(entry.phone), entry.url) if part)
    doubt = draft.text("lookup.unsure") if entry.confidence == "low" else ""
    head = f"**{escape(entry.name)}**" + (f" ({where})" if where else "")
    return "- " + ". ".join(part.rstrip(".") for part in (f"{head}: {what}" if what else head, reach, doubt) if part)
