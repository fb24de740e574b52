"""The survey in a whole conversation: what is counted, what is kept nowhere, and who decides about it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.app import begin_with
from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.dialogue.flow import Ask
from bot.dialogue.session import Part
from bot.insights.questions import ANSWERED, QUESTIONS, TAKEN, randomised, survey_counts
from bot.ports import Address, Inbound, Store, Tally
from bot.service.conversations import Conversations
from bot.storage.memory import MemoryStore
from bot.storage.sqlite import SqliteStore

AT = datetime(2026, 11, 25, 14, 17, 3, tzinfo=UTC)
HERE = Address(messenger="terminal", account="terminal:kavi", chat="survey")
ALL_WEEKS = ("2000-W01", "2099-W52")
ANSWERS = ["umfrage", "ja", "Bayern", "2", "1", "3", "1", "1", "1, 3", "2", "4", "1, 2", "3", "1", "2", "1"]


def never(n: int) -> int:
    """A draw that never exchanges an answer."""
    return 0


def asked(content: Content) -> dict[str, Ask]:
    flow = content.flows["survey"]
    return {
        step.action.slot.removeprefix("survey_"): step.action for step in flow.steps if isinstance(step.action, Ask)
    }


async def talk(
    store: Store, content: Content, texts: Sequence[str], consent: str = "v1", audience: str = "caregiver"
) -> None:
    await begin_with(store, HERE, Session(consent=consent, parts={"adult": Part(audience=audience)}))
    conversations = Conversations(content, store, receivers={"survey": survey_counts(never, tuple(content.laender))})
    for number, text in enumerate(texts):
        at = AT + timedelta(seconds=20 * number)
        await store.receive([Inbound(address=HERE, external_id=f"m{number}", kind="text", at=at, text=text)], None)
        for lane in await store.claim("w", at, 10):
            await store.commit(await conversations.decide(lane, at))


async def counted(store: Store) -> dict[tuple[str, str], int]:
    found = [tally for tally in await store.tallies(*ALL_WEEKS) if tally.name == "survey"]
    assert {tally.week for tally in found} <= {"2026-W48"}
    for tally in found:
        about = dict(tally.values)
        assert about["land"] == ("BY" if about["question"] in ("taken", "way", "obstacles") else "--"), (
            "no more than is published"
        )
    return {(dict(one.values)["question"], dict(one.values)["answer"]): one.number for one in found}


def test_flow_and_counting_know_the_same_answers(content: Content) -> None:
    flow = asked(content)
    assert set(flow) - {"agreed", "land", "count"} == {question.id for question in QUESTIONS}
    for question in QUESTIONS:
        ask = flow[question.id]
        assert tuple(option.value for option in ask.options) == question.answers, question.id
        assert (ask.most or 1) == question.most, question.id
        assert ask.skip, "every question may be skipped"
        assert ask.keep == "turn", "no answer outlives the survey"
    assert len(QUESTIONS) + 1 == 14
    assert {question.id for question in QUESTIONS if question.sensitive} == {"knows", "arrest"}


async def test_answers_become_numbers_and_remain_nowhere(content: Content, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "kavi.sqlite", bytes(range(32)))
    await store.open()
    await talk(store, content, [*ANSWERS, "ja"])
    found = await counted(store)
    assert found[TAKEN, ANSWERED] == 1
    assert found["obstacles", "cost"] == found["obstacles", "distance"] == found["obstacles", ANSWERED] == 1
    assert found["contact", "visit"] == found["contact", "phone"] == 1
    assert found["knows", "story"] == 1
    here = store.conversation_id(HERE)
    assert await store.transcript(here) == []
    session = Session.from_text(await store.session_of(here) or "{}")
    assert set(session.part.slots) == {"survey_done"}
    assert all(not frame.local for frame in session.part.frames)
    assert [document async for document in _documents(store)] == []
    await store.close()
    with sqlite3.connect(tmp_path / "kavi.sqlite") as db:
        assert db.execute("SELECT sql FROM sqlite_master WHERE name = 'tally'").fetchone()[0].endswith("WITHOUT ROWID")
        assert {len(row) for row in db.execute("SELECT * FROM tally")} == {4}, (
            "week, name, values, number: no time, no order"
        )
        facts = db.execute('SELECT name, "values" FROM fact').fetchall()
    db.close()
    assert not [fact for fact in facts if "survey" in fact[0] + fact[1]]


async def _documents(store: Store):  # type: ignore[no-untyped-def]  # an iterator for the test above
    for kind in ("form.survey", "gap", "form"):
        for document in await store.documents(kind):
            yield document


@pytest.mark.parametrize("end", [["nein"], ["stopp"], []], ids=["no", "stop", "silence"])
async def test_nothing_counts_without_the_last_yes(content: Content, end: list[str]) -> None:
    store = MemoryStore()
    await talk(store, content, [*ANSWERS, *end])
    assert await counted(store) == {}


async def test_without_consent_it_does_not_begin(content: Content) -> None:
    store = MemoryStore()
    await talk(store, content, ["umfrage", "ja", "Bayern"], consent="")
    assert await counted(store) == {}


async def test_words_of_danger_can_be_read_by_a_counsellor(content: Content) -> None:
    store = MemoryStore()
    await talk(store, content, [*ANSWERS[:5], "ich will nicht mehr leben"])
    texts = [text for who, text, _ in await store.transcript(store.conversation_id(HERE)) if who.startswith("person")]
    assert texts == ["ich will nicht mehr leben"]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"land": "Entenhausen", "way": "'; DROP TABLE tally"},
        {"obstacles": "cost, " * 2000, "knows": "x" * 10_000},
        {"contact": "none, visit, phone"},
    ],
)
def test_a_form_with_nonsense_counts_only_closed_answers(values: dict[str, str]) -> None:
    known = {(q.id, answer) for q in QUESTIONS for answer in (*q.answers, ANSWERED)} | {(TAKEN, ANSWERED)}
    for tally in survey_counts(never, ("BY",))(values, AT):
        about = dict(tally.values)
        assert (about["question"], about["answer"]) in known
        assert about["land"] == "--"
    contacts = [dict(one.values)["answer"] for one in survey_counts(never, ())({"contact": "none, visit"}, AT)]
    assert contacts == [ANSWERED, ANSWERED, "none"], "whoever had no contact had no visit"


def test_a_sensitive_answer_is_exchanged_in_half_of_the_cases() -> None:
    draws = iter([1, 2, 0])  # exchange it for the third one; leave it
    assert randomised("a", ("a", "b", "c"), lambda n: next(draws)) == "c"
    assert randomised("a", ("a", "b", "c"), lambda n: next(draws)) == "a"


def test_the_week_is_berlins(content: Content) -> None:
    sunday_evening = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)  # Monday half past midnight in Berlin
    assert Tally.of("survey", sunday_evening, {}).week == "2026-W49"
    assert replace(Tally.of("x", AT, {"b": "1", "a": "2"})).values == (("a", "2"), ("b", "1"))
    assert Counter([Tally.of("x", AT, {})])[Tally.of("x", AT + timedelta(hours=3), {})] == 1
