"""Are the conversation tests any good? Changes flows on purpose and names the changes that no test noticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.dialogue import flow as model
from bot.dialogue.content import Content
from bot.dialogue.expressions import parse
from bot.testing.script import Script, play


@dataclass(frozen=True, slots=True)
class Mutant:
    """One deliberate fault: where, and what was changed."""

    flow: str
    step: str
    place: str
    what: str
    changed: model.Step


def mutants_of(flow: model.Flow) -> Iterator[Mutant]:
    """Every fault that is tried: conditions turned round, branches dropped, options and steps sent astray."""
    for step in flow.steps:
        match step.action:
            case model.Branch(cases, otherwise):
                for at, (expression, goto) in enumerate(cases):
                    turned = parse(f"not ({expression.source})", expression.place)
                    flipped = (*cases[:at], (turned, goto), *cases[at + 1 :])
                    yield _mutant(
                        flow,
                        step,
                        f"flip {expression.source!r}",
                        replace(step, action=model.Branch(flipped, otherwise)),
                    )
                    rest = (*cases[:at], *cases[at + 1 :])
                    yield _mutant(
                        flow, step, f"drop {expression.source!r}", replace(step, action=model.Branch(rest, otherwise))
                    )
            case model.Ask():
                yield from _option_mutants(flow, step, step.action)
            case (
                model.Count()
                | model.Call()
                | model.Remind()
                | model.Forget()
                | model.HandOff()
                | model.File()
                | model.Send()
                | model.Do()
                | model.Study()
            ):
                yield _mutant(flow, step, f"skip {type(step.action).__name__.lower()}", replace(step, action=None))
            case model.Answer(_):
                yield _mutant(flow, step, "skip answer", replace(step, action=None))
            case _:
                if step.say is not None:
                    yield _mutant(flow, step, "say nothing", replace(step, say=None))


def _option_mutants(flow: model.Flow, step: model.Step, ask: model.Ask) -> Iterator[Mutant]:
    for at, option in enumerate(ask.options):
        if option.goto or option.link:
            lost = replace(option, goto="", link="")
            changed = replace(ask, options=(*ask.options[:at], lost, *ask.options[at + 1 :]))
            yield _mutant(flow, step, f"option {option.value} leads on", replace(step, action=changed))


def _mutant(flow: model.Flow, step: model.Step, what: str, changed: model.Step) -> Mutant:
    return Mutant(flow.name, step.name, step.place, what, changed)


def unnoticed(content: Content, scripts: list[Script], flows: list[str]) -> tuple[list[Mutant], int]:
    """The mutants that every script passes, and how many were tried. Only scripts that walk a flow are played for it."""
    walks = {id(script): {row[0] for row in play(content, script).trace} for script in scripts}
    survivors: list[Mutant] = []
    tried = 0
    for name in flows:
        flow = content.flows[name]
        relevant = [script for script in scripts if name in walks[id(script)]]
        for mutant in mutants_of(flow):
            tried += 1
            changed = _with(content, flow, mutant)
            if all(play(changed, script).failure is None for script in relevant):
                survivors.append(mutant)
    return survivors, tried


def _with(content: Content, flow: model.Flow, mutant: Mutant) -> Content:
    steps = tuple(mutant.changed if step.name == mutant.step else step for step in flow.steps)
    return replace(content, flows={**content.flows, flow.name: replace(flow, steps=steps)})
