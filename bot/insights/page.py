"""Blocks as one HTML page: no script, nothing loaded from elsewhere, made for a phone first and for printing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bot.insights.blocks import Block, Heading, Note, Plot, Points, Rows, Small, Text, Title
from bot.text.drawing import svg
from bot.text.spans import html, parse

PHONE = 360.0
_STYLE = """
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0 auto;max-width:46rem;padding:1rem;font:1rem/1.55 system-ui,"Noto Sans",sans-serif;color:#212529;background:#fff}
h1{font-size:1.7rem;line-height:1.2;color:#005f6b;margin:.6rem 0 .2rem;hyphens:auto}
h2{font-size:1.2rem;line-height:1.3;color:#005f6b;margin:2.2rem 0 .5rem;hyphens:auto}
h3{font-size:1rem;margin:1.6rem 0 .2rem}
p{margin:.6rem 0}.below{color:#5c656c;margin-top:0}
.note{background:#e8f2f3;border-left:.3rem solid #005f6b;padding:.7rem .9rem;margin:1rem 0}
.small,figcaption{font-size:.86rem;color:#5c656c}
figure{margin:1rem 0}figure svg{width:100%;max-width:33rem;height:auto;display:block}
ul{padding-left:1.2rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;min-width:100%}
th,td{text-align:left;padding:.35rem .6rem .35rem 0;border-bottom:1px solid #c3ccd1;vertical-align:top}
th{color:#005f6b}td:not(:first-child){font-variant-numeric:tabular-nums}
@media print{body{max-width:none;font-size:11pt}figure,table{break-inside:avoid}h2{break-after:avoid}}
""".strip()


def page(blocks: Sequence[Block], title: str) -> str:
    """A whole page."""
    inside = "\n".join(_block(block) for block in blocks)
    return (
        f'<!doctype html>\n<html lang="de">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{inside}\n</main>\n</body>\n</html>\n"
    )


def _block(block: Block) -> str:
    match block:
        case Title(text, below):
            return f"<h1>{_words(text)}</h1>" + (f'<p class="below">{_words(below)}</p>' if below else "")
        case Heading(text):
            return f"<h2>{_words(text)}</h2>"
        case Text(text):
            return f"<p>{_words(text)}</p>"
        case Note(text):
            return f'<p class="note">{_words(text)}</p>'
        case Small(text):
            return f'<p class="small">{_words(text)}</p>'
        case Points(items):
            return "<ul>" + "".join(f"<li>{_words(item)}</li>" for item in items) + "</ul>"
        case Plot(title, draw, caption):
            above = f"<h3>{_words(title)}</h3>"
            return f"<figure>{above}{svg(draw(PHONE))}<figcaption>{_words(caption)}</figcaption></figure>"
        case Rows(rows):
            head, *body = rows
            cells = "".join(f"<th>{_words(cell)}</th>" for cell in head)
            lines = "".join("<tr>" + "".join(f"<td>{_words(cell)}</td>" for cell in row) + "</tr>" for row in body)
            return f'<div class="scroll"><table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table></div>'


def _words(markup: str) -> str:
    """Content markup as HTML; everything else is shown as it is."""
    return html(parse(markup))
