"""A flow as a picture: every way has its arrow with its label, what is wrong is red, and the same flow gives the same text."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bot.dialogue.content import Content
from bot.dialogue.flow import Flow
from bot.errors import Problem
from bot.loader.flows import load_flows
from bot.loader.graph import edges_of, mermaid, svg
from bot.loader.nodes import Problems
from tests.servers.compiled import ROOT

FLOW = """flow: probe
steps:
  - step: ask
    say: Wie alt bist "du"?
    ask:
      kind: choose
      slot: x
      keep: turn
      timeout: {after: 1 day, goto: end}
      options: {a: {label: Jung, goto: young}, b: {label: Alt, link: menu}, c: Egal}
  - step: which
    branch: [{when: "x == 'a'", goto: young}, {else: ask}]
  - step: young
    remind: {days: 1, then: later}
  - step: jump
    goto: wait
  - step: later
    say: Später.
    remind: {days: 2, flow: menu}
  - step: wait
    wait: {for: 2 days, goto: end}
  - step: away
    link: menu
  - step: end
    call: menu
  - step: topic
    answer: visit.rules
  - step: act
    do: menu
  - step: over
    end: true
"""


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    (tmp_path / "dialogues").mkdir()
    (tmp_path / "dialogues" / "probe.yaml").write_text(FLOW)
    return load_flows(tmp_path / "dialogues", Problems())["probe"]


def test_every_way_is_an_arrow(flow: Flow) -> None:
    ways = {(edge.source, edge.target, edge.label) for edge in edges_of(flow)}
    assert ways == {
        ("ask", "young", "Jung"), ("ask", "→ menu", "Alt"), ("ask", "which", ""), ("ask", "end", "keine Antwort"),
        ("which", "young", "x == 'a'"), ("which", "ask", "sonst"), ("young", "jump", ""), ("young", "later", "später"),
        ("jump", "wait", ""), ("later", "wait", ""), ("later", "→ menu", "später"), ("wait", "away", "Antwort"),
        ("wait", "end", "Zeit um"), ("away", "→ menu", ""), ("end", "topic", ""), ("topic", "act", ""),
        ("act", "over", ""), ("over", "", ""),
    }  # fmt: skip


def test_mermaid_names_each_step_and_marks_what_is_wrong(content: Content, flow: Flow) -> None:
    wrong = Problem(
        file="dialogues/probe.yaml", line=int(flow.steps[1].place.rpartition(":")[2]), column=1, message="x"
    )
    text = mermaid(content, flow, (wrong,))
    assert text.startswith("flowchart TD\n")
    assert "s0([\"? Wie alt bist 'du'?\"])" in text
    assert 's1{{"◇' in text
    assert 's0 -->|"Jung"| s2' in text
    assert re.findall(r"style (\w+) fill:#fdd", text) == ["s1"]


def test_svg_is_sound_and_shows_every_step(content: Content, flow: Flow) -> None:
    wrong = Problem(
        file="dialogues/probe.yaml", line=int(flow.steps[0].place.rpartition(":")[2]), column=1, message="x"
    )
    picture = ElementTree.fromstring(svg(content, flow, (wrong,)))
    name = "{http://www.w3.org/2000/svg}"
    boxes = [box for box in picture.iter(f"{name}rect") if box.get("rx")]
    assert len(boxes) == len(flow.steps) + 1, "and the flow that it links to"
    assert [box.get("fill") for box in boxes].count("#fdd") == 1
    arrows = [path for path in picture.iter(f"{name}path") if path.get("marker-end")]
    assert len(arrows) == len([edge for edge in edges_of(flow) if edge.target])
    assert {"Jung", "keine Antwort", "sonst"} <= {text.text for text in picture.iter(f"{name}text")}


def test_a_way_past_other_steps_runs_beside_them_not_behind(content: Content, flow: Flow) -> None:
    picture = ElementTree.fromstring(svg(content, flow))
    name = "{http://www.w3.org/2000/svg}"
    rights = [
        float(box.get("x", "0")) + float(box.get("width", "0")) for box in picture.iter(f"{name}rect") if box.get("rx")
    ]
    (past,) = [text for text in picture.iter(f"{name}text") if text.text == "keine Antwort" and text.get("fill")]
    assert float(past.get("x", "0")) > max(rights[:2]), "from the first step to a far one"
    texts = {text.text for text in picture.iter(f"{name}text")}
    assert "◇ Verzweigung" in texts, "editors read German"


def test_two_processes_draw_the_same(flow: Flow) -> None:
    program = (
        "import sys; from pathlib import Path; from bot.dialogue.content import Content; from bot.loader.flows import load_flows;"
        "from bot.loader.graph import mermaid; from bot.loader.nodes import Problems;"
        "flow = load_flows(Path('dialogues/flows'), Problems())['menu']; print(mermaid(Content(), flow))"
    )
    drawn = [subprocess.check_output([sys.executable, "-c", program], cwd=ROOT) for _ in range(2)]
    assert drawn[0] == drawn[1]
