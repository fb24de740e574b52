"""knowledge/safety/: concepts, guards and rules, as compiled `SafetyRules`; knowledge/safety/answers/ as the composer.

A rule file holds one record or a list of them: `category`, `language`, `unless` (guards) and blocks of patterns, one a
line: `alert`, `check` and `always` (alerts that no guard silences). `alone` lists whole messages that deserve a second
look. `examples`, `checks` and `counter_examples` are its tests (`rule_examples`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.dialogue.content import SafetyAnswer
from bot.errors import ContentError
from bot.loader.learned import read_learned, write_learned
from bot.loader.nodes import Node, Problems, read_yaml
from bot.loader.safety_answers import load_answers
from bot.loader.topics import load_topics
from bot.matching.topic import Topic
from bot.safety import URGENCIES, Finding
from bot.safety.fitting import Sample, fit
from bot.safety.lexicon import compile_lexicon
from bot.safety.pattern import Elements, Pattern, PatternError, parse
from bot.safety.rules import Rule, SafetyRules, compile_rules
from bot.safety.triage import fired_rules, names_of, read_letters, stretches
from bot.text.sound import words_of

_FIELDS = (
    "category",
    "language",
    "unless",
    "alert",
    "check",
    "always",
    "alone",
    "examples",
    "checks",
    "counter_examples",
)
OF_A_TOPIC = 44  # ordinary questions that teach
_DANGER = {"alert": 1.0, "check": 0.5, "none": 0.0}
_DANGER_KEYS = {"alert": "alert", "check": "check", "harmless": "none"}
_LANGUAGES = ("de", "en", "tr", "ar", "ru", "uk", "pl")


@dataclass(frozen=True, slots=True)
class Safety:
    """Everything of knowledge/safety. `unsigned` are the places of answers and lines that nobody has signed."""

    rules: SafetyRules | None = None
    answer: SafetyAnswer | None = None
    unsigned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A line of a rule file that says what the rules must make of it: `alert`, `check` (or more) or `none`."""

    text: str
    category: str
    expected: str
    place: str


def load_safety(root: Path, problems: Problems, harmless: Callable[[], Iterable[str]] = tuple) -> Safety:
    """Rules and answers below `root` (the folder knowledge/). Without the folder there is no safety layer to load.

    `harmless` gives ordinary questions: what the likeness learns as no danger, when it has to learn.
    """
    folder = root / "safety"
    if not folder.is_dir():
        return Safety()
    answer, unsigned = load_answers(root, problems)
    rules = load_rules(folder, problems)
    return Safety(with_likeness(rules, folder, harmless, problems), answer, unsigned)


def with_likeness(
    rules: SafetyRules, folder: Path, harmless: Callable[[], Iterable[str]], problems: Problems
) -> SafetyRules:
    """The rules with what was learned from the examples, learned now if `kavi learn` has not; unchanged without examples."""
    node = read_yaml(folder / "levels.yaml", _shown(folder / "levels.yaml"), problems)
    if node is None:
        return rules
    fields = node.fields(("about", "alert", "check"), required=("alert", "check"))
    if not {"alert", "check"} <= fields.keys():
        return rules
    alert, check = fields["alert"].number(), fields["check"].number()
    likeness = read_learned(folder, alert=alert, check=check)
    if likeness is None:
        node.problem("the examples have changed: `kavi learn` makes the start fast again", "warning")
        samples = load_samples(rules, folder, harmless(), problems)
        if not any(sample.danger for sample in samples):
            return rules
        likeness = fit(samples, rules.ids, alert=alert, check=check)
    return rules.with_likeness(likeness)


