"""The translators' PO files: what they list, and that nothing translated is lost."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bot.dialogue.content import Content
from bot.dialogue.flow import Ask, Flow, Option, Step
from bot.loader.nodes import Problems
from bot.loader.translations import (
    catalog_path,
    load_catalogs,
    missing_counts,
    read_catalog,
    update_catalog,
    wanted_texts,
)
from bot.text.variants import Variants


@pytest.fixture
def content() -> Content:
    ask = Ask(
        kind="choose",
        slot="way",
        keep="turn",
        options=(Option(value="on", label=Variants.of("Weiter")),),
        retry=(Variants.of("Nochmal, {name}?"),),
        why=Variants.of("Darum."),
    )
    step = Step(
        name="first", place="", say=Variants({"default": "Hallo\n", "leicht": "Hi", "child": "Na du"}), action=ask
    )
    staff = Flow(
        name="lookup",
        place="",
        version="",
        steps=(Step(name="a", place="", say=Variants.of("Fachlich")),),
        audiences=("staff",),
    )
    flow = Flow(
        name="hello", place="", version="", steps=(step,), title=Variants.of("Begrüßung"), position={"first": 0}
    )
    return Content(texts={"thanks": Variants.of("Danke 100 %")}, flows={"hello": flow, "lookup": staff})


def test_lists_adults_and_children_but_neither_staff_nor_simple_language(content: Content, tmp_path: Path) -> None:
    assert list(wanted_texts(content, tmp_path)) == [
        "Danke 100 %", "Begrüßung", "Hallo\n", "Na du", "Nochmal, {name}?", "Darum.", "Weiter",
    ]  # fmt: skip


def test_says_where_a_text_stands(content: Content, tmp_path: Path) -> None:
    assert update_catalog(content, tmp_path, "en") == (7, 7)
    assert "#. flow hello.first [child]\n" in catalog_path(tmp_path, "en").read_text(encoding="utf-8")


def test_keeps_translations_and_what_has_become_obsolete(content: Content, tmp_path: Path) -> None:
    update_catalog(content, tmp_path, "tr")
    path = catalog_path(tmp_path, "tr")
    path.write_text(
        path.read_text(encoding="utf-8").replace('"Na du"\nmsgstr ""', '"Na du"\nmsgstr "Selam"'), encoding="utf-8"
    )
    assert update_catalog(content, tmp_path, "tr") == (6, 7)
    assert read_catalog(path, Problems()) == {"Na du": "Selam"}
    update_catalog(dataclasses.replace(content, flows={}), tmp_path, "tr")
    assert '#~ msgstr "Selam"' in path.read_text(encoding="utf-8")
    assert update_catalog(content, tmp_path, "tr") == (6, 7)


def test_counts_what_is_missing(content: Content, tmp_path: Path) -> None:
    update_catalog(content, tmp_path, "pl")
    path = catalog_path(tmp_path, "pl")
    path.write_text(
        path.read_text(encoding="utf-8").replace('"Hallo\\n"\nmsgstr ""', '"Hallo\\n"\nmsgstr "Cześć\\n"'),
        encoding="utf-8",
    )
    loaded = dataclasses.replace(content, catalogs=load_catalogs(tmp_path, Problems()))
    assert loaded.translate("Hallo\n", "pl") == "Cześć\n"
    assert missing_counts(loaded, tmp_path) == [("pl", 6, 7)]


def test_a_translation_keeps_every_placeholder() -> None:
    """In what we ship: the same placeholders as the German text, and the same bold marks."""
    from bot.config import Settings, content_root
    from bot.dialogue.rendering import PLACEHOLDER

    for language, catalog in load_catalogs(content_root(Settings()), Problems()).items():
        for german, text in catalog.items():
            assert set(PLACEHOLDER.findall(german)) == set(PLACEHOLDER.findall(text)), (language, german)
            assert german.count("**") % 2 == text.count("**") % 2 == 0, (language, german)
