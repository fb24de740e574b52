"""knowledge/desk/: canned answers for counsellors, the child-protection checklist, and what the lead is to know of."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from bot.desk.canned import VARIABLES, Canned, CheckStep
from bot.desk.hints import Hint
from bot.loader.nodes import Node, Problems, read_yaml, suggestion, variants_of
from bot.text.normalise import fold
from bot.text.variants import AUDIENCES, Variants

_FIELDS = ("title", "text", "audiences", "valid_from", "valid_until")


def load_desk(
    knowledge: Path, catalogs: Mapping[str, Mapping[str, str]], problems: Problems
) -> tuple[Canned | CheckStep | Hint, ...]:
    """Everything below knowledge/desk/; empty when the folder is not there."""
    found: list[Canned | CheckStep | Hint] = []
    canned = _read(knowledge, "canned.yaml", problems)
    if canned is not None:
        rows = canned.fields(("canned",), required=("canned",)).get("canned")
        found += [_canned(key, value, catalogs) for key, value in (rows.pairs() if rows is not None else ())]
    steps = _read(knowledge, "child_protection.yaml", problems)
    if steps is not None:
        rows = steps.fields(("reviewed_by", "steps"), required=("steps",)).get("steps")
        found += [_step(row) for row in (rows.items() if rows is not None else ())]
    hints = _read(knowledge, "hints.yaml", problems)
    if hints is not None:
        rows = hints.fields(("reviewed_by", "hints"), required=("hints",)).get("hints")
        found += [_hint(row) for row in (rows.items() if rows is not None else ())]
    return tuple(found)


def _read(knowledge: Path, name: str, problems: Problems) -> Node | None:
    path = knowledge / "desk" / name
    return read_yaml(path, f"knowledge/desk/{name}", problems) if path.is_file() else None


def _canned(key: Node, node: Node, catalogs: Mapping[str, Mapping[str, str]]) -> Canned:
    fields = node.fields(_FIELDS, required=("title", "text"))
    texts = variants_of(fields["text"]) if "text" in fields else {}
    for text in texts.values():
        _check_variables(fields["text"], text)
    audiences = fields["audiences"].texts() if "audiences" in fields else ()
    for audience in audiences:
        if audience not in AUDIENCES:
            fields["audiences"].problem(f"unknown audience {audience!r}{suggestion(audience, AUDIENCES)}")
    return Canned(
        id=key.text(), title=fields["title"].text() if "title" in fields else key.text(), texts=Variants(texts, node.place),
        audiences=audiences, valid_from=_day(fields.get("valid_from")), valid_until=_day(fields.get("valid_until")),
        translations=catalogs, place=node.place,
    )  # fmt: skip


def _check_variables(node: Node, text: str) -> None:
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        node.problem("a brace stands alone; write {{ for a brace")
        return
    for name in names:
        if name not in VARIABLES:
            node.problem(f"unknown placeholder {{{name}}}{suggestion(name, VARIABLES)}")


def _day(node: Node | None) -> date | None:
    if node is None or node.is_null:
        return None
    try:
        return date.fromisoformat(node.text())
    except ValueError:
        node.problem("a day is expected here, such as 2026-12-31")
        return None


def _hint(node: Node) -> Hint:
    fields = node.fields(("title", "phrases"), required=("title", "phrases"))
    phrases = fields["phrases"].texts() if "phrases" in fields else ()
    return Hint(title=fields["title"].text() if "title" in fields else "", phrases=tuple(map(fold, phrases)))


def _step(node: Node) -> CheckStep:
    fields = node.fields(("title", "text", "source"), required=("title", "text", "source"))
    return CheckStep(**{name: fields[name].text() if name in fields else "" for name in ("title", "text", "source")})
