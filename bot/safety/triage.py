"""The one question: is there danger in this text?"""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import Final

from msgspec.structs import replace

from bot.safety.finding import URGENCIES, Finding, Level
from bot.safety.likeness import Likeness, chance
from bot.safety.matching import LONGEST, OVERLAP, Reading
from bot.safety.rules import WHOLE, Rule, SafetyRules
from bot.safety.weighing import Weighing
from bot.text.sound import EMOJI, sound_of, words_in, words_of
from bot.text.translit import in_cyrillic

STORY: Final = 22  # words from which a message is a story
STRETCH: Final = 60  # words that are weighed together
_ASKED: Final = 0.7  # of the level of a second look: from there one asks about what a rule calls an alert
_SURE: Final = 1.75  # of the same: from there that is an alert
_END: Final = re.compile(
    r"(?<![.!?])[.!?\n]+\s+|\n"
)  # of a sentence; begun at the first mark of a run: linear in dots too
_LEAST: Final = 2  # spaces in a sentence that is looked at by itself
_MOST_SENTENCES: Final = 40
_CLEAR: Final = 0.85  # probability
_AMONG: Final = 1.5  # by so much, as a logarithm of the odds, a sentence must be more dangerous than a whole message
_PLACE: Final = 9  # words around what a rule found
# Known words, fewer of which say too little without a rule; and there must be more words than that ("mein onkel" answers who
# comes along; a code or a slip over the keyboard sounds like anything).
_BARE: Final = 2
_CALENDAR = frozenset(
    words_of(
        "am um ab bis von der den dem uhr und ist es wird halb viertel vor nach montag dienstag mittwoch donnerstag freitag samstag"
        " sonnabend sonntag januar februar märz april mai juni juli august september oktober november dezember morgen übermorgen"
    )
)
_RANK: Final = {None: 0, "check": 1, "alert": 2}
_ORDER: Final = {category: index for index, category in enumerate(URGENCIES)}


def triage(rules: SafetyRules, text: str, *, audience: str, earlier: tuple[str, ...] = ()) -> Finding | None:
    """What a text tells of danger, or None.

    `earlier` are the texts of the last moments, oldest first: a message split over several is read as one, and what the
    earlier ones alone already said is not found again. `audience` is one of child, caregiver, parent, staff, unknown.
    """
    words, sentences = read_letters(rules, text)
    readings = _read(rules, words)
    found = _look(rules, words, readings, audience)
    if found is None or found.level != "alert":
        by_sentence = _by_sentence(rules, sentences, readings, audience)
        found = by_sentence if _rank(by_sentence) > _rank(found) else found
    if found is not None and found.level == "alert":
        return found
    if earlier:
        before = read_letters(rules, " \n ".join(earlier))[0]
        joined = _look(rules, before + words, _read(rules, before + words), audience)
        alone = _look(rules, before, _read(rules, before), audience)
        if _rank(joined) > max(_rank(found), _rank(alone)):
            return joined
    return found


def read_letters(rules: SafetyRules, text: str) -> tuple[list[str], list[list[str]]]:
    """The words of a text in the letters that it is meant in, and those of each sentence that is looked at by itself."""
    heard = _hear(text)
    meant = in_cyrillic(text, heard[0], rules.knows)
    return heard if meant is text else _hear(meant)


def _hear(text: str) -> tuple[list[str], list[list[str]]]:
    """The words of a text, and of its sentences: what takes long, to bring them to their sounds, is done for all at once."""
    parts = _END.split(text)
    if len(parts) == 1:
        return words_of(text), []
    told = [words_in(part) for part in sound_of("\n".join(parts)).split("\n")]
    long = [words for words, part in zip(told, parts, strict=True) if part.count(" ") >= _LEAST]
    return list(chain.from_iterable(told)), long


