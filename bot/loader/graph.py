"""A flow as a picture: Mermaid text, and SVG drawn by our own small layout (no browser, no Graphviz needed)."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from textwrap import wrap
from zlib import crc32

from bot.dialogue import flow as model
from bot.dialogue.content import Content
from bot.errors import Problem


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from one step to another ("" = the end), with its label."""

    source: str
    target: str
    label: str = ""


def edges_of(flow: model.Flow) -> list[Edge]:
    """Every way from step to step, labelled with the condition or option that takes it."""
    edges: list[Edge] = []
    for step in flow.steps:
        behind = step.goto or flow.after(step.name)
        match step.action:
            case model.Branch(cases, otherwise):
                edges += [Edge(step.name, goto, expression.source) for expression, goto in cases]
                edges.append(Edge(step.name, otherwise, "sonst"))
            case model.Goto(name):
                edges.append(Edge(step.name, name))
            case model.Link(name):
                edges.append(Edge(step.name, f"→ {name}"))
            case model.End():
                edges.append(Edge(step.name, ""))
            case model.Ask():
                edges += _ask_edges(step, step.action, behind)
            case model.Wait():
                edges += [Edge(step.name, behind, "Antwort"), Edge(step.name, step.action.timeout_goto, "Zeit um")]
            case model.Remind():
                edges.append(Edge(step.name, behind))
                edges.append(Edge(step.name, step.action.then or f"→ {step.action.flow}", "später"))
            case _:
                edges.append(Edge(step.name, behind))
    return edges


def _ask_edges(step: model.Step, ask: model.Ask, behind: str) -> list[Edge]:
    edges = []
    for option in ask.options:
        label = next(iter(option.label.texts.values()), option.value)
        if option.link:
            edges.append(Edge(step.name, f"→ {option.link}", label))
        elif option.goto:
            edges.append(Edge(step.name, option.goto, label))
    if len(edges) < len(ask.options) or not ask.options or ask.skip:
        edges.append(Edge(step.name, behind))
    if ask.timeout_goto:
        edges.append(Edge(step.name, ask.timeout_goto, "keine Antwort"))
    if ask.passed_goto:
        edges.append(Edge(step.name, ask.passed_goto, "zweimal anderes"))
    return edges


_KINDS = {
    "branch": "Verzweigung", "assign": "merkt sich etwas", "goto": "weiter", "link": "anderer Ablauf", "end": "Ende",
    "remind": "Erinnerung", "forget": "vergisst etwas", "wait": "wartet", "handoff": "ruft einen Menschen", "count": "zählt mit",
    "file": "Datei", "send": "verschickt etwas", "study": "Lernfrage",
}  # fmt: skip


def _caption(content: Content, step: model.Step) -> str:
    """What the step does, in a few words."""
    said = step.say.pick("caregiver", "", "plain") if step.say is not None else ""
    first = (said or "").strip().split("\n")[0].replace("**", "")
    kind = type(step.action).__name__.lower() if step.action is not None else ""
    mark = {"ask": "?", "branch": "◇", "handoff": "☎", "remind": "↻", "answer": "§", "file": "✉", "count": "#"}.get(
        kind, ""
    )
    detail = ""
    match step.action:
        case model.Answer(topic):
            detail = topic
        case model.Call(name, _):
            detail = f"ruft {name}"
        case model.Do(act):
            detail = act
        case _:
            pass
    text = first or detail or _KINDS.get(kind, kind) or step.name
    return f"{mark} {text}".strip()


def mermaid(content: Content, flow: model.Flow, problems: tuple[Problem, ...] = ()) -> str:
    """The flow as a Mermaid flowchart; steps with problems are red."""
    ids = {step.name: f"s{at}" for at, step in enumerate(flow.steps)}
    lines = ["flowchart TD"]
    for step in flow.steps:
        caption = _clean(_caption(content, step))
        shape = '{{"%s"}}' if isinstance(step.action, model.Branch) else '(["%s"])' if step.waits else '["%s"]'
        lines.append(f"    {ids[step.name]}{shape % caption}")
    for edge in edges_of(flow):
        if not edge.target:
            continue
        target = ids.get(edge.target, f'x{crc32(edge.target.encode())}["{_clean(edge.target)}"]')
        label = f'|"{_clean(edge.label)}"|' if edge.label else ""
        lines.append(f"    {ids[edge.source]} -->{label} {target}")
    bad = _bad_steps(flow, problems)
    lines += [f"    style {ids[name]} fill:#fdd,stroke:#c00" for name in sorted(bad)]
    return "\n".join(lines) + "\n"


def _clean(text: str) -> str:
    short = text if len(text) <= 60 else text[:57] + "…"
    return short.replace('"', "'").replace("{", "(").replace("}", ")")


def _bad_steps(flow: model.Flow, problems: tuple[Problem, ...]) -> set[str]:
    places = {f"{problem.file}:{problem.line}" for problem in problems if problem.severity == "error"}
    return {step.name for step in flow.steps if step.place in places}


# ------------------------------------------------------------------ SVG

_WIDTH, _GAP_X, _GAP_Y, _LINE = 230, 40, 46, 15


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    height: float
    lines: tuple[str, ...]


