"""The translators' PO files: dialogues/translations/<language>.po, German text -> translation.

A catalogue lists what families read. Staff texts stay German, and a register or age that has no translation of its own
reads the plain one, so only the plain variants of adults and children are listed.

What stands in these texts as a placeholder (sentences of a Land, spans of time) has a catalogue of its own,
knowledge/translations/<language>.po, by sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.desk.hours import honest_words
from bot.dialogue.content import Content, sentences
from bot.loader.nodes import Problems, read_yaml
from bot.loader.steps import texts_of_step
from bot.text.variants import Variants

TOPICS = "topics.yaml"  # beside the PO files: the topics that are translated; all when it is missing
_ADULT = ("caregiver", "default", "parent")
_PLACEHOLDER = re.compile(r"\{([a-z_0-9.]+)\}")
_STAYS_GERMAN = frozenset({"land.name", "land.law"})
_BARE = re.compile(r"[\d.,]+ ?(Euro|%|Prozent)?")
_CHILD = ("child", "child.10-13", "child.14-17", "child.6-9")


def catalog_path(root: Path, language: str) -> Path:
    """Where that language's PO file lies."""
    return root / "dialogues" / "translations" / f"{language}.po"


def values_path(root: Path, language: str) -> Path:
    """Where that language's PO file of values lies."""
    return root / "knowledge" / "translations" / f"{language}.po"


def load_catalogs(root: Path, problems: Problems) -> dict[str, dict[str, str]]:
    """Both PO files of each language as language -> German text -> translation; fuzzy entries are left out."""
    catalogs: dict[str, dict[str, str]] = {}
    for path in sorted(catalog_path(root, "*").parent.glob("*.po")):
        values = values_path(root, path.stem)
        catalogs[path.stem] = read_catalog(path, problems) | (
            read_catalog(values, problems) if values.is_file() else {}
        )
    return catalogs


def read_catalog(path: Path, problems: Problems) -> dict[str, str]:
    """One PO file. A file that cannot be read is a problem and an empty catalogue."""
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            catalog = read_po(file, locale=path.stem, abort_invalid=True)
    except (PoFileError, ValueError) as error:  # its head holds dates
        shown = path.relative_to(path.parents[2]).as_posix()
        problems.add(shown, getattr(error, "lineno", -1) + 1, 1, f"cannot be read as a PO file: {error}")
        return {}
    return {
        str(message.id): str(message.string)
        for message in catalog
        if message.id and message.string and not message.fuzzy
    }


def wanted_texts(content: Content, root: Path) -> dict[str, list[str]]:
    """Each German text that a translation needs, with the places and variants where it stands."""
    wanted: dict[str, list[str]] = {}
    for place, text in _texts(content, root):
        wanted.setdefault(text, []).append(place)
    return wanted


def _texts(content: Content, root: Path) -> Iterator[tuple[str, str]]:
    for key, variants in content.texts.items():
        if key.startswith(("course.", "told.")):  # courses are for professionals; what is told is known by German words
            continue
        yield from _plain(f"texts {key}", variants)
    for flow in content.flows.values():
        if flow.audiences == ("staff",):
            continue
        yield from _plain(f"flow {flow.name} title", flow.title)
        for step in flow.steps:
            for variants in texts_of_step(step):
                yield from _plain(f"flow {flow.name}.{step.name}", variants)
            for one in step.attachments:
                if one.description:
                    yield f"flow {flow.name}.{step.name} picture", one.description
    for name in _topics(content, root):
        topic = content.topics[name]
        yield from _plain(f"topic {name} answer", Variants(topic.answers))
        yield from _plain(f"topic {name} next", Variants(topic.next))

    for topic in content.topics.values():  # a title stands on buttons, also of answers that are translated
        if tuple(topic.audiences) != ("staff",):
            yield f"topic {topic.id} title", topic.title


