"""The drawn pictures: the PNG is what the SVG draws, small, nobody cut off, edges that stand out, and the right one at each step."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops
from pypdf import PdfReader

from bot.dialogue.content import Content
from bot.dialogue.flow import Ask
from bot.documents.board import FACE
from bot.documents.maker import render
from bot.documents.scenes import COLOURS, PARTS, STYLE, ZOOM, draw, scenes_of, title_of
from tests.unit.documents.test_files import AT, PICTURES, words_of
from tests.unit.documents.test_pictures import contrast, edges_are_empty

FOLDER = PICTURES / "pictures"
SCENES = scenes_of(FOLDER)
NAMES = [scene.stem for scene in SCENES]
LARGEST = 60_000  # bytes
PAGES = 10
BLENDED = 8  # pixels where edges of furniture happen to blend into a colour of skin
PEOPLE = ("mika", "oma", "parent", "staff")

_RULE = re.compile(r"\.([a-z-]+)\s*\{([^}]*)\}")
_COLOUR = re.compile(r"\b(fill|stroke):\s*#([0-9a-f]{6})")

Colour = tuple[int, int, int]


def _styles() -> dict[str, dict[str, Colour]]:
    """Each class with its colours."""
    rules: dict[str, dict[str, Colour]] = {}
    for name, body in _RULE.findall((FOLDER / STYLE).read_text()):
        for what, code in _COLOUR.findall(body):
            colour = (int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16))
            rules.setdefault(name, {})[what] = colour
    return rules


STYLES = _styles()
INK = STYLES["ink"]["fill"]


@pytest.mark.parametrize("scene", SCENES, ids=NAMES)
def test_the_png_is_what_the_svg_draws_and_small(scene: Path) -> None:
    path = scene.with_suffix(".png")
    assert path.stat().st_size <= LARGEST
    shipped = Image.open(path).convert("RGB")
    drawn = Image.open(io.BytesIO(draw(scene))).convert("RGB")
    assert shipped.size == drawn.size, "draw it anew with `kavi draw`"
    apart = ImageChops.difference(shipped, drawn).convert("L")
    changed = sum(apart.histogram()[48:]) / (apart.width * apart.height)
    assert changed < 0.002, f"{changed:.1%} of {path.name} differs: draw it anew with `kavi draw`"


@pytest.mark.parametrize("scene", SCENES, ids=NAMES)
def test_a_scene_is_made_of_the_shared_parts_and_colours_only(scene: Path) -> None:
    text = scene.read_text()
    parts = set(re.findall(r'id="([^"]+)"', (FOLDER / PARTS).read_text()))
    assert set(re.findall(r'<use href="([^"]+)"', text)) <= {f"{PARTS}#{part}" for part in parts}
    used = {name for names in re.findall(r'class="([^"]+)"', text) for name in names.split()}
    assert used <= set(STYLES) | {"digit", "mouth", "thin", "limb", "edge"}
    assert not re.search(r'(fill|stroke)="#|#[0-9a-f]{6}', text), "colours stand in the style sheet"
    assert "<text" not in text, "words belong into the flow, where they are translated and read aloud"
    assert title_of(scene)


Pixels = np.ndarray[Any, np.dtype[np.int16]]


def _pixels(image: Image.Image) -> Pixels:
    return np.asarray(image.convert("RGB"), dtype=np.int16)


def _near(pixels: Pixels, *colours: Colour) -> int:
    """How many pixels have one of the colours, but for what quantising changes."""
    return sum(int((np.abs(pixels - np.array(one)).max(axis=-1) <= 4).sum()) for one in colours)


def _at_the_border(pixels: Pixels, *colours: Colour) -> int:
    """How many pixels of the outermost four rows and columns have one of the colours."""
    strips = (pixels[:4], pixels[-4:], pixels[:, :4], pixels[:, -4:])
    return sum(_near(strip, *colours) for strip in strips)


@pytest.mark.parametrize("scene", SCENES, ids=NAMES)
def test_nobody_is_cut_off(scene: Path) -> None:
    people = [rule["fill"] for name, rule in STYLES.items() if name.startswith(PEOPLE) and "fill" in rule]
    assert len(people) == 16
    assert _at_the_border(_pixels(Image.open(scene.with_suffix(".png"))), *people) <= BLENDED


def test_who_would_be_cut_off_is_noticed() -> None:
    face = _pixels(Image.open(FOLDER / "feelings.png"))[200:400, 150:260]
    assert _at_the_border(face, STYLES["mika-skin"]["fill"]) > 0


def test_every_colour_stands_out_from_its_dark_edge() -> None:
    """WCAG asks 3 : 1 of what carries meaning without being text."""
    without_edge = ("ink", "cheek", "mika-hair", "parent-hair", "arrow-in", "arrow-out")
    for name, rule in STYLES.items():
        if "fill" in rule and name not in without_edge:
            assert contrast(rule["fill"], INK) >= 3, (name, contrast(rule["fill"], INK))
    for hair, skin in (("mika-hair", "mika-skin"), ("parent-hair", "parent-skin")):
        assert contrast(STYLES[hair]["fill"], STYLES[skin]["fill"]) >= 3, (hair, skin)
    for way in ("way-in", "way-out"):
        assert contrast(STYLES[way]["stroke"], STYLES["halo"]["stroke"]) >= 4.5, way
    assert STYLES["arrow-in"]["fill"] == STYLES["way-in"]["stroke"]


@pytest.mark.parametrize("number", range(1, PAGES + 1))
def test_the_edges_are_really_drawn(number: int) -> None:
    """The ink covers a share of each picture: shapes did not lose their edge."""
    pixels = _pixels(Image.open(FOLDER / f"visit-{number}.png"))
    assert 0.03 < _near(pixels, INK) / (pixels.shape[0] * pixels.shape[1]) < 0.35


# ------------------------------------------------------------------ pictures and steps


def test_each_page_of_the_story_has_its_picture_in_order_and_says_what_is_on_it(content: Content) -> None:
    shown = [step.attachments for step in content.flows["visit-story"].steps if step.attachments]
    assert [[one.source for one in row] for row in shown] == [
        [f"content:pictures/visit-{number}.png"] for number in range(1, PAGES + 1)
    ]
    described = [row[0].description for row in shown]
    assert len(set(described)) == PAGES
    assert all("Mika" in text and len(text) <= 140 for text in described)


def test_the_sentences_for_the_youngest_are_few_and_fit_below_a_picture(content: Content) -> None:
    for step in content.flows["visit-story"].steps:
        if step.attachments and step.say is not None:
            words = step.say.pick("child", "6-9", "plain") or ""
            assert 2 <= len(re.findall(r"[.!?](?:\s|$)", words)) <= 5, words
            assert len(words) < 200, words


def test_the_numbers_in_the_pictures_are_those_of_the_answers(content: Content) -> None:
    feeling, place = (content.flows["diary"].step(name) for name in ("feeling", "place"))
    assert feeling is not None
    assert place is not None
    assert isinstance(feeling.action, Ask)
    assert isinstance(place.action, Ask)
    values = [option.value for option in feeling.action.options]
    drawn = re.findall(r"#face-([a-z]+)", (FOLDER / "feelings.svg").read_text())
    assert drawn == values
    assert all((FOLDER / f"face-{value}.png").is_file() for value in values)
    words = ("Kopf", "Hals", "Herz", "Bauch", "Hände", "Beine")
    for number, (word, option) in enumerate(zip(words, place.action.options, strict=True), 1):
        assert f"{number} {word}" in place.attachments[0].description
        assert word in option.label.texts["default"]
    same = content.flows["feelings"].step("feeling")
    assert same is not None
    assert isinstance(same.action, Ask)
    assert [option.value for option in same.action.options] == values


def test_every_shipped_picture_is_used_or_a_face(content: Content) -> None:
    used = {
        one.source.removeprefix("content:pictures/").removesuffix(".png")
        for flow in content.flows.values()
        for step in flow.steps
        for one in step.attachments
    }
    assert {name for name in NAMES if not name.startswith("face-")} == used


# ------------------------------------------------------------------ on paper and as a week


def test_the_story_on_paper_has_all_pictures_all_sentences_and_room_to_draw(content: Content) -> None:
    pdf = render(content, content.templates["visit-story"], {}, AT, PICTURES)
    reader = PdfReader(io.BytesIO(pdf))
    words = words_of(pdf)
    assert len(reader.pages) == PAGES // 2 + 1
    assert [len(page.images) for page in reader.pages] == [2] * (PAGES // 2) + [0]
    for step in content.flows["visit-story"].steps:
        if step.attachments and step.say is not None:
            assert (step.say.pick("child", "6-9", "plain") or "missing").strip() in words
    assert "Und so ist es bei mir" in (reader.pages[-1].extract_text() or "")
    assert "Toni winkt".encode("utf-16-be").hex().encode() in pdf, "pictures on paper are described"


def _week(content: Content, *rows: str) -> Image.Image:
    data = render(content, content.templates["diary-week"], {"week": "\n".join(rows), "said": ""}, AT, PICTURES)
    return Image.open(io.BytesIO(data))


def test_the_week_shows_a_face_for_each_feeling_and_cuts_nothing_off(content: Content) -> None:
    days = [f"2026-11-{day}" for day in range(19, 26)]
    empty = _week(content, *days)
    one = _week(content, f"{days[0]} sad", *days[1:])
    full = _week(content, *(f"{day} sad angry afraid mixed good" for day in days))
    for image in (empty, one, full):
        assert image.width == 1080
        assert edges_are_empty(image)
    assert full.height - one.height == 3 * (FACE + 12), "four rows of faces, not five"
    none, single, many = (_near(_pixels(image), STYLES["mika-skin"]["fill"]) for image in (empty, one, full))
    assert none == 0
    assert 22 < many / single < 31, "seven days with four faces, each a little different"
    assert "Do 19.11. | sad" in one.text["Description"]  # type: ignore[attr-defined]  # of PNG pictures


def test_a_feeling_that_has_no_face_any_more_is_left_out(content: Content) -> None:
    assert _week(content, "2026-11-25 gone").size == _week(content, "2026-11-25").size


def test_constants_fit_a_phone() -> None:
    assert int(800 * ZOOM) == 960
    assert COLOURS <= 256
