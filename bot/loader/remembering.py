"""Which flows need what was answered before: without consent nothing is kept from one message to the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from bot.dialogue import flow as model
from bot.loader.steps import expressions_of, named_slots_of, placeholders_of, texts_of_step

_ASK_THEMSELVES = ("repair.", "safety.", "desk.", "onboarding", "menu")


def mark(flows: dict[str, model.Flow]) -> dict[str, model.Flow]:
    """The flows, those that must remember answers marked: they begin with a question for consent where it is missing."""
    return {name: replace(flow, remembers=True) if remembers(flow) else flow for name, flow in flows.items()}


def remembers(flow: model.Flow) -> bool:
    """Whether a later message needs what an earlier one answered. Flows that look at `consent` see to it themselves."""
    if flow.name.startswith(_ASK_THEMSELVES):
        return False
    used = [frozenset(_names(step)) for step in flow.steps]
    if any(
        "consent" in names
        for step, names in zip(flow.steps, used, strict=True)
        if isinstance(step.action, model.Branch)
    ):
        return False
    asks = [at for at, step in enumerate(flow.steps) if isinstance(step.action, model.Ask)]
    known = set(flow.takes)
    for asked, following in pairwise([*asks, len(flow.steps)]):
        later = frozenset[str]().union(*used[asked + 1 :])
        if known & later:  # said before this question, needed after it
            return True
        action = flow.steps[asked].action
        assert isinstance(action, model.Ask)
        if action.slot in frozenset[str]().union(*used[following:]):
            return True
        known.add(action.slot)
    return False


def _names(step: model.Step) -> Iterator[str]:
    for expression in expressions_of(step):
        yield from expression.names
    for variants in texts_of_step(step):
        yield from (name.partition(".")[0] for name in placeholders_of(variants))
    yield from named_slots_of(step)
