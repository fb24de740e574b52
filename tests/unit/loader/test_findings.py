"""What `kavi check` finds: one slip in a sound flow, topic, template or file of data, told where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.loader.content import read_content

FLOW = """flow: probe
title: Probe
start: [probe]
steps:
  - step: age
    say: Wie alt?
    ask: {kind: number, slot: probe_age, keep: turn, retry: [Eine Zahl bitte.]}
  - step: who
    say: Wer?
    ask:
      kind: choose
      slot: probe_who
      keep: turn
      options: {mama: Mama, papa: {label: Papa, also: [vater]}}
  - step: words
    say: Was noch?
    ask: {kind: short_text, slot: probe_said, keep: turn}
  - branch:
      - {when: probe_age > 3, goto: old}
      - {else: old}
  - step: old
    say: Fertig, {probe_age}.
"""
ASKED = "kind: short_text, slot: probe_said, keep: turn}\n  - branch:\n      - {when: probe_age > 3"
TOPIC = """id: probe.one
title: Probe
audiences: [staff]
risk: harmless
scope: bund
as_of: 2026-11-26
confidence: high
sources: [{name: Quelle}]
answers: {staff: Eine Antwort.}
asked: [Was ist eine Probe?, Wozu ist die Probe?]
"""
TEMPLATE = "template: probe\nkind: pdf\ntakes: [name]\nblocks:\n  - text: Hallo\n"
IN_A_PICTURE = TEMPLATE.replace("pdf", "png").replace("text: Hallo", "lines: x")
CANNED = "canned:\n  hallo:\n    title: Hallo\n    text: Guten Tag, {counsellor}.\n"
PRISON = "- {id: a, name: JVA A, land: BY, source: q, confidence: high}\n"
LAENDER = "BY:\n  name: Bayern\n  law: {text: Ein Gesetz., source: q}\n"
FILES = {
    "dialogues/flows/probe.yaml": FLOW,
    "knowledge/topics/probe.yaml": TOPIC,
    "dialogues/templates/probe.yaml": TEMPLATE,
    "dialogues/commands.yaml": "stop: [stopp]\nhelp: [hilfe]\n",
    "knowledge/desk/canned.yaml": CANNED,
    "knowledge/data/laender.yaml": LAENDER,
    "knowledge/data/prisons.yaml": PRISON,
    "knowledge/data/amounts.yaml": "a: {text: 1 Euro, source: q}\n",
    "knowledge/safety/concepts.yaml": 'concepts: {ich: "ich"}\nguards: {film: "film"}\n',
    "knowledge/safety/levels.yaml": "alert: 0.6\ncheck: 0.2\n",
    "knowledge/safety/de/x.yaml": "category: runaway\nlanguage: de\nunless: [film]\nalert: |\n  ich .. weg\nexamples: |\n  ich bin weg\n",
}


def _findings(root: Path, files: dict[str, str], of: str) -> list[str]:
    """`line: message` of everything found in one of the files."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return [f"{one.line}: {one.message}" for one in read_content(root)[1] if one.file == of]


def test_the_sound_files_are_sound(tmp_path: Path) -> None:
    for name in FILES:
        found = _findings(tmp_path, FILES, name)
        assert [one for one in found if "at least 12 are needed" not in one and "kavi learn" not in one] == []


