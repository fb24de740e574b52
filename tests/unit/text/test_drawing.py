"""A drawing as SVG: every shape is there, words are safe inside a page, and lines keep their width."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

from bot.text.drawing import ACCENT, INK, PALE, Area, Box, Drawing, Shape, Stroke, Words, svg, width_of, wrapped


def drawn(*shapes: Shape) -> list[tuple[str, dict[str, str], str]]:
    root = fromstring(svg(Drawing(width=100, height=50.25, shapes=shapes, about='Besuche "je Monat" & mehr')))
    assert root.attrib["viewBox"] == "0 0 100 50.2"
    assert root.attrib["aria-label"] == 'Besuche "je Monat" & mehr'
    return [(shape.tag.rpartition("}")[2], shape.attrib, shape.text or "") for shape in root]


def test_a_box_is_filled_or_has_an_edge() -> None:
    filled, framed = drawn(Box(x=1, y=2, width=3, height=4.5, fill=ACCENT), Box(x=0, y=0, width=1, height=1, edge=INK))
    assert filled == ("rect", {"x": "1", "y": "2", "width": "3", "height": "4.5", "fill": ACCENT}, "")
    assert (framed[1]["fill"], framed[1]["stroke"]) == ("none", INK)


def test_lines_and_areas_go_through_their_points() -> None:
    line, area = drawn(Stroke(points=((0, 0), (1.5, 2))), Area(points=((0, 0), (1, 0), (1, 1))))
    assert (line[0], line[1]["points"], line[1]["stroke"]) == ("polyline", "0,0 1.5,2", INK)
    assert (area[0], area[1]["points"], area[1]["fill"]) == ("polygon", "0,0 1,0 1,1", PALE)


def test_words_stand_as_they_were_written() -> None:
    plain, bold = drawn(Words(x=0, y=0, text="<b>5 & 6</b>"), Words(x=0, y=0, text="a", bold=True, anchor="end"))
    assert (plain[0], plain[2]) == ("text", "<b>5 & 6</b>")
    assert "font-weight" not in plain[1]
    assert (bold[1]["font-weight"], bold[1]["text-anchor"]) == ("600", "end")


def test_words_begin_left_of_where_they_are_anchored() -> None:
    wide = width_of("Wort", 12)
    begins = [Words(x=100, y=0, text="Wort", anchor=anchor).left for anchor in ("start", "middle", "end")]
    assert begins == [100, 100 - wide / 2, 100 - wide]


def test_lines_are_broken_between_words_and_a_word_that_is_too_long_inside() -> None:
    text = "Wie oft darf man in der Justizvollzugsanstalt anrufen"
    for width in (1, 40, 60, 90, 1000):
        lines = wrapped(text, 12, width)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert all(width_of(line, 12) <= width or len(line) == 1 for line in lines)
    assert wrapped(text, 12, 1000) == [text]
    assert wrapped("", 12, 100) == []
