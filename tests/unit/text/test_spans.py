"""Markup in, spans out; nothing a person types becomes a style."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.spans import Span, Styled, foreign, html, join, parse, plain, split, strip


@pytest.mark.parametrize(
    ("markup", "text", "spans"),
    [
        ("**Kavi** hilft", "Kavi hilft", [("bold", "Kavi")]),
        (
            "ein *leises* und _zweites_ Wort",
            "ein leises und zweites Wort",
            [("italic", "leises"), ("italic", "zweites")],
        ),
        (
            "**fett und *schräg* darin**",
            "fett und schräg darin",
            [("bold", "fett und schräg darin"), ("italic", "schräg")],
        ),
        ("`a*b*c`", "a*b*c", [("code", "a*b*c")]),
        ("[die Seite](https://a.de/x)", "die Seite", [("link", "die Seite")]),
        ("> eins\n> zwei\nnach", "eins\nzwei\nnach", [("quote", "eins\nzwei")]),
        ("vor\n> eins", "vor\neins", [("quote", "eins")]),
        ("- Ausweis\n- Geld", "• Ausweis\n• Geld", []),
        (r"\*kein\* \_Stil\_ \[x\] \> \\", "*kein* _Stil_ [x] > \\", []),
        ("snake_case_name und 2 * 3 * 4", "snake_case_name und 2 * 3 * 4", []),
        ("**offen und *auch", "**offen und *auch", []),
        ("**über\nZeilen**", "**über\nZeilen**", []),
        ("[x](javascript:alert)", "[x](javascript:alert)", []),
    ],
)
def test_markup(markup: str, text: str, spans: list[tuple[str, str]]) -> None:
    styled = parse(markup)
    assert styled.text == text
    assert [(span.style, text[span.start : span.end]) for span in styled.spans] == spans


def test_thousands_of_styles_that_nobody_closes_stay_as_typed_and_take_no_time() -> None:
    for markup in ("**a ", "*a ", "_a ", "[a", "`a\n", "[a](https://e.org "):
        begun = time.thread_time()
        assert plain(parse(markup * 5_000)) == markup * 5_000
        assert time.thread_time() - begun < 2.0


def test_plain_names_the_address_behind_its_label() -> None:
    assert plain(parse("Siehe [Liste](https://a.de), dann [Mail](mailto:b@c.de).")) == (
        "Siehe Liste (https://a.de), dann Mail (b@c.de)."
    )
    assert plain(parse("[https://a.de](https://a.de)")) == "https://a.de"


def test_html_is_nested_and_escaped() -> None:
    assert html(parse("**a *b* <c>** & [d](https://e.de/?f=1&g=2)\nh")) == (
        '<strong>a <em>b</em> &lt;c&gt;</strong> &amp; <a href="https://e.de/?f=1&amp;g=2">d</a><br>h'
    )


def test_foreign_text_keeps_its_characters_and_loses_its_tricks() -> None:
    assert foreign("**x** <b>") == Styled("**x** <b>")
    assert strip("a\u202eb\u2066c\x07\r\nd\ufeff\u200b") == "abc\nd"
    assert strip("👩\u200d👧 می\u200cروم") == "👩\u200d👧 می\u200cروم"


def test_join_moves_spans() -> None:
    assert join([parse("**a**"), parse("**b**")], "--") == Styled("a--b", (Span("bold", 0, 1), Span("bold", 3, 4)))


def test_split_prefers_paragraphs_then_sentences_then_words() -> None:
    text = "Erster Absatz. Noch ein Satz.\n\nZweiter Absatz."
    assert [one.text for one in split(Styled(text), 35)] == ["Erster Absatz. Noch ein Satz.", "Zweiter Absatz."]
    assert [one.text for one in split(Styled("Ein Satz hier. Der nächste Satz."), 20)] == [
        "Ein Satz hier.", "Der nächste Satz.",
    ]  # fmt: skip
    assert [one.text for one in split(Styled("eins zwei drei vier"), 10)] == ["eins zwei", "drei vier"]


def test_split_cuts_spans_and_no_emoji() -> None:
    parts = split(parse("**eins zwei** drei"), 6)
    assert [one.text for one in parts] == ["eins", "zwei", "drei"]
    assert [[span.style for span in one.spans] for one in parts] == [["bold"], ["bold"], []]
    family = "👩\u200d👩\u200d👧"
    assert all(one.text.strip(family) == "" for one in split(Styled(family * 6), 7))


def test_split_also_cuts_letters_with_more_accents_than_fit() -> None:
    heap = "a" + "\u0301" * 200
    parts = split(Styled(heap), 90)
    assert "".join(part.text for part in parts) == heap
    assert all(len(part.text) <= 90 for part in parts)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_split_measures_as_the_messenger_does() -> None:
    parts = split(Styled("😀😀😀 😀😀😀"), 6, utf16)
    assert [one.text for one in parts] == ["😀😀😀", "😀😀😀"]
    assert [one.text for one in split(Styled("😀😀😀😀"), 5, utf16)] == ["😀😀", "😀😀"]


MARKUP = st.text(alphabet=st.sampled_from("ab *_`[]()>-\\\n.!?😀é\u0301"), max_size=200)


@given(MARKUP, st.integers(4, 40))
def test_split_loses_no_character_and_keeps_the_limit(markup: str, limit: int) -> None:
    styled = parse(markup)
    parts = split(styled, limit, utf16)
    assert all(utf16(one.text) <= limit for one in parts)
    assert re.sub(r"\s", "", "".join(one.text for one in parts)) == re.sub(r"\s", "", styled.text)
    for one in parts:
        assert all(0 <= span.start < span.end <= len(one.text) for span in one.spans)


@given(MARKUP)
def test_spans_are_nested_and_html_shows_every_character(markup: str) -> None:
    styled = parse(markup)
    for outer in styled.spans:
        for inner in styled.spans:
            assert inner.end <= outer.start or outer.end <= inner.start or (
                (outer.start <= inner.start and inner.end <= outer.end)
                or (inner.start <= outer.start and outer.end <= inner.end)
            )  # fmt: skip
    shown = re.sub(r"<(?!br)[^>]*>", "", html(styled)).replace("<br>", "\n")
    assert shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == styled.text
