"""Directories of prisons and counselling centres: found by name, nickname, town, PLZ, Land."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from rapidfuzz import fuzz

from bot.matching.places import Places, apart
from bot.text.normalise import fold

CERTAIN = 90.0  # score (0-100) from which one hit may be taken without asking
LEAD = 6.0  # points by which it must lead the next
LOWEST = 76.0
_SHORTEST, _LONGEST_ALONE = 3, 100  # letters of a name that stands alone, characters of its message
_LEAST_SLIP = 6  # letters of a name in which a slip of the pen is forgiven
FARTHER = 80.0  # score of what lies next to the postal code asked for

# Words that stand in almost every name and tell nothing.
_EMPTY = frozenset({
    "jva", "justizvollzugsanstalt", "jsa", "gefaengnis", "knast", "anstalt", "haftanstalt", "vollzugsanstalt", "in", "im", "am",
    "an", "der", "die", "das", "bei", "aussenstelle", "abteilung", "und", "von", "zu", "ist", "er", "sie", "sitzt", "mein",
    "meine", "mann", "ich", "glaube", "haft", "ja", "es",
})  # fmt: skip
# Words around a place of which somebody says nothing but that somebody is there: "mein Sohn sitzt seit gestern in Straubing".
_AROUND = frozenset({
    "papa", "mama", "vater", "mutter", "sohn", "tochter", "bruder", "schwester", "frau", "freund", "freundin", "partner", "partnerin",
    "unser", "unsere", "ex", "wir", "sind", "bin", "war", "jetzt", "seit", "gestern", "heute", "da", "dort", "hier", "und", "aber", "also",
    "wurde", "gebracht", "gekommen", "inhaftiert", "eingesperrt", "untersuchungshaft", "u", "strafhaft", "gefaengniss", "gefangnis",
    "hallo",
    "nein", "nach", "is", "bitte", "was", "ist", "mit", "weiss", "du", "sie", "ueber", "kennst", "kennen", "info", "infos", "einer",
})  # fmt: skip
_MARKS = frozenset({
    "jva", "justizvollzugsanstalt", "jsa", "gefaengnis", "knast", "anstalt", "haftanstalt", "haft", "sitzt", "inhaftiert",
    "untersuchungshaft",
})  # fmt: skip
# Words of names that tell what a prison is for, not which one.
_PURPOSES = frozenset({
    "frauen", "offenen", "vollzuges", "aeltere", "gefangene", "nord", "des", "fuer", "teilanstalt", "sozialtherapeutische",
    "jugendstrafanstalt", "jugendarrestanstalt", "justizvollzugskrankenhaus", "untersuchungshaftanstalt", "aussenstelle",
})  # fmt: skip
_PLZ = re.compile(r"(?<!\d)(\d{5})(?!\d)")


class Entry(Struct, frozen=True, kw_only=True):
    """One place with what is known of it and where that comes from."""

    id: str
    name: str
    land: str = ""
    city: str = ""
    plz: str = ""
    around: str = ""  # a postal code of its town, for distances only, where the address is not certain
    also: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    url: str = ""
    phone: str = ""
    offers: str = ""
    for_whom: str = ""
    scope: str = "land"  # whom it serves: its Land, "bund" everybody in Germany, "europa"
    source: str = ""
    as_of: str = ""
    confidence: str = "medium"


class Hit(Struct, frozen=True):
    """A found entry; `score` from 0 to 100; `km` away, as the crow flies, when a postal code was asked for."""

    score: float
    entry: Entry
    km: float | None = None


class Directory(Struct, frozen=True):
    """All entries of one kind, searchable."""

    entries: tuple[Entry, ...]
    _names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _by_id: Mapping[str, Entry] = field(default_factory=dict)
    _places: Places = field(default_factory=Places)

    @classmethod
    def of(cls, entries: Sequence[Entry], places: Places | None = None) -> Directory:
        """Prepares the names for searching; without `places` nothing is near."""
        names = {entry.id: tuple(dict.fromkeys(_names_of(entry))) for entry in entries}
        return cls(tuple(entries), names, {entry.id: entry for entry in entries}, places or Places())

    def get(self, entry_id: str) -> Entry | None:
        """The entry of that id."""
        return self._by_id.get(entry_id)

    def find(self, text: str, land: str | None = None, limit: int = 5) -> list[Hit]:
        """What the text may mean, best first. A PLZ finds the nearest; `land` prefers its own."""
        plz = _PLZ.search(text)
        if plz:
            return self.near(plz[1], limit)
        said = " ".join(word for word in fold(text[:300]).split() if word not in _EMPTY)
        if len(said) < 2:
            return []
        hits = []
        for entry in self.entries:
            score = max((_likeness(said, name) for name in self._names[entry.id]), default=0.0)
            if score >= LOWEST:
                hits.append(Hit(min(100.0, score) + _fit(entry, land), entry))
        hits.sort(key=lambda hit: (-hit.score, hit.entry.name))
        return hits[:limit]

    def alone(self, text: str) -> tuple[Entry, ...]:
        """The entries that a text names by name, nickname or town, when it says nothing else than that somebody is there."""
        said = " ".join(word for word in fold(text[:200]).split() if word not in _EMPTY and word not in _AROUND)
        if len(said) < _SHORTEST or len(text) > _LONGEST_ALONE or _PURPOSES.issuperset(said.split()):
            return ()
        found = [entry for entry in self.entries if any(_is_name(said, name) for name in self._names[entry.id])]
        named = [entry for entry in found if said in self._names[entry.id]]
        return tuple(named or found)

    def laender(self, text: str) -> tuple[str, ...]:
        """The codes of the Länder in which lies what the text surely names, best first; its towns and nicknames count."""
        hits = self.find(text) if not _PLZ.search(text) else []
        return tuple(dict.fromkeys(hit.entry.land for hit in hits if hit.score >= CERTAIN and hit.entry.land))

    def serving(self, land: str, kinds: frozenset[str] = frozenset()) -> tuple[Entry, ...]:
        """Who serves that Land: first its own entries, then the nationwide ones, each in the order of the file."""
        own = tuple(entry for entry in self.entries if entry.scope == "land" and entry.land == land)
        wide = tuple(entry for entry in self.entries if entry.scope == "bund")
        return tuple(entry for entry in own + wide if _is_of(entry, kinds))

    def near(
        self, plz: str, limit: int = 5, *, within: float = math.inf, kinds: frozenset[str] = frozenset()
    ) -> list[Hit]:
        """The entries nearest to a postal code, with their distance; at most `within` km away and of one of `kinds`.

        The same postal code scores 100, any other the less the farther it is: it is never taken without asking.
        """
        here = self._places.at(plz)
        rows: list[tuple[float, Entry]] = []
        for entry in self.entries:
            there = self._places.at(entry.plz or entry.around)
            if here is None or there is None or entry.scope != "land" or not _is_of(entry, kinds):
                continue
            km = apart(here, there)
            if km <= within:
                rows.append((km, entry))
        rows.sort(key=lambda row: (row[0], row[1].name))
        return [
            Hit(100.0 if entry.plz == plz else max(0.0, FARTHER - km / 10), entry, km) for km, entry in rows[:limit]
        ]

    def certain(self, hits: Sequence[Hit]) -> bool:
        """Whether the first hit may be taken without asking."""
        if not hits or hits[0].score < CERTAIN:
            return False
        return len(hits) == 1 or hits[0].score - hits[1].score >= LEAD


def _fit(entry: Entry, land: str | None) -> float:
    """Points for serving the person's Land, a loss for serving only another; who serves everybody has neither."""
    if not land or not entry.land or entry.scope != "land":
        return 0.0
    return 4.0 if entry.land == land else -12.0


