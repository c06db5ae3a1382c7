"""The cells of a rendered page, copied from top to bottom into a plain Python session, run."""

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from test_notebooks import CHAPTERS, build, codes, tags

HTML = Path(__file__).resolve().parents[1] / "_build" / "html" / "notebooks"
pytestmark = pytest.mark.skipif(not HTML.is_dir(), reason="no book built: make book")


class Cells(HTMLParser):
    """The text of each code cell, folded ones too, as a reader selects it: without outputs."""

    def __init__(self, text):
        super().__init__()
        self.cells, self.depth, self.inside = [], 0, False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "div":
            self.depth += bool(self.depth) or "cell_input" in (dict(attrs).get("class") or "").split()
        if tag == "pre" and self.depth:
            self.inside = True
            self.cells.append("")

    def handle_endtag(self, tag):
        self.depth -= tag == "div" and self.depth > 0
        self.inside = self.inside and tag != "pre"

    def handle_data(self, data):
        if self.inside:
            self.cells[-1] += data


@CHAPTERS
def test_cells_of_the_page_run_in_plain_python(source, tmp_path):
    page = HTML / f"{source.stem}.html"
    cells = Cells(page.read_text(encoding="utf-8")).cells
    shown = [c for c in codes(build.load(source)) if not tags(c) & {"remove-cell", "remove-input"}]
    assert [c.strip("\n") for c in cells] == [c.source.strip("\n") for c in shown]
    script = tmp_path / "copied.py"
    script.write_text("\n\n".join(cells), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", str(script)],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0 and not run.stderr, run.stderr[-3000:]
