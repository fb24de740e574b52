"""`kavi ask` and `kavi triage`: what a text would be understood as, line by line."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot import app
from bot.config import read_settings
from bot.dialogue.content import Content
from bot.loader.compiled import wake
from bot.loader.content import phrases_of
from bot.matching.index import TopicIndex
from bot.matching.leave_one_out import leave_one_out
from bot.matching.result import MatchResult
from bot.matching.topic import Topic
from bot.safety.triage import triage


def run_ask(*, jsonl: bool, why: bool) -> int:
    """Reads questions, writes what the matcher makes of them."""
    content = app.load_content_for(read_settings())

    def answer(row: dict[str, Any]) -> dict[str, Any]:
        return ask_one(content, str(row["text"]), row.get("audience"), why=why)

    return _lines(answer, jsonl=jsonl)


def ask_one(content: Content, text: str, audience: str | None, *, why: bool = False) -> dict[str, Any]:
    """One question as `kavi ask --jsonl` answers it; `ms` is the time of understanding."""
    begun = time.perf_counter()
    found = content.index.find(text, audience=audience, explain=why) if content.index is not None else None
    result = found or MatchResult(outcome="none")
    ms = (time.perf_counter() - begun) * 1000
    best = result.candidates[0].topic if result.candidates and result.outcome in ("answer", "clarify") else None
    topic = content.topics.get(best) if best else None
    found_own = result.outcome == "answer" and topic is not None
    out = {
        "outcome": result.outcome,
        "topic": topic.counts_as if found_own and topic else None,
        "entry": best if found_own else None,
        "risk": topic.risk if topic else None,
        "candidates": _candidates(content, result)[:3] if result.outcome != "none" else [],
        "ms": round(ms, 3),
    }
    return {**out, "why": list(result.why)} if why else out


def _candidates(content: Content, result: MatchResult) -> list[dict[str, Any]]:
    """The topics found, best first; a finer one counts as the topic it is part of, each only once."""
    best: dict[str, float] = {}
    for candidate in result.candidates:
        topic = content.topics.get(candidate.topic)
        best.setdefault(topic.counts_as if topic else candidate.topic, candidate.score)
    return [{"topic": name, "score": score} for name, score in best.items()]


def run_triage(*, jsonl: bool) -> int:
    """Reads messages, writes the danger that the safety layer sees in them."""
    content = app.load_content_for(read_settings())
    wake(content)

    def answer(row: dict[str, Any]) -> dict[str, Any]:
        return triage_one(content, str(row["text"]), str(row.get("audience") or "child"))

    return _lines(answer, jsonl=jsonl)


def triage_one(content: Content, text: str, audience: str) -> dict[str, Any]:
    """One message as `kavi triage --jsonl` answers it."""
    begun = time.perf_counter()
    finding = triage(content.rules, text, audience=audience) if content.rules is not None else None
    ms = (time.perf_counter() - begun) * 1000
    return {
        "category": finding.category if finding else None,
        "level": finding.level if finding else None,
        "urgency": finding.urgency if finding else None,
        "rule": finding.rule if finding else None,
        "ms": round(ms, 3),
    }


def _lines(answer: Callable[[dict[str, Any]], dict[str, Any]], *, jsonl: bool) -> int:
    """One answer a line. Without --jsonl each line is a text."""
    for line in sys.stdin:
        if line.strip():
            print(respond(line, answer, jsonl=jsonl), flush=True)
    return 0


def respond(line: str, answer: Callable[[dict[str, Any]], dict[str, Any]], *, jsonl: bool) -> str:
    """The answer to one line; a line that cannot be read gets an error, not an end."""
    try:
        row = json.loads(line) if jsonl else {"text": line.rstrip("\n")}
        out = answer(row)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        out = {"error": f'a line is {{"text": "…", "audience": "…"}}: {error}'}
    return json.dumps(out, ensure_ascii=False)


def check_matching(content: Content) -> int:
    """Whether each example question finds its own topic, and how many would without itself; the number of failures."""
    if content.index is None:
        return 0
    failed = 0
    for problem in own_topic_problems(content.index, content.topics):
        print(problem)
        failed += 1
    rows = leave_one_out(
        [p for topic in content.topics.values() for p in phrases_of(topic)], content.index.space.lexicon
    )
    right = sum(row.right for row in rows)
    share = f"{100 * right / max(1, len(rows)):.1f}".replace(".", ",")
    print(
        f"Ohne sich selbst (je ein Zehntel fehlt) finden {right} von {len(rows)} Beispielfragen ihr Thema ({share} %)."
    )
    missed: dict[str, int] = {}
    for row in rows:
        missed[row.phrase.topic] = missed.get(row.phrase.topic, 0) + (not row.right)
    for topic, count in sorted(missed.items(), key=lambda one: -one[1])[:10]:
        print(f"  {topic}: {count} nicht")
    return failed


def own_topic_problems(index: TopicIndex, topics: Mapping[str, Topic]) -> Iterator[str]:
    """Each `asked` line that does not find its own topic and each `not_asked` line that does, with its place."""
    for topic in topics.values():
        for row in topic.asked:
            for audience in (row.audience,) if row.audience else topic.audiences:
                result = index.find(row.text, audience=audience)
                if result.outcome != "answer" or result.candidates[0].topic != topic.id:
                    found = result.candidates[0].topic if result.candidates else result.smalltalk or "nichts"
                    yield f"{row.place}: {row.text!r} findet für {audience} {found} statt {topic.id}"
        for row in topic.not_asked:
            for audience in topic.audiences:
                result = index.find(row.text, audience=audience)
                if result.outcome == "answer" and result.candidates[0].topic == topic.id:
                    yield f"{row.place}: {row.text!r} darf {topic.id} nicht finden"
