"""Rules about slots: set before they are used, compared with their like, and free text never counted."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from bot.dialogue import flow as model
from bot.dialogue.content import Content
from bot.dialogue.diary import LOOKED_UP as DIARY
from bot.dialogue.expressions import Expression
from bot.dialogue.learning import LOOKED_UP
from bot.dialogue.questions import FREE_TEXT
from bot.loader.checks.rules import Report, rule
from bot.loader.nodes import suggestion
from bot.loader.steps import expressions_of, named_slots_of, placeholders_of, texts_of_step
from bot.text.variants import Variants

BUILT_IN_NAMES = frozenset({
    "audience", "band", "register", "language", "consent", "owner", "watched", "shared_phone", "land", "prison", "alias",
    "human_when", "km", "can_speak", "role_hint", "first_question", "minimum", "maximum", "unit", "source", "as_of",
    "title", "look_text", "found", "found_ids", "found_text", "wide_text", "area_text", "topic", "candidates", "asked", "told", "category",
})  # fmt: skip


@rule
def slots_are_set_before_they_are_used(content: Content, report: Report) -> None:
    """An expression or placeholder names a slot that some flow sets, or a value of the data files."""
    known = set(BUILT_IN_NAMES)
    for flow in content.flows.values():
        known |= set(flow.takes)
        for step in flow.steps:
            known |= _slots_set(step)
    for flow in content.flows.values():
        for step in flow.steps:
            for expression in expressions_of(step):
                for name in sorted(expression.names - known):
                    report(expression.place, f"slot {name!r} is never set{suggestion(name, known)}", "error")
            for variants in texts_of_step(step):
                _check_placeholders(content, variants, known, report)
            for name in named_slots_of(step):
                if name not in known:
                    report(step.place, f"slot {name!r} is never set{suggestion(name, known)}", "error")


def _slots_set(step: model.Step) -> set[str]:
    match step.action:
        case model.Ask():
            return {step.action.slot}
        case model.Assign(values, _):
            return {name for name, _ in values}
        case model.Call(_, values):
            return {name for name, _ in values}
        case model.Wait() if step.action.slot:
            return {step.action.slot}
        case model.Study(act="look"):
            return set(LOOKED_UP)
        case model.Do("diary_look"):
            return set(DIARY)
        case model.Do("diary_count" | "diary_note"):
            return {"diary_count"}
        case _:
            return set()


def _check_placeholders(content: Content, variants: Variants, known: set[str], report: Report) -> None:
    for name in placeholders_of(variants):
        base = name.partition(".")[0]
        if base in ("amounts", "line", "matching") and name not in content.values:
            report(variants.place, f"{{{name}}} is not in knowledge/data{suggestion(name, content.values)}", "error")
        elif (
            base == "land"
            and "." in name
            and not any(f"land.{code}.{name[5:]}" in content.values for code in content.laender)
        ):
            report(variants.place, f"{{{name}}} is not a field of knowledge/data/laender.yaml", "error")
        elif base not in known and name not in content.values:
            report(variants.place, f"{{{name}}} is never set{suggestion(name, known)}", "error")


@rule
def facts_hold_no_text(content: Content, report: Report) -> None:
    """`count` never takes what a person wrote freely."""
    free = {
        step.action.slot
        for flow in content.flows.values()
        for step in flow.steps
        if isinstance(step.action, model.Ask) and step.action.kind in FREE_TEXT
    }
    for flow in content.flows.values():
        for step in flow.steps:
            if isinstance(step.action, model.Count):
                for _, expression in step.action.values:
                    for name in sorted(expression.names & free):
                        report(step.place, f"count must not take the free text {name!r}", "error")


@dataclass(frozen=True, slots=True)
class Types:
    """What kind of value each slot holds, as far as its questions tell."""

    number: frozenset[str]
    text: frozenset[str]


def slot_types(content: Content) -> Types:
    """Slots by the kind of value that every question for them gives."""
    kinds: dict[str, set[str]] = {}
    for flow in content.flows.values():
        for step in flow.steps:
            if isinstance(step.action, model.Ask):
                kinds.setdefault(step.action.slot, set()).add(step.action.kind)
    number = frozenset(name for name, found in kinds.items() if found == {"number"})
    text = frozenset(name for name, found in kinds.items() if not found & {"number", "yes_no", "choose_many"})
    return Types(number, text)


@rule
def expressions_compare_like_with_like(content: Content, report: Report) -> None:
    """A number is compared with numbers, a text with texts; `<` needs numbers."""
    types = slot_types(content)
    for flow in content.flows.values():
        for step in flow.steps:
            for expression in expressions_of(step):
                for node in ast.walk(expression.tree):
                    if not isinstance(node, ast.Compare) or not isinstance(node.left, ast.Name) or len(node.ops) != 1:
                        continue
                    fault = _type_fault(types, node.left.id, node.ops[0], node.comparators[0])
                    if fault:
                        report(expression.place, f"{expression.source!r}: {fault}", "error")


def _type_fault(types: Types, name: str, operator: object, right: object) -> str:
    if not isinstance(right, ast.Constant):
        return ""
    value = right.value
    ordering = isinstance(operator, (ast.Lt, ast.LtE, ast.Gt, ast.GtE))
    if name in types.number and isinstance(value, str):
        return f"{name} is a number, {value!r} is a text"
    if name in types.text and isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{name} is a text, {value!r} is a number"
    if ordering and isinstance(value, str) and name not in types.text:
        return f"{value!r} is a text and cannot be ordered"
    return ""


@rule
def options_have_the_values_that_branches_ask_for(content: Content, report: Report) -> None:
    """A branch that compares a choice with a value that no option has is a slip of the pen."""
    options: dict[str, set[str]] = {}
    open_slots: set[str] = set()
    for flow in content.flows.values():
        for step in flow.steps:
            action = step.action
            if isinstance(action, model.Ask):
                if action.kind == "choose" and not action.options_from:
                    options.setdefault(action.slot, set()).update(option.value for option in action.options)
                elif action.kind != "choose_many":
                    open_slots.add(action.slot)
            elif isinstance(action, (model.Assign, model.Call)):
                open_slots |= {name for name, _ in action.values}
    for flow in content.flows.values():
        for step in flow.steps:
            for expression in expressions_of(step):
                for node in ast.walk(expression.tree):
                    if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id in options:
                        _check_option(node, options, open_slots, expression, report)


def _check_option(
    node: ast.Compare, options: dict[str, set[str]], open_slots: set[str], expression: Expression, report: Report
) -> None:
    assert isinstance(node.left, ast.Name)
    right = node.comparators[0]
    name = node.left.id
    if name in open_slots or not isinstance(right, ast.Constant) or not isinstance(right.value, str) or not right.value:
        return
    if right.value not in options[name]:
        hint = suggestion(right.value, options[name])
        report(expression.place, f"no option of {name!r} has the value {right.value!r}{hint}", "error")
