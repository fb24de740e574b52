"""From a text in the content to what one person reads: variant, language, values.

Values from people are escaped, so that their characters never become markup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from bot.dialogue.content import Content, FactText
from bot.dialogue.dates import spell_date
from bot.dialogue.session import Part, Session, Value
from bot.text.variants import Variants, fallback_keys

if TYPE_CHECKING:
    from bot.matching.topic import Topic

BERLIN = ZoneInfo("Europe/Berlin")
PLACEHOLDER = re.compile(r"\{([a-z_][A-Za-z0-9_.\-]*)\}")
_MARKUP = re.compile(r"([\\*_`\[\]>])")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Reader(Struct, frozen=True):
    """Who reads: enough to choose variant and language."""

    audience: str
    band: str
    register: str
    language: str

    @classmethod
    def of(cls, session: Session) -> Reader:
        part = session.part
        return cls(part.audience, part.band, part.register, session.language)


def escape(text: str) -> str:
    """A person's text so that content markup shows it as it is."""
    return _MARKUP.sub(r"\\\1", text)


def pick(content: Content, variants: Variants, reader: Reader) -> str:
    """The text for this reader; a variant that is translated goes before a finer one that is not."""
    if reader.language != "de":
        for key in fallback_keys(reader.audience, reader.band, reader.register):
            text = variants.texts.get(key)
            if text is not None and (translated := content.translate(text, reader.language)) is not None:
                return translated
    return variants.pick(reader.audience, reader.band, reader.register) or next(iter(variants.texts.values()), "")


def spell(value: Value) -> str:
    """A slot's value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ja" if value else "nein"
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, float):
        return f"{value:g}".replace(".", ",")
    if isinstance(value, str) and _ISO_DAY.fullmatch(value):
        return spell_date(date.fromisoformat(value))
    return str(value)


class Texts(Protocol):
    """Placeholder names to texts: a mapping, or what looks them up one by one."""

    def get(self, name: str, default: str, /) -> str: ...


def fill(text: str, values: Texts) -> str:
    """Replaces `{name}`; an unknown name becomes an ellipsis, which `kavi check` never lets through."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], "…"), text)


@dataclass(slots=True)
class Lookup:
    """Placeholder names to texts, looked up only when a text needs them.

    Remembers in `unsure` whether a value of low confidence or past its date was used.
    """

    content: Content
    session: Session
    local: Mapping[str, Value]
    today: date
    unsure: bool = False
    expired: bool = False

    def get(self, name: str, default: str, /) -> str:
        """The text for that name, `default` when nobody knows it."""
        found = self._fact(name)
        if found is not None:
            self.unsure = self.unsure or found.confidence == "low"
            self.expired = self.expired or (found.valid_until is not None and found.valid_until < self.today)
            return self.content.translate_value(found.text, self.session.language)
        value = self._slot(name)
        return default if value is None else value

    def _fact(self, name: str) -> FactText | None:
        land = self._land()
        if name.startswith("land.") and land:
            return self.content.values.get(f"land.{land}.{name[5:]}")
        return self.content.values.get(name)

    def _land(self) -> str:
        return str(self._raw("land") or "")

    def _raw(self, name: str) -> Value:
        if name in self.local:
            return self.local[name]
        slot = self.session.part.slots.get(name)
        return slot.value if slot else None

    def _slot(self, name: str) -> str | None:
        if name == "land":
            return self.content.laender.get(self._land())
        if name == "alias":
            return escape(self.session.alias)
        if name == "human_when":
            said = self.content.when_human_reads(self.session.part.audience)
            return self.content.translate_value(said, self.session.language)
        base, _, field = name.partition(".")
        value = self._raw(base)
        if field and isinstance(value, str) and self.content.prisons is not None:
            entry = self.content.prisons.get(value)
            return None if entry is None else spell(getattr(entry, field, None) or "nicht bekannt")
        if isinstance(value, str) and self.content.prisons is not None and base.startswith("prison"):
            entry = self.content.prisons.get(value)
            return escape(entry.name) if entry is not None else escape(value)
        if name.endswith("_text"):
            return spell(value)  # written by us, handed over by the engine; the loader forbids such slots to editors
        return None if value is None else escape(spell(value))


def berlin_day(at: datetime) -> date:
    """The calendar day in Germany at that moment."""
    return at.astimezone(BERLIN).date()


