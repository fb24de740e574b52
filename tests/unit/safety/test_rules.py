"""The rules do what their own examples say; the mechanism is deterministic, bounded and reads split messages."""

from __future__ import annotations

import pickle
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dialogue.content import Content
from bot.loader.nodes import Problems
from bot.loader.safety import Example, load_rules, rule_examples
from bot.safety.pattern import Elements, PatternError, parse
from bot.safety.triage import fired_rules, triage
from bot.text.sound import words_of
from bot.vault.codes import LETTERS

FOLDER = Path(__file__).resolve().parents[3] / "knowledge" / "safety"
CODES = 2000
_PROBLEMS = Problems()
RULES = load_rules(FOLDER, _PROBLEMS)
EXAMPLES = list(rule_examples(FOLDER, Problems()))


# Things that no rule finds word for word, each a sentence by itself.
_HINTS = (
    "Bald muss sich niemand mehr um mich kümmern, ich hab alles verschenkt.",
    "Meine Sachen sind schon in der Tüte und der Nachtbus fährt um eins.",
    "Mama steht seit zwei Tagen nicht mehr auf und die Kleine hat keine Milch.",
    "Er zählt meine Schritte und abends drehen die Kinder den Fernseher lauter.",
    "Der Trainer schreibt mir nachts und will Bilder ohne Hemd.",
    "Wenn ich den Teller fallen lasse, holt er wieder den Stock.",
    "Papa sagt, er sieht uns von oben zu, wenn Ostern ist.",
    "Unter den langen Ärmeln sind frische Striche von mir.",
)


def test_the_rules_load_without_problems() -> None:
    assert [str(problem) for problem in _PROBLEMS.found] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.place)
def test_every_example_of_the_rules(example: Example) -> None:
    found = triage(RULES, example.text, audience="child")
    match example.expected:
        case "none":
            assert found is None, f"{example.text}: {found}"
        case "check":
            assert found is not None
        case _:
            assert found is not None, example.text
            assert found.level == "alert", example.text


def test_a_finding_names_the_line_that_fired() -> None:
    found = triage(RULES, "ich will sterben", audience="child")
    assert found is not None
    file, line = found.rule.split(":")
    assert "sterb" in (FOLDER.parent.parent / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]


@pytest.mark.parametrize(
    "text",
    [
        "ich kann nicht mehr",
        "Ich kann nicht mehr.",
        "ich kan nich mehr 😔",
        "ICH HALTE DAS NICHT MEHR AUS!!",
        "я больше не могу",
    ],
)
@pytest.mark.parametrize("audience", ["child", "caregiver", "parent"])
def test_who_writes_nothing_but_this_is_always_asked(content: Content, text: str, audience: str) -> None:
    assert content.rules is not None
    for rules in (RULES, content.rules):  # without and with what was learned
        found = triage(rules, text, audience=audience)
        assert found is not None
        assert (found.category, found.level) == ("suicide_self", "check")


def test_a_code_is_no_danger_whatever_its_letters_sound_like(content: Content) -> None:
    assert content.rules is not None
    draw = random.Random(7)
    for _ in range(CODES):
        code = "".join(draw.choices(LETTERS, k=8)).lower()
        found = triage(content.rules, f"{code[:4]} {code[4:]}", audience="parent")
        assert found is None, f"{code}: {found}"


def test_with_something_else_the_message_is_weighed_as_ever() -> None:
    assert triage(RULES, "ich kann nicht mehr warten bis er kommt", audience="child") is None


