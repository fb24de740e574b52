"""The kinds of question: how a typed text becomes a value.

Each kind is one function in `KINDS`, registered under its YAML name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from bot.dialogue.choices import ARTICLES, choose, choose_many, one_word_inside, sentence_of
from bot.dialogue.dates import nearest_date, number_word, read_date, read_time
from bot.dialogue.reading import Asking, Parsed, Reading, Rejected
from bot.dialogue.session import Value
from bot.dialogue.whereabouts import (
    area_in_passing,
    land_in_passing,
    plz_in_passing,
    prison_in_passing,
    read_area,
    read_land,
    read_plz,
    read_prison,
)
from bot.dialogue.yes_no import read_yes_no
from bot.text.normalise import fold

LONG_TEXT = 4000
SHORT_TEXT = 200
FEW_WORDS = 3  # of an answer that is little more than the number

_NUMBER = re.compile(r"(?<![\d.,])-?\d{1,9}(?:[.,]\d{1,3})?(?![\d])")
_CLOCK = re.compile(
    r"\b\d{1,2}(?::\d{2})?\s?uhr(?:\s\d{2})?\b|\b\d{1,2}:\d{2}\b", re.IGNORECASE
)  # a time of day that says it is one
_HALF = re.compile(r"\b(?:ein)?halb\b|\bund ein halbes\b|½")


def _number(text: str, asking: Asking) -> Reading:
    found = [float(n.replace(",", ".")) for n in _NUMBER.findall(text)]
    if not found:
        words = fold(text).split()
        if len(words) > FEW_WORDS:  # "ich hab eine Frage" is no one
            words = [word for word in words if word not in ARTICLES]
        found = [float(n) for word in words if (n := number_word(word)) is not None]
    if len(found) == 1 and _and_a_half_year(text.casefold()):
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


def _and_a_half_year(text: str) -> bool:
    return "jahr" in text and _HALF.search(text) is not None


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
    "choose": choose,
    "choose_many": choose_many,
    "yes_no": read_yes_no,
    "number": _number,
    "date": _date,
    "time": _time,
    "plz": read_plz,
    "land": read_land,
    "area": read_area,
    "prison": read_prison,
    "short_text": _short_text,
    "long_text": _long_text,
    "voice": lambda text, asking: Rejected("voice"),  # no text is one; see asking.take_voice
})  # fmt: skip

FREE_TEXT = frozenset({"short_text", "long_text"})
OPTIONED = frozenset({"choose", "choose_many", "yes_no"})


def read(text: str, asking: Asking) -> Reading:
    """What the text answers to this question."""
    return KINDS[asking.ask.kind](text.strip(), asking)


def in_passing(text: str, asking: Asking) -> Value:
    """What a text that asks something else tells about this question: "Wie lange … in Bayern?" names the Land.

    Only kinds that are recognisable inside a sentence without doubt; None otherwise.
    """
    kind = asking.ask.kind
    if asking.ask.prefill_named and kind == "choose":
        return one_word_inside(text, asking.options) or sentence_of(text, asking.options)
    match kind:
        case "land":
            return land_in_passing(text, asking.content)
        case "plz":
            return plz_in_passing(text)
        case "area":
            return area_in_passing(text, asking.content)
        case "prison":
            return prison_in_passing(text, asking.content)
        case "time":
            found = _CLOCK.search(text)
            return read_time(found[0]) if found is not None else None
        case _:
            return None
