"""dialogues/templates/*.yaml -> templates of files, with every check that needs only the file, and those against flows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

from bot.dialogue.content import FactText
from bot.dialogue.flow import File, Flow
from bot.dialogue.rendering import PLACEHOLDER
from bot.dialogue.template import Block, BlockKind, CalendarEntry, Template, TemplateKind
from bot.loader.nodes import Node, Problems, read_yaml, suggestion

_KEYS = ("template", "about", "kind", "takes", "footer", "certifies", "description", "blocks", "events")
_CERTIFIED = ("code", "course_title", "course_contents")  # values that the maker itself puts on a certificate
_ENTRY_KEYS = ("title", "on", "at", "minutes", "where", "note", "alarm_hours")
_BLOCKS = get_args(BlockKind)
_SIZES: Mapping[str, tuple[float, float]] = {  # default and largest
    "lines": (8, 30),
    "box": (80, 240),
    "picture": (60, 170),
    "qr": (35, 120),
    "space": (6, 200),
}


_IN_PICTURES_ONLY = ("hours", "laws", "week")


def load_templates(root: Path, problems: Problems) -> dict[str, Template]:
    """All templates below `root`/templates by name."""
    templates: dict[str, Template] = {}
    for path in sorted((root / "templates").glob("*.yaml")):
        node = read_yaml(path, str(path.relative_to(root.parent)), problems)
        template = _template(node, root) if node is not None else None
        if template is None or node is None:
            continue
        if template.name in templates:
            node.problem(f"template {template.name!r} exists already in {templates[template.name].place}")
        templates[template.name] = template
    return templates


def _template(node: Node, root: Path) -> Template | None:
    fields = node.fields(_KEYS, required=("template", "kind"))
    if "template" not in fields or "kind" not in fields:
        return None
    kind = fields["kind"].text()
    if kind not in get_args(TemplateKind):
        fields["kind"].problem(f"{kind!r} is none of {', '.join(get_args(TemplateKind))}")
        return None
    wanted = "events" if kind == "ics" else "blocks"
    if wanted not in fields:
        node.problem(f"a template of kind {kind} needs {wanted!r}")
    return Template(
        name=fields["template"].text(),
        kind=kind,  # type: ignore[arg-type]  # checked above
        takes=fields["takes"].texts() if "takes" in fields else (),
        blocks=tuple(_block(item, root) for item in fields["blocks"].items()) if "blocks" in fields else (),
        entries=tuple(_entry(item) for item in fields["events"].items()) if "events" in fields else (),
        footer=fields["footer"].text() if "footer" in fields else "",
        certifies=fields["certifies"].text() if "certifies" in fields else "",
        description=fields["description"].text() if "description" in fields else "",
        place=node.place,
    )


def _block(node: Node, root: Path) -> Block:
    """`- heading: Text`, `- box: {label: Text, size: 90}`, each with an optional `when: name`."""
    fields = node.fields((*_BLOCKS, "size", "when"))
    kinds = [name for name in _BLOCKS if name in fields]
    if len(kinds) != 1:
        node.problem(f"a block is exactly one of {', '.join(_BLOCKS)}")
        return Block(kind="space", place=node.place)
    kind = kinds[0]
    size, largest = _SIZES.get(kind, (0.0, 0.0))
    if "size" in fields:
        size = fields["size"].number()
        if not 0 < size <= largest:
            fields["size"].problem(f"the size of {kind!r} is at most {largest:g}")
    value = fields[kind]
    if kind == "picture" and not (root / value.text()).is_file():
        value.problem(f"the picture {value.text()!r} does not exist below dialogues/")
    return Block(
        kind=kind,
        text="" if value.is_list or value.is_null else value.text(),
        items=value.texts() if value.is_list else (),
        size=size,
        when=fields["when"].text() if "when" in fields else "",
        place=node.place,
    )


def _entry(node: Node) -> CalendarEntry:
    fields = node.fields(_ENTRY_KEYS, required=("title", "on"))

    def text(name: str) -> str:
        return fields[name].text() if name in fields else ""

    def number(name: str, default: int) -> int:
        return int(fields[name].number()) if name in fields else default

    return CalendarEntry(
        title=text("title"),
        on=text("on"),
        at=text("at"),
        minutes=number("minutes", 60),
        where=text("where"),
        note=text("note"),
        alarm_hours=number("alarm_hours", 24),
    )


def check_templates(
    templates: Mapping[str, Template],
    flows: Mapping[str, Flow],
    values: Mapping[str, FactText],
    laender: Mapping[str, str],
    problems: Problems,
) -> None:
    """Placeholders that nobody fills, and flows that name a template or hand over a value that does not exist."""
    for template in templates.values():
        for text in template.texts():
            for name in PLACEHOLDER.findall(text):
                if not _known(name, template, values, laender):
                    _note(problems, template.place, f"{{{name}}} is neither in `takes` nor in knowledge/data")
        if template.certifies and not {template.certifies, "share"} <= set(template.takes):
            _note(problems, template.place, f"a certificate takes {template.certifies!r} and 'share'")
        _check_blocks(template, values, laender, problems)
        _check_stories(template, flows, problems)
        for block in template.blocks:
            if block.when and block.when not in template.takes:
                _note(problems, block.place, f"`when: {block.when}` is not in `takes`")
    for flow in flows.values():
        for step in flow.steps:
            if isinstance(step.action, File):
                _check_use(step.action, step.place, templates, lambda place, text: _note(problems, place, text))


def _check_blocks(
    template: Template, values: Mapping[str, FactText], laender: Mapping[str, str], problems: Problems
) -> None:
    """What stands only on paper or only in pictures, and the fields of the Länder that a picture compares."""
    for block in template.blocks:
        if block.kind in _IN_PICTURES_ONLY and template.kind != "png":
            _note(problems, block.place, f"{block.kind!r} stands only in a template of kind png")
        if template.kind == "png" and block.kind not in (*_IN_PICTURES_ONLY, "title", "text", "small"):
            _note(problems, block.place, f"{block.kind!r} cannot stand in a picture")
        if block.kind == "bars" and any(row.count(" |") != 2 for row in block.items):
            _note(problems, block.place, "a row of 'bars' is: label | part | whole")
        if block.kind == "laws" and "laender" not in template.takes:
            _note(problems, block.place, "'laws' compares the Länder of the value 'laender', which is not in `takes`")
        for row in block.items if block.kind in ("hours", "laws") else ():
            name = row.partition("=")[0].strip()
            if any(f"land.{code}.{name}" not in values for code in laender):
                _note(problems, block.place, f"{name!r} is not a field of every Land in knowledge/data/laender.yaml")


def _check_stories(template: Template, flows: Mapping[str, Flow], problems: Problems) -> None:
    """A story is a flow that exists and shows pictures."""
    for block in template.blocks:
        flow = flows.get(block.text)
        if block.kind == "story" and not (flow and any(step.attachments for step in flow.steps)):
            _note(problems, block.place, f"{block.text!r} is no flow with pictures{suggestion(block.text, flows)}")


def _known(name: str, template: Template, values: Mapping[str, FactText], laender: Mapping[str, str]) -> bool:
    base = name.partition(".")[0]
    if name in values or base in template.takes or (template.certifies and name in _CERTIFIED):
        return True
    return name == "today" or (
        "land" in template.takes and any(f"land.{code}.{name.removeprefix('land.')}" in values for code in laender)
    )


def _check_use(action: File, place: str, templates: Mapping[str, Template], note: Callable[[str, str], None]) -> None:
    template = templates.get(action.template)
    if template is None:
        note(place, f"template {action.template!r} does not exist{suggestion(action.template, templates)}")
        return
    given = {name for name, _ in action.values}
    for name in sorted(given - set(template.takes)):
        note(place, f"template {template.name!r} takes no {name!r}{suggestion(name, template.takes)}")
    ending = {"pdf": ".pdf", "ics": ".ics", "text": ".txt", "png": ".png"}[template.kind]
    if not action.name.endswith(ending):
        note(place, f"a file of this template ends in {ending}")


def _note(problems: Problems, place: str, message: str) -> None:
    file, _, line = place.rpartition(":")
    problems.add(file, int(line) if line.isdecimal() else 0, 1, message)