def test_what_is_an_alert_only_alone_and_not_clearly_is_asked_about(
    content: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert content.rules is not None
    monkeypatch.setattr("bot.safety.triage._CLEAR", 2.0)  # no sentence is
    beside = "Wann ist am Sonntag Besuch und welches Formular muss ich dafür mitbringen?"
    alerts = [row.text.rstrip(".!") for row in EXAMPLES if row.expected == "alert"]
    found = [triage(content.rules, f"{text}. {beside}", audience="child") for text in alerts]
    assert "check" in {one.level for one in found if one is not None}


def test_a_hint_between_everyday_sentences_is_heard(content: Content, monkeypatch: pytest.MonkeyPatch) -> None:
    assert content.rules is not None
    hints = [text for text in _HINTS if triage(content.rules, text, audience="child") is not None]
    everyday = (
        "Wann ist am Sonntag Besuch? Danke für den Brief mit den Briefmarken. {} Welches Formular muss ich mitbringen?"
    )
    heard = [text for text in hints if triage(content.rules, everyday.format(text), audience="child") is not None]
    monkeypatch.setattr("bot.safety.triage._hinted", lambda *_: None)
    whole = [text for text in hints if triage(content.rules, everyday.format(text), audience="child") is not None]
    assert len(whole) < len(heard)
    assert set(whole) <= set(heard)


def test_a_day_with_its_hour_is_no_danger_however_little_is_needed(content: Content) -> None:
    assert content.rules is not None
    assert content.rules.likeness is not None
    anything = replace(content.rules, likeness=replace(content.rules.likeness, check=0.0, alert=0.0))
    assert triage(anything, "am 13.12. um 14 Uhr", audience="caregiver") is None
    assert triage(anything, "wie lange dauert der besuch bei ihm", audience="caregiver") is not None


def test_the_rules_that_fire_are_named_with_their_level() -> None:
    fired = fired_rules(RULES, words_of("ich will sterben"))
    assert ("suicide_self", "alert") in {(rule.category, level) for rule, level in fired}
    assert fired_rules(RULES, words_of("wann ist besuch")) == []


def test_danger_far_into_a_long_story_is_found() -> None:
    story = "heute war ein langer tag und ich habe viel aufgeräumt. " * 100
    found = triage(RULES, f"{story} ich will sterben. {story}", audience="child")
    assert found is not None
    assert found.category == "suicide_self"


def test_a_message_split_over_two_is_found_once() -> None:
    assert triage(RULES, "nicht mehr leben", audience="child") is None
    found = triage(RULES, "nicht mehr leben", audience="child", earlier=("ich will",))
    assert found is not None
    assert found.category == "suicide_self"
    again = triage(RULES, "hallo", audience="child", earlier=("ich will nicht mehr leben",))
    assert again is None


@pytest.mark.parametrize(
    "text",
    [
        "Ich WILL sterben",
        "ich will st3rben",
        "ich w i l l sterben",
        "ich wil\u200bl sterben",
        "ich will sterpen",
        "ich will sterbeeen!!!",
    ],
)
def test_tricks_of_spelling_change_nothing(text: str) -> None:
    found = triage(RULES, text, audience="child")
    assert found is not None
    assert found.level == "alert"


def test_rules_survive_pickling() -> None:
    copy = pickle.loads(pickle.dumps(RULES))
    assert triage(copy, "ich will sterben", audience="child") == triage(RULES, "ich will sterben", audience="child")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read_without_an_exception_and_twice_alike(text: str) -> None:
    assert triage(RULES, text, audience="child") == triage(RULES, text, audience="child")


@pytest.mark.no_cover  # timed
@pytest.mark.parametrize("word", ["ich will nicht mehr ", "a", "mama papa haut mich ", "💀", "er schlägt "])
def test_100_kb_cost_time_in_proportion_to_their_length(word: str) -> None:
    """Processor time, and only for what grows faster than the text; figures are measured by tests.bench triage."""
    spent = []
    for length in (10_000, 100_000):
        start = time.process_time()
        triage(RULES, (word * length)[:length], audience="child")
        spent.append(time.process_time() - start)
    assert spent[1] < 40 * spent[0] + 0.5


def test_a_pattern_that_cannot_be_read_says_why() -> None:
    with pytest.raises(PatternError, match="no concept"):
        parse("@nothing", Elements({}))
    with pytest.raises(PatternError, match="neither"):
        parse("what?", Elements({}))
    with pytest.raises(PatternError, match="looks for"):
        parse("!film", Elements({}))


@pytest.mark.parametrize("pattern", ["in = dem|das = spiel", "in|im=spiel", "in=dem|das spiel & in=die|der"])
def test_a_pattern_with_one_reading_is_read(pattern: str) -> None:
    assert parse(pattern, Elements({})).parts


def test_alternatives_between_two_equals_signs_are_a_problem_with_its_place(tmp_path: Path) -> None:
    """`tot=sein|nicht=mehr` reads as `tot=(sein|nicht)=mehr`, which nobody means."""
    rules = tmp_path / "knowledge" / "safety"
    (rules / "de").mkdir(parents=True)
    (rules / "concepts.yaml").write_text("concepts:\n  ich: ich\nguards:\n  film: |\n    in=die|der=rolle\n", "utf-8")
    (rules / "de" / "x.yaml").write_text(
        "category: suicide_self\nlanguage: de\nalert: |\n  @ich will\n  will tot=sein|nicht=mehr & ich\nexamples: |\n  ich will\n",
        "utf-8",
    )
    problems = Problems()
    loaded = load_rules(rules, problems)
    found = {(problem.file, problem.line, problem.column) for problem in problems.found}
    assert found == {("knowledge/safety/concepts.yaml", 5, 5), ("knowledge/safety/de/x.yaml", 5, 8)}
    assert all("two phrases stand on two lines" in problem.message for problem in problems.found)
    assert len(loaded.rules) == 1


@pytest.mark.parametrize("written", ["", "!= film", "&"])
def test_a_pattern_without_words_is_refused(written: str) -> None:
    with pytest.raises(PatternError):
        parse(written, Elements({}))


def test_a_full_memory_of_words_begins_anew_and_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "papa haut mich immer"
    before = triage(RULES, said, audience="child")
    assert before is not None
    monkeypatch.setattr("bot.safety.rules._MOST_WORDS", 1)
    known = RULES.about("papa")
    for word in ("nie gehört", "auch nie"):
        RULES.about(word)
    assert triage(RULES, said, audience="child") == before
    assert RULES.about("papa") == known


def test_awake_the_layer_says_the_same(content: Content) -> None:
    asleep = content.rules
    assert asleep is not None
    assert asleep.likeness is not None
    awake = pickle.loads(pickle.dumps(asleep))
    awake.wake()
    RULES.wake()  # there is nothing to bring to mind
    for example in EXAMPLES[::9]:
        assert triage(awake, example.text, audience="child") == triage(asleep, example.text, audience="child")


def test_what_is_kept_of_a_word_is_what_the_rules_say_of_it(content: Content) -> None:
    rules = content.rules
    assert rules is not None
    words = {word for example in EXAMPLES for word in words_of(example.text)}
    assert words & set(rules.spoken)
    for word in words:
        assert rules.ids(word) == rules.lexicon.ids(word) == tuple(sorted(rules.about(word)[2]))
