"""The stored notebooks are of today's sources, were executed, and hold numbers that nbval compares."""

import ast
import importlib.util
import re
import statistics
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from papermill.inspection import inspect_notebook

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
STORED = sorted((ROOT / "notebooks").glob("*.ipynb"))
PARTS = yaml.safe_load((ROOT / "_toc.yml").read_text())["parts"]
# what a cell may be tagged: a misspelt tag would be ignored without a word
TAGS = {
    "parameters",
    "hide-input",
    "hide-output",
    "remove-input",
    "remove-cell",
    "nbval-ignore-output",
    "margin",
}
TYPES = {"float": float, "int": int, "str": str, "bool": bool, "list": list}
CHAPTERS = pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)


def load_module(path):
    sys.path.insert(0, str(path.parent))  # build.py imports its neighbours
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = load_module(ROOT / "book" / "build.py")


def stored(source):
    return nbformat.read(source.with_suffix(".ipynb"), 4)


def codes(notebook):
    return [c for c in notebook.cells if c.cell_type == "code"]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def lines_of(cell):
    """Lines of code: neither blank nor comment."""
    return [line for line in cell.source.splitlines() if line.strip() and not line.strip().startswith("#")]


# ---- the stored notebooks: guards against an nbval that passes while it checks nothing


def test_no_notebook_is_stale_or_orphaned():
    assert SOURCES, "there are no chapters"
    assert [p.stem for p in STORED] == [p.stem for p in SOURCES], "run: make notebooks"
    assert all(re.fullmatch(r"\d\d_[a-z0-9_]+", p.stem) for p in SOURCES), "build.py takes NN_name.py only"


def test_every_chapter_is_in_the_table_of_contents():
    listed = [c["file"] for part in PARTS for c in part["chapters"] if c["file"].startswith("notebooks/")]
    assert sorted(listed) == [f"notebooks/{p.stem}" for p in SOURCES]


@CHAPTERS
def test_stored_notebook_is_of_this_source(source):
    """Every cell, prose too, with its tags: nbval runs the stored cells, not the source's."""

    def form(notebook):
        return [(c.cell_type, c.id, c.source, c.metadata) for c in notebook.cells]

    assert form(stored(source)) == form(build.load(source)), "run: make notebooks"


@CHAPTERS
def test_stored_notebook_was_executed_from_top_to_bottom(source):
    counts = [c.execution_count for c in codes(stored(source))]
    assert counts == list(range(1, len(counts) + 1)), "nbval compares nothing in a cell that was not run"


@CHAPTERS
def test_stored_notebook_has_numbers_to_compare(source):
    cells = [c for c in codes(stored(source)) if "nbval-ignore-output" not in tags(c)]
    texts = [o.get("text") or o.get("data", {}).get("text/plain", "") for c in cells for o in c.outputs]
    numbers = sum(bool(re.search(r"\d", t)) for t in texts if not t.startswith("<Figure"))
    assert numbers >= 5, f"{numbers} outputs with numbers"
    ignored = len(codes(stored(source))) - len(cells)
    assert ignored <= len(cells) / 10, f"{ignored} cells are kept from comparison"


@CHAPTERS
def test_stored_outputs_are_text_without_errors_or_warnings(source):
    for cell in codes(stored(source)):
        for output in cell.outputs:
            assert output.output_type != "error" and output.get("name") != "stderr", cell.source
            assert not [m for m in output.get("data", {}) if m.startswith("image/")], "images are not stored"
            assert not re.search(r"0x[0-9a-f]{6,}", str(output)), f"a memory address: {cell.source}"


@CHAPTERS
def test_tags_are_known_and_nbval_is_told_by_tags(source):
    for cell in stored(source).cells:
        assert tags(cell) <= TAGS, cell.id
        assert not re.search(r"#\s*(NBVAL|PYTEST)_", cell.source), "use a tag: comments show in the book"


@CHAPTERS
def test_stored_notebook_is_byte_for_byte_what_the_build_ran(source):
    """Where the last `make book` was of today's chapter, its run and the stored file are the same bytes."""
    ran = sorted((ROOT / "_build" / "executed").glob(f"{source.stem}.*.ipynb"))
    if not ran:
        pytest.skip("no run to compare with: make book")
    assert build.text_of(nbformat.read(ran[0], 4)) == source.with_suffix(".ipynb").read_text(), (
        "run: make notebooks"
    )