def svg(content: Content, flow: model.Flow, problems: tuple[Problem, ...] = ()) -> str:
    """The flow as an SVG picture: rows by distance from the start, arrows with their labels."""
    edges = edges_of(flow)
    names = [step.name for step in flow.steps] + sorted({e.target for e in edges if e.target.startswith("→ ")})
    rows = _rows(flow, edges, names)
    boxes = _boxes(content, flow, rows)
    width = max(box.x + _WIDTH for box in boxes.values()) + 300  # room for the ways beside the boxes, and their labels
    height = max(box.y + box.height for box in boxes.values()) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif" font-size="12">',
        '<defs><marker id="a" markerWidth="9" markerHeight="9" refX="8" refY="3" orient="auto">'
        '<path d="M0,0 L8,3 L0,6 z" fill="#555"/></marker></defs>',
        f'<rect width="100%" height="100%" fill="#fff"/><title>{escape(flow.name)}</title>',
    ]
    parts += [_arrow(boxes, edge) for edge in edges if edge.target in boxes]
    bad = _bad_steps(flow, problems)
    parts += [_drawn(name, boxes[name], flow, name in bad) for name in names if name in boxes]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _rows(flow: model.Flow, edges: list[Edge], names: list[str]) -> list[list[str]]:
    """Longest path from the start without going back: later steps stand lower."""
    order = {name: at for at, name in enumerate(names)}
    depth = dict.fromkeys(names, 0)
    for name in names:
        for edge in edges:
            if edge.source == name and edge.target in order and order[edge.target] > order[name]:
                depth[edge.target] = max(depth[edge.target], depth[name] + 1)
    rows: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in names:
        rows[depth[name]].append(name)
    return [row for row in rows if row]


def _boxes(content: Content, flow: model.Flow, rows: list[list[str]]) -> dict[str, _Box]:
    widest = max(len(row) for row in rows)
    boxes: dict[str, _Box] = {}
    y = 24.0
    for row in rows:
        texts = {name: tuple(wrap(_label(content, flow, name), 34)[:4]) or (name,) for name in row}
        height = max(len(lines) for lines in texts.values()) * _LINE + 16.0
        x = 24.0 + (widest - len(row)) * (_WIDTH + _GAP_X) / 2
        for name in row:
            boxes[name] = _Box(x, y, height, texts[name])
            x += _WIDTH + _GAP_X
        y += height + _GAP_Y
    return boxes


def _label(content: Content, flow: model.Flow, name: str) -> str:
    step = flow.step(name)
    return _caption(content, step) if step is not None else name


def _drawn(name: str, box: _Box, flow: model.Flow, bad: bool) -> str:
    step = flow.step(name)
    fill = "#fdd" if bad else "#eef6ff" if step is not None and step.waits else "#fff8e6" if step is None else "#f6f6f6"
    stroke = "#c00" if bad else "#447"
    radius = 14 if step is not None and step.waits else 3
    lines = "".join(
        f'<text x="{box.x + _WIDTH / 2:.0f}" y="{box.y + 20 + at * _LINE:.0f}" text-anchor="middle">{escape(line)}</text>'
        for at, line in enumerate(box.lines)
    )
    return (
        f'<g><rect x="{box.x:.0f}" y="{box.y:.0f}" width="{_WIDTH}" height="{box.height:.0f}" rx="{radius}" '
        f'fill="{fill}" stroke="{stroke}"/>{lines}</g>'
    )


def _arrow(boxes: dict[str, _Box], edge: Edge) -> str:
    start, end = boxes[edge.source], boxes[edge.target]
    x1, y1 = start.x + _WIDTH / 2, start.y + start.height
    x2, y2 = end.x + _WIDTH / 2, end.y
    between = [box for box in boxes.values() if y1 <= box.y and box.y + box.height <= y2 and _covers(box, x1, x2)]
    if y2 <= y1 or between:  # back up, or past other boxes: around the right side
        path, spot = _beside(start, end, between)
    else:
        bend = (y2 - y1) / 2
        path = f"M{x1:.0f},{y1:.0f} C{x1:.0f},{y1 + bend:.0f} {x2:.0f},{y2 - bend:.0f} {x2:.0f},{y2:.0f}"
        spot = f'x="{(x1 + 2 * x2) / 3:.0f}" y="{y2 - 14:.0f}" text-anchor="middle"'
    label = edge.label if len(edge.label) <= 32 else edge.label[:31] + "…"
    halo = f'<text {spot} font-size="10" stroke="#fff" stroke-width="3">{escape(label)}</text>'  # first, so that no line crosses letters
    text = f'{halo}<text {spot} font-size="10" fill="#335">{escape(label)}</text>' if label else ""
    return f'<path d="{path}" fill="none" stroke="#777" marker-end="url(#a)"/>{text}'


def _covers(box: _Box, x1: float, x2: float) -> bool:
    """Whether an arrow between these columns would run behind the box."""
    return box.x <= max(x1, x2) and min(x1, x2) <= box.x + _WIDTH


def _beside(start: _Box, end: _Box, between: list[_Box]) -> tuple[str, str]:
    """A way at the right of all boxes concerned, the farther the more there are, and the place of its label."""
    right = max(box.x for box in (start, end, *between)) + _WIDTH + 24 + 18 * min(len(between), 8)
    x1, y1 = start.x + _WIDTH, start.y + start.height * 0.65
    x2, y2 = end.x + _WIDTH, end.y + end.height * 0.35
    path = f"M{x1:.0f},{y1:.0f} C{right:.0f},{y1:.0f} {right:.0f},{y2:.0f} {x2:.0f},{y2:.0f}"
    middle = (x1 + x2) / 8 + right * 0.75  # where the curve is at its half
    return path, f'x="{middle + 4:.0f}" y="{(y1 + y2) / 2:.0f}" text-anchor="start"'
