"""The translators' PO files: what they list, and that nothing translated is lost."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bot.dialogue.content import Content, FactText
from bot.dialogue.flow import Ask, Flow, Option, Step
from bot.loader.nodes import Problems
from bot.loader.translations import (
    catalog_path,
    load_catalogs,
    missing_counts,
    read_catalog,
    update_catalog,
    update_values,
    values_path,
    wanted_texts,
    wanted_values,
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


def test_values_in_texts_are_listed_by_sentence_without_bare_numbers_and_help_lines(
    content: Content, tmp_path: Path
) -> None:
    values = {
        "land.BY.visits": FactText(text="Eine Stunde im Monat. Fragen Sie nach."),
        "land.HH.visits": FactText(text="Zwei Stunden im Monat. Fragen Sie nach."),
        "land.BY.youth": FactText(text="Das fragt niemand."),
        "amounts.fare": FactText(text="259 Euro"),
        "line.help.number": FactText(text="0800 000"),
    }
    texts = {"rule": Variants.of("{land.visits} {amounts.fare} {line.help.number}")}
    wanted = wanted_values(dataclasses.replace(content, texts=texts, values=values), tmp_path)
    of_facts = [text for text, places in wanted.items() if places[0] != "human_when"]
    assert of_facts == ["Eine Stunde im Monat.", "Fragen Sie nach.", "Zwei Stunden im Monat."]


def test_every_time_that_a_human_reads_is_a_sentence_for_translators(content: Content, tmp_path: Path) -> None:
    assert wanted_values(content, tmp_path).keys() >= {"Die Beratung liest wieder {} ab {} Uhr.", "am Montag"}


def test_both_catalogues_of_a_language_are_read_as_one(content: Content, tmp_path: Path) -> None:
    update_catalog(content, tmp_path, "tr")
    update_values(content, tmp_path, "tr")
    path = values_path(tmp_path, "tr")
    path.write_text(
        path.read_text(encoding="utf-8").replace('"heute"\nmsgstr ""', '"heute"\nmsgstr "bugün"'), encoding="utf-8"
    )
    assert load_catalogs(tmp_path, Problems()) == {"tr": {"heute": "bugün"}}