def _told(root: Path, name: str, old: str, new: str, said: str) -> None:
    assert FILES[name].count(old) >= 1
    found = _findings(root, FILES | {name: FILES[name].replace(old, new, 1)}, name)
    assert any(said in one for one in found), found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: number", "kind: numbre", "7: unknown kind of question 'numbre' (did you mean 'number'?)"),
        ("keep: turn, retry", "keep: always, retry", "7: unknown lifetime 'always'"),
        ("slot: probe_age", "slot: probe_text", "7: slot names that end in _text are kept"),
        ("- step: who\n    say", "- say", "8: a step with 'ask' needs a name"),
        ("- step: old", "- step: age", "21: step 'age' exists twice in this flow"),
        ("title: Probe", "title: {children: x}", "2: unknown variant 'children' (did you mean 'child'?)"),
        ("title: Probe", "for: [mother]", "2: unknown audience 'mother'"),
        ("    say: Was noch?\n", "    say: Was noch?\n    set: {x: 1}\n", "15: a step has one action, this one has ask and set"),
        ("say: Fertig, {probe_age}.", "say: Fertig\n  - {}", "23: an empty step"),
        ("say: Was noch?", "play: probe_said", "16: play needs a say beside it"),
        ("probe_age > 3", "probe_age >", "19: "),
        ("      - {else: old}\n", "", "19: this branch has no else"),
        ("{else: old}", "{if: old}", "20: a case of a branch is {when: …, goto: …}"),
        ("goto: old}", "goto: odl}", "18: step 'odl' does not exist (did you mean 'old'?)"),
        ("probe_age > 3", "probe_ago > 3", "19: slot 'probe_ago' is never set (did you mean 'probe_age'?)"),
        ("{probe_age}.", "{probe_ago}.", "22: {probe_ago} is never set (did you mean 'probe_age'?)"),
        ("{probe_age}.", "{amounts.b}.", "22: {amounts.b} is not in knowledge/data (did you mean 'amounts.a'?)"),
        ("{probe_age}.", "{land.visits}.", "22: {land.visits} is not a field of knowledge/data/laender.yaml"),
        ("probe_age > 3", "probe_age == 'drei'", "probe_age is a number, 'drei' is a text"),
        ("probe_age > 3", "probe_said == 3", "probe_said is a text, 3 is a number"),
        (ASKED, ASKED.replace("short_text", "yes_no").replace("probe_age > 3", "probe_said > 'a'"), "'a' is a text and cannot be ordered"),
        ("probe_age > 3", "probe_age + 0 > 3 or probe_who == 'oma'", "no option of 'probe_who' has the value 'oma'"),
        ("say: Fertig, {probe_age}.", "count: {fact: x, with: {said: probe_said}}", "21: count must not take the free text 'probe_said'"),
        ("say: Fertig, {probe_age}.", "goto: age2", "21: step 'age2' does not exist (did you mean 'age'?)"),
        ("say: Fertig, {probe_age}.", "call: probe2", "21: flow 'probe2' does not exist (did you mean 'probe'?)"),
        ("say: Fertig, {probe_age}.", "answer: probe.two", "21: topic 'probe.two' does not exist (did you mean 'probe.one'?)"),
        ("say: Fertig, {probe_age}.", "study: probe", "21: course 'probe' does not exist"),
        ("say: Fertig, {probe_age}.", "file: {template: prob, name: x.pdf}", "21: template 'prob' does not exist (did you mean 'probe'?)"),
        ("say: Fertig, {probe_age}.", "file: {template: probe, name: x.txt}", "21: a file of this template ends in .pdf"),
        ("say: Fertig, {probe_age}.", "file: {template: probe, name: x.pdf, with: {nam: '1'}}", "21: template 'probe' takes no 'nam'"),
        ("say: Fertig, {probe_age}.", "remind: {days: 1}", "22: remind needs `then` (a step of this flow) or `flow`"),
        ("say: Fertig, {probe_age}.", "remind: {days: 1, flow: probe, at: 18}", '22: cannot read the time \'18\'; write "18:00" in quotes'),
        ("say: Fertig, {probe_age}.", "forget: {}", "22: forget needs `slots` or `reminders`"),
        ("say: Fertig, {probe_age}.", "forget: {reminders: [prob]}", "21: no reminder has the name 'prob'"),
        ("say: Fertig, {probe_age}.", "wait: {for: soon, goto: age}", "22: cannot read the duration 'soon'"),
        ("say: Fertig, {probe_age}.", "goto: old", "21: step 'old' leads back to itself without a question"),
        ("say: Fertig, {probe_age}.", "goto: age\n  - step: dead\n    say: x", "23: step 'dead' can never be reached"),
        ("options: {mama: Mama, papa: {label: Papa, also: [vater]}}", "most: 2", "11: choose needs options"),
        ("also: [vater]", "also: [stopp]", "14: 'stopp' is a reserved word (stop)"),
        ("say: Fertig, {probe_age}.", f"say: {'lang ' * 900}", "22: variant 'default' is longer than 4096 characters"),
        ("say: Fertig, {probe_age}.", "say: Haben Sie alles?", "22: a child may read this: a variant `child` is missing"),
        ("say: Wer?", "say: Wer?\n    pictures: [x.png]", "'x.png' does not exist"),
        ("say: Wer?", "say: Wer?\n    pictures: [x.png]", "'x.png' needs a description"),
        ("start: [probe]", "moved: {gone: odl}", "1: moved: step 'odl' does not exist (did you mean 'old'?)"),
    ],
)  # fmt: skip
def test_a_slip_in_a_flow(tmp_path: Path, old: str, new: str, said: str) -> None:
    _told(tmp_path, "dialogues/flows/probe.yaml", old, new, said)


