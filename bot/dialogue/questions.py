"""The kinds of question: how a typed text becomes a value.

Each kind is one function in `KINDS`, registered under its YAML name. A text that does not answer is not an error but
a `Rejected` with the reason, or a `Narrow` with the few things that may be meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from msgspec import Struct

from bot.dialogue.content import Content
from bot.dialogue.dates import nearest_date, number_word, read_date, read_time
from bot.dialogue.flow import Ask
from bot.dialogue.session import Value
from bot.text.normalise import fold

LONG_TEXT = 4000
SHORT_TEXT = 200
FEW_WORDS = 3  # of an answer that is little more than the number
FUZZY_LABEL = 88  # rapidfuzz ratio (0-100) above which a typed label counts; below it the person is asked again


@dataclass(frozen=True, slots=True)
class Parsed:
    """The answer."""

    value: Value


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not an answer; `reason` names the text that says why (`reason.<name>`)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Narrow:
    """Several things may be meant: (value, label), best first."""

    options: tuple[tuple[str, str], ...]


Reading = Parsed | Rejected | Narrow


class Shown(Struct, frozen=True):
    """An option as this person sees it."""

    value: str
    label: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """What reading an answer needs to know."""

    ask: Ask
    options: tuple[Shown, ...]
    today: date
    content: Content
    land: str = ""


def read(text: str, asking: Asking) -> Reading:
    """What the text answers to this question."""
    return KINDS[asking.ask.kind](text.strip(), asking)


# ------------------------------------------------------------------ choices

_LEADING_NUMBER = re.compile(r"^\s*(?:nr\.?|nummer)?\s*(\d{1,2})\s*[.)]?\s*$", re.IGNORECASE)
_KEYCAP = re.compile(r"^(\d)\ufe0f?\u20e3$")
_ORDINALS = ("erst", "zweit", "dritt", "viert", "fuenft", "sechst", "siebt", "acht")
_ORDINAL = re.compile(rf"^({'|'.join(_ORDINALS)})(?:e[rsnm]?|ens)$")
# Words around a number that says which of several things is meant: "die erste bitte", "nummer zwei", "ich nehme das dritte".
_AROUND_NUMBER = frozenset({
    "die", "der", "das", "den", "dem", "ich", "nehme", "nehm", "will", "moechte", "meine", "meinte", "waehle", "bitte", "nummer",
    "nr", "zahl", "punkt", "antwort", "knopf", "option", "thema", "frage", "von", "oben", "davon", "ja", "also", "mal", "zu",
})  # fmt: skip
_FIRST_THREE = (
    frozenset({"first", "ilk", "ilki", "birinci", "bir", "pierwszy", "pierwsze", "первый", "первое", "перший", "перше", "الاول", "الاولي"}),
    frozenset({"second", "ikinci", "ikincisi", "iki", "drugi", "drugie", "второй", "второе", "другий", "друге", "الثاني", "الثانيه"}),
    frozenset({"third", "ucuncu", "uecuencue", "uc", "uec", "trzeci", "trzecie", "третий", "третье", "третій", "третє", "الثالث"}),
)  # fmt: skip
_ARTICLES = frozenset({"ein", "eine", "einen", "einem", "einer"})
# Words around a name: "ich bin die Ehefrau", "nein, ich meinte Mutter", "Oma hier".
_AROUND_NAME = frozenset({
    "ich", "bin", "die", "der", "das", "eine", "ein", "seine", "ihre", "nein", "meinte", "hallo", "hier", "also", "nur",
})  # fmt: skip
_LAST = frozenset({"letzte", "letzter", "letztes", "letzten"})


def choice_of(text: str, options: tuple[Shown, ...]) -> str | None:
    """The value of the option that the text names by number, keycap emoji, label or a close misspelling.

    A number that is itself a name of an option ("8" for "6 bis 9 Jahre") means that one.
    """
    from rapidfuzz import fuzz  # with the first words: no talk waits for it to begin

    for option in options:
        if text.strip() in option.also:
            return option.value
    found = _LEADING_NUMBER.match(text) or _KEYCAP.match(text.strip())
    if found:
        at = int(found[1]) - 1
        return options[at].value if 0 <= at < len(options) else None
    said = fold(text)
    if not said:
        return None
    named = {value: names for value, names in ((o.value, _names(o)) for o in options)}
    for value, names in named.items():
        if said in names:
            return value
    if said.split()[:1] == ["frage"] and not any("." in option.value for option in options):
        return None  # "Frage 1" names a question; only in a list of topics the question is the answer
    place = _place_named(said, len(options))
    if place is not None:
        return options[place].value if place < len(options) else None
    scored = sorted(
        (
            (max((fuzz.ratio(said, name) for name in names if name), default=0.0), value)
            for value, names in named.items()
        ),
        reverse=True,
    )
    if scored and scored[0][0] >= FUZZY_LABEL and (len(scored) == 1 or scored[0][0] - scored[1][0] >= 5):
        return scored[0][1]
    return None


def _place_named(said: str, many: int) -> int | None:
    """The place (from 0) that folded words name and nothing else: "zwei", "die erste bitte", "das letzte"; else None."""
    words = [word for word in said.split() if word not in _AROUND_NUMBER]
    if len(words) != 1 or len(said) > 40 or words[0] in _ARTICLES:
        return None
    if words[0] in _LAST:
        return many - 1
    for place, names in enumerate(_FIRST_THREE):
        if words[0] in names:
            return place
    found = _ORDINAL.match(words[0])
    number = _ORDINALS.index(found[1]) + 1 if found else number_word(words[0])
    return number - 1 if number else None


WHOLE = "="  # before a name in `also`: it counts only when it is the whole answer, not inside a sentence


def _names(option: Shown) -> tuple[str, ...]:
    return tuple(fold(name) for name in (option.label, *option.also))


def _one_word_inside(text: str, options: tuple[Shown, ...]) -> str | None:
    """The only option one of whose names stands as whole words in a longer text ("ich bin die Mutter")."""
    said = f" {fold(text)} "
    hits = {o.value for o in options for name in _names_inside(o) if f" {name} " in said}
    if not hits:
        bare = " ".join(word for word in said.split() if word not in _AROUND_NAME)
        hits = {o.value for o in options if bare and bare in _names(o)}
    return hits.pop() if len(hits) == 1 else None


def sentence_of(text: str, options: tuple[Shown, ...]) -> str | None:
    """The option whose name of several words is the whole text: "ich bin 9" names an age, "9" in a sentence need not."""
    said = fold(text)
    return next((o.value for o in options if " " in said and said in _names(o)), None)


def _names_inside(option: Shown) -> tuple[str, ...]:
    """The names that count inside a sentence."""
    names = (fold(name) for name in (option.label, *option.also) if not name.startswith(WHOLE))
    return tuple(name for name in names if len(name) >= 3 or name.isdecimal())


def _choose(text: str, asking: Asking) -> Reading:
    value = choice_of(text, asking.options)
    if value is None and len(text) <= 80:
        value = _one_word_inside(text, asking.options)
    return Parsed(value) if value is not None else Rejected("choice")


def _choose_many(text: str, asking: Asking) -> Reading:
    values: list[str] = []
    for piece in re.split(r"\s*(?:,|;|\n|\+|&|\bund\b|\band\b|(?<=\d)\s+(?=\d))\s*", text):
        if not piece:
            continue
        value = choice_of(piece, asking.options) or _one_word_inside(piece, asking.options)
        if value is None:
            return Rejected("choice_many")
        values.append(value)
    unique = tuple(dict.fromkeys(values))
    if not unique:
        return Rejected("choice_many")
    if asking.ask.most and len(unique) > asking.ask.most:
        return Rejected("too_many")
    return Parsed(unique)


YES = frozenset({
    "ja", "jap", "jep", "jo", "joa", "jaa", "klar", "genau", "stimmt", "gern", "gerne", "ok", "okay", "sicher", "natuerlich",
    "ja bitte", "ja gern", "ja gerne", "yes", "y", "yep", "evet", "da", "tak", "na klar", "auf jeden fall", "richtig",
    "bitte", "einverstanden", "mach", "mach das", "doch", "ja ok", "jawohl", "نعم", "да", "так", "passt",
})  # fmt: skip
NO = frozenset({
    "nein", "ne", "nee", "noe", "no", "n", "nicht", "nein danke", "lieber nicht", "auf keinen fall", "nope", "hayir",
    "nie", "niemals", "nö", "nein nicht", "lass", "keine", "لا", "нет", "ні", "danke nein",
})  # fmt: skip


def yes_or_no(text: str) -> bool | None:
    """True, False, or None when the text is neither."""
    said = fold(text)
    if said in YES or text.strip() in {"👍", "✅", "👌"}:
        return True
    if said in NO or text.strip() in {"👎", "❌"}:
        return False
    words = said.split()
    if words and len(words) <= 4:
        if words[0] in _YES_BEFORE:
            return True
        if words[0] in _NO_BEFORE:
            return False
    return None


# What makes a few words a yes or no when it comes first; not "ne", which begins a Turkish question ("ne zaman").
_YES_BEFORE = frozenset({"ja", "yes", "klar", "evet", "نعم", "да", "так", "tak"})
_NO_BEFORE = frozenset({"nein", "nee", "no", "hayir", "لا", "нет", "ні", "nie"})


_NOT_MEANT = re.compile(
    r"\b(?:nicht so (?:ge)?mein\w*|so (?:mein\w*|hab\w*) ich(?: es| das|s)? (?:gar |ja )?nicht|(?:so|das) war(?: das)? nicht gemeint"
    r"|nicht so schlimm|(?:nur|bloss) (?:ein )?(?:spass|witz|scherz)|(?:didnt|dont) mean (?:it|that)|oyle demek istemedim)\b"
)  # of a folded text
_DENYING = frozenset(
    {"nein", "ne", "nee", "noe", "no", "nope", "quatsch", "unsinn", "hayir", "yok", "нет", "ні", "nie", "لا"}
)
_HOLDING_BACK = frozenset({
    "aber", "doch", "manchmal", "vielleicht", "mehr", "noch", "trotzdem", "oft", "fast", "niemand", "keiner", "allein", "alleine",
    "but", "sometimes", "nobody", "alone", "ama", "bazen", "но", "иногда", "никого", "але", "інколи", "нікого", "ale", "czasem",
    "nikogo", "لكن", "احيانا",
})  # fmt: skip
_NE_ASKS = frozenset({"zaman", "kadar", "icin", "oldu", "olacak", "olur", "yapmaliyim", "yapabilirim", "demek"})


def denies(text: str) -> bool | None:
    """Whether a few words of one's own deny what was asked about them: "nein so meinte ich das nicht", "quatsch, bin nur müde".

    False when the no is taken back in the same breath ("nein, aber manchmal", "nein, da ist niemand"); None when no no is heard.
    """
    words = fold(text).split()
    asks = "?" in text or (words[:1] == ["ne"] and len(words) > 1 and words[1] in _NE_ASKS)  # Turkish: "ne zaman"
    if len(words) < 2 or asks or not (words[0] in _DENYING or _NOT_MEANT.search(" ".join(words))):
        return None
    return _HOLDING_BACK.isdisjoint(words)


def _yes_no(text: str, asking: Asking) -> Reading:
    if text.strip() in {"1", "1.", "1)"}:
        return Parsed(True)
    if text.strip() in {"2", "2.", "2)"}:
        return Parsed(False)
    said = yes_or_no(text)
    if said is None and asking.options:
        value = choice_of(text, asking.options)
        said = None if value is None else value == "yes"
    return Parsed(said) if said is not None else Rejected("yes_no")


# ------------------------------------------------------------------ numbers, days, times

_NUMBER = re.compile(r"(?<![\d.,])-?\d{1,9}(?:[.,]\d{1,3})?(?![\d])")


def _number(text: str, asking: Asking) -> Reading:
    found = [float(n.replace(",", ".")) for n in _NUMBER.findall(text)]
    if not found:
        words = fold(text).split()
        if len(words) > FEW_WORDS:  # "ich hab eine Frage" is no one
            words = [word for word in words if word not in _ARTICLES]
        found = [float(n) for word in words if (n := number_word(word)) is not None]
    if (
        re.search(r"\b(?:ein)?halb\b|\bund ein halbes\b|½", text.casefold())
        and len(found) == 1
        and "jahr" in text.casefold()
    ):
        found = [found[0] + 0.5]
    ask = asking.ask
    if ask.several and found:
        found = [min(found) if ask.several == "least" else max(found)]
    if len(set(found)) != 1:
        return Rejected("number")
    value = found[0]
    if ask.minimum is not None and value < ask.minimum:
        return Rejected("too_small")
    if ask.maximum is not None and value > ask.maximum:
        return Rejected("too_large")
    return Parsed(int(value) if value.is_integer() else value)


def _date(text: str, asking: Asking) -> Reading:
    ask, today = asking.ask, asking.today
    found = nearest_date(text, today) if ask.past and ask.future else read_date(text, today, past=ask.past)
    if not isinstance(found, date):
        return Rejected("date_impossible" if found == "impossible" else "date")
    if found < today and not ask.past:
        return Rejected("date_past")
    if found > today and not ask.future:
        return Rejected("date_future")
    away = (found - today).days
    if ask.minimum is not None and away < ask.minimum:
        return Rejected("date_long_ago")
    if ask.maximum is not None and away > ask.maximum:
        return Rejected("date_far")
    return Parsed(found.isoformat())


def _time(text: str, asking: Asking) -> Reading:
    found = read_time(text)
    return Parsed(found) if found else Rejected("time")


# ------------------------------------------------------------------ places

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


def _plz(text: str, asking: Asking) -> Reading:
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


def _land(text: str, asking: Asking) -> Reading:
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


def _area(text: str, asking: Asking) -> Reading:
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


def _prison(text: str, asking: Asking) -> Reading:
    directory = asking.content.prisons
    if directory is None:
        return Rejected("prison")
    hits = directory.find(text, land=asking.land or None)
    if not hits:
        return Rejected("prison")
    if directory.certain(hits):
        return Parsed(hits[0].entry.id)
    return Narrow(tuple((hit.entry.id, hit.entry.name) for hit in hits[:4]))


# ------------------------------------------------------------------ texts


def _short_text(text: str, asking: Asking) -> Reading:
    if not text:
        return Rejected("empty")
    return Parsed(text) if len(text) <= SHORT_TEXT else Rejected("too_long")


def _long_text(text: str, asking: Asking) -> Reading:
    if not text:
        return Rejected("empty")
    limit = asking.ask.most or LONG_TEXT
    return Parsed(text) if len(text) <= limit else Rejected("too_long")


KINDS: Mapping[str, Callable[[str, Asking], Reading]] = MappingProxyType({
    "choose": _choose,
    "choose_many": _choose_many,
    "yes_no": _yes_no,
    "number": _number,
    "date": _date,
    "time": _time,
    "plz": _plz,
    "land": _land,
    "area": _area,
    "prison": _prison,
    "short_text": _short_text,
    "long_text": _long_text,
    "voice": lambda text, asking: Rejected("voice"),  # no text is one; see asking.take_voice
})  # fmt: skip

FREE_TEXT = frozenset({"short_text", "long_text"})
OPTIONED = frozenset({"choose", "choose_many", "yes_no"})


def in_passing(text: str, asking: Asking) -> Value:
    """What a text that asks something else tells about this question: "Wie lange … in Bayern?" names the Land.

    Only kinds that are recognisable inside a sentence without doubt; None otherwise.
    """
    kind = asking.ask.kind
    if asking.ask.prefill_named and kind == "choose":
        return _one_word_inside(text, asking.options) or sentence_of(text, asking.options)
    if kind == "land":
        return land_in_passing(text, asking.content)
    if kind in ("plz", "area"):
        found = _PLZ.findall(text)
        if len(found) != 1 and kind == "area" and (behind := _TOWN_BEHIND.fullmatch(text[-100:])) is not None:
            return asking.content.places.town(behind[1])
        return found[0] if len(found) == 1 else None
    if kind == "prison" and asking.content.prisons is not None:
        hits = asking.content.prisons.find(text)
        return hits[0].entry.id if hits and asking.content.prisons.certain(hits) else None
    return None
