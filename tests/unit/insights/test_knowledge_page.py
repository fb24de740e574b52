"""The page of all topics, and where each number of a topic comes from."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from msgspec import structs

from bot.dialogue.content import Content, FactText
from bot.insights.knowledge_page import knowledge_page, rows_of
from bot.insights.provenance import expires, used_by, validity, written_numbers
from bot.insights.wording import GROUPS
from bot.matching.topic import Topic

TODAY = date(2026, 11, 25)
VOID = {"meta", "input"}


class Page(HTMLParser):
    """Reads a page strictly: each tag is closed in order. `cards` are the attributes of the topics' articles."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cards: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "article":
            self.cards.append(values)
        self.links += [str(values[name]) for name in ("src", "href") if tag != "a" and values.get(name)]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(content: Content, today: date = TODAY) -> Page:
    page = Page()
    page.feed(knowledge_page(content, today))
    assert page.open == []
    return page


def test_every_topic_stands_on_the_page_once_with_its_sources_and_nothing_comes_from_the_network(
    content: Content,
) -> None:
    page = read(content)
    assert Counter(str(card["id"]) for card in page.cards) == Counter(list(content.topics))
    for topic in content.topics.values():
        assert all(source.name in page.text for source in topic.sources)
    assert page.links == []
    groups = {topic_id.partition(".")[0] for topic_id in content.topics}
    assert all(f"{GROUPS[group]} " in page.text for group in groups), "each group has its German name"
    assert "@import" not in page.text
    assert "url(" not in page.text


def test_what_expires_within_90_days_is_listed_first_and_marked(content: Content) -> None:
    page = read(content, date(2026, 12, 1))
    soon = {str(card["id"]) for card in page.cards if card["data-validity"] == "soon"}
    expected = {
        topic.id
        for topic in content.topics.values()
        if (day := expires(topic, used_by(topic, content))) is not None
        and date(2026, 12, 1) <= day <= date(2026, 12, 1) + timedelta(days=90)
    }
    assert soon == expected != set()
    assert all(row.validity == "over" for row in rows_of(content, date(2099, 1, 1)) if row.day)


def test_an_amount_that_expires_takes_its_topic_along(content: Content) -> None:
    topic = content.topics["money.child_benefit"]
    used = used_by(topic, content)
    values = {**content.values, used[0].name: structs.replace(used[0].fact, valid_until=date(2026, 11, 26))}
    changed = replace(content, values=values)
    assert expires(topic, used_by(topic, changed)) == date(2026, 11, 26)


@pytest.mark.parametrize(("days", "expected"), [(None, "open"), (-1, "over"), (0, "soon"), (90, "soon"), (91, "valid")])
def test_the_four_states_of_validity(days: int | None, expected: str) -> None:
    day = None if days is None else TODAY + timedelta(days=days)
    assert validity(day, TODAY) == expected


def test_what_stands_in_the_content_cannot_become_markup(content: Content) -> None:
    topic = structs.replace(content.topics["visit.apply"], title='<script>alert("x")</script>', related=())
    assert "<script>alert" not in knowledge_page(replace(content, topics={topic.id: topic}), TODAY)


def test_a_value_of_the_laender_is_traced_to_each_land(content: Content) -> None:
    names = {one.name for one in used_by(content.topics["visit.minimum_time"], content)}
    assert {f"land.{code}.visits" for code in content.laender} <= names


# ------------------------------------------------------------------ must show: every number has a source


def test_every_number_in_every_answer_is_traced_to_a_data_file_or_is_no_fact_of_its_own(content: Content) -> None:
    for topic in content.topics.values():
        for used in used_by(topic, content):
            assert used.fact.place, used.name
            assert used.fact.source or used.name.endswith(".name"), f"{used.name} names no source"
        assert [one for one in written_numbers(topic) if one.kind == "unknown"] == [], topic.place


@pytest.mark.parametrize(("text", "kinds"), [
    ("Das kostet 563 Euro.", ["unknown"]), ("Rufen Sie 0800 1110111 an.", ["unknown", "unknown"]),
    ("§ 119 Abs. 1 StPO", ["law", "law"]), ("Bei Gefahr 112.", ["emergency"]), ("Ab 14 Jahren", ["age"]),
    ("seit 2024", ["year"]), ("1. Anrufen\n2. Warten", ["counting", "counting"]), ("CM/Rec(2018)5", ["reference", "reference"]),
    ("{amounts.rent} im Monat", []), ("Der Besuch dauert 60 Minuten.", ["unknown"]),
])  # fmt: skip
def test_a_number_of_its_own_is_told_from_a_paragraph_an_age_or_a_list(
    content: Content, text: str, kinds: list[str]
) -> None:
    topic: Topic = structs.replace(content.topics["visit.apply"], answers={"caregiver": text}, next={})
    assert [one.kind for one in written_numbers(topic)] == kinds


def test_a_number_without_a_source_would_be_seen(content: Content) -> None:
    values = {
        name: structs.replace(fact, source="") if name.startswith("amounts.") else fact
        for name, fact in content.values.items()
    }
    used = used_by(content.topics["money.child_benefit"], replace(content, values=values))
    assert any(not one.fact.source for one in used)
    assert isinstance(used[0].fact, FactText)
