"""What the READMEs say is true: examples load, commands run, tables name what the program knows, no more and no less."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

from bot.cli.commands import app
from bot.cli.understand import own_topic_problems
from bot.config import Settings
from bot.dialogue.content import Content
from bot.dialogue.questions import KINDS
from bot.dialogue.template import BlockKind
from bot.errors import Problem
from bot.loader import actions, course_steps, courses, safety, told, topics
from bot.loader.content import load_lexicon, load_outside, load_smalltalk, read_content
from bot.loader.data import load_data
from bot.loader.nodes import Problems
from bot.loader.safety import rule_examples
from bot.loader.safety_answers import load_lines
from bot.safety import URGENCIES, pattern
from bot.safety.rules import SOFTENING
from bot.safety.triage import triage
from bot.testing.playing import play
from bot.testing.script import load_scripts
from bot.text.variants import AUDIENCES

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", *(f"{folder}/README.md" for folder in ("dialogues", "knowledge", "deploy", "tests", "bot")))

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXCERPT = re.compile(r"# Auszug aus (knowledge/\S+\.yaml)\n")
_WHOLE_FILE = re.compile(r"# (knowledge/\S+\.yaml)\n")


# ------------------------------------------------------------------ reading a README


@dataclass(frozen=True)
class Block:
    """A fenced block with its place."""

    language: str
    text: str
    place: str


def prose(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(language: str) -> list[Block]:
    found = []
    for name in READMES:
        text = prose(name)
        for match in _FENCE.finditer(text):
            if match[1] == language:
                found.append(Block(language, match[2], f"{name}:{text.count(chr(10), 0, match.start()) + 1}"))
    return found


def table(name: str, header: str) -> list[list[str]]:
    """The rows of the tables whose first column is headed so, cells without their escapes."""
    lines = [_cells(line) for line in prose(name).splitlines()]
    rows: list[list[str]] = []
    inside = False
    for cells, following in zip(lines, [*lines[1:], []], strict=True):
        if following and _is_rule(following):
            inside = cells[0] == header
        elif not cells:
            inside = False
        elif inside and not _is_rule(cells):
            rows.append(cells)
    assert rows, f"{name} has no table headed {header!r}"
    return rows


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _is_rule(cells: list[str]) -> bool:
    return set("".join(cells)) <= {"-", ":"} and bool(cells)


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def first_column(name: str, header: str) -> list[str]:
    return [code for row in table(name, header) for code in codes(row[0])]


# ------------------------------------------------------------------ YAML examples


def _target(block: Block, number: int) -> str:
    """Where in a content folder the example lives."""
    whole = _WHOLE_FILE.match(block.text)
    if whole:
        return whole[1]
    if block.text.startswith("flow:"):
        return f"dialogues/own/example-{number}.yaml"
    if block.text.startswith("course:"):
        return f"dialogues/courses/example-{number}.yaml"
    if block.text.startswith("test:"):
        return f"talks/example-{number}.yaml"
    raise AssertionError(f"{block.place}: say where this example belongs, as '# knowledge/….yaml' or '# Auszug aus …'")


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Content, tuple[Problem, ...]]:
    """The shipped content with all examples of the READMEs laid beside it."""
    root = tmp_path_factory.mktemp("content")
    for name in ("dialogues", "knowledge"):
        shutil.copytree(ROOT / name, root / name)
    for number, block in enumerate(blocks("yaml")):
        if not _EXCERPT.match(block.text):
            path = root / _target(block, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            assert not path.exists(), f"{block.place} would overwrite {path.name}"
            path.write_text(block.text, encoding="utf-8")
    return root, *read_content(root)


def test_whole_examples_are_sound_content(examples: tuple[Path, Content, tuple[Problem, ...]]) -> None:
    _, content, problems = examples
    assert [str(problem) for problem in problems if problem.severity == "error"] == []
    assert {"hallo-kind", "wohin", "fassungen", "course.kleiner-kurs.question.wer"} <= set(content.flows)


def test_the_example_topic_is_found_and_takes_nobody_elses_questions(
    examples: tuple[Path, Content, tuple[Problem, ...]],
) -> None:
    _, content, _ = examples
    topic = content.topics["visit.beispiel"]
    assert len(topic.asked) >= topics.MIN_ASKED
    assert content.values["amounts.beispiel_warten"].text == "15 bis 60 Minuten"
    assert content.index is not None
    assert list(own_topic_problems(content.index, {topic.id: topic})) == []


def test_the_example_rule_does_what_its_examples_say(examples: tuple[Path, Content, tuple[Problem, ...]]) -> None:
    root, content, _ = examples
    assert content.rules is not None
    rules = replace(content.rules, likeness=None)  # the rule alone, not what is like all examples
    rows = [row for row in rule_examples(root / "knowledge" / "safety", Problems()) if "beispiel" in row.place]
    assert {row.expected for row in rows} == {"alert", "check", "none"}
    for row in rows:
        found = triage(rules, row.text, audience="child")
        assert (found.level if found else "none") == row.expected, row.text


def test_the_example_talk_passes(examples: tuple[Path, Content, tuple[Problem, ...]]) -> None:
    root, content, _ = examples
    problems = Problems()
    scripts = load_scripts(root / "talks", problems)
    assert problems.found == []
    assert scripts
    assert [play(content, script).failure for script in scripts] == [None] * len(scripts)


EXCERPTS = [block for block in blocks("yaml") if _EXCERPT.match(block.text)]


def _read_data(knowledge: Path, problems: Problems) -> object:
    data = load_data(knowledge, problems)
    lines, _ = load_lines(knowledge, problems)
    return data.values or data.laender or lines or (data.centres and data.centres.entries)


READERS: dict[str, Callable[[Path, Problems], object]] = {
    "data": _read_data,
    "synonyms.yaml": lambda knowledge, problems: load_lexicon(knowledge, problems).concepts("besuche"),
    "outside.yaml": load_outside,
    "smalltalk.yaml": load_smalltalk,
}


@pytest.mark.parametrize("block", EXCERPTS, ids=lambda block: block.place)
def test_an_excerpt_is_read_by_the_loader_of_its_file(block: Block, tmp_path: Path) -> None:
    named = _EXCERPT.match(block.text)
    assert named is not None
    path = tmp_path / named[1]
    assert (ROOT / named[1]).is_file(), f"{block.place} names a file that does not exist"
    path.parent.mkdir(parents=True)
    path.write_text(block.text, encoding="utf-8")
    problems = Problems()
    assert READERS[named[1].split("/")[1]](tmp_path / "knowledge", problems)
    assert [str(problem) for problem in problems.found] == []


# ------------------------------------------------------------------ commands


CLI = typer.main.get_command(app)
assert isinstance(CLI, TyperGroup)

NOT_RUN = {
    "desk": "shows the queue until it is stopped",
    "run": "serves until it is stopped; tests/system starts it",
    "--mutate": "takes minutes",
    "--matching": "tests/unit/loader/test_shipped_knowledge.py asks the same",
}
EXIT_CODES = {
    "doctor": (0, 1),
    "reload": (1,),
    "certificate": (1,),
    "erase": (2,),
    "poster": (0, 2),
}  # CODE is no code; without a messenger something is to do, and a poster's code leads nowhere; nothing runs that could reload
STANDS_FOR = {"FLOW": "feelings", "LANG": "tr", "TOPIC": "staff.numbers", "/ziel": "ziel"}


def commands() -> Iterator[tuple[str, str]]:
    """(place, command) of every `kavi …` in console blocks and in the text; a pipe in front gives its input."""
    for block in blocks("console"):
        for line in block.text.splitlines():
            if line.startswith("$ ") and "kavi" in line:
                yield block.place, line[2:]
    for name in READMES:
        for code in re.findall(r"`((?:uv run )?kavi (?!…)[^`]+)`", _FENCE.sub("", prose(name))):
            yield name, code


def _arguments(command: str) -> tuple[str, list[str]]:
    """(what goes to its standard input, the words after `kavi`)."""
    said = re.match(r"echo (\"[^\"]*\"|\S+) \| ", command)
    words = shlex.split(command[said.end() :] if said else command)
    words = [STANDS_FOR.get(word, word) for word in words[words.index("kavi") + 1 :]]
    return (shlex.split(said[1])[0] + "\n" if said else ""), words


COMMANDS = sorted({(" ".join(_arguments(command)[1]), command) for _, command in commands()})


def _command(words: list[str]) -> tuple[TyperCommand | TyperGroup, list[str]]:
    """The command that is meant, inside its group if it has one, and the words behind it."""
    found: TyperCommand | TyperGroup = CLI
    rest = words
    while isinstance(found, TyperGroup) and rest and not rest[0].startswith("-"):
        assert rest[0] in found.commands, rest[0]
        found, rest = found.commands[rest[0]], rest[1:]
    return found, rest


@pytest.mark.parametrize("command", [command for _, command in COMMANDS])
def test_a_command_and_its_options_exist(command: str) -> None:
    found, rest = _command(_arguments(command)[1])
    known = {option for param in found.params for option in param.opts} | {"--help"}
    assert [word for word in rest if word.startswith("--") and word not in known] == []


def _can_run(words: list[str]) -> bool:
    """Whether it is whole (a command that is only named lacks its arguments) and not among those that are not run."""
    found, rest = _command(words)
    needed = [param for param in found.params if isinstance(param, TyperArgument) and param.required]
    given = [word for word in rest if not word.startswith("--")]
    whole = not isinstance(found, TyperGroup) and len(given) >= len(needed)
    return whole and not set(words) & set(NOT_RUN)


_CALLS = {(given, *words): command for _, command in COMMANDS for given, words in [_arguments(command)]}
RUNNABLE = [command for command in _CALLS.values() if _can_run(_arguments(command)[1])]  # each call once


def _after_what_it_needs(command: str) -> tuple[bool, int, str]:
    """A talk first, which makes the database; then what changes the content, which is compiled anew after it, and what restores.

    Last a new key, which old backups do not open with.
    """
    words = _arguments(command)[1]
    return words != ["chat"], {"draw": 1, "translate": 1, "restore": 2, "rotate-key": 3}.get(words[0], 0), command


@pytest.mark.slow
def test_every_whole_command_runs(tmp_path: Path) -> None:
    few = shutil.ignore_patterns("topics", "examples")  # `kavi learn` takes a minute with all of them
    for name in ("dialogues", "knowledge"):  # copies, because some commands write into them
        shutil.copytree(ROOT / name, tmp_path / "content" / name)
        shutil.copytree(ROOT / name, tmp_path / "few" / name, ignore=few)
    talks = tmp_path / "content" / "tests" / "conversations"  # few: tests/conversations plays all of them
    talks.mkdir(parents=True)
    for name in ("menu.yaml", "staff-lookup.yaml"):
        shutil.copy(ROOT / "tests" / "conversations" / name, talks)
    env = os.environ | {"KAVI_DATA_DIR": str(tmp_path / "data"), "KAVI_CONTENT_DIR": str(tmp_path / "content")}
    env |= {"KAVI_MATCHING__SEMANTIC": "off"}
    for command in sorted(RUNNABLE, key=_after_what_it_needs):
        said, words = _arguments(command)
        if words[0] == "chat" and not {"--jsonl", "--desk"} & set(words):  # without them a terminal is needed
            said, words = '{"say": "hallo"}\n', [*words, "--jsonl"]
        line = [sys.executable, "-m", "bot", *words]
        content = {"KAVI_CONTENT_DIR": str(tmp_path / "few")} if words == ["learn"] else {}
        done = subprocess.run(
            line, input=said, cwd=tmp_path, env=env | content, text=True, capture_output=True, timeout=300, check=False
        )
        assert done.returncode in EXIT_CODES.get(words[0], (0,)), f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, f"{command}\n{done.stderr}"


def test_what_is_not_run_is_still_written_somewhere() -> None:
    written = {word for _, command in COMMANDS for word in _arguments(command)[1]}
    assert set(NOT_RUN) <= written


def test_the_table_of_commands_names_each_command_once() -> None:
    named = [code.split()[1] for code in first_column("README.md", "command")]
    assert sorted(named) == sorted(CLI.commands)


# ------------------------------------------------------------------ tables


def concepts() -> dict[str, tuple[str, ...]]:
    found, _ = safety._load_concepts(ROOT / "knowledge" / "safety", Problems())
    return found


def guards() -> set[str]:
    _, node = safety._load_concepts(ROOT / "knowledge" / "safety", Problems())
    assert node is not None
    return {key.text() for key, _ in node.pairs()}


def test_the_keys_of_a_topic() -> None:
    topic_keys, rule_keys = (
        [code for row in rows for code in codes(row[0])]
        for rows in _split(table("knowledge/README.md", "Schlüssel"), at="category")
    )
    assert sorted(topic_keys) == sorted(topics._KEYS)
    assert sorted(rule_keys) == sorted(safety._FIELDS)


def _split(rows: list[list[str]], at: str) -> tuple[list[list[str]], list[list[str]]]:
    cut = next(index for index, row in enumerate(rows) if codes(row[0]) == [at])
    return rows[:cut], rows[cut:]


def test_risks_and_variants_of_a_topic() -> None:
    assert first_column("knowledge/README.md", "`risk`") == list(topics._RISKS)
    rows = table("knowledge/README.md", "Wer")
    assert {codes(row[0])[0]: tuple(codes(row[1])) for row in rows} == dict(topics.NEEDED_VARIANTS)
    assert {codes(row[0])[0] for row in rows} == set(AUDIENCES)
    text = prose("knowledge/README.md")
    assert f"höchstens {topics.MAX_TITLE} Zeichen" in text
    assert f"höchstens {topics.MAX_ANSWER} Zeichen" in text
    assert f"mindestens {topics.MIN_ASKED}" in text


def test_the_categories_with_their_urgency_in_their_order() -> None:
    rows = table("knowledge/README.md", "Kategorie")
    assert [(codes(row[0])[0], codes(row[2])[0]) for row in rows] == list(URGENCIES.items())


def test_the_guards_and_which_of_them_only_soften() -> None:
    rows = table("knowledge/README.md", "Wächter")
    assert {codes(row[0])[0] for row in rows} == guards()
    assert {codes(row[0])[0] for row in rows if "Nachfrage" in row[1]} == SOFTENING


def test_the_pattern_language() -> None:
    rows = {codes(row[0])[0]: row[1] for row in table("knowledge/README.md", "Muster")}
    elements = pattern.Elements(concepts())
    for written in rows:
        pattern.parse(f"weg & {written}" if written.startswith("!") else written, elements)
    reach = {"ich will": pattern.NEAR - 1, "ich .. weg": pattern.FAR - 1, "weg & nachts": pattern.WINDOW}
    for written, words in (reach | {"!urlaub": pattern.SHUN}).items():
        assert f"höchstens {words} " in rows[written]


def test_what_the_readme_says_of_patterns_is_what_they_find() -> None:
    def found(written: str, text: str) -> bool:
        rules = safety.compile_rules
        elements = pattern.Elements(concepts())
        rule = safety.Rule(
            category="runaway", level="alert", place="x:1", pattern=pattern.parse(written, elements), unless=()
        )
        return triage(rules((rule,), {}, safety.compile_lexicon(elements.words)), text, audience="child") is not None

    for written, yes, no in (
        ("zelt|koffer", "der koffer", "der kasten"),
        ("pack*", "wir packen", "wir parken"),
        ("rote tasche", "rote eins zwei drei tasche", "rote eins zwei drei vier tasche"),
        ("rote .. tasche", "rote eins zwei drei vier fünf sechs sieben acht tasche", "tasche rote"),
        ("rote=tasche", "rote tasche", "rote große tasche"),
        ("tasche & rote", "rote tasche", "tasche allein"),
        ("tasche & !rote", "tasche", "rote tasche"),
    ):
        assert found(written, yes), (written, yes)
        assert not found(written, no), (written, no)


def test_the_tables_of_the_flow_language() -> None:
    assert sorted(first_column("dialogues/README.md", "Schlüssel")) == sorted(actions.ACTIONS)
    assert sorted(first_column("dialogues/README.md", "was gehört wird")) == sorted(told.KIND)
    assert sorted(first_column("dialogues/README.md", "`kind`")) == sorted(KINDS)
    assert first_column("dialogues/README.md", "`keep`") == list(actions.KEEPS)
    blocks_of_files = [code for row in table("dialogues/README.md", "Block") for code in codes(row[0])]
    assert sorted(blocks_of_files) == sorted(get_args(BlockKind))


def test_the_keys_of_a_course() -> None:
    named = {code for row in table("dialogues/README.md", "Kurs") for cell in row for code in codes(cell)}
    keys = {*courses._COURSE_KEYS, *courses._UNIT_KEYS, *course_steps.CASE_KEYS, *course_steps.CHOICE_KEYS}
    assert {name.split(":")[0] for name in named} - {"null"} == keys | {*course_steps.QUESTION_KEYS}
    assert f"höchstens {courses.MAX_READ} Zeichen" in prose("dialogues/README.md")


def _folders(path: Path) -> set[str]:
    return {
        f"{one.name}/" for one in path.iterdir() if one.is_dir() and any(one.rglob("*.*")) and one.name[0] not in "._"
    }


def test_the_tables_of_folders() -> None:
    tracked = {"bot/", "dialogues/", "knowledge/", "tests/", "deploy/"}
    assert set(first_column("README.md", "folder")) == tracked
    assert set(first_column("bot/README.md", "folder")) == _folders(ROOT / "bot")
    assert tracked <= _folders(ROOT)
    listed = {code for row in table("tests/README.md", "folder") for code in codes(row[0])}
    assert listed == _folders(ROOT / "tests")
    content_files = {one.name for one in (ROOT / "knowledge").glob("*.yaml")} | _folders(ROOT / "knowledge")
    assert set(first_column("knowledge/README.md", "Ort")) == content_files


def test_the_layers_are_listed_from_above_to_below() -> None:
    contract = tomllib.loads(prose("pyproject.toml"))["tool"]["importlinter"]["contracts"][0]
    depth = {name: number for number, layer in enumerate(contract["layers"]) for name in layer.split(" | ")}
    assert [depth[name.strip("/")] for name in first_column("bot/README.md", "folder")] == sorted(
        depth[name.strip("/")] for name in _folders(ROOT / "bot")
    )


def test_files_that_the_architecture_names_exist() -> None:
    named = [code for code in re.findall(r"`([\w/]+\.py)`", prose("bot/README.md")) if "/" in code]
    folders = (ROOT, ROOT / "bot", ROOT / "bot" / "messengers" / "telegram")
    assert [name for name in named if not any((folder / name).is_file() for folder in folders)] == []


def test_each_dependency_has_its_reason() -> None:
    lists = re.findall(
        r"^(\w+) = \[\n(.*?)^\]", prose("pyproject.toml").split("[tool.uv]")[0], re.MULTILINE | re.DOTALL
    )
    assert {"dependencies", "semantic", "postgres", "dev"} <= {name for name, _ in lists}
    assert [line for _, lines in lists for line in lines.splitlines() if line.strip() and "  # " not in line] == []


# ------------------------------------------------------------------ the rest


@pytest.mark.parametrize("name", READMES)
def test_links_inside_the_project_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)\s#]+)", prose(name)):
        assert ((ROOT / name).parent / target).exists(), target


def _variables() -> set[str]:
    names = set()
    for name, kind in get_type_hints(Settings).items():
        fields = getattr(kind, "__struct_fields__", None)
        names |= {f"KAVI_{name}".upper()} if fields is None else {f"KAVI_{name}__{inner}".upper() for inner in fields}
    return names


@pytest.mark.parametrize("name", READMES)
def test_settings_that_are_named_exist(name: str) -> None:
    for variable in re.findall(r"`(KAVI_[A-Z_]+)", prose(name)):
        assert variable in _variables() or variable in ("KAVI_TEST_REQUIRE", "KAVI_TEST_PEERS_PYTHON"), variable


def test_what_kavi_says_in_the_readme_stands_in_the_content() -> None:
    talk = next(block.text for block in blocks("text") if "Kavi: " in block.text)
    said = re.findall(r"^Kavi: (.+?)(?: …)?$", talk, re.MULTILINE)
    files = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "dialogues").rglob("*.yaml"))]
    written = " ".join(" ".join(files).replace('\\"', '"').replace("**", "").split())
    missing = [text for text in said if text not in written]
    assert missing == []


def test_the_drawn_flow_has_the_steps_of_the_flow(examples: tuple[Path, Content, tuple[Problem, ...]]) -> None:
    _, content, _ = examples
    drawing = next(block.text for block in blocks("mermaid"))
    steps = set(re.findall(r"\b([a-z_]+)[\[(]", drawing))
    assert steps <= {step.name for step in content.flows["feelings"].steps}