def _by_sentence(
    rules: SafetyRules, sentences: list[list[str]], readings: list[Reading], audience: str
) -> Finding | None:
    """The first sentence that a rule calls an alert and that is clearly dangerous by itself, whatever stands beside it;
    a second look for one that would be an alert if it stood alone.

    "Es brennt bei uns. Welches Formular brauche ich für das Konto?" is about a form only in its second sentence. What a
    film or a newspaper tells, it tells over several sentences: those guards hold for the whole text.
    """
    if len(sentences) < 2 or rules.likeness is None:
        return None
    told = sentences[:_MOST_SENTENCES]
    if len(readings) == 1 and not readings[0].may_alert():  # what is not in the whole is in no sentence
        return _hinted(rules, rules.likeness, told, readings, audience)
    unclear: Finding | None = None
    for words in told:
        heard = _read(rules, words)
        alone = _by_itself(rules, rules.likeness, words, heard)
        if alone is None or not alone.reaches(rules.likeness.check * _SURE) or readings[0].holds(WHOLE):
            continue
        found = _look(rules, words, heard, audience)
        if alone.reaches(_CLEAR):
            return found
        unclear = unclear or found
    if unclear is not None:
        return replace(unclear, level="check")
    return _hinted(rules, rules.likeness, told, readings, audience)


def _hinted(
    rules: SafetyRules, likeness: Likeness, told: list[list[str]], readings: list[Reading], audience: str
) -> Finding | None:
    """What the most dangerous sentence says by itself: among everyday ones it is thinned, and the whole looks harmless.

    No rule is asked which sentence that is: most messages end here, and quickly.
    """
    odds, words = max((likeness.odds(one, names_of([], len(one)), rules.ids), one) for one in told)
    danger = chance(odds - _AMONG)
    if danger < likeness.check or readings[0].holds(WHOLE):
        return None
    found = _look(rules, words, _read(rules, words), audience)
    return found if found is None or danger >= _CLEAR else replace(found, level="check")


def _rank(finding: Finding | None) -> int:
    return _RANK[finding.level if finding else None]


def _look(rules: SafetyRules, words: list[str], readings: list[Reading], audience: str) -> Finding | None:
    said = [word for word in words if not word.startswith(EMOJI)]
    return rules.alone.get(tuple(said)) or _judge(rules, words, _fired(readings), audience)


def _judge(rules: SafetyRules, words: list[str], fired: list[tuple[Rule, Level]], audience: str) -> Finding | None:
    if certain := [found for found in fired if found[0].always and found[1] == "alert"]:
        return _decide(certain, audience)
    ruled = _decide(fired, audience)
    if rules.likeness is None:
        return ruled
    return _weigh(rules, rules.likeness, words, fired, ruled, audience)


def fired_rules(rules: SafetyRules, words: list[str]) -> list[tuple[Rule, Level]]:
    """The rules that fire anywhere in the words."""
    return _fired(_read(rules, words))


def _read(rules: SafetyRules, words: list[str]) -> list[Reading]:
    """The words as the rules see them; a long text is read in overlapping pieces."""
    if len(words) <= LONGEST:
        return [Reading(rules, words)]
    return [Reading(rules, words[start : start + LONGEST]) for start in range(0, len(words), LONGEST - OVERLAP)]


def _fired(readings: list[Reading]) -> list[tuple[Rule, Level]]:
    return [found for reading in readings for found in reading.fired()]


def names_of(fired: list[tuple[Rule, Level]], length: int) -> tuple[str, ...]:
    """What fired as the likeness knows it: each category and level once, whether it was several rules, and whether a
    text of so many words is a story in which no rule found anything."""
    if not fired:  # of most texts
        return ("story", "quiet", "quiet story") if length > STORY else ("quiet",)
    kinds = [f"{rule.category}/{level}" for rule, level in fired]
    several = ("several",) if len({rule.place for rule, _ in fired}) > 1 else ()
    story = ("story",) if length > STORY else ()
    return (*sorted(set(kinds)), *sorted({kind[kind.index("/") :] for kind in kinds}), *several, *story)


