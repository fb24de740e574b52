"""Which flows need what was answered before: without consent nothing is kept from one message to the next, and until a
reminder comes no more than it says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from msgspec.structs import replace

from bot.dialogue import flow as model
from bot.loader.steps import expressions_of, named_slots_of, placeholders_of, targets_of, texts_of_step

_ASK_THEMSELVES = ("repair.", "safety.", "desk.", "onboarding", "menu")


def mark(flows: dict[str, model.Flow]) -> dict[str, model.Flow]:
    """The flows, those that must remember answers marked: they begin with a question for consent where it is missing.

    Each reminder knows which answers it needs when it comes.
    """
    made = {}
    for name, flow in flows.items():
        steps = tuple(_with_needs(flows, flow, step) for step in flow.steps)
        made[name] = replace(flow, steps=steps, remembers=remembers(flow))
    return made


def _with_needs(flows: dict[str, model.Flow], flow: model.Flow, step: model.Step) -> model.Step:
    if not isinstance(step.action, model.Remind):
        return step
    begun = flows.get(step.action.flow or flow.name)
    needs = needed_from(flows, begun, step.action.then) if begun is not None else None
    return replace(step, action=replace(step.action, needs=needs))


def needed_from(flows: dict[str, model.Flow], flow: model.Flow, name: str) -> frozenset[str] | None:
    """The slots that the flow reads from that step on ("" = from its beginning); None when only code knows them."""
    begin = name or flow.steps[0].name
    waiting, seen, slots = [begin], {begin}, set[str]()
    while waiting:
        step = flow.step(waiting.pop())
        if step is None:
            continue
        if isinstance(step.action, (model.Do, model.Study)):
            return None
        slots |= set(_names(step))
        if isinstance(step.action, model.Ask) and step.action.reuse:
            slots.add(step.action.slot)
        if isinstance(step.action, model.Call):
            called = flows.get(step.action.flow)
            if called is None:
                return None
            slots |= {one for inner in called.steps for one in _names(inner)}
        ways = [way for way in targets_of(flow, step) if way and way not in seen]
        seen.update(ways)
        waiting += ways
    return frozenset(slots)


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
