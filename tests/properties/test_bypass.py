"""The safety layer cannot be walked around: every place of every flow, owner, language and kind of event raises one alert."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.dialogue import Session, Turn, events, turn, understand
from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.dialogue.flow import Ask, Wait
from bot.dialogue.session import Frame, Owner, Part
from tests.crisis import CRISIS, SPLIT

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
KINDS = ("text", "caption", "edit", "button", "restart", "burst", "split")
OWNERS: tuple[Owner, ...] = ("bot", "queue", "counsellor", "closed")
READERS = (("caregiver", ""), ("child", "6-9"), ("child", "14-17"), ("parent", ""), ("staff", ""), ("", ""))


@dataclass
class Heard:
    """A conversation and the alerts that it raised."""

    content: Content
    session: Session
    now: datetime = NOON
    alerts: int = 0
    replies: int = 0

    def happen(self, event: events.Event) -> None:
        result: Turn = turn(self.content, self.session, event)
        self.session = Session.from_text(result.session.to_text())
        self.alerts += sum(isinstance(one, fx.RaiseAlert) and one.level == "alert" for one in result.effects)
        self.replies += sum(isinstance(one, fx.Reply) and one.source.startswith("safety:") for one in result.effects)

    def said(self, text: str, kind: str = "text") -> None:
        known = understand(self.content, self.session, text, self.now)
        made: dict[str, events.Event] = {
            "text": events.Said(at=self.now, text=text, message="m", understanding=known),
            "caption": events.Said(
                at=self.now, text=text, message="m", media="photo", blob="in-1", understanding=known
            ),
            "edit": events.Edited(at=self.now, text=text, message="m", understanding=known),
            "button": events.Pressed(at=self.now, question="q0.0", option=0, label=text, understanding=known),
        }
        self.happen(made[kind])


def sends(heard: Heard, kind: str, language: str, pick: int) -> None:
    """A crisis message of that kind and language reaches the conversation."""
    text = CRISIS[language][pick % len(CRISIS[language])]
    match kind:
        case "restart":  # nothing but the stored form is left; `Heard` takes it after every event
            heard.session = Session.from_text(heard.session.to_text())
            heard.now += timedelta(days=2)
            heard.said(text)
        case "burst":
            for words in ("hm", "also", text, "ok"):
                heard.said(words)
                heard.now += timedelta(milliseconds=400)
        case "split":
            for words in SPLIT[language]:
                heard.said(words)
                heard.now += timedelta(seconds=1)
        case _:
            heard.said(text, kind)


def places(content: Content) -> Iterator[Session]:
    """A conversation at every step where one can stand, and at none, for every owner, with consent and without."""
    steps = [
        (flow, step.name)
        for flow in content.flows.values()
        for step in flow.steps
        if isinstance(step.action, Ask | Wait)
    ]
    readers = itertools.cycle(READERS)
    for flow, name in [*steps, *[(None, "")] * len(READERS)]:
        for owner, consent in itertools.product(OWNERS, ("1", "")):
            audience, band = next(readers)
            frames = (
                (Frame(flow=flow.name, version=flow.version, step=name, question="q1.0"),) if flow is not None else ()
            )
            part = Part(audience=audience, band=band, frames=frames)
            active = "child" if audience == "child" else "adult"
            yield Session(owner=owner, consent=consent, active=active, parts={"adult": Part(), active: part}, fence=7)


def test_everywhere_each_kind_of_message_raises_exactly_one_alert(content: Content) -> None:
    kinds, languages = itertools.cycle(KINDS), itertools.cycle(CRISIS)
    chance, seen, silent = random.Random(5), 0, []
    for session in places(content):
        kind, language = next(kinds), next(languages)
        heard = Heard(content, session)
        sends(heard, kind, language, chance.randrange(9))
        top = session.part.frames[0] if session.part.frames else None
        if heard.alerts != 1 or (session.owner != "counsellor" and heard.replies != 1):
            silent.append(
                (kind, language, session.owner, top and f"{top.flow}.{top.step}", heard.alerts, heard.replies)
            )
        seen += 1
    assert not silent, silent[:5]
    assert seen > 700, "the test is blind"


def test_every_language_is_heard_in_every_kind_of_event_from_every_reader(content: Content) -> None:
    for (language, kind), (audience, band) in itertools.product(itertools.product(CRISIS, KINDS), READERS):
        heard = Heard(content, Session(parts={"adult": Part(audience=audience, band=band)}))
        sends(heard, kind, language, len(kind))
        assert (heard.alerts, heard.replies) == (1, 1), (language, kind, audience)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    before=st.lists(
        st.sampled_from(["hallo", "1", "2", "ja", "nein", "menü", "mensch", "Bayern", "beschwerde", "schnell weg", "vergiss mich",
                         "claimed", "released", "closed", "left", "weiter", "jemand liest mit", "einfache sprache"]), max_size=12,
    ),
    kind=st.sampled_from(KINDS), language=st.sampled_from(sorted(CRISIS)), pick=st.integers(0, 9),
)  # fmt: skip
def test_whatever_was_before_the_message_is_heard(
    content: Content, before: list[str], kind: str, language: str, pick: int
) -> None:
    heard = Heard(content, Session())
    for word in before:
        heard.now += timedelta(minutes=3)
        people: dict[str, events.Event] = {
            "claimed": events.Claimed(at=heard.now, counsellor="c", alias="Nora"),
            "released": events.Released(at=heard.now, counsellor="c"),
            "closed": events.Closed(at=heard.now, counsellor="c", outcome="done"),
            "left": events.Left(at=heard.now),
        }
        if word in people:
            heard.happen(people[word])
        else:
            heard.said(word)
    heard = replace(heard, now=heard.now + timedelta(minutes=3), alerts=0)
    sends(heard, kind, language, pick)
    assert heard.alerts == 1
