"""Are the conversation tests any good? Changes flows on purpose and names the changes that no test noticed."""

from __future__ import annotations

import dataclasses
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from bot.dialogue import flow as model
from bot.dialogue.content import Content
from bot.dialogue.expressions import parse
from bot.testing.playing import play
from bot.testing.script import Script


@dataclass(frozen=True, slots=True)
class Mutant:
    """One deliberate fault: where, and what was changed."""

    flow: str
    step: str
    place: str
    what: str
    changed: model.Step


def mutants_of(flow: model.Flow) -> Iterator[Mutant]:
    """Every fault that is tried: conditions turned round, branches dropped, options, stops and timeouts sent astray, acts and
    words left out. A way that leads to the next step is not taken away: without it the flow goes there as well."""
    for step in flow.steps:
        yield from _action_mutants(flow, step)
        if step.say is not None and not isinstance(step.action, model.Ask):
            yield _mutant(flow, step, "say nothing", replace(step, say=None))


def _action_mutants(flow: model.Flow, step: model.Step) -> Iterator[Mutant]:
    match step.action:
        case model.Branch(cases, otherwise):
            for at, (expression, goto) in enumerate(cases):
                turned = parse(f"not ({expression.source})", expression.place)
                flipped = (*cases[:at], (turned, goto), *cases[at + 1 :])
                yield _changed(flow, step, f"flip {expression.source!r}", model.Branch(flipped, otherwise))
                rest = (*cases[:at], *cases[at + 1 :])
                yield _changed(flow, step, f"drop {expression.source!r}", model.Branch(rest, otherwise))
        case model.Ask() as ask:
            yield from _ask_mutants(flow, step, ask)
        case None | model.Goto() | model.Link() | model.End() | model.Wait():
            pass
        case action:
            yield _changed(flow, step, f"skip {type(action).__name__.lower()}", None)


def _ask_mutants(flow: model.Flow, step: model.Step, ask: model.Ask) -> Iterator[Mutant]:
    for at, option in enumerate(ask.options):
        if option.link or option.goto not in ("", flow.after(step.name)):
            lost = (*ask.options[:at], replace(option, goto="", link=""), *ask.options[at + 1 :])
            yield _changed(flow, step, f"option {option.value} leads on", replace(ask, options=lost))
        if option.when is not None:
            always = (*ask.options[:at], replace(option, when=None), *ask.options[at + 1 :])
            yield _changed(flow, step, f"option {option.value} for everybody", replace(ask, options=always))
    if ask.stop_goto:
        yield _changed(flow, step, "stop ends", replace(ask, stop_goto=""))
    if ask.passed_goto:
        yield _changed(flow, step, "passing over ends", replace(ask, passed_goto=""))
    if ask.timeout:
        yield _changed(flow, step, "no timeout", replace(ask, timeout=0.0, timeout_goto=""))


def _changed(flow: model.Flow, step: model.Step, what: str, action: model.Action | None) -> Mutant:
    return _mutant(flow, step, what, replace(step, action=action))


def _mutant(flow: model.Flow, step: model.Step, what: str, changed: model.Step) -> Mutant:
    return Mutant(flow.name, step.name, step.place, what, changed)


def unnoticed(
    content: Content,
    scripts: Sequence[Script],
    flows: Sequence[str],
    *,
    workers: int = 1,
    seen: Callable[[], None] = lambda: None,
) -> tuple[list[Mutant], int]:
    """The mutants that every script passes, in the order of `flows`, and how many were tried.

    Only scripts that walk the changed step are played, until the first that fails. `workers` processes share the work where
    the system can fork; `seen` is called after each mutant.
    """
    mutants = [mutant for name in flows for mutant in mutants_of(content.flows[name])]
    search = _Search(content, scripts)
    survivors = []
    for mutant, survived in zip(mutants, _all_tried(search, mutants, workers), strict=True):
        seen()
        if survived:
            survivors.append(mutant)
    return survivors, len(mutants)


class _Search:
    """Which scripts walk which step of the unchanged content; the shortest first, because one that fails is enough."""

    def __init__(self, content: Content, scripts: Sequence[Script]) -> None:
        self.content = content
        self.by_step: dict[tuple[str, str], list[Script]] = {}
        for script in sorted(scripts, key=lambda script: len(script.lines)):
            for step in dict.fromkeys((flow, step) for flow, step, _ in play(content, script).trace):
                self.by_step.setdefault(step, []).append(script)

    def survives(self, mutant: Mutant) -> bool:
        """Whether no script notices."""
        changed = _with(self.content, mutant)
        scripts = self.by_step.get((mutant.flow, mutant.step), ())
        return all(play(changed, script).failure is None for script in scripts)


_shared: _Search | None = None  # what forked workers inherit; too large to be sent to them


def _all_tried(search: _Search, mutants: Sequence[Mutant], workers: int) -> Iterator[bool]:
    if workers < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(search.survives, mutants)
        return
    global _shared
    _shared = search
    try:
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            yield from pool.imap(_survives, mutants, chunksize=4)
    finally:
        _shared = None


def _survives(mutant: Mutant) -> bool:
    assert _shared is not None
    return _shared.survives(mutant)


def _with(content: Content, mutant: Mutant) -> Content:
    flow = content.flows[mutant.flow]
    steps = tuple(mutant.changed if step.name == mutant.step else step for step in flow.steps)
    return dataclasses.replace(content, flows={**content.flows, flow.name: replace(flow, steps=steps)})