def names_for_expressions(session: Session, part: Part, local: Mapping[str, Value]) -> dict[str, Value]:
    """What an expression in a flow may name: the person's slots and a few facts about the talk."""
    names: dict[str, Value] = {name: slot.value for name, slot in part.slots.items()}
    names.update(local)
    names.update(
        audience=part.audience,
        band=part.band,
        register=part.register,
        language=session.language,
        consent=bool(session.consent),
        owner=session.owner,
        watched=session.watched,
        shared_phone=len(session.parts) > 1,
    )
    return names


def topic_text(content: Content, topic: Topic, lookup: Lookup, reader: Reader, *, below: bool = True) -> str | None:
    """A topic's answer with next steps as this reader should see it; None if not written for them.

    `below` are notices and sources, for reading only.
    """
    if not reader.audience and tuple(topic.audiences) == ("child",):
        reader = replace(
            reader, audience="child", band="10-13"
        )  # nobody has said who writes, but the question is a child's
    body = Variants(topic.answers).pick(reader.audience, reader.band, reader.register)
    if body is None:
        return None
    parts = [fill(pick(content, Variants(topic.answers), reader), lookup).strip()]
    if below and not _speaks_language(content, topic, reader):
        parts.insert(0, text_of(content, "answer.only_german", reader))
    if below and reader.audience == "parent" and not _is_for_parents(topic):
        parts.insert(0, text_of(content, "answer.for_family", reader))
    if follow := next_steps(content, topic, lookup, reader):
        parts.append(follow)
    if below:
        parts += _notices(content, topic, lookup, reader)
    return "\n\n".join(parts)


def _is_for_parents(topic: Topic) -> bool:
    """Whether the answer speaks to who is or was in prison, or about Kavi, which is the same for all."""
    return "parent" in topic.audiences or topic.id.startswith("bot.")


def _speaks_language(content: Content, topic: Topic, reader: Reader) -> bool:
    """Whether the answer exists in the reader's language: who gets German is told so, kindly."""
    keys = fallback_keys(reader.audience, reader.band, reader.register)
    texts = (topic.answers.get(key) for key in keys)
    return any(text is not None and content.translate(text, reader.language) is not None for text in texts)


def next_steps(content: Content, topic: Topic, lookup: Lookup, reader: Reader) -> str:
    """What somebody can do now, as it stands below the topic's answer; "" where nothing does."""
    if not topic.next or Variants(topic.next).pick(reader.audience, reader.band, reader.register) is None:
        return ""
    title = text_of(content, "answer.next", reader)
    return fill(f"**{title}**\n{pick(content, Variants(topic.next), reader).strip()}", lookup).strip()


def _notices(content: Content, topic: Topic, lookup: Lookup, reader: Reader) -> list[str]:
    """Expired, unsure, unreviewed, machine-translated: said in plain words. Children get none but the expiry.

    The source is named with law and money, to professionals always.
    """
    notices = []
    expired = lookup.expired or (topic.valid_until is not None and topic.valid_until < lookup.today)
    if expired:
        notices.append(text_of(content, "answer.expired", reader))
    if reader.audience == "child":
        return notices
    if (lookup.unsure or topic.confidence == "low") and not expired:
        notices.append(text_of(content, _unsure_key(topic), reader))
    if topic.risk in ("legal", "money") or reader.audience == "staff":
        notices.append(_source_line(content, topic, reader))
    if reader.language != "de" and _speaks_language(content, topic, reader):
        notices.append(text_of(content, "answer.machine_translated", reader))
    return notices


def _unsure_key(topic: Topic) -> str:
    """Whoever knows better is asked: the office that pays, a counselling centre, or the prison."""
    if topic.risk == "money":
        return "answer.unsure_money"
    return "answer.unsure_bund" if topic.scope == "bund" else "answer.unsure"


def _source_line(content: Content, topic: Topic, reader: Reader) -> str:
    names = "; ".join(escape(str(source.name)) for source in topic.sources[: 3 if reader.audience == "staff" else 1])
    marked = topic.risk in ("legal", "money") and topic.reviewed_by is None
    key = "answer.source_unreviewed" if marked else "answer.source"
    return fill(text_of(content, key, reader), {"source": names, "as_of": f"{topic.as_of:%d.%m.%Y}"})


def text_of(content: Content, key: str, reader: Reader) -> str:
    """The engine's own text of that key; the key itself when content lacks it (`kavi check` reports that)."""
    variants = content.texts.get(key)
    return pick(content, variants, reader) if variants is not None else key
