"""Laws of the turn, tried with random people, counsellors and timers on the shipped content."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.dialogue import Session, events, turn, understand
from bot.dialogue import effects as fx
from bot.dialogue.content import Content

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

SAID = st.one_of(
    st.text(max_size=60),
    st.sampled_from([
        "1", "2", "3", "ja", "nein", "menü", "mensch", "stopp", "zurück", "überspringen", "warum?", "vergiss mich",
        "Bayern", "nächsten Dienstag", "7", "31.2.", "nein, ich meinte 4", "schnell weg", "einfache sprache", "hilfe",
        "mein kind schreibt jetzt", "erwachsene", "was weißt du über mich", "sprache", "erster besuch", "beschwerde",
        "Wie lange darf ich in Bayern besuchen?", "ich will nicht mehr leben", "papa haut mich immer", "hallo", "danke",
        "bot", "gefühle", "\u202e\u0000", "🙂", "/start", "wie geht es mir", "nachschlagen", "nochmal",
    ]),
)  # fmt: skip

KINDS = st.sampled_from([
    "said", "said", "said", "said", "pressed", "media", "edited", "deleted", "reacted", "started", "left", "undecryptable",
    "timer", "claimed", "counsellor_said", "counsellor_edited", "released", "requeued", "closed", "news", "flow", "announced",
])  # fmt: skip
STEP = st.tuples(KINDS, SAID, st.integers(0, 9), st.sampled_from([0.5, 3.0, 60.0, 7200.0, 90000.0]))


def make_event(content: Content, session: Session, kind: str, text: str, number: int, at: datetime) -> events.Event:
    """An event of the kind, as the world could send it to this session."""
    known = understand(content, session, text, at)
    frames = session.part.frames
    question = frames[-1].question if frames and number % 2 else session.part.offers_question if number % 3 else "q0.0"
    timers = [*session.reminders, "question", "safety-silence", "unknown"]
    made: dict[str, events.Event] = {
        "said": events.Said(at=at, text=text, message="m", understanding=known),
        "pressed": events.Pressed(at=at, question=question, option=number, label="x"),
        "media": events.MediaSent(at=at, kind="photo"),
        "edited": events.Edited(at=at, text=text, message="m", understanding=known),
        "deleted": events.Deleted(at=at, message="m"),
        "reacted": events.Reacted(at=at, emoji="1️⃣", message="m"),
        "started": events.Started(at=at, payload=["", "land-BY", "role-child", "from-poster"][number % 4]),
        "left": events.Left(at=at),
        "undecryptable": events.Undecryptable(at=at),
        "timer": events.TimerFired(at=at, timer=timers[number % len(timers)], fence=max(0, session.fence - number % 3)),
        "claimed": events.Claimed(at=at, counsellor="c", alias="Nora"),
        "counsellor_said": events.CounsellorSaid(at=at, counsellor="c", text=text, message="c1"),
        "counsellor_edited": events.CounsellorEdited(at=at, counsellor="c", message="c1", text=None),
        "released": events.Released(at=at, counsellor="c"),
        "requeued": events.Requeued(at=at, reason="shift"),
        "closed": events.Closed(at=at, counsellor="c", outcome="done"),
        "news": events.DeskNews(at=at, text_key="queue.noted"),
        "flow": events.FlowStarted(at=at, flow="first-visit"),
        "announced": events.Announced(at=at, text="Hinweis"),
    }
    return made[kind]


def check_laws(before: Session, event: events.Event, result: object) -> None:
    """What must hold after every turn."""
    from bot.dialogue import Turn

    assert isinstance(result, Turn)
    session, effects = result.session, result.effects
    assert Session.from_text(session.to_text()) == session
    replies = [effect for effect in effects if isinstance(effect, fx.Reply)]
    bot_replies = [
        reply for reply in replies if not reply.source.startswith(("counsellor:", "step:repair.quick_exit."))
    ]
    person = isinstance(event, (events.Said, events.Pressed, events.MediaSent, events.Undecryptable, events.Started))
    if person and before.owner != "counsellor":
        assert replies, f"silent in {before.owner} after {type(event).__name__}"
    if before.owner == "counsellor" and session.owner == "counsellor" and not isinstance(event, events.Claimed):
        automatic = isinstance(event, events.TimerFired) and event.timer == "safety-silence"
        assert automatic or not bot_replies, f"two voices after {type(event).__name__}"
        assert len(bot_replies) <= 1
    for reply in replies:
        assert reply.text.strip() or reply.attachments or reply.source.startswith("counsellor:")
    troubles = [effect for effect in effects if isinstance(effect, fx.ReportTrouble)]
    assert not troubles, troubles


EXAMPLES = 1000 if os.environ.get("KAVI_TEST_LONG") else 120  # talks; with 1000 well over 10,000 turns


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEP, min_size=1, max_size=30), shift=st.integers(0, 10_000))
def test_any_talk_keeps_the_laws(content: Content, steps: list[tuple[str, str, int, float]], shift: int) -> None:
    session, at = Session(), START + timedelta(minutes=shift)
    for kind, text, number, pause in steps:
        at += timedelta(seconds=pause)
        event = make_event(content, session, kind, text, number, at)
        result = turn(content, session, event)
        assert turn(content, session, event) == result, "the same input gives the same turn"
        check_laws(session, event, result)
        session = Session.from_text(result.session.to_text())
