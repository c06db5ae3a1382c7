"""Every figure on the page of conclusions is printed by a chapter that the same paragraph links."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "book" / "synthesis.md").read_text(encoding="utf-8")
PAGE = re.sub(r"^(:|```).*$", "", PAGE, flags=re.M)  # directives
HOME = {
    label: path.stem
    for path in (ROOT / "notebooks").glob("*.py")
    for label in re.findall(r"^# \(([\w-]+)\)=", path.read_text(encoding="utf-8"), re.M)
}
WORDS = dict(
    zip("two three four five six seven eight nine ten eleven twelve".split(), range(2, 13), strict=True)
)
NUMBER = r"(-?\d+(?:\.\d+)?)"
INTERVAL = rf"{NUMBER}( points)?[^\d.]*?{NUMBER} to {NUMBER}"  # an estimate, its interval
COUNT = rf"\b({'|'.join(WORDS)}) of ({'|'.join(WORDS)})\b"


def printed(chapter):
    """Lines of a stored notebook's outputs, each as the list of its numbers."""
    cells = nbformat.read(ROOT / "notebooks" / f"{chapter}.ipynb", 4).cells
    outputs = [o for c in cells for o in c.get("outputs", [])]
    text = "\n".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs)
    return [[float(x) for x in re.findall(r"[-+]?\d+(?:\.\d+)?", line)] for line in text.splitlines()]


def paragraphs():
    """Paragraphs and entries of lists: the text without formulas and names, the chapters that it links."""
    for part in re.split(r"\n\n|\n(?=[-*] )", PAGE):
        text = re.sub(r"\s+", " ", re.sub(r"\$[^$]*\$|\{\w+\}`[^`]*`|`[^`]*`|Order2|(?<=\d)\)", "", part))
        links = [HOME[label] for label in re.findall(r"\{ref\}`([\w-]+)`", part)]
        yield text.replace("Intervals are 95 % ones", ""), sorted(set(links))


def near(figure, value, scale=1):
    digits = len(figure.partition(".")[2])
    return abs(round(scale * value, digits) - float(figure)) < 1e-9


def in_a_row(figures, chapters, scale=1):
    """Whether the figures stand side by side in a line; "loses by" is minus what is printed of "leads"."""
    for row in (row for chapter in chapters for row in printed(chapter)):
        for middle, low, high in zip(row, row[1:], row[2:], strict=False):
            for found in ((middle, low, high), (-middle, -high, -low)):
                if all(map(near, figures, found, [scale] * 3)):
                    return True
    return False


INTERVALS = [
    (figures, 100 if points else 1, links)
    for text, links in paragraphs()
    for first, points, *rest in re.findall(INTERVAL, text)
    for figures in [(first, *rest)]
]


def test_the_page_has_intervals():
    assert len(INTERVALS) >= 12


@pytest.mark.parametrize("figures, scale, links", INTERVALS, ids=str)
def test_interval_is_printed_in_a_chapter_linked(figures, scale, links):
    assert in_a_row(figures, links, scale), links


def test_an_interval_of_other_figures_is_not_found():
    for figures, scale, links in INTERVALS:
        step = 10.0 ** -len(figures[0].partition(".")[2])
        for i in range(3):
            other = [
                f"{float(f) + step * (i == j):.{len(f.partition('.')[2])}f}" for j, f in enumerate(figures)
            ]
            assert not in_a_row(other, links, scale), (figures, other)


def test_other_figures_are_printed_in_a_chapter_linked():
    seen = 0
    for text, links in paragraphs():
        numbers = [x for chapter in links for row in printed(chapter) for x in row]
        for figure, percent in re.findall(rf"{NUMBER}( %)?", re.sub(INTERVAL, "", text)):
            seen += 1
            assert any(near(figure, abs(x), 100 if percent else 1) for x in numbers), (figure, text)
    assert seen >= 3


def test_counts_are_printed_in_one_line_of_a_chapter_linked():
    seen = 0
    for text, links in paragraphs():
        for some, all_ in re.findall(COUNT, text):
            seen += 1
            pair = {float(WORDS[some]), float(WORDS[all_])}
            assert [row for chapter in links for row in printed(chapter) if pair <= set(row)], (
                some,
                all_,
                text,
            )
    assert seen >= 2
