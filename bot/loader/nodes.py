"""YAML with places: every value knows its file, line and column; every fault becomes a `Problem`, none an exception."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.errors import Problem

try:
    _Loader: Any = yaml.CSafeLoader
except AttributeError:  # PyYAML without libyaml: slower, same result
    _Loader = yaml.SafeLoader


@dataclass(slots=True)
class Problems:
    """Collects what is wrong with the content; the order is that of the files. `reading` hears of each YAML file."""

    found: list[Problem] = field(default_factory=list)
    reading: Callable[[Path], None] | None = None

    def add(self, file: str, line: int, column: int, message: str, severity: str = "error") -> None:
        """Notes one problem."""
        self.found.append(Problem(file, line, column, message, severity))

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Only what keeps the content from loading."""
        return tuple(problem for problem in self.found if problem.severity == "error")


@dataclass(frozen=True, slots=True)
class Node:
    """One YAML value with its place."""

    raw: yaml.Node
    file: str
    problems: Problems

    @property
    def line(self) -> int:
        return int(self.raw.start_mark.line) + 1

    @property
    def column(self) -> int:
        return int(self.raw.start_mark.column) + 1

    @property
    def place(self) -> str:
        """`file:line`, as rules and flows carry it."""
        return f"{self.file}:{self.line}"

    def problem(self, message: str, severity: str = "error") -> None:
        """Notes a problem at this place."""
        self.problems.add(self.file, self.line, self.column, message, severity)

    @property
    def is_map(self) -> bool:
        return isinstance(self.raw, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.raw, yaml.SequenceNode)

    @property
    def is_scalar(self) -> bool:
        return isinstance(self.raw, yaml.ScalarNode)

    @property
    def is_null(self) -> bool:
        return self.is_scalar and self.raw.tag == "tag:yaml.org,2002:null"

    def text(self) -> str:
        """The scalar as written; "" (and a problem) for anything else."""
        if not self.is_scalar:
            self.problem("a text is expected here")
            return ""
        return str(self.raw.value)

    def boolean(self) -> bool:
        """`true` or `false`."""
        if self.is_scalar and str(self.raw.value).lower() in ("true", "yes", "ja", "false", "no", "nein"):
            return str(self.raw.value).lower() in ("true", "yes", "ja")
        self.problem("true or false is expected here")
        return False

    def number(self) -> float:
        """A number; 0 (and a problem) for anything else, also for endless ones."""
        try:
            found = float(self.text())
        except ValueError:
            found = math.nan
        if math.isfinite(found):
            return found
        self.problem("a number is expected here")
        return 0.0

    def items(self) -> list[Node]:
        """The elements of a list; a single value counts as a list of one."""
        if self.is_list:
            return [Node(item, self.file, self.problems) for item in self.raw.value]
        return [] if self.is_null else [self]

    def texts(self) -> tuple[str, ...]:
        """The elements of a list of texts."""
        return tuple(item.text() for item in self.items())

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Key and value nodes of a mapping, in order; a repeated key is a problem."""
        if not self.is_map:
            self.problem("a mapping (key: value) is expected here")
            return
        seen: set[str] = set()
        for key, value in self.raw.value:
            node = Node(key, self.file, self.problems)
            if node.text() in seen:
                node.problem(f"{node.text()!r} stands here twice")
            seen.add(node.text())
            yield node, Node(value, self.file, self.problems)

    def fields(self, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, Node]:
        """The values of a record by key; unknown keys are problems with a suggestion, missing required ones too."""
        allowed = tuple(known)
        found: dict[str, Node] = {}
        for key, value in self.pairs():
            name = key.text()
            if name not in allowed:
                key.problem(f"unknown key {name!r}{suggestion(name, allowed)}")
                continue
            found[name] = value
        for name in required:
            if name not in found:
                self.problem(f"{name!r} is missing")
        return found

    def plain(self) -> Any:
        """The value as plain Python data, as PyYAML would build it."""
        return yaml.load(yaml.serialize(self.raw), Loader=_Loader)  # a safe loader


def suggestion(name: str, allowed: Iterable[str]) -> str:
    """ " (did you mean 'x'?)" when something close is known, else an empty text."""
    close = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def missing_severity(name: str, known: Iterable[str]) -> str:
    """Of a name that does not exist: a slip of the pen is an error; what nobody has written yet is a warning."""
    return "error" if difflib.get_close_matches(name, list(known), n=1, cutoff=0.9) else "warning"


def read_yaml(path: Path, shown: str, problems: Problems) -> Node | None:
    """The root of a YAML file, or None when it is empty or broken (a problem with its place)."""
    if problems.reading is not None:
        problems.reading(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.add(shown, 0, 0, f"cannot be read as UTF-8 YAML: {error}")
        return None
    return read_yaml_text(text, shown, problems)


def read_yaml_text(text: str, shown: str, problems: Problems) -> Node | None:
    """The root of a YAML text that stands in the file `shown`, or None when it is empty or broken."""
    try:
        raw = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        problems.add(shown, line, column, f"this is not valid YAML: {error.problem or error.context}")
        return None
    except yaml.YAMLError as error:
        problems.add(shown, 0, 0, f"cannot be read as UTF-8 YAML: {error}")
        return None
    if raw is None:
        return None
    return Node(raw, shown, problems)


def variants_of(node: Node, allowed_keys: Mapping[str, object] | None = None) -> dict[str, str]:
    """A text (one string) or its variants (a mapping) as variant key -> text."""
    if node.is_scalar:
        return {"default": node.text()}
    return {key.text(): value.text() for key, value in node.pairs()}
