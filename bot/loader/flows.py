"""dialogues/**/*.yaml -> flows, the engine's texts and commands.

The keys of each step are listed in `_STEP_KEYS`, its actions are read by `actions.py`; `dialogues/README.md` explains
them to editors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from bot.dialogue import flow as model
from bot.dialogue.commands import COMMANDS
from bot.dialogue.content import Commands
from bot.dialogue.effects import Attachment
from bot.loader.actions import ACTIONS, BUILDERS
from bot.loader.fields import audiences, variants
from bot.loader.nodes import Node, Problems, read_yaml, suggestion
from bot.text.normalise import fold
from bot.text.variants import Variants

_FLOW_KEYS = ("flow", "title", "for", "start", "moved", "transcript", "takes", "steps", "about")
_STEP_KEYS = ("step", "say", "pictures", "files", "play", *ACTIONS)


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
        audiences=audiences(fields.get("for")),
        start=fields["start"].texts() if "start" in fields else (),
        transcript=fields["transcript"].boolean() if "transcript" in fields else True,
        takes=fields["takes"].texts() if "takes" in fields else (),
        moved={key.text(): value.text() for key, value in fields["moved"].pairs()} if "moved" in fields else {},
        position=position,
    )


def _step(node: Node, number: int) -> model.Step:
    fields = node.fields(_STEP_KEYS)
    actions = [name for name in ACTIONS if name in fields and not (name == "goto" and len(fields) > 1)]
    main = [name for name in actions if name != "goto"]
    if len(main) > 1:
        node.problem(f"a step has one action, this one has {' and '.join(main)}")
    if not fields:
        node.problem("an empty step")
    name = fields["step"].text() if "step" in fields else f"#{number}"
    if main and main[0] in ("ask", "wait") and "step" not in fields:
        node.problem(f"a step with {main[0]!r} needs a name (step: …), because people stand here between two messages")
    action = BUILDERS[main[0]](fields[main[0]]) if main else None
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