def test_a_variant_that_nobody_reads_is_told(tmp_path: Path) -> None:
    new = "for: [child]\nsteps:"
    flow = FLOW.replace("steps:", new, 1).replace("say: Wie alt?", "say: {child: Wie alt?, leicht: Wie alt?}")
    found = _findings(tmp_path, FILES | {"dialogues/flows/probe.yaml": flow}, "dialogues/flows/probe.yaml")
    assert any(
        "nobody who comes here reads the variant 'leicht': children read `child` before it" in one for one in found
    )


def test_names_that_are_taken_are_told(tmp_path: Path) -> None:
    more = {
        "dialogues/flows/z.yaml": FLOW,
        "dialogues/templates/z.yaml": TEMPLATE,
        "knowledge/data/amounts2.yaml": "a: {text: 2 Euro, source: q}\n",
    }
    for name in more:
        (found,) = _findings(tmp_path, FILES | more, name)
        assert "already" in found


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("knowledge/topics/probe.yaml", "title: Probe\n", "", "'title' is missing"),
        ("knowledge/topics/probe.yaml", "[{name: Quelle}]", "[]", "8: a topic needs at least one source"),
        ("knowledge/topics/probe.yaml", "{staff: Eine", "{stuff: Eine", "9: unknown variant 'stuff' (did you mean 'staff'?)"),
        ("knowledge/topics/probe.yaml", "Eine Antwort.", "Lang " * 400, "9: an answer has at most 1500 characters, this one 1999"),
        ("knowledge/topics/probe.yaml", "asked:", "related: [probe.two]\nasked:", "1: related topic 'probe.two' does not exist"),
        ("dialogues/templates/probe.yaml", "kind: pdf", "kind: doc", "2: 'doc' is none of pdf"),
        ("dialogues/templates/probe.yaml", "kind: pdf", "kind: ics", "1: a template of kind ics needs 'events'"),
        ("dialogues/templates/probe.yaml", "takes: [name]", "certifies: name", "1: a certificate takes 'name' and 'share'"),
        ("dialogues/templates/probe.yaml", "text: Hallo", "hours: [law]", "5: 'hours' stands only in a template of kind png"),
        ("dialogues/templates/probe.yaml", "text: Hallo", "hours: [rules]", "'rules' is not a field of every Land"),
        ("dialogues/templates/probe.yaml", "text: Hallo", "laws: [law]", "'laws' compares the Länder of the value 'laender'"),
        ("dialogues/templates/probe.yaml", "text: Hallo", "bars: [a]", "5: a row of 'bars' is: label | part | whole"),
        ("dialogues/templates/probe.yaml", "text: Hallo", "story: prob", "5: 'prob' is no flow with pictures (did you mean 'probe'?)"),
        ("dialogues/templates/probe.yaml", "text: Hallo", "{text: a, title: b}", "5: a block is exactly one of"),
        ("dialogues/templates/probe.yaml", "text: Hallo", "{lines: x, size: 900}", "5: the size of 'lines' is at most 30"),
        ("dialogues/templates/probe.yaml", "text: Hallo", "picture: x.png", "5: the picture 'x.png' does not exist"),
        ("dialogues/templates/probe.yaml", "text: Hallo", "{text: Hallo, when: nam}", "5: `when: nam` is not in `takes`"),
        ("dialogues/templates/probe.yaml", "template: probe\n", "", "1: 'template' is missing"),
        ("dialogues/templates/probe.yaml", TEMPLATE, IN_A_PICTURE, "5: 'lines' cannot stand in a picture"),
        ("dialogues/commands.yaml", "help:", "hlep:", "2: unknown command 'hlep' (did you mean 'help'?)"),
        ("dialogues/commands.yaml", "[hilfe]", "[hilfe, stopp]", "2: 'stopp' already stands for the command 'stop'"),
        ("knowledge/desk/canned.yaml", "{counsellor}.", "{counselor}.", "4: unknown placeholder {counselor}"),
        ("knowledge/desk/canned.yaml", "{counsellor}.", "}.", "4: a brace stands alone"),
        ("knowledge/desk/canned.yaml", "title: Hallo", "title: Hallo\n    audiences: [kids]", "4: unknown audience 'kids'"),
        ("knowledge/desk/canned.yaml", "title: Hallo", "title: Hallo\n    valid_until: bald", "4: a day is expected here"),
        ("knowledge/data/laender.yaml", "  name: Bayern\n", "", "2: 'name' is missing"),
        ("knowledge/data/laender.yaml", "text: Ein Gesetz., ", "", "3: 'text' is missing"),
        ("knowledge/data/prisons.yaml", "land: BY", "land: BX", "1: unknown Land 'BX'"),
        ("knowledge/data/prisons.yaml", "land: BY", "land: BY, plz: 123", "1: '123' is no postal code"),
        ("knowledge/data/prisons.yaml", "confidence: high", "confidence: sure", "1: confidence is one of high, medium, low"),
        ("knowledge/data/prisons.yaml", PRISON, PRISON * 2, "2: 'a' exists twice"),
        ("knowledge/data/amounts.yaml", "source: q", "source: q, confidence: sure", "1: confidence is one of high, medium, low"),
        ("knowledge/data/amounts.yaml", "source: q", "source: q, valid_until: bald", "1: cannot read the date 'bald'"),
        ("knowledge/safety/de/x.yaml", "[film]", "[flim]", "3: there is no guard 'flim'"),
        ("knowledge/safety/de/x.yaml", "ich .. weg", "ich .. @weg", "5: "),
        ("knowledge/safety/de/x.yaml", "runaway", "away", "1: 'away' is not a category"),
    ],
)  # fmt: skip
def test_a_slip_in_another_file(tmp_path: Path, name: str, old: str, new: str, said: str) -> None:
    _told(tmp_path, name, old, new, said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flow: x\nsteps:\n  - say: [a, b]\n", "3: a mapping (key: value) is expected here"),
        ("flow: [x]\nsteps:\n  - say: a\n", "1: a text is expected here"),
        ("flow: x\ntranscript: maybe\nsteps:\n  - say: a\n", "2: true or false is expected here"),
        ("flow: x\nflow: y\nsteps:\n  - say: a\n", "2: 'flow' stands here twice"),
        ("flow: x\nsteps:\n  - sya: a\n", "3: unknown key 'sya' (did you mean 'say'?)"),
        ("flow: x\nsteps: []\n", "2: a flow needs at least one step"),
        ("flow: x\n", "1: 'steps' is missing"),
        ("flow: x\nsteps: *a\n", "2: this is not valid YAML"),
        ("flow: x\x00\n", "0: cannot be read as UTF-8 YAML"),
    ],
)
def test_a_file_that_is_no_flow_at_all(tmp_path: Path, text: str, said: str) -> None:
    name = "dialogues/flows/probe.yaml"
    found = _findings(tmp_path, FILES | {name: text}, name)
    assert any(said in one for one in found), found
