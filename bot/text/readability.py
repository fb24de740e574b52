"""How easy a German text in plain language reads: what stands out in each sentence, by rules that are data.

Measures only what can be counted without grammar: length, long words, genitive after its articles, passive and subjunctive by
their verbs, negation, hard words of a list. It does not replace the people who test a text by reading it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Kind = str  # one of KINDS
KINDS = ("words", "letters", "commas", "genitive", "passive", "konjunktiv", "hard")

_PLACEHOLDER = re.compile(r"\{[a-z_][A-Za-z0-9_.\-]*\}")
_LINK = re.compile(r"https?://\S+|\bwww\.\S+|\b[\w-]+\.(?:de|org|net|com)\b")
_MARK = re.compile(r"[*_`]|^\s*(?:-|\d+\.)\s+", re.MULTILINE)
_END = re.compile(r"(?<=[.!?:;])[”“\")]*\s+|\n+")
_ABBREVIATION = re.compile(r"\b(?:z|d|u|i|Nr|Abs|ca|bzw|ggf|usw|inkl|max|mind|Tel|St)\.\s?(?:[A-Za-z]\.)*")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_WERDEN = re.compile(r"\b(?:wird|werden|wirst|wurde|wurden|worden)\b", re.IGNORECASE)
# A participle that is no infinitive: ge…t, ge…en, with a prefix before it, or be-/er-/ver-/ent-/zer-…t, -iert.
_PARTICIPLE = re.compile(
    r"\b(?:[a-zäöü]{2,6})?ge[a-zäöüß]{2,}(?:t|en)\b|\b(?:be|er|ver|ent|zer|über|unter)[a-zäöüß]{3,}t\b|\b[a-zäöüß]{3,}iert\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRules:
    """The limits and word lists; percentages from 0 to 100. Words are compared without regard to case."""

    words: int = 12
    letters: int = 14
    commas: int = 1
    negation: int = 34
    findings: int = 25
    known: frozenset[str] = frozenset()
    negations: frozenset[str] = frozenset()
    konjunktiv: frozenset[str] = frozenset()
    genitive: frozenset[str] = frozenset()
    hard: Mapping[str, str] = field(default_factory=dict)  # hard word -> an easier one


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that makes a sentence harder than it need be; `what` is the word or number, with advice where there is one."""

    kind: Kind
    what: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A text in figures. `hard` counts the sentences in which something stands out."""

    sentences: int
    words: int
    hard: int
    negated: int
    findings: tuple[Finding, ...]

    def too_hard(self, rules: PlainRules) -> bool:
        """Whether more stands out than the rules allow. A single sentence in a short text is not much yet."""
        return self.hard > 1 and 100 * self.hard > rules.findings * self.sentences

    def negates_too_much(self, rules: PlainRules) -> bool:
        """Whether more sentences deny something than the rules allow."""
        return self.negated > 2 and 100 * self.negated > rules.negation * self.sentences


def measure(text: str, rules: PlainRules) -> Measured:
    """Measures one text."""
    found: list[Finding] = []
    sentences = hard = words = negated = 0
    for sentence in sentences_of(text):
        said = _WORD.findall(sentence)
        sentences += 1
        words += len(said)
        negated += any(word.casefold() in rules.negations for word in said)
        own = list(_findings(sentence, said, rules))
        hard += bool(own)
        found += own
    return Measured(sentences, words, hard, negated, tuple(found))


def total(measured: Iterable[Measured]) -> Measured:
    """Many texts as one, without their findings."""
    rows = list(measured)
    return Measured(
        sum(row.sentences for row in rows),
        sum(row.words for row in rows),
        sum(row.hard for row in rows),
        sum(row.negated for row in rows),
        (),
    )


def sentences_of(text: str) -> list[str]:
    """The sentences: a line of its own is one, a colon ends one. Markup and links fall away; a placeholder is one word."""
    plain = _MARK.sub("", _LINK.sub("Adresse", _PLACEHOLDER.sub("Angabe", text)))
    held = _ABBREVIATION.sub(lambda found: found[0].replace(".", "․").replace(" ", "\u00a0"), plain)
    parts = (part.replace("․", ".").replace("\u00a0", " ").strip() for part in _END.split(held))
    return [part for part in parts if _WORD.search(part)]


def _findings(sentence: str, said: Sequence[str], rules: PlainRules) -> Iterator[Finding]:
    low = [word.casefold() for word in said]
    if len(said) > rules.words:
        yield Finding("words", f"{len(said)} Wörter", sentence)
    for word in said:
        if max(len(part) for part in word.split("-")) > rules.letters and word.casefold() not in rules.known:
            yield Finding("letters", word, sentence)
    if sentence.count(",") > rules.commas:
        yield Finding("commas", f"{sentence.count(',')} Kommas", sentence)
    for article, noun in zip(low, said[1:], strict=False):
        if article in rules.genitive and noun[0].isupper() and noun[-1] in "sß":
            yield Finding("genitive", f"{article} {noun}", sentence)
    werden = _WERDEN.search(sentence)
    if werden:
        participle = _PARTICIPLE.search(sentence, werden.end())
        if participle is None and werden[0] == "werden":  # "muss angemeldet werden": the participle stands before
            participle = _PARTICIPLE.search(sentence, 0, werden.start())
        if participle and participle[0] not in ("gegen", "gerne", "gestern", "gesten", "genug"):
            yield Finding("passive", f"{participle[0]} … {werden[0]}", sentence)
    for word in low:
        if word in rules.konjunktiv:
            yield Finding("konjunktiv", word, sentence)
    padded = f" {sentence.casefold()} "
    for hard, easier in rules.hard.items():
        at = padded.find(hard.casefold())
        if at > 0 and not padded[at - 1].isalpha() and not padded[at + len(hard)].isalpha():
            yield Finding("hard", f"{hard} → {easier}", sentence)
