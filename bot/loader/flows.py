"""dialogues/**/*.yaml -> flows, the engine's texts and commands.

The keys of each step are listed in `_STEP_KEYS`; `dialogues/README.md` explains them to editors.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import get_args

from bot.dialogue import flow as model
from bot.dialogue.commands import COMMANDS
from bot.dialogue.content import Commands
from bot.dialogue.effects import Attachment
from bot.dialogue.expressions import Expression, ExpressionError, parse
from bot.dialogue.questions import KINDS
from bot.loader.nodes import Node, Problems, read_yaml, suggestion, variants_of
from bot.text.normalise import fold
from bot.text.variants import AUDIENCES, BANDS, Variants

_FLOW_KEYS = ("flow", "title", "for", "start", "moved", "transcript", "takes", "steps", "about")
_ACTIONS = (
    "ask", "branch", "set", "goto", "call", "link", "end", "answer", "remind", "wait", "handoff", "count", "file",
    "send", "do", "study", "forget",
)  # fmt: skip
_STEP_KEYS = ("step", "say", "pictures", "files", "play", *_ACTIONS)
_ASK_KEYS = (
    "kind", "slot", "keep", "options", "options_from", "retry", "why", "again", "skip", "digress", "quiet", "prefill", "reuse",
    "min", "max", "unit", "past", "future", "most", "timeout", "stop", "vault",
    "several",
)  # fmt: skip
_OPTION_KEYS = ("label", "also", "for", "when", "goto", "link")
_KEEPS = ("turn", "session", "30d", "90d", "case")
_SEVERAL = ("least", "greatest")
_DIGRESS = ("allow", "once", "confirm", "block", "drop", "never")
NAMED = "named"  # prefill: the message that began the flow answers when it names an option
_DURATION = re.compile(
    r"^\s*(\d+(?:\.\d+)?)\s*(seconds?|sekunden?|s|minutes?|minuten?|min|m|hours?|stunden?|h|days?|tage?n?|d|weeks?|wochen?|w)\s*$",
    re.IGNORECASE,
)
_UNIT_SECONDS: Mapping[str, int] = MappingProxyType({"s": 1, "m": 60, "h": 3600, "d": 86400, "t": 86400, "w": 604800})
_LONGEST = 10 * 366 * 86400.0  # seconds
_MOST_DAYS = 3660  # between a date and its reminder
_VARIANT_KEYS = frozenset(
    {"default", "leicht", *AUDIENCES, *(f"{a}.leicht" for a in AUDIENCES)}
    | {f"child.{band}" for band in BANDS}
    | {f"child.{band}.leicht" for band in BANDS}
)


def seconds_of(text: str) -> float | None:
    """A duration such as "10 minutes", "2 Tage" or "45s" in seconds, up to ten years; None when it is not one."""
    found = _DURATION.match(text)
    if not found:
        return None
    unit = found[2].lower()
    key = "s" if unit.startswith(("sec", "sek")) or unit == "s" else "h" if unit.startswith(("h", "st")) else unit[0]
    seconds = float(found[1]) * _UNIT_SECONDS[key]
    return seconds if seconds <= _LONGEST else None


def load_flows(root: Path, problems: Problems) -> dict[str, model.Flow]:
    """All flows below `root` (files with a `flow:` key), by name; a later file with the same name is a problem
    unless it stands in `root/own/`, where an association replaces shipped flows by name."""
    flows: dict[str, model.Flow] = {}
    paths = sorted(root.rglob("*.yaml"), key=lambda p: ("own" in p.parts, str(p)))
    for path in paths:
        shown = str(path.relative_to(root.parent))
        node = read_yaml(path, shown, problems)
        if node is None or not node.is_map or "flow" not in {key.text() for key, _ in node.pairs()}:
            continue
        flow = flow_of(node, hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest())
        if flow is None:
            continue
        if flow.name in flows and "own" not in path.parts:
            node.problem(f"flow {flow.name!r} exists already in {flows[flow.name].place}")
        flows[flow.name] = flow
    return flows


def flow_of(node: Node, version: str) -> model.Flow | None:
    """The flow of a node; None when it has no name or steps."""
    fields = node.fields(_FLOW_KEYS, required=("flow", "steps"))
    if "flow" not in fields or "steps" not in fields:
        return None
    steps = tuple(_step(item, number) for number, item in enumerate(fields["steps"].items()))
    if not steps:
        fields["steps"].problem("a flow needs at least one step")
        return None
    position: dict[str, int] = {}
    for at, step in enumerate(steps):
        if step.name in position:
            fields["steps"].items()[at].problem(f"step {step.name!r} exists twice in this flow")
        position[step.name] = at
    return model.Flow(
        name=fields["flow"].text(),
        place=node.place,
        version=version,
        steps=steps,
        title=variants(fields["title"]) if "title" in fields else Variants(),
        audiences=_audiences(fields.get("for")),
        start=fields["start"].texts() if "start" in fields else (),
        transcript=fields["transcript"].boolean() if "transcript" in fields else True,
        takes=fields["takes"].texts() if "takes" in fields else (),
        moved={key.text(): value.text() for key, value in fields["moved"].pairs()} if "moved" in fields else {},
        position=position,
    )


def variants(node: Node) -> Variants:
    """A text or its variants; unknown variant keys are problems."""
    texts = variants_of(node)
    for key in texts:
        if key not in _VARIANT_KEYS:
            node.problem(f"unknown variant {key!r}{suggestion(key, _VARIANT_KEYS)}")
    return Variants(texts, node.place)


def _audiences(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    for item in node.items():
        if item.text() not in AUDIENCES:
            item.problem(f"unknown audience {item.text()!r}{suggestion(item.text(), AUDIENCES)}")
    return node.texts()


def _step(node: Node, number: int) -> model.Step:
    fields = node.fields(_STEP_KEYS)
    actions = [name for name in _ACTIONS if name in fields and not (name == "goto" and len(fields) > 1)]
    main = [name for name in actions if name != "goto"]
    if len(main) > 1:
        node.problem(f"a step has one action, this one has {' and '.join(main)}")
    if not fields:
        node.problem("an empty step")
    name = fields["step"].text() if "step" in fields else f"#{number}"
    if main and main[0] in ("ask", "wait") and "step" not in fields:
        node.problem(f"a step with {main[0]!r} needs a name (step: …), because people stand here between two messages")
    action = _BUILDERS[main[0]](fields[main[0]]) if main else None
    goto = fields["goto"].text() if "goto" in fields else ""
    if "play" in fields and ("say" not in fields or (main and main[0] == "ask")):
        fields["play"].problem("play needs a say beside it, in a step without a question")
    if not main and goto and "say" not in fields:
        action, goto = model.Goto(goto), ""
    return model.Step(
        name=name,
        place=node.place,
        say=variants(fields["say"]) if "say" in fields else None,
        attachments=_attachments(fields),
        play=fields["play"].text() if "play" in fields else "",
        action=action,
        goto=goto,
    )


def _attachments(fields: Mapping[str, Node]) -> tuple[Attachment, ...]:
    rows = []
    for key, kind in (("pictures", "picture"), ("files", "file")):
        for item in fields[key].items() if key in fields else ():
            row = (
                item.fields(("path", "description"), required=("path", "description"))
                if item.is_map
                else {"path": item}
            )
            path = row["path"].text() if "path" in row else ""
            described = row["description"].text() if "description" in row else ""
            rows.append(Attachment(source=f"content:{path}", kind=kind, name=Path(path).name, description=described))  # type: ignore[arg-type]  # one of two
    return tuple(rows)


def expression(node: Node) -> Expression:
    """A checked expression; a broken one is a problem and counts as true."""
    try:
        return parse(node.text(), node.place)
    except ExpressionError as error:
        node.problem(str(error))
        return parse("True", node.place)


def _one_of(node: Node, allowed: tuple[str, ...], what: str) -> str:
    text = node.text()
    if text not in allowed:
        node.problem(f"unknown {what} {text!r}{suggestion(text, allowed)}; known are {', '.join(allowed)}")
        return allowed[0]
    return text


def _duration(node: Node) -> float:
    seconds = seconds_of(node.text())
    if seconds is None:
        node.problem(f'cannot read the duration {node.text()!r}; write "10 minutes", "2 hours" or "3 days"')
    return seconds or 0.0


def _ask(node: Node) -> model.Ask:
    fields = node.fields(_ASK_KEYS, required=("kind", "slot", "keep"))
    kind = _one_of(fields["kind"], tuple(KINDS), "kind of question") if "kind" in fields else "short_text"
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
        keep=_one_of(fields["keep"], _KEEPS, "lifetime") if "keep" in fields else "turn",  # type: ignore[arg-type]
        options=_options(fields["options"]) if "options" in fields else (),
        options_from=fields["options_from"].text() if "options_from" in fields else "",
        retry=tuple(variants(item) for item in fields["retry"].items()) if "retry" in fields else (),
        why=variants(fields["why"]) if "why" in fields else None,
        again=variants(fields["again"]) if "again" in fields else None,
        skip=flag("skip", False),
        digress=_one_of(fields["digress"], _DIGRESS, "digression rule") if "digress" in fields else "allow",  # type: ignore[arg-type]
        quiet=flag("quiet", False),
        prefill=named or flag("prefill", True),
        prefill_named=named,
        reuse=flag("reuse", False),
        minimum=number("min"),
        maximum=number("max"),
        unit=fields["unit"].text() if "unit" in fields else "",
        several=_one_of(fields["several"], _SEVERAL, "choice among several numbers") if "several" in fields else "",  # type: ignore[arg-type]
        past=flag("past", False),
        future=flag("future", True),
        most=int(number("most") or 0),
        timeout=_duration(timeout["after"]) if "after" in timeout else 0.0,
        timeout_goto=timeout["goto"].text() if "goto" in timeout else "",
        stop_goto=fields["stop"].text() if "stop" in fields else "",
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
                audiences=_audiences(fields.get("for")),
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
    keep = next((_one_of(value, _KEEPS, "lifetime") for key, value in rows if key.text() == "keep"), "turn")
    values = tuple((key.text(), expression(value)) for key, value in rows if key.text() != "keep")
    return model.Assign(values, keep)  # type: ignore[arg-type]  # checked by _one_of


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
        seconds=_duration(fields["for"]) if "for" in fields else 0.0,
        timeout_goto=fields["goto"].text() if "goto" in fields else "",
        slot=fields["slot"].text() if "slot" in fields else "",
        keep=_one_of(fields["keep"], _KEEPS, "lifetime") if "keep" in fields else "turn",  # type: ignore[arg-type]
    )


def _handoff(node: Node) -> model.HandOff:
    fields = node.fields(("reason", "urgency", "team", "park"), required=("reason",))
    urgency = (
        _one_of(fields["urgency"], ("emergency", "urgent", "normal"), "urgency") if "urgency" in fields else "normal"
    )
    return model.HandOff(
        reason=fields["reason"].text() if "reason" in fields else "",
        urgency=urgency,  # type: ignore[arg-type]  # checked by _one_of
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
    return model.Do(_one_of(node, get_args(model.SystemAct), "act"))  # type: ignore[arg-type]  # checked by _one_of


_BUILDERS: Mapping[str, Callable[[Node], model.Action]] = MappingProxyType({
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


# ------------------------------------------------------------------ texts and commands


def load_texts(root: Path, problems: Problems) -> dict[str, Variants]:
    """dialogues/texts.yaml (and own/texts.yaml over it): the engine's own texts by key."""
    texts: dict[str, Variants] = {}
    for path in (root / "texts.yaml", root / "own" / "texts.yaml"):
        node = read_yaml(path, str(path.relative_to(root.parent)), problems) if path.exists() else None
        for key, value in node.pairs() if node is not None else ():
            texts[key.text()] = variants(value)
    return texts


def load_commands(root: Path, problems: Problems) -> Commands:
    """dialogues/commands.yaml: what people type for each command, in all languages."""
    path = root / "commands.yaml"
    node = read_yaml(path, str(path.relative_to(root.parent)), problems) if path.exists() else None
    phrases: dict[str, str] = {}
    corrections: tuple[str, ...] = ()
    heavy: tuple[str, ...] = ()
    for key, value in node.pairs() if node is not None else ():
        name = key.text()
        if name == "correct":
            corrections = tuple(sorted((text.casefold() for text in value.texts()), key=len, reverse=True))
            continue
        if name == "heavy":
            heavy = tuple(fold(text) for text in value.texts())
            continue
        if name not in COMMANDS:
            key.problem(f"unknown command {name!r}{suggestion(name, COMMANDS)}")
        for item in value.items():
            said = fold(item.text())
            if phrases.get(said, name) != name:
                item.problem(f"{item.text()!r} already stands for the command {phrases[said]!r}")
            phrases[said] = name
    return Commands(phrases, corrections, heavy)
