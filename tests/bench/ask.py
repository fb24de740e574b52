"""How well questions are understood: `python -m tests.bench ask FILES… [--content DIR] [--all]`.

Right = the right topic at once; offered = the right one among up to three; wrong = a wrong topic with confidence. Without
`--all` questions to topics that have no entry yet are left out and counted.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.loader.content import read_content, with_meaning
from bot.matching.index import TopicIndex
from bot.matching.result import MatchResult
from tests.bench.questions import Question, answerable, read_questions, with_finer


def run(rest: list[str]) -> dict[str, Any]:
    """Shares per audience, style and language; the wrong and the weakest."""
    parser = argparse.ArgumentParser(prog="tests.bench ask")
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--content", default=".")
    parser.add_argument("--all", action="store_true", help="count questions to missing topics too")
    parser.add_argument("--semantic", choices=("auto", "on", "off"), default="auto")
    parser.add_argument("--errors", action="store_true", help="print each question that was not understood at once")
    chosen = parser.parse_args(rest)
    begun = time.perf_counter()
    content, _ = read_content(Path(chosen.content))
    index = with_meaning(content, Path(chosen.content), chosen.semantic, Path("kavi-data/meaning.npz")).index
    if index is None:
        return {"ask": "not run: no topics"}
    meaning = index.meaning.encoder.name if index.meaning is not None else "off"
    figures: dict[str, Any] = {
        "semantic": meaning,
        "topics": len(index.topics),
        "load s": round(time.perf_counter() - begun, 2),
    }
    questions = with_finer(read_questions(chosen.paths), content.topics)
    asked = questions if chosen.all else answerable(questions, content.topics)
    figures["questions"], figures["left out"] = len(asked), len(questions) - len(asked)
    results: list[tuple[Question, MatchResult]] = []
    times: list[float] = []
    for question in asked:
        begun = time.perf_counter()
        results.append((question, index.find(question.text, audience=question.audience)))
        times.append((time.perf_counter() - begun) * 1000)
    times.sort()
    figures |= {"p50 ms": round(times[len(times) // 2], 3), "p99 ms": round(times[int(len(times) * 0.99)], 3)}
    if index.meaning is not None:
        figures |= _added(index, asked)
    groups: dict[str, list[tuple[Question, MatchResult]]] = defaultdict(list)
    for question, result in results:
        if question.topics:
            for name in ("all", f"audience {question.audience}", f"style {question.style}", f"lang {question.lang}"):
                groups[name].append((question, result))
        else:
            groups["out of scope"].append((question, result))
    for name in sorted(groups, key=lambda one: (one != "all", one == "out of scope", one)):
        figures[name] = _share(groups[name])
    figures["wrong in risk class safety"] = sum(
        _kind(q, r) == "wrong" and index.risks[index.topics.index(r.candidates[0].topic)] == "safety"
        for q, r in results
    )
    if chosen.errors:
        _print_errors(results, index)
    return figures


def _added(index: TopicIndex, questions: list[Question]) -> dict[str, Any]:
    """What meaning costs more a message in milliseconds of this thread, and how many messages need it."""
    plain = replace(index, meaning=None)
    more: list[float] = []
    for question in questions:
        begun = time.thread_time()
        plain.find(question.text, audience=question.audience)
        between = time.thread_time()
        index.find(question.text, audience=question.audience)
        more.append((time.thread_time() - between - (between - begun)) * 1000)
    more.sort()
    return {
        "meaning adds own ms": f"mean {sum(more) / len(more):.1f}, p50 {more[len(more) // 2]:.1f}, "
        f"p90 {more[int(len(more) * 0.9)]:.1f}, p99 {more[int(len(more) * 0.99)]:.1f}",
        "asked for meaning": f"{100 * sum(one > 1.0 for one in more) / len(more):.0f} %",
    }


def _kind(question: Question, result: MatchResult) -> str:
    first = result.candidates[0].topic if result.candidates else ""
    match result.outcome:
        case "answer":
            return "right" if first in question.topics else "wrong"
        case "clarify":
            return (
                "offered" if {one.topic for one in result.candidates[:3]} & set(question.topics) else "offered in vain"
            )
        case _:
            return "none"


def _share(rows: list[tuple[Question, MatchResult]]) -> str:
    kinds = [_kind(question, result) for question, result in rows]
    n = len(rows)
    parts = [
        f"{name} {100 * kinds.count(name) / n:5.1f} %"
        for name in ("right", "offered", "wrong", "offered in vain", "none")
    ]
    return f"n {n:4}  " + "  ".join(parts)


def _print_errors(results: list[tuple[Question, MatchResult]], index: TopicIndex) -> None:
    for question, result in results:
        kind = _kind(question, result)
        if kind != "right" and (question.topics or kind in ("wrong", "offered in vain")):
            found = " ".join(f"{one.topic}={one.score:.2f}" for one in result.candidates[:3])
            print(f"{kind:16} {question.audience[:2]} {','.join(question.topics):28} {found} | {question.text[:110]}")
