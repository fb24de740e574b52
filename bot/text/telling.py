"""Whether somebody asks, or tells how things are: "mein Vater wurde gestern verhaftet" wants to be heard before it is sorted."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.text.normalise import fold
from bot.text.sound import sound_of

LONGEST = 100  # characters of what says nothing but a name or an age
FEWEST = 4  # words of a message that tells something; fewer are a search
_QUESTION_WORDS = re.compile(
    r"\?\s*$|^\s*(wie|was|wer|wen|wem|wann|wo|woher|wohin|warum|wieso|weshalb|welche\w*|darf|dürfen|kann|können|muss|müssen"
    r"|gibt es|ist es|what|how|when|where|why|who|can|may)\b",
    re.IGNORECASE,
)
_ASKING_INSIDE = frozenset({
    "wie", "was", "wer", "wen", "wem", "wann", "wo", "woher", "wohin", "warum", "wieso", "weshalb", "ob", "darf", "duerfen", "kann",
    "koennen", "muss", "muessen", "soll", "sollen", "gibt", "gibts", "brauche", "suche", "moechte", "will", "hilfe", "frage", "bitte",
    "how", "what", "when", "where", "why", "who", "can", "may", "should", "need", "want", "kan", "darv", "wiso", "warrum", "wan", "wi",
})  # fmt: skip
_ASKING_SOUNDS = frozenset(sound_of(word) for word in _ASKING_INSIDE)
_PRONOUNS = frozenset(
    {"wie", "was", "wer", "wen", "wem", "wann", "wo", "woher", "wohin", "warum", "wieso", "weshalb", "ob"}
)
LONGEST_WHAT_NOW = 60  # characters
_WHAT_NOW = re.compile(
    r"(?:(?:und|aber|ja|ok|okay|also|gut|hm) )*"
    r"(?:was (?:soll|sollen|kann|koennen|muss|mache?n?|tun?|tue) (?:ich|wir|man|da|jetzt)|was tun|was (?:jetzt|nun|dann)"
    r"|(?:und )?(?:jetzt|nun)|wie (?:jetzt )?weiter|ist (?:das|sowas|so was)(?: denn)? normal)"
    r"(?: (?:denn|da|jetzt|nun|dann|dagegen|bloss|nur|noch|tun|machen|unternehmen|verdammt|bitte|wirklich))*"
)  # of a folded text
_OF_ONES_OWN = frozenset({
    "ich", "mir", "mich", "uns", "wir", "mein", "meine", "meinem", "meinen", "meiner", "unser", "unsere", "unserem", "unseren", "er",
    "sie", "sein", "seine", "ihr", "papa", "mama", "hab", "bin", "hier", "my", "i", "we", "our",
})  # fmt: skip

_OF_ONESELF = frozenset({"ich", "mir", "mich", "wir", "uns", "hab", "bin"})
_WHO_IS = (
    r"(?:er|sie|es|die|das|beide|meine|mein (?:sohn|kind|enkel)|meine (?:tochter|enkelin|kinder)|die kinder"
    r"|(?:die|der) (?:große|kleine))"
)
_AGES = re.compile(
    rf"^\W*(?:(?:ich |wir )?hab(?:en?)?\s+.{{0,20}}\b(?:kind(?:er)?|sohn|söhne|tochter|töchter|jungs?|mädchen)\W+)?"
    rf"(?:{_WHO_IS}\s+(?:(?:ist|sind|wird)\s+)?)?\d{{1,2}}"
    rf"(?:(?:\s*(?:,|und|&|\+)\s*|\s)(?:{_WHO_IS}\s+(?:(?:ist|sind|wird)\s+)?)?\d{{1,2}})*\s*(?:jahren?|monate?)?\s*(?:alt)?\W*$",
    re.IGNORECASE,
)  # nothing but how old somebody is
_SINCE = re.compile(
    r"^\W*(?:(?:schon|erst|jetzt)\s+)?seit\s+(?:\w+\s+){0,2}(?:tag|woche|monat|jahr|gestern|sommer|winter|ostern|weihnachten|montag|dienstag"
    r"|mittwoch|donnerstag|freitag|samstag|sonntag)\w*\W*$",
    re.IGNORECASE,
)  # nothing but since when
_NAMES_ONESELF = re.compile(
    r"^\W*(?:(?:hallo|hi|hey|merhaba|привет)\W+)?"
    r"(?:ich hei(?:ß|ss?)e?|mein name ist|my name is|benim adım|adım|меня зовут|мене звати|mam na imię)"
    r"(?:\s+[^\W\d]{2,20}){1,2}\W*$",
    re.IGNORECASE,
)  # a name, which nobody needs here, is greeted and forgotten

_SUBJECTS = frozenset(
    {"ich", "du", "er", "sie", "es", "wir", "ihr", "man", "papa", "mama", "mein", "meine", "der", "die", "das"}
)
_NO_VERBS = frozenset(
    {"seit", "jetzt", "damit", "nicht", "selbst", "fast", "erst", "echt", "mit", "heut", "gut", "laut"}
)
_VERBS = frozenset(
    {
        "hab",
        "habe",
        "haben",
        "ist",
        "bin",
        "sind",
        "war",
        "waren",
        "wird",
        "wuerde",
        "krieg",
        "kriegen",
        "werde",
        "werden",
    }
)
_OF_OTHERS = frozenset({"ist", "is", "sind", "war", "waren", "hat", "wird"})


def names_oneself(text: str) -> bool:
    """Whether the text says a name and nothing else."""
    return len(text) <= LONGEST and _NAMES_ONESELF.match(text) is not None


def tells_age(text: str) -> bool:
    """Whether the text says how old somebody is and nothing else; a bare number says nothing."""
    if len(text) > LONGEST or _AGES.match(text) is None:
        return False
    return re.search(r"[^\W\d]|\d\D+\d", text) is not None


def tells_since(text: str) -> bool:
    """Whether the text says since when something is so and nothing else: "seit 2 wochen"."""
    return len(text) <= LONGEST and _SINCE.match(text) is not None


def _verb_first(words: list[str]) -> bool:
    """Whether a sentence begins with its verb, as a question without its mark does: "schläft sie da allein"."""
    begins = words[0] in _VERBS or words[0].endswith("t")
    return begins and words[0] not in _NO_VERBS and words[1] in _SUBJECTS


def asks_whether(text: str) -> bool:
    """Whether a sentence of somebody or something else begins with its verb: "ist papa tot", but not "hab die Prüfung"."""
    words = fold(text).split()
    return len(words) > 1 and words[0] in _OF_OTHERS and words[1] in _SUBJECTS


def asks_what_now(text: str) -> bool:
    """Whether a text asks what to do about what was said before it, and nothing else: "und was soll ich jetzt machen?"."""
    return len(text) <= LONGEST_WHAT_NOW and _WHAT_NOW.fullmatch(fold(text)) is not None


def goes_on_telling(text: str) -> bool:
    """Whether a text that means what was answered just now tells more of it ("ich hasse ihn") rather than asking again."""
    words = fold(text).split()
    if len(words) < 2 or asks(text) or _verb_first(words):  # a word alone is a search
        return False
    if any(
        word in _PRONOUNS or word == "wenn" or word.startswith("welch") for word in words[:3]
    ):  # "in welchem gefängnis ist er denn"
        return False
    if len(words) == 2:
        return not _OF_ONESELF.isdisjoint(words)  # "freu mich", but not "ohne sie"
    return words[0] in _SUBJECTS or not _OF_ONES_OWN.isdisjoint(words)


def asks(text: str) -> bool:
    """Whether the text is put as a question: a question mark behind or a question word in front."""
    return _QUESTION_WORDS.search(text) is not None


def asks_inside(sounds: Iterable[str]) -> bool:
    """Whether one of these words, in their sound, asks for something: "mein opa ist tot, darf papa zur beerdigung"."""
    return not _ASKING_SOUNDS.isdisjoint(sounds)


def tells(text: str) -> bool:
    """Whether the text tells of oneself or one's family and asks for nothing, as far as its words show (German, English)."""
    words = fold(text).split()
    if len(words) < FEWEST or "?" in text:
        return False
    if _verb_first(words):
        return False
    return _ASKING_INSIDE.isdisjoint(words) and not _OF_ONES_OWN.isdisjoint(words)