def _names_of(entry: Entry) -> list[str]:
    names = [entry.name, *entry.also, entry.city]
    folded = [" ".join(word for word in fold(name).split() if word not in _EMPTY) for name in names if name]
    return [name for name in folded if name]


def _likeness(said: str, name: str) -> float:
    """How well a name is meant by what was said: as a whole, or as whole words inside it."""
    whole = fuzz.ratio(said, name)
    if f" {name} " in f" {said} ":
        return max(whole, 92.0 + min(6.0, len(name) / 4))
    if f" {said} " in f" {name} " and len(said) >= 4:
        return max(whole, 91.0)
    best = max((fuzz.ratio(word, name) for word in said.split() if len(word) >= 5), default=0.0)
    return max(whole, best - 3.0)


def _is_name(said: str, name: str) -> bool:
    """Whether these words are the name, whole words of it ("Stammheim"), or the name with a slip of the pen."""
    inside = f" {said} " in f" {name} "
    return inside or (len(said) >= _LEAST_SLIP and fuzz.ratio(said, name) >= CERTAIN)


def speaks_of_prison(text: str) -> bool:
    """Whether a text says that it is about a prison, so that "Hof" is the town and not the yard."""
    return not _MARKS.isdisjoint(fold(text).split())


def _is_of(entry: Entry, kinds: frozenset[str]) -> bool:
    return not kinds or bool(kinds & set(entry.kinds))
