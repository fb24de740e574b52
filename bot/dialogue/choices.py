"""Which of several options a text names: by number, place, label, or a name inside a sentence."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.dialogue.dates import number_word
from bot.dialogue.reading import Asking, Parsed, Reading, Rejected, Shown
from bot.text.normalise import fold

FUZZY_LABEL = 88  # rapidfuzz ratio (0-100) above which a typed label counts; below it the person is asked again

_LEADING_NUMBER = re.compile(r"(?:nr\.?|nummer)?\s*(\d{1,2})\s*[.)]?", re.IGNORECASE)
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
ARTICLES = frozenset({"ein", "eine", "einen", "einem", "einer"})
# Words around a name: "ich bin die Ehefrau", "nein, ich meinte Mutter", "Oma hier".
_AROUND_NAME = frozenset({
    "ich", "bin", "die", "der", "das", "eine", "ein", "seine", "ihre", "nein", "meinte", "hallo", "hier", "also", "nur",
})  # fmt: skip
_BETWEEN = re.compile(r"[,;\n+&]|\bund\b|\band\b|(?<=\d)\s+(?=\d)")  # several names
_LAST = frozenset({"letzte", "letzter", "letztes", "letzten"})


def choice_of(text: str, options: tuple[Shown, ...]) -> str | None:
    """The value of the option that the text names by number, keycap emoji, label or a close misspelling.

    A number that is itself a name of an option ("8" for "6 bis 9 Jahre") means that one.
    """
    from rapidfuzz import fuzz  # with the first words: no talk waits for it to begin

    text = text.strip()
    for option in options:
        if text in option.also:
            return option.value
    found = _LEADING_NUMBER.fullmatch(text) or _KEYCAP.match(text)
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
    if len(words) != 1 or len(said) > 40 or words[0] in ARTICLES:
        return None
    if words[0] in _LAST:
        return many - 1
    for place, names in enumerate(_FIRST_THREE):
        if words[0] in names:
            return place
    found = _ORDINAL.match(words[0])
    number = _ORDINALS.index(found[1]) + 1 if found else number_word(words[0])
    return number - 1 if number else None


_YES_FIRST = re.compile(
    r"^\s*(?:ja|jaa|klar|genau|yes|evet|да|так|tak)\b(?:\W+\w+){0,3}\W*$", re.IGNORECASE
)  # with few words behind
WHOLE = "="  # before a name in `also`: it counts only when it is the whole answer, not inside a sentence


@lru_cache(maxsize=1024)  # folding the hundreds of names by which people call themselves took a fifth of a first turn
def _names(option: Shown) -> tuple[str, ...]:
    return tuple(fold(name) for name in (option.label, *option.also))


def one_word_inside(text: str, options: tuple[Shown, ...]) -> str | None:
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


def phrase_inside(text: str, options: tuple[Shown, ...]) -> str | None:
    """The only option one of whose names of several words stands in a longer text: "… und ich bin 9" names an age."""
    said = f" {fold(text)} "
    hits = {o.value for o in options for name in _names(o) if " " in name and f" {name} " in said}
    return hits.pop() if len(hits) == 1 else None


@lru_cache(maxsize=1024)
def _names_inside(option: Shown) -> tuple[str, ...]:
    """The names that count inside a sentence."""
    names = (fold(name) for name in (option.label, *option.also) if not name.startswith(WHOLE))
    return tuple(name for name in names if len(name) >= 3 or name.isdecimal())


def choose(text: str, asking: Asking) -> Reading:
    """One of the options."""
    value = choice_of(text, asking.options)
    if value is None and len(text) <= 80:
        value = one_word_inside(text, asking.options)
    if value is None and _YES_FIRST.match(text):
        value = choice_of("ja", asking.options)  # "ja genau das": of the only one that may be meant
    return Parsed(value) if value is not None else Rejected("choice")


def choose_many(text: str, asking: Asking) -> Reading:
    """Several of the options, each once, at most as many as the question allows."""
    values: list[str] = []
    for piece in filter(None, map(str.strip, _BETWEEN.split(text))):
        value = choice_of(piece, asking.options) or one_word_inside(piece, asking.options)
        if value is None:
            return Rejected("choice_many")
        values.append(value)
    unique = tuple(dict.fromkeys(values))
    if not unique:
        return Rejected("choice_many")
    if asking.ask.most and len(unique) > asking.ask.most:
        return Rejected("too_many")
    return Parsed(unique)
