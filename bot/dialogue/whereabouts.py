"""Where somebody lives, is imprisoned or looks for help: postal codes, Länder, towns, prisons in an answer."""

from __future__ import annotations

import re

from bot.dialogue.choices import choice_of
from bot.dialogue.content import Content
from bot.dialogue.reading import Asking, Narrow, Parsed, Reading, Rejected

_BEFORE_TOWN = re.compile(
    r"^\s*(?:ich |wir )?(?:wohnen?|leben?|suchen?|bin|sind|komme)?\s*(?:(?:in|bei|aus|im raum|nähe|der nähe von)\s+)+",
    re.IGNORECASE,
)
_TOWN_BEHIND = re.compile(
    r".* (?:in|bei|um|nahe) ([^\W\d]\D{2,29}?)\W*", re.IGNORECASE
)  # "Beratungsstelle in Dortmund"
_IMPRISONED = re.compile(
    r"\b(sitzt|sitze|haft|u-haft|untersuchungshaft|jva|gefängnis|knast|inhaftiert|eingesperrt)\b", re.IGNORECASE
)
_LIVES = re.compile(r"\b(wohn|leb|komm)\w*\b", re.IGNORECASE)
_PLZ = re.compile(r"(?<!\d)(?:D-?)?(\d{5})(?!\d)")


def read_plz(text: str, asking: Asking) -> Reading:
    """The only postal code of an answer."""
    found = set(_PLZ.findall(text))
    if len(found) != 1:
        return Rejected("plz")
    plz = found.pop()
    # 01001 is the lowest postal code in use, nothing begins with 00
    return Parsed(plz) if plz > "01000" else Rejected("plz")


def land_in(text: str, content: Content) -> str | None:
    """The code of the only Land that an answer names, else None."""
    return content.land_finder.find(text) if content.land_finder is not None else None


def land_in_passing(text: str, content: Content) -> str | None:
    """The code of the only Land that a question names by the way, else None."""
    return content.land_finder.in_passing(text) if content.land_finder is not None else None


def land_of_prison(text: str, content: Content) -> str | None:
    """The code of the Land in which the prison lies that a question names by the way ("er sitzt in Stammheim"), else None.

    Only where somebody is said to be in prison there: a town alone may be where the family lives.
    """
    if content.prisons is None or _IMPRISONED.search(text) is None or _LIVES.search(text) is not None:
        return None
    found = content.prisons.laender(text)
    return found[0] if len(found) == 1 else None


def read_land(text: str, asking: Asking) -> Reading:
    """A Land by its name or postal code, or that of a prison."""
    code = land_in(text, asking.content)
    if code is None and asking.options:
        code = choice_of(text, asking.options)
    if code is None and asking.content.prisons is not None:
        found = asking.content.prisons.laender(text)
        if len(found) == 1:
            return Parsed(found[0])
        if found:
            return Narrow(tuple((land, asking.content.laender.get(land, land)) for land in found))
    if code is None:
        plz = _PLZ.search(text)
        point = asking.content.places.at(plz[1]) if plz else None
        if point is not None:
            return Narrow(((point.land, asking.content.laender.get(point.land, point.land)),))
    return Parsed(code) if code is not None else Rejected("land")


def read_area(text: str, asking: Asking) -> Reading:
    """Where something is looked for: a postal code, a Land, or a town, which becomes its postal code."""
    places = asking.content.places
    found = set(_PLZ.findall(text))
    if len(found) == 1:
        plz = found.pop()
        return Parsed(plz) if places.at(plz) is not None else Rejected("plz_unknown")
    code = land_in_passing(text, asking.content)
    if code is not None:
        return Parsed(code)
    town = places.town(_BEFORE_TOWN.sub("", text).strip(" .!?,"))
    code = land_in(text, asking.content) if town is None else None
    return Parsed(town or code) if town or code else Rejected("area")


def read_prison(text: str, asking: Asking) -> Reading:
    """A prison of the directory, or those that may be meant."""
    directory = asking.content.prisons
    if directory is None:
        return Rejected("prison")
    hits = directory.find(text, land=asking.land or None)
    if not hits:
        return Rejected("prison")
    if directory.certain(hits):
        return Parsed(hits[0].entry.id)
    return Narrow(tuple((hit.entry.id, hit.entry.name) for hit in hits[:4]))


def plz_in_passing(text: str) -> str | None:
    """The only postal code that a text names, else None."""
    found = _PLZ.findall(text)
    return found[0] if len(found) == 1 else None


def area_in_passing(text: str, content: Content) -> str | None:
    """The only postal code that a text names, or that of the town at its end ("Beratungsstelle in Dortmund"), else None."""
    plz = plz_in_passing(text)
    behind = _TOWN_BEHIND.fullmatch(text[-100:]) if plz is None else None
    return content.places.town(behind[1]) if behind is not None else plz


def prison_in_passing(text: str, content: Content) -> str | None:
    """The id of the prison that a text names without doubt, else None."""
    hits = content.prisons.find(text) if content.prisons is not None else []
    return hits[0].entry.id if hits and content.prisons is not None and content.prisons.certain(hits) else None