# ---- parameters


@CHAPTERS
def test_one_parameters_cell_with_types_and_units(source):
    (cell,) = [c for c in build.load(source).cells if "parameters" in tags(c)]
    for line in cell.source.splitlines():
        match = re.fullmatch(r"(\w+) = (.+?)  # (\w+), ([^:]+): (\S.+)", line)
        assert match, f"`{line}`: write `name = value  # type, unit: meaning`"
        assert type(ast.literal_eval(match[2])) is TYPES[match[3]], line


@pytest.mark.filterwarnings("ignore:The specified file .* does not end in:UserWarning")  # papermill, of a .py
@CHAPTERS
@pytest.mark.parametrize("ending", [".py", ".ipynb"])
def test_papermill_lists_the_parameters_of_source_and_notebook(source, ending, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = inspect_notebook(f"notebooks/{source.stem}{ending}")
    (cell,) = [c for c in build.load(source).cells if "parameters" in tags(c)]
    assert list(found) == re.findall(r"^(\w+) =", cell.source, re.M)
    assert all(re.match(r"(float|int|str|bool|list), .+: .+", p["help"]) for p in found.values())


# ---- the style of chapters


@CHAPTERS
def test_cells_are_short(source):
    cells = codes(build.load(source))
    assert max(len(c.source.splitlines()) for c in cells) <= 25
    assert statistics.median(len(lines_of(c)) for c in cells) <= 4
    assert max(len(line) for c in cells for line in c.source.splitlines()) <= 110


@CHAPTERS
def test_prose_outweighs_code(source):
    notebook = build.load(source)
    prose = " ".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    prose = re.sub(
        r"\$\$.*?\$\$|\$[^$]*\$|```.*|:::.*|^:\w+:.*|\{\w+(:\w+)?\}`[^`]*`", " ", prose, flags=re.M
    )
    words = len(re.findall(r"[A-Za-z]{2,}", prose))
    lines = sum(len(lines_of(c)) for c in codes(notebook))
    assert words >= 8 * lines, f"{words} words to {lines} lines of code: {words / lines:.1f} a line"


@CHAPTERS
def test_sections_exercises_and_cross_checks(source):
    notebook = build.load(source)
    prose = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    for title in ("What this chapter does not show", "Exercises", "Sources"):
        assert re.search(rf"^## {title}$", prose, re.M), f"no section: {title}"
    asserted = [c for c in codes(notebook) if re.search(r"^\s*assert |assert_allclose\(", c.source, re.M)]
    assert len(asserted) >= 2, "two numbers must be checked by another road"
    exercises = re.findall(r"\{exercise(?:-start)?\}.*?:label: (\S+)", prose, re.S)
    solved = re.findall(r"\{solution(?:-start)?\} (\S+)", prose)
    assert len(exercises) >= 4 and sorted(exercises) == sorted(solved), (exercises, solved)
    assert prose.count(":class: dropdown") >= len(solved), "solutions start hidden"
    assert re.search(r"\{cite:[tp]\}`", prose), "Sources cites nothing"


@CHAPTERS
def test_figures_have_caption_alt_text_and_labelled_axes(source):
    for cell in codes(build.load(source)):
        if "plt.show()" not in cell.source:
            continue
        figure = cell.metadata.get("mystnb", {}).get("figure", {})
        assert figure.get("caption") and figure.get("name", "").startswith("fig-"), cell.source
        assert len(cell.metadata["mystnb"].get("image", {}).get("alt", "")) >= 30, cell.source
        assert "hide-input" in tags(cell), "a drawing cell is folded"
        assert "set_title" not in cell.source and "title=" not in cell.source, "the caption is the title"


@CHAPTERS
def test_first_code_cell_is_the_visible_imports(source):
    first = codes(build.load(source))[0]
    assert not tags(first), "a student copies it: keep it visible"
    kinds = {type(node) for node in ast.parse(first.source).body}
    assert kinds & {ast.Import, ast.ImportFrom}
