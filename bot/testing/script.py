"""Conversation tests: talks written in YAML, and how their people begin; `playing` plays them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.dialogue import Session
from bot.dialogue.session import Part
from bot.loader.nodes import Node, Problems, read_yaml

_SCRIPT_KEYS = ("test", "about", "as", "age", "band", "register", "language", "consent", "slots", "speaks", "talk")
_LINE_KEYS = ("user", "press", "photo", "voice", "edit", "start", "begin", "with", "after", "counsellor", "bot", "choices",
              "does", "owner", "consent", "watched", "slot", "flow", "ends")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a talk with its place."""

    kind: str
    node: Node
    fields: Mapping[str, Node]

    @property
    def place(self) -> str:
        return self.node.place


@dataclass(frozen=True, slots=True)
class Script:
    """One conversation test."""

    name: str
    place: str
    session: Session
    lines: tuple[Line, ...]
    speaks: bool = False  # as with the extra `voice`


def load_scripts(root: Path, problems: Problems) -> list[Script]:
    """All scripts in the YAML files below `root` (one a file, or a list); what is none is a problem, not a test that never runs."""
    scripts: list[Script] = []
    for path in sorted(root.rglob("*.yaml")) if root.is_dir() else [root]:
        node = read_yaml(path, str(path), problems)
        if node is None:
            continue
        scripts += [_script(item) for item in node.items()]
    return scripts


def _script(node: Node) -> Script:
    fields = node.fields(_SCRIPT_KEYS, required=("test", "talk"))
    lines = []
    for item in fields["talk"].items() if "talk" in fields else ():
        found = item.fields(_LINE_KEYS)
        kind = next(iter(found), "")
        lines.append(Line(kind, item, found))
    speaks = "speaks" in fields and fields["speaks"].boolean()
    return Script(fields["test"].text() if "test" in fields else "", node.place, _session(fields), tuple(lines), speaks)


def onboarded(
    audience: str, *, age: int | None = None, band: str = "", register: str = "plain", language: str = "de"
) -> Session:
    """A session as it is after onboarding with consent, as `kavi chat --as` begins."""
    if age is not None:
        band = band_of(age)
    part = Part(audience=audience, band=band if audience == "child" else "", register=register)
    return Session(language=language, consent="1", parts={"adult": part})


def band_of(age: int) -> str:
    """The age band of an age in years; younger children get the texts for the youngest, older ones for the oldest."""
    return "6-9" if age <= 9 else "10-13" if age <= 13 else "14-17"


def _session(fields: Mapping[str, Node]) -> Session:
    if "as" not in fields:
        return Session()

    def text(name: str, default: str) -> str:
        return fields[name].text() if name in fields else default

    session = onboarded(
        text("as", "caregiver"),
        age=int(fields["age"].number()) if "age" in fields else None,
        band=text("band", ""),
        register=text("register", "plain"),
        language=text("language", "de"),
    )
    if "consent" in fields and not fields["consent"].boolean():
        session = Session(language=session.language, parts=session.parts)
    return session