def learn(root: Path) -> int:
    """Learns from the examples below `root`/knowledge and writes it down; how many texts taught.

    Raises ContentError when the rules or examples have problems.
    """
    problems = Problems()
    knowledge = root / "knowledge"
    folder = knowledge / "safety"
    rules = load_rules(folder, problems)
    topics = load_topics(knowledge, problems)
    samples = load_samples(rules, folder, harmless_texts(topics, knowledge, problems), problems)
    if problems.errors:
        raise ContentError(problems.errors)
    write_learned(folder, fit(samples, rules.ids, alert=1.0, check=1.0))
    return len(samples)


def harmless_texts(topics: Mapping[str, Topic], knowledge: Path, problems: Problems) -> list[str]:
    """Ordinary questions and small talk: what is learned as no danger. Topics of risk safety are left out."""
    asked = [
        text for topic in topics.values() if topic.risk != "safety" for text in _some([row.text for row in topic.asked])
    ]
    others = [read_yaml(knowledge / name, f"knowledge/{name}", problems) for name in ("outside.yaml", "smalltalk.yaml")]
    return [*asked, *(text for node in others if node for _, value in node.pairs() for text in value.texts())]


def _some(asked: Sequence[str]) -> Sequence[str]:
    """Of a topic's questions at most `OF_A_TOPIC`, from all over its list.

    Who writes more of them for the matcher must not make the layer more trusting: what counts is the balance of danger and
    everyday life.
    """
    return [asked[at * len(asked) // OF_A_TOPIC] for at in range(OF_A_TOPIC)] if len(asked) > OF_A_TOPIC else asked


def load_samples(rules: SafetyRules, folder: Path, harmless: Iterable[str], problems: Problems) -> list[Sample]:
    """Every example below knowledge/safety and the harmless texts, as the likeness learns them; doubled texts once."""
    return [one for row in load_examples(folder, harmless, problems) for one in samples_of(rules, row)]


def load_examples(folder: Path, harmless: Iterable[str], problems: Problems) -> list[Example]:
    """Every line that teaches, those of knowledge/safety first, in the order of the files; doubled texts once."""
    texts = {row.text: row for row in (*rule_examples(folder, problems), *_more_examples(folder, problems))}
    plain = (Example(text, "", "none", "") for text in dict.fromkeys(harmless) if text not in texts)
    return [*texts.values(), *plain]


def samples_of(rules: SafetyRules, row: Example) -> list[Sample]:
    """A dangerous text as a whole; a long harmless one in the stretches in which it would be weighed."""
    words, danger = read_letters(rules, row.text)[0], _DANGER[row.expected]
    fired = names_of(fired_rules(rules, words), len(words))
    pieces = [words] if danger else stretches(words)
    return [Sample(tuple(piece), fired, danger, row.category if danger else "", row.place) for piece in pieces]


def _more_examples(folder: Path, problems: Problems) -> Iterator[Example]:
    """knowledge/safety/examples/: lines to learn from that no rule needs to find word for word."""
    for path in sorted((folder / "examples").rglob("*.yaml")):
        node = read_yaml(path, _shown(path), problems)
        if node is None:
            continue
        fields = node.fields(("category", *_DANGER_KEYS), required=("harmless",))
        category = fields["category"].text() if "category" in fields else ""
        if category not in URGENCIES and (category or {"alert", "check"} & set(fields)):
            node.problem(f"{category!r} is not a category: {', '.join(URGENCIES)}")
            continue
        for block, expected in _DANGER_KEYS.items():
            if block in fields:
                for text, line in _lines(fields[block]):
                    yield Example(text, category, expected, f"{node.file}:{line}")


def load_rules(folder: Path, problems: Problems) -> SafetyRules:
    """The rules of knowledge/safety/; faulty patterns are problems and left out."""
    concepts, guard_node = _load_concepts(folder, problems)
    elements = Elements(concepts)
    guards: dict[str, tuple[Pattern, ...]] = {}
    for name, block in guard_node.pairs() if guard_node else ():
        guards[name.text()] = tuple(pattern for pattern, _ in _patterns(name, block, elements))
    nodes = list(_rule_files(folder, problems))
    rules = tuple(rule for node in nodes for rule in _rules_of(node, elements, guards))
    alone = {words: finding for node in nodes for words, finding in _whole_messages(node)}
    return compile_rules(rules, guards, compile_lexicon(elements.words), alone)


def _whole_messages(node: Node) -> Iterator[tuple[tuple[str, ...], Finding]]:
    fields = node.fields(_FIELDS)
    category = fields["category"].text() if "category" in fields else ""
    if "alone" in fields and category in URGENCIES:
        for text, line in _lines(fields["alone"]):
            place = f"{node.file}:{line}"
            yield (
                tuple(words_of(text)),
                Finding(category=category, level="check", urgency=URGENCIES[category], rule=place),
            )


def rule_examples(folder: Path, problems: Problems) -> Iterator[Example]:
    """All examples of all rule files with their places."""
    for node in _rule_files(folder, problems):
        fields = node.fields(_FIELDS)
        category = fields["category"].text() if "category" in fields else ""
        for block, expected in (("examples", "alert"), ("checks", "check"), ("counter_examples", "none")):
            if block in fields:
                for text, line in _lines(fields[block]):
                    yield Example(text, category, expected, f"{node.file}:{line}")


def _load_concepts(folder: Path, problems: Problems) -> tuple[dict[str, tuple[str, ...]], Node | None]:
    path = folder / "concepts.yaml"
    node = read_yaml(path, _shown(path), problems)
    if node is None:
        return {}, None
    fields = node.fields(("concepts", "guards"), required=("concepts", "guards"))
    concepts: dict[str, tuple[str, ...]] = {}
    for name, words in fields["concepts"].pairs() if "concepts" in fields else ():
        concepts[name.text()] = tuple(words.text().split())
    return concepts, fields.get("guards")


def _rule_files(folder: Path, problems: Problems) -> Iterator[Node]:
    for language in _LANGUAGES:
        for path in sorted((folder / language).glob("*.yaml")):
            node = read_yaml(path, _shown(path), problems)
            if node is not None:
                yield from node.items() if node.is_list else [node]


def _rules_of(node: Node, elements: Elements, guards: dict[str, tuple[Pattern, ...]]) -> Iterator[Rule]:
    fields = node.fields(_FIELDS, required=("category", "language", "examples"))
    category = fields["category"].text() if "category" in fields else ""
    if category not in URGENCIES:
        fields.get("category", node).problem(f"{category!r} is not a category: {', '.join(URGENCIES)}")
        return
    unless = fields["unless"].texts() if "unless" in fields else ()
    for name in unless:
        if name not in guards:
            fields["unless"].problem(f"there is no guard {name!r}")
            return
    for block in ("always", "alert", "check"):
        if block in fields:
            for pattern, line in _patterns(node, fields[block], elements):
                yield Rule(
                    category=category,
                    level="check" if block == "check" else "alert",
                    place=f"{node.file}:{line}",
                    pattern=pattern,
                    unless=() if block == "always" else unless,
                    always=block == "always",
                )


def _patterns(key: Node, block: Node, elements: Elements) -> Iterator[tuple[Pattern, int]]:
    """The patterns of a block with their lines; `key` begins in the column of the block's key, its lines two further on."""
    for text, line in _lines(block):
        try:
            yield parse(text, elements), line
        except PatternError as error:
            block.problems.add(block.file, line, key.column + 2 + error.column, str(error))


def _lines(block: Node) -> Iterator[tuple[str, int]]:
    """The lines of a literal block (`|`) with their numbers in the file; comments and empty lines are left out."""
    for offset, line in enumerate(block.text().splitlines()):
        if line.strip() and not line.startswith("#"):
            yield line.strip(), block.line + 1 + offset


def _shown(path: Path) -> str:
    """knowledge/safety/de/x.yaml, from wherever the folder lies."""
    parts = path.parts
    return "/".join(parts[parts.index("knowledge") :]) if "knowledge" in parts else path.name
