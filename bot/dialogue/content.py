"""All content as one immutable value: flows, topics, texts, rules, directories, translations.

The loader builds it; the core only reads it. Reloading means building a new one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from bot.dialogue.told import Hearing
from bot.matching.places import Places
from bot.safety import Finding
from bot.text.variants import Variants

if TYPE_CHECKING:  # loaded with what the content holds of it: the first message need not wait for numpy and rapidfuzz
    from bot.dialogue.course import Course
    from bot.dialogue.flow import Flow
    from bot.dialogue.template import Template
    from bot.matching.directory import Directory
    from bot.matching.index import TopicIndex
    from bot.matching.laender import LandFinder
    from bot.matching.topic import Topic
    from bot.safety.rules import SafetyRules


class FactText(Struct, frozen=True, kw_only=True):
    """A number or rule that lives once in a data file, with its birth certificate."""

    text: str
    source: str = ""
    as_of: str = ""
    valid_until: date | None = None
    confidence: str = "high"
    value: float | None = None  # the same as a number, where the data file gives one
    norm: str = ""  # the paragraph that says so
    place: str = ""


class Commands(Struct, frozen=True):
    """What people type to steer the talk: folded phrase -> command; prefixes introduce corrections.

    `heavy` are folded words by which one hears that it is too much just now.
    """

    phrases: Mapping[str, str] = msgspec.field(default_factory=dict)
    corrections: tuple[str, ...] = ()
    heavy: tuple[str, ...] = ()


SafetyAnswer = Callable[[Finding, str, str, str, str, datetime, str], str]
"""(finding, audience, band, register, language, at, honest time of a human) -> the text to say."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Content:
    """Everything that was written by people and can be reviewed.

    `values` holds data by dotted name (`amounts.kindergeld`, `line.ngk_kjt.number`, `land.BY.visits`); `catalogs` maps
    language -> German text -> translation; `human_when` is what may honestly be said about when a human reads, and
    `human_when_child` says the same to a child.
    """

    flows: Mapping[str, Flow] = field(default_factory=dict)
    texts: Mapping[str, Variants] = field(default_factory=dict)
    topics: Mapping[str, Topic] = field(default_factory=dict)
    titles: frozenset[str] = frozenset()  # of the topics, folded, in every language
    templates: Mapping[str, Template] = field(default_factory=dict)
    courses: Mapping[str, Course] = field(default_factory=dict)
    commands: Commands = field(default_factory=Commands)
    hearing: Hearing = field(default_factory=Hearing)
    index: TopicIndex | None = None
    rules: SafetyRules | None = None
    safety_answer: SafetyAnswer | None = None
    values: Mapping[str, FactText] = field(default_factory=dict)
    laender: Mapping[str, str] = field(default_factory=dict)  # code -> name
    land_finder: LandFinder | None = None
    prisons: Directory | None = None
    centres: Directory | None = None
    places: Places = field(default_factory=Places)
    catalogs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unsigned: tuple[str, ...] = ()  # places of safety answers and help lines that nobody has signed
    for_desk: tuple[object, ...] = ()  # canned answers and checklists: only the desk reads them
    version: str = ""
    consent_version: str = "1"
    can_speak: bool = False  # whether answers can be sent as voice messages (extra `voice`)
    human_when: str = "Eine Beraterin oder ein Berater liest Ihre Nachricht, sobald jemand da ist."
    human_when_child: str = "Ein Mensch aus unserem Team liest deine Nachricht, sobald jemand da ist."

    def __repr__(self) -> str:
        """Short. asyncio looks at a task's result more often than one thinks, and all of it in words takes seconds."""
        return f"<Content {self.version}: {len(self.flows)} flows, {len(self.topics)} topics>"

    def when_human_reads(self, audience: str | None) -> str:
        """The honest time for this reader: children are called du."""
        return self.human_when_child if audience == "child" else self.human_when

    def translate(self, text: str, language: str) -> str | None:
        """The text in that language, or None when it is not translated; German is itself."""
        if language == "de":
            return text
        return self.catalogs.get(language, {}).get(text)

    def translate_value(self, text: str, language: str) -> str:
        """A fact or a time that stands inside a text, sentence by sentence; what nobody translated stays German."""
        catalog = self.catalogs.get(language)
        if language == "de" or not catalog:
            return text
        return catalog.get(text) or " ".join(_sentence(one, catalog) for one in sentences(text))


_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-ZÄÖÜ])")
# What changes from hour to hour inside a sentence: a number, a clock time, a day.
_CHANGING = re.compile(
    r"\d+(?::\d\d)?|\b(?:heute|morgen|am (?:Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag))\b"
)


def sentences(text: str) -> list[str]:
    """The sentences of a value: each is translated once, however many values hold it."""
    return _SENTENCE_END.split(text)


def _sentence(said: str, catalog: Mapping[str, str]) -> str:
    """One sentence; if it is not in the catalogue, the one with `{}` where numbers, times and days stand."""
    known = catalog.get(said) or catalog.get(_CHANGING.sub("{}", said))
    values = (catalog.get(value, value) for value in _CHANGING.findall(said))
    return said if known is None else re.sub(r"\{\}", lambda _: next(values, ""), known)