def _topics(content: Content, root: Path) -> list[str]:
    path = root / "dialogues" / "translations" / TOPICS
    node = read_yaml(path, str(path.relative_to(root)), Problems()) if path.is_file() else None
    return [name for name in node.texts() if name in content.topics] if node is not None else list(content.topics)


def _plain(place: str, variants: Variants) -> Iterator[tuple[str, str]]:
    """The plain text for adults and the one for children."""
    picked = [next((key for key in keys if key in variants.texts), None) for keys in (_ADULT, _CHILD)]
    keys = [key for key in picked if key is not None] or [key for key in variants.texts if key != "staff"][:1]
    for key in keys:
        if variants.texts[key].strip():
            yield f"{place} [{key}]", variants.texts[key]


def wanted_values(content: Content, root: Path) -> dict[str, list[str]]:
    """The sentences and words that stand for placeholders of the translated texts, with the values that hold them.

    A bare number ("259 Euro") reads the same everywhere. Names of Länder, laws and help lines stay German.
    """
    used = {name for text in wanted_texts(content, root) for name in _PLACEHOLDER.findall(text)}
    wanted: dict[str, list[str]] = {}
    for name, fact in content.values.items():
        field = ".".join(("land", *name.split(".")[2:])) if name.startswith("land.") else name
        if field not in used or field in _STAYS_GERMAN or field.startswith("line."):
            continue
        for sentence in sentences(fact.text):
            if not _BARE.fullmatch(sentence):
                wanted.setdefault(sentence, []).append(name)
    for said in (content.human_when, content.human_when_child, *honest_words()):
        for sentence in sentences(said):
            wanted.setdefault(sentence, []).append("human_when")
    return wanted


def missing_values(content: Content, root: Path) -> list[tuple[str, int, int]]:
    """As `missing_counts`, of the values."""
    wanted = wanted_values(content, root) if content.catalogs else {}
    return [
        (language, sum(text not in catalog for text in wanted), len(wanted))
        for language, catalog in sorted(content.catalogs.items())
    ]


def missing_counts(content: Content, root: Path) -> list[tuple[str, int, int]]:
    """For each language with a catalogue: its name, how many texts it lacks, how many are wanted."""
    wanted = wanted_texts(content, root) if content.catalogs else {}
    return [
        (language, sum(text not in catalog for text in wanted), len(wanted))
        for language, catalog in sorted(content.catalogs.items())
    ]


def update_catalog(content: Content, root: Path, language: str) -> tuple[int, int]:
    """Writes that language's PO file anew: what is wanted, with the translations that are there.

    A translation whose German text is gone stays at the end as obsolete. Returns how many are missing and how many are
    wanted.
    """
    return _renew(catalog_path(root, language), language, wanted_texts(content, root))


def update_values(content: Content, root: Path, language: str) -> tuple[int, int]:
    """As `update_catalog`, of the values."""
    return _renew(values_path(root, language), language, wanted_values(content, root))


def _renew(path: Path, language: str, wanted: Mapping[str, list[str]]) -> tuple[int, int]:
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po, write_po

    old = Catalog(locale=language)
    if path.is_file():
        with path.open("rb") as file:
            old = read_po(file, locale=language)
    new = Catalog(locale=language, project="Kavi", fuzzy=False)
    for text, places in wanted.items():
        known = old.get(text) or old.obsolete.get(text)
        string = str(known.string) if known is not None and known.string else ""
        flags = known.flags - {"python-brace-format", "python-format"} if known is not None else ()
        message = new.add(
            text, string, flags=flags, auto_comments=places, user_comments=known.user_comments if known else ()
        )
        message.flags -= {"python-brace-format", "python-format"}  # our placeholders are not Python's
    for text, known in (
        *((str(message.id), message) for message in old),
        *((str(key), row) for key, row in old.obsolete.items()),
    ):
        if text and known.string and text not in wanted:
            new.obsolete[text] = known
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, new, width=0, omit_header=False)
    return sum(not message.string for message in new if message.id), len(wanted)
