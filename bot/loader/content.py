"""All content of a folder as one `Content`, with every problem that was found on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bot.dialogue.content import Content
from bot.errors import ConfigError, ContentError, Problem
from bot.loader.checks import check_flows
from bot.loader.consent import consent_version
from bot.loader.courses import load_courses
from bot.loader.data import load_data
from bot.loader.desk import load_desk
from bot.loader.encoders import add_meaning, find_encoder
from bot.loader.files import content_version, without_collector
from bot.loader.flows import load_commands, load_flows, load_texts
from bot.loader.nodes import Node, Problems, read_yaml
from bot.loader.pictures import check_attachments
from bot.loader.remembering import mark
from bot.loader.safety import harmless_texts, load_safety
from bot.loader.templates import check_templates, load_templates
from bot.loader.told import load_told
from bot.loader.topics import check_topics, load_topics, titles_of
from bot.loader.translations import load_catalogs
from bot.matching.evidence import MEANT, NAMES
from bot.matching.features import Lexicon
from bot.matching.index import Phrase, TopicIndex
from bot.matching.topic import Topic
from bot.matching.weighing import Thresholds, with_products
from bot.text.normalise import clean, fold


def load_content(root: Path) -> Content:
    """The content below `root` (dialogues/ and knowledge/).

    Raises ContentError with every problem; bad content is never half loaded.
    """
    content, problems = read_content(root)
    errors = tuple(problem for problem in problems if problem.severity == "error")
    if errors:
        raise ContentError(errors)
    return content


def read_content(root: Path, reading: Callable[[Path], None] | None = None) -> tuple[Content, tuple[Problem, ...]]:
    """The content as far as it can be read, and all problems, sorted by place. `reading` hears of each YAML file."""
    with without_collector():
        return _read_content(root, Problems(reading=reading))


def _read_content(root: Path, problems: Problems) -> tuple[Content, tuple[Problem, ...]]:
    dialogues, knowledge = root / "dialogues", root / "knowledge"
    data = load_data(knowledge, problems)
    topics = load_topics(knowledge, problems)
    check_topics(topics, data.values, data.laender, problems)
    safety = load_safety(knowledge, problems, lambda: harmless_texts(topics, knowledge, problems))
    hearing, of_told = load_told(dialogues, problems)
    texts = of_told | load_texts(dialogues, problems)  # an own text of the same key counts
    courses, of_courses = load_courses(dialogues, texts, problems)
    flows, templates = mark(load_flows(dialogues, problems) | of_courses), load_templates(dialogues, problems)
    check_templates(templates, flows, data.values, data.laender, problems)
    check_attachments(flows, dialogues, problems)
    catalogs = load_catalogs(root, problems)
    content = Content(
        flows=flows,
        templates=templates,
        courses=courses,
        texts=texts,
        hearing=hearing,
        commands=load_commands(dialogues, problems),
        topics=topics,
        titles=titles_of(topics, catalogs),
        index=build_index(topics, knowledge, problems),
        rules=safety.rules,
        safety_answer=safety.answer,
        unsigned=safety.unsigned,
        values=data.values,
        laender=data.laender,
        land_finder=data.finder,
        prisons=data.prisons,
        centres=data.centres,
        places=data.places,
        catalogs=catalogs,
        for_desk=load_desk(knowledge, catalogs, problems),
        version=content_version(root),
        consent_version=consent_version(flows),
    )
    return content, tuple(sorted(set(problems.found) | set(check_flows(content))))


def build_index(topics: Mapping[str, Topic], knowledge: Path, problems: Problems) -> TopicIndex | None:
    """The matcher's index of all example questions; None without topics."""
    if not topics:
        return None
    return TopicIndex.build(
        [phrase for topic in topics.values() for phrase in phrases_of(topic)],
        {topic.id: topic.risk for topic in topics.values()},
        load_thresholds(knowledge, problems),
        load_smalltalk(knowledge, problems),
        {topic.id: topic.title for topic in topics.values()},
        lexicon=load_lexicon(knowledge, problems),
        outside=load_outside(knowledge, problems),
    )


