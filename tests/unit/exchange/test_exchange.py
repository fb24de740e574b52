"""Laws of the exchange, tried with random people; and its table in the README."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.exchange import Exchange, Institution, decide
from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.state import STATES, institution_from, need_from, referral_from, to_text
from bot.exchange.table import TABLE
from bot.vault.codes import hash_of

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
README = Path(__file__).parents[3] / "bot" / "README.md"
PEOPLE = ("pro", "mum", "dad", "serve1", "serve2", "serve3")
NEED, CONTACT, REPLY = "the-need", "the-contact", "the-reply"
BEGUN = Exchange(
    institutions={
        "i1": Institution(id="i1", name="One", kinds=("Beratung",), laender=("HE",), people=("serve1", "serve2")),
        "i2": Institution(id="i2", name="Two", kinds=("Beratung",), people=("serve3",), code_hash=hash_of("JOIN2000"), code_until=2e9),
    }
)  # fmt: skip

STEP = st.tuples(
    st.sampled_from(["refer", "code", "consent", "consent", "withdraw", "answer", "answer", "open", "list", "mine", "confirm",
                     "join", "find", "contacts", "people", "timer", "forget", "nonsense"]),
    st.sampled_from(PEOPLE),
    st.integers(0, 6),  # which referral
    st.sampled_from(["look", "accept", "refuse", "met", "close", "return", "ja", "nein", "leave", "pause", "keep"]),
    st.sampled_from([1.0, 3600.0, 90_000.0, 400_000.0]),
)  # fmt: skip


def make(exchange: Exchange, step: tuple[str, str, int, str, float], at: datetime, number: int) -> ev.Event:
    what, who, which, answer, _ = step
    codes = sorted(exchange.referrals) or ["NOTHING0"]
    code = codes[which % len(codes)]
    if what == "timer":
        names = [f"nudge|{code}", f"expire|{code}", "confirm|i1", "confirm|gone", "odd"]
        return ev.TimerDue(at=at, name=names[which % len(names)])
    if what == "forget":
        return ev.Forgotten(at=at, conversation=who)
    values = {"code": code, "answer": answer, "agreed": answer, "reply": REPLY, "contact": CONTACT, "need": NEED, "land": "HE",
              "kind": "Beratung", "service": ("i1", "i2", "gone")[which % 3], "reason": "voll"}  # fmt: skip
    return ev.FormSent(at=at, conversation=who, form=what, values=values, fresh=f"C0DE{number:04}")


@given(st.lists(STEP, max_size=60))
def test_words_reach_only_those_who_may_read_them(steps: list[tuple[str, str, int, str, float]]) -> None:
    exchange, at = BEGUN, START
    for number, step in enumerate(steps):
        at += timedelta(seconds=step[4])
        before = exchange
        event = make(exchange, step, at, number)
        decision = decide(exchange, event)
        assert decide(exchange, event) == decision, "the same input gives the same decision"
        exchange = decision.exchange
        for effect in decision.effects:
            if isinstance(effect, fx.StartFlow):
                check(before, exchange, event, effect)
        for one in exchange.referrals.values():
            assert referral_from(to_text(one)) == one
            assert one.live or one.code not in exchange.needs, "what is over keeps no words"
        for need in exchange.needs.values():
            assert need_from(to_text(need)) == need
        for institution in exchange.institutions.values():
            assert institution_from(to_text(institution)) == institution


def check(before: Exchange, after: Exchange, event: ev.Event, effect: fx.StartFlow) -> None:
    slots = dict(effect.slots)
    referral = after.referrals.get(slots.get("code", "")) or before.referrals.get(slots.get("code", ""))
    if referral is None:  # the way to a code: the professional's own words come back to the professional
        assert NEED not in slots.values() or (
            isinstance(event, ev.FormSent) and effect.conversation == event.conversation
        )
        return
    people = after.institutions[referral.institution].people
    former = before.institutions[referral.institution].people
    if NEED in slots.values():
        agreed = referral.state not in ("offered",)
        assert effect.conversation == referral.family or (agreed and effect.conversation in people)
    if CONTACT in slots.values():
        assert effect.conversation in people
        assert referral.state not in ("offered",)
    if REPLY in slots.values():
        assert effect.conversation == referral.family
    allowed = {referral.professional, referral.family, *people, *former}
    asked = isinstance(event, ev.FormSent) and effect.conversation == event.conversation
    assert effect.conversation in allowed or asked, "nobody else hears of it"


@given(st.lists(STEP, max_size=40))
def test_every_form_is_answered(steps: list[tuple[str, str, int, str, float]]) -> None:
    """Whoever sends a form hears something, except where the flow itself has thanked already."""
    exchange, at = BEGUN, START
    quiet = {"consent", "withdraw", "answer", "confirm", "nonsense"}
    for number, step in enumerate(steps):
        at += timedelta(seconds=step[4])
        event = make(exchange, step, at, number)
        decision = decide(exchange, event)
        exchange = decision.exchange
        if isinstance(event, ev.FormSent) and event.form not in quiet:
            told = [
                one
                for one in decision.effects
                if isinstance(one, fx.StartFlow) and one.conversation == event.conversation
            ]
            assert told, event


def drawn() -> str:
    rows = [f"| event | {' | '.join(STATES)} |", f"|---|{'---|' * len(STATES)}"]
    rows += [f"| {kind} | {' | '.join(row[state] for state in STATES)} |" for kind, row in TABLE.items()]
    return "\n".join(rows) + "\n"


def test_the_readme_shows_the_table() -> None:
    begin, end = "<!-- exchange table -->\n", "<!-- end of exchange table -->\n"
    text = README.read_text(encoding="utf-8")
    assert text[text.index(begin) + len(begin) : text.index(end)] == drawn()