def _weigh(
    rules: SafetyRules,
    likeness: Likeness,
    words: list[str],
    fired: list[tuple[Rule, Level]],
    ruled: Finding | None,
    audience: str,
) -> Finding | None:
    """The level by the probability of the most dangerous stretch; the place by the rule, else by the nearest example.

    What a rule calls an alert stays one from a probability between the two levels, and is asked about unless it is really
    improbable; without a rule the examples must be surer.
    """
    names = names_of(fired, len(words))
    weighed = [Weighing(likeness, piece, names, rules.ids) for piece in stretches(words)]
    worst = max(weighed, key=_danger) if len(weighed) > 1 else weighed[0]
    ruled_alert = ruled is not None and ruled.level == "alert"
    if ruled_alert and not worst.reaches(likeness.check * _SURE):  # drowned in what stands around it?
        near = (_by_itself(rules, likeness, piece, _read(rules, piece)) for piece in stretches(words, _PLACE))
        clear = [one for one in near if one is not None and one.reaches(_CLEAR)]
        worst = max([worst, *clear], key=lambda one: (one.danger, one.words)) if clear else worst
    least = likeness.check * (1.0 if ruled is None else _ASKED if ruled_alert else 0.8)
    if not worst.reaches(least) or (ruled is None and not _says_enough(likeness, words)):
        return None
    sure = likeness.check * _SURE if ruled_alert else likeness.alert
    level: Level = "alert" if worst.reaches(sure) else "check"
    strongest = [rule for rule, found in fired if ruled is not None and found == ruled.level]
    among = {rule.category for rule in strongest}
    category = likeness.category(worst.words, names, among=among, likely=_violence_to(audience))
    places = sorted(rule.place for rule in strongest if rule.category == category)
    place = places[0] if places else likeness.examples.nearest(worst.words, category)
    return Finding(category=category, level=level, urgency=URGENCIES[category], rule=place)


def _danger(weighed: Weighing) -> float:
    return weighed.danger


def _says_enough(likeness: Likeness, words: list[str]) -> bool:
    """Whether there are enough words, and enough that the examples know, for a finding without a rule.

    Two words ("meine Enkelin") answer a question, and pictures and numbers tell of no deed, nor does a day with its hour
    ("am 13.12. um 14 Uhr").
    """
    if len(words) <= _BARE or all(word.startswith(EMOJI) or word.isdecimal() for word in words):
        return False
    if any(word.isdecimal() for word in words) and all(word.isdecimal() or word in _CALENDAR for word in words):
        return False
    return sum(1 for _ in islice(filter(likeness.knows, words), _BARE)) == _BARE


def _by_itself(rules: SafetyRules, likeness: Likeness, words: list[str], readings: list[Reading]) -> Weighing | None:
    """These words of a longer text on the scales, None where no rule calls them an alert by themselves."""
    fired = _fired(readings) if any(reading.may_alert() for reading in readings) else []
    if not any(level == "alert" for _, level in fired):
        return None
    return Weighing(likeness, words, names_of(fired, len(words)), rules.ids)


def stretches(words: list[str], length: int = STRETCH) -> list[list[str]]:
    """What is weighed: the text itself, or overlapping stretches of it, so that one sentence in a long story is not drowned."""
    if len(words) <= length:
        return [words]
    return [words[start : start + length] for start in range(0, len(words) - length // 2, length // 2)]


def _violence_to(audience: str) -> str:
    """What somebody mostly means who tells of blows and does not say whom they hit."""
    return "violence_child" if audience == "child" else "violence_adult"


def _decide(fired: list[tuple[Rule, Level]], audience: str) -> Finding | None:
    """An alert wins over a check, then the order of the categories; an adult who is beaten is not taken for a child, but while
    nobody knows who writes it may be one."""
    if not fired:
        return None
    likely = "violence_child" if audience == "unknown" else _violence_to(audience)
    best, level = min(fired, key=lambda found: (found[1] != "alert", _turn(found[0].category, likely), found[0].place))
    return Finding(category=best.category, level=level, urgency=URGENCIES[best.category], rule=best.place)


def _turn(category: str, likely: str) -> float:
    """Which category is taken first; of the two kinds of violence the likely one stands before the other."""
    return min(_ORDER["violence_child"], _ORDER["violence_adult"]) - 0.5 if category == likely else _ORDER[category]
