"""What a step does: each action of a flow has a function in `BUILDERS` under its YAML name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import get_args

from bot.dialogue import flow as model
from bot.dialogue.expressions import Expression
from bot.dialogue.questions import KINDS
from bot.loader.fields import audiences, duration, expression, one_of, variants
from bot.loader.nodes import Node
from bot.text.variants import Variants

ASK_KEYS = (
    "kind", "slot", "keep", "options", "options_from", "retry", "why", "again", "skip", "digress", "quiet", "prefill", "reuse",
    "min", "max", "unit", "past", "future", "most", "timeout", "stop", "passed", "vault",
    "several",
)  # fmt: skip
_OPTION_KEYS = ("label", "also", "for", "when", "goto", "link")
KEEPS = ("turn", "session", "30d", "90d", "case")
_SEVERAL = ("least", "greatest")
_DIGRESS = ("allow", "once", "confirm", "block", "drop", "never")
NAMED = "named"  # prefill: the message that began the flow answers when it names an option
_MOST_DAYS = 3660  # between a date and its reminder


def _ask(node: Node) -> model.Ask:
    fields = node.fields(ASK_KEYS, required=("kind", "slot", "keep"))
    kind = one_of(fields["kind"], tuple(KINDS), "kind of question") if "kind" in fields else "short_text"
    timeout = fields["timeout"].fields(("after", "goto"), required=("after", "goto")) if "timeout" in fields else {}
    if kind in ("choose", "choose_many") and "options" not in fields and "options_from" not in fields:
        node.problem(f"{kind} needs options")

    def flag(name: str, default: bool) -> bool:
        return fields[name].boolean() if name in fields else default

    def number(name: str) -> float | None:
        return fields[name].number() if name in fields else None

    named = "prefill" in fields and fields["prefill"].text() == NAMED
    if "slot" in fields and fields["slot"].text().endswith("_text"):
        fields["slot"].problem("slot names that end in _text are kept for the engine's own texts")
    return model.Ask(
        kind=kind,
        slot=fields["slot"].text() if "slot" in fields else "",
        keep=one_of(fields["keep"], KEEPS, "lifetime") if "keep" in fields else "turn",  # type: ignore[arg-type]
        options=_options(fields["options"]) if "options" in fields else (),
        options_from=fields["options_from"].text() if "options_from" in fields else "",
        retry=tuple(variants(item) for item in fields["retry"].items()) if "retry" in fields else (),
        why=variants(fields["why"]) if "why" in fields else None,
        again=variants(fields["again"]) if "again" in fields else None,
        skip=flag("skip", False),
        digress=one_of(fields["digress"], _DIGRESS, "digression rule") if "digress" in fields else "allow",  # type: ignore[arg-type]
        quiet=flag("quiet", False),
        prefill=named or flag("prefill", True),
        prefill_named=named,
        reuse=flag("reuse", False),
        minimum=number("min"),
        maximum=number("max"),
        unit=fields["unit"].text() if "unit" in fields else "",
        several=one_of(fields["several"], _SEVERAL, "choice among several numbers") if "several" in fields else "",  # type: ignore[arg-type]
        past=flag("past", False),
        future=flag("future", True),
        most=int(number("most") or 0),
        timeout=duration(timeout["after"]) if "after" in timeout else 0.0,
        timeout_goto=timeout["goto"].text() if "goto" in timeout else "",
        stop_goto=fields["stop"].text() if "stop" in fields else "",
        passed_goto=fields["passed"].text() if "passed" in fields else "",
        vault=fields["vault"].text() if "vault" in fields else "",
    )


def _options(node: Node) -> tuple[model.Option, ...]:
    rows = []
    for key, value in node.pairs():
        if value.is_scalar:
            rows.append(model.Option(value=key.text(), label=variants(value)))
            continue
        fields = value.fields(_OPTION_KEYS, required=("label",))
        rows.append(
            model.Option(
                value=key.text(),
                label=variants(fields["label"]) if "label" in fields else Variants.of(key.text()),
                also=fields["also"].texts() if "also" in fields else (),
                audiences=audiences(fields.get("for")),
                when=expression(fields["when"]) if "when" in fields else None,
                goto=fields["goto"].text() if "goto" in fields else "",
                link=fields["link"].text() if "link" in fields else "",
            )
        )
    return tuple(rows)


def _branch(node: Node) -> model.Branch:
    cases: list[tuple[Expression, str]] = []
    otherwise = ""
    for item in node.items():
        fields = item.fields(("when", "goto", "else"))
        if "else" in fields:
            otherwise = fields["else"].text()
        elif "when" in fields and "goto" in fields:
            cases.append((expression(fields["when"]), fields["goto"].text()))
        else:
            item.problem("a case of a branch is {when: …, goto: …}, the last one {else: …}")
    if not otherwise:
        node.problem("this branch has no else")
    return model.Branch(tuple(cases), otherwise)


def _values(node: Node) -> tuple[tuple[str, Expression], ...]:
    return tuple((key.text(), expression(value)) for key, value in node.pairs())


def _set(node: Node) -> model.Assign:
    rows = [(key, value) for key, value in node.pairs()]
    keep = next((one_of(value, KEEPS, "lifetime") for key, value in rows if key.text() == "keep"), "turn")
    values = tuple((key.text(), expression(value)) for key, value in rows if key.text() != "keep")
    return model.Assign(values, keep)  # type: ignore[arg-type]  # checked by one_of


def _call(node: Node) -> model.Call:
    if node.is_scalar:
        return model.Call(node.text())
    fields = node.fields(("flow", "with"), required=("flow",))
    name = fields["flow"].text() if "flow" in fields else ""
    return model.Call(name, _values(fields["with"]) if "with" in fields else ())


def _remind(node: Node) -> model.Remind:
    fields = node.fields(("on", "days", "at", "then", "flow", "name"))
    if "then" not in fields and "flow" not in fields:
        node.problem("remind needs `then` (a step of this flow) or `flow`")
    at = fields["at"].text() if "at" in fields else "10:00"
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", at):
        fields["at"].problem(f'cannot read the time {at!r}; write "18:00" in quotes')
        at = "10:00"

    def text(name: str) -> str:
        return fields[name].text() if name in fields else ""

    days = int(fields["days"].number()) if "days" in fields else 0
    if abs(days) > _MOST_DAYS:
        fields["days"].problem(f"at most {_MOST_DAYS} days")
        days = 0
    return model.Remind(on=text("on"), days=days, at=at, then=text("then"), flow=text("flow"), name=text("name"))


def _forget(node: Node) -> model.Forget:
    fields = node.fields(("slots", "reminders"))
    if not fields:
        node.problem("forget needs `slots` or `reminders`")
    return model.Forget(*(fields[name].texts() if name in fields else () for name in ("slots", "reminders")))


def _wait(node: Node) -> model.Wait:
    fields = node.fields(("for", "goto", "slot", "keep"), required=("for", "goto"))
    return model.Wait(
        seconds=duration(fields["for"]) if "for" in fields else 0.0,
        timeout_goto=fields["goto"].text() if "goto" in fields else "",
        slot=fields["slot"].text() if "slot" in fields else "",
        keep=one_of(fields["keep"], KEEPS, "lifetime") if "keep" in fields else "turn",  # type: ignore[arg-type]
    )


def _handoff(node: Node) -> model.HandOff:
    fields = node.fields(("reason", "urgency", "team", "park"), required=("reason",))
    urgency = (
        one_of(fields["urgency"], ("emergency", "urgent", "normal"), "urgency") if "urgency" in fields else "normal"
    )
    return model.HandOff(
        reason=fields["reason"].text() if "reason" in fields else "",
        urgency=urgency,  # type: ignore[arg-type]  # checked by one_of
        team=fields["team"].text() if "team" in fields else "",
        park=fields["park"].boolean() if "park" in fields else True,
    )


def _count(node: Node) -> model.Count:
    if node.is_scalar:
        return model.Count(node.text())
    fields = node.fields(("fact", "with"), required=("fact",))
    return model.Count(
        fields["fact"].text() if "fact" in fields else "", _values(fields["with"]) if "with" in fields else ()
    )


def _file(node: Node) -> model.File:
    fields = node.fields(("template", "name", "with"), required=("template", "name"))
    return model.File(
        template=fields["template"].text() if "template" in fields else "",
        name=fields["name"].text() if "name" in fields else "",
        values=_values(fields["with"]) if "with" in fields else (),
    )


def _send(node: Node) -> model.Send:
    fields = node.fields(("form", "with"), required=("form",))
    return model.Send(
        form=fields["form"].text() if "form" in fields else "",
        values=_values(fields["with"]) if "with" in fields else (),
    )


def _do(node: Node) -> model.Do:
    return model.Do(one_of(node, get_args(model.SystemAct), "act"))  # type: ignore[arg-type]  # checked by one_of


BUILDERS: Mapping[str, Callable[[Node], model.Action]] = MappingProxyType({
    "ask": _ask,
    "branch": _branch,
    "set": _set,
    "goto": lambda node: model.Goto(node.text()),
    "call": _call,
    "link": lambda node: model.Link(node.text()),
    "end": lambda node: model.End(),
    "answer": lambda node: model.Answer(node.text()),
    "remind": _remind,
    "forget": _forget,
    "wait": _wait,
    "handoff": _handoff,
    "count": _count,
    "file": _file,
    "send": _send,
    "do": _do,
    "study": lambda node: model.Study(act="look", course=node.text()),
})  # fmt: skip

ACTIONS = tuple(BUILDERS)
