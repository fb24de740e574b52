"""Turns a second of the core in the peers' six-turn conversation, the session to its stored form and back each turn."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.dialogue import Session, events, turn, understand
from bot.dialogue.content import Content
from bot.loader.flows import load_commands, load_flows, load_texts
from bot.loader.nodes import Problems
from tests.bench.peers import PYTHON

ROUNDS = 5
SECONDS = 1.0
TURNS = ("hallo", "tisch reservieren", "Maria", "hundert", "4", "ja")
FLOW = """
flow: menu
steps:
  - say: Hallo, willkommen!
  - step: what
    say: Womit kann ich helfen?
    ask:
      kind: choose
      slot: what
      keep: turn
      options: {book: Tisch reservieren, hours: {label: Öffnungszeiten, goto: bye}, card: {label: Speisekarte, goto: bye}}
  - step: name
    say: Gern! Auf welchen Namen?
    ask: {kind: short_text, slot: name, keep: session}
  - step: people
    say: Für wie viele Personen, {name}?
    ask: {kind: number, slot: people, keep: session, min: 1, max: 20, retry: ["Bitte eine Zahl von 1 bis 20."]}
  - step: confirm
    say: Tisch für {people} auf den Namen {name}. Soll ich buchen?
    ask: {kind: yes_no, slot: confirmed, keep: session}
  - branch:
      - {when: people < 7, goto: small}
      - {else: large}
  - step: small
    say: Danke, {name}! Der Tisch für {people} Personen ist reserviert.
    goto: finish
  - step: large
    say: Danke, {name}! Für {people} Personen meldet sich unser Team.
    goto: finish
  - step: bye
    say: Auf Wiedersehen!
  - step: finish
    end: true
"""


def content_of(flow: str) -> Content:
    """The shipped texts and commands with one flow of our own; no matcher, no safety rules."""
    root = Path("dialogues")
    problems = Problems()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "flows").mkdir()
        (Path(folder) / "flows" / "menu.yaml").write_text(flow, encoding="utf-8")
        flows = load_flows(Path(folder) / "flows", problems)
    assert not problems.found, problems.found
    return Content(flows=flows, texts=load_texts(root, problems), commands=load_commands(root, problems))


def conversation(content: Content, begun: Session) -> str:
    """The six turns; returns the last words."""
    session = begun
    at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    text = ""
    for number, said in enumerate(TURNS):
        at += timedelta(minutes=1)
        known = understand(content, session, said, at)
        event = events.Started(at=at) if number == 0 else events.Said(at=at, text=said, understanding=known)
        result = turn(content, session, event)
        session = Session.from_text(result.session.to_text())
        text = result.effects[-1].text if hasattr(result.effects[-1], "text") else text  # type: ignore[union-attr]
    return text


def _round(content: Content, begun: Session) -> float:
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        for _ in range(20):
            conversation(content, begun)
        count += 20 * len(TURNS)
    return count / (time.perf_counter() - start)


def _peer(name: str) -> float | None:
    """Turns a second of a peer in a process of its own; None when it is not installed."""
    done = subprocess.run([PYTHON, "-m", f"tests.bench.peers.{name}"], capture_output=True, text=True, timeout=120)
    return float(done.stdout.strip().splitlines()[-1]) if done.returncode == 0 and done.stdout.strip() else None


def run(rest: list[str]) -> dict[str, Any]:
    """Interleaved rounds: ours, the peer, ours, the peer …"""
    from bot.testing.script import onboarded

    content = content_of(FLOW)
    begun = onboarded("caregiver")
    last = conversation(content, begun)
    assert "reserviert" in last, last
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        ours.append(_round(content, begun))
        peer = _peer("botbuilder")
        if peer is not None:
            theirs.append(peer)
    figures: dict[str, Any] = {
        "engine turns/s (median)": round(statistics.median(ours)),
        "min": round(min(ours)),
        "max": round(max(ours)),
    }
    if theirs:
        figures["botbuilder-dialogs turns/s (median)"] = round(statistics.median(theirs))
        figures["ratio (median of pairs)"] = round(
            statistics.median(a / b for a, b in zip(ours, theirs, strict=False)), 1
        )
    else:
        figures["botbuilder-dialogs"] = "not run (pip install botbuilder-dialogs)"
    return figures