def phrases_of(topic: Topic) -> Iterator[Phrase]:
    """The examples of a topic as the matcher takes them; its title counts as one. A near miss teaches its own topic."""
    everyone = frozenset(topic.audiences)
    yield Phrase(topic=topic.id, text=topic.title, audiences=everyone)
    for row in topic.asked:
        yield Phrase(topic=topic.id, text=row.text, audiences=everyone)
    for row in topic.not_asked:
        yield Phrase(topic=topic.id, text=row.text, audiences=everyone, positive=False)


def load_smalltalk(knowledge: Path, problems: Problems) -> dict[str, str]:
    """knowledge/smalltalk.yaml as folded phrase -> kind; emoji, which folding would leave nothing of, stand for themselves."""
    node = _optional(knowledge, "smalltalk.yaml", problems)
    return {
        fold(item.text()) or clean(item.text()): key.text()
        for key, value in (node.pairs() if node else ())
        for item in value.items()
    }


def load_lexicon(knowledge: Path, problems: Problems) -> Lexicon:
    """knowledge/synonyms.yaml: concept -> words that mean it; empty when it is not there."""
    node = _optional(knowledge, "synonyms.yaml", problems)
    return Lexicon.of({key.text(): value.texts() for key, value in (node.pairs() if node else ())})


def load_outside(knowledge: Path, problems: Problems) -> tuple[str, ...]:
    """knowledge/outside.yaml: everyday questions that belong to no topic."""
    node = _optional(knowledge, "outside.yaml", problems)
    fields = node.fields(("questions",), required=("questions",)) if node else {}
    return fields["questions"].texts() if "questions" in fields else ()


def load_thresholds(knowledge: Path, problems: Problems) -> Thresholds | None:
    """knowledge/data/matching.yaml, written by the calibration; None when it is not there."""
    node = _optional(knowledge, "data/matching.yaml", problems)
    if node is None:
        return None
    with_meaning = None
    if node.is_map:
        named = [(key, value) for key, value in node.pairs() if key.text() == "with_meaning"]
        with_meaning = _thresholds(named[0][1], with_products((*NAMES, *MEANT))) if named else None
    lexical = _thresholds(node, with_products(NAMES))
    return replace(lexical, with_meaning=with_meaning) if lexical is not None else None


def _thresholds(node: Node, names: tuple[str, ...]) -> Thresholds | None:
    needed = ("bias", "weights", "answer", "clarify")
    fields = node.fields((*needed, "about", "with_meaning"), required=needed)
    if any(name not in fields for name in needed):
        return None
    weights = fields["weights"].fields(names, required=names)
    return Thresholds(
        bias=fields["bias"].number(),
        weights=tuple(weights[name].number() if name in weights else 0.0 for name in names),
        answer={key.text(): value.number() for key, value in fields["answer"].pairs()},
        clarify=fields["clarify"].number(),
    )


def with_meaning(content: Content, root: Path, wish: str, cache: Path) -> Content:
    """The content with sentence meaning in its index, when an encoder is wished and there (`auto`, `on`, `off`).

    `cache` keeps the examples' vectors. Raises ConfigError when it is `on` and cannot be loaded.
    """
    if content.index is None:
        return content
    try:
        encoder = find_encoder(wish)
    except (ImportError, OSError, RuntimeError) as error:
        raise ConfigError(
            f"KAVI_MATCHING__SEMANTIC=on, aber die Zusatzerkennung fehlt ({error}): pip install 'kavi-bot[semantic]'."
        ) from error
    if encoder is None:
        return content
    phrases = [phrase for topic in content.topics.values() for phrase in phrases_of(topic)]
    outside = load_outside(root / "knowledge", Problems())
    return replace(content, index=add_meaning(content.index, phrases, outside, encoder, cache))


def _optional(knowledge: Path, name: str, problems: Problems) -> Node | None:
    path = knowledge / name
    return read_yaml(path, str(path.relative_to(knowledge.parent)), problems) if path.is_file() else None
