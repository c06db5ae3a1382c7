"""Build the book: run each stale chapter with papermill, then render every page with Jupyter Book.

    python book/build.py                   # the book, into _build/html
    python book/build.py --accept          # run what is stale, store the outputs in notebooks/*.ipynb
    python book/build.py --only 01_coin    # run this chapter alone, render nothing (with --accept: store it)
    python book/build.py --pdf             # _build/latex/kelly-certified.pdf (needs xelatex)

A chapter is stale when its source, kellylib, kellydata, data, the results of the benchmarks or the lock
changed since it ran. What ran is kept with its figures in _build/executed. Pages are staged into _build/src,
so that Sphinx does not walk .venv or tests.
"""

import argparse
import difflib
import hashlib
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path

import play

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
DONE = BUILD / "executed"
STAGE = BUILD / "src"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
# One thread a process: the same sums on every machine, and two chapters do not fight for the cores.
ENV = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "SOURCE_DATE_EPOCH": "1767225600",  # 2026: the year in the footer
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
CELL_SECONDS = 300  # a cell that takes longer has hung


def fingerprint(root=ROOT):
    """Hash of all that a chapter's outputs can depend on besides its own text."""
    digest = hashlib.sha256(sys.version.encode())
    files = [root / "requirements.lock", *sorted((root / "benchmarks").glob("*.json"))]
    for folder in ("kellylib", "kellydata", "data"):
        files += sorted(p for p in (root / folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    for path in files:
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def load(source):
    """The notebook in a percent script, with cell ids that do not change from run to run."""
    import jupytext

    notebook = jupytext.read(source, fmt="py:percent")
    notebook.metadata = {"kernelspec": dict(KERNEL), "language_info": {"name": "python"}}
    for i, cell in enumerate(notebook.cells):
        cell.id = f"{source.stem.replace('_', '-')}-{i:02d}"
    return notebook


def clean(notebook):
    """A run without its clocks, so that two runs give the same bytes."""
    notebook.metadata = {"kernelspec": dict(KERNEL), "language_info": {"name": "python"}}
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags"):
            cell.metadata.pop("tags", None)
        merged = []
        for output in cell.get("outputs", []):  # the kernel flushes prints when it likes
            if (
                merged
                and output.output_type == "stream" == merged[-1].output_type
                and output.name == merged[-1].name
            ):
                merged[-1].text += output.text
            else:
                merged.append(output)
        if cell.cell_type == "code":
            cell.outputs = merged
    return notebook


def text_of(notebook):
    """The committed form of a run: everything but the images, as the text of an .ipynb file."""
    import nbformat

    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for mime in [m for m in output.get("data", {}) if m.startswith("image/")]:
                del output.data[mime]
                output.metadata.pop(mime, None)
    return nbformat.writes(notebook) + "\n"


def place(source, notebook, index, failure=None):
    """``path:line`` of the failing statement, or of the cell where the traceback does not tell."""
    text, at = source.read_text(encoding="utf-8"), 0
    for cell in notebook.cells[: index + 1]:  # in order: two cells may hold the same code
        if cell.cell_type == "code":
            at = text.find(cell.source, at)
    line = text[:at].count("\n") + 1
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(getattr(failure, "traceback", [])))
    inside = re.search(rf"Cell In\[{getattr(failure, 'exec_count', 0)}\], line (\d+)", plain)
    return f"{source}:{line + int(inside[1]) - 1 if inside else line}"


def run(source, target):
    """Execute one chapter into ``target``; return (seconds, what went wrong or None)."""
    import logging

    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    print(f"  {source.stem}: started", flush=True)
    # ipykernel warns at every start when it speaks TCP. Sockets that are files do not warn, but two kernels
    # that start in one folder take the same file ("Invalid Signature"), so each gets its own.
    folder = tempfile.mkdtemp(prefix="kelly-")
    sockets = {"transport": "ipc", "ip": f"{folder}/k"} if os.name == "posix" else {}
    config = Config({"KernelManager": sockets, "NotebookClient": {"shutdown_kernel": "immediate"}})
    logging.getLogger("papermill").setLevel(logging.ERROR)
    start, error, notebook = time.perf_counter(), None, load(source)
    try:
        done = papermill.execute_notebook(
            notebook, None, cwd=folder, kernel_name="python3", progress_bar=False, config=config,
            execution_timeout=CELL_SECONDS,
        )  # fmt: skip
        codes = [(i, c) for i, c in enumerate(done.cells) if c.cell_type == "code"]
        for i, cell in codes:  # sys.exit() in a cell ends a run without an error
            if cell.source and not cell.execution_count:
                error = error or f"{place(source, notebook, i)}: cell {i} was never run"
            if any(o.output_type == "stream" and o.name == "stderr" for o in cell.outputs):
                text = "".join(o.text for o in cell.outputs if o.get("name") == "stderr")
                error = error or f"{place(source, notebook, i)}: cell {i} wrote to stderr:\n{text}"
        if not error:
            partial = target.with_suffix(".part")
            nbformat.write(clean(done), partial)
            partial.replace(target)
    except PapermillExecutionError as failure:
        where = place(source, notebook, failure.cell_index, failure)
        error = f"{where}: cell {failure.cell_index}, In [{failure.exec_count}]\n{failure}"
    except Exception as failure:  # a dead kernel, a cell over its time: name the chapter
        error = f"{source}: {type(failure).__name__}: {failure}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return time.perf_counter() - start, error


def run_stale(sources, jobs):
    """Run the chapters that are stale; return {source: executed notebook}, or exit with the failures."""
    DONE.mkdir(parents=True, exist_ok=True)
    key, targets, errors = fingerprint(), {}, []
    for source in sources:
        digest = hashlib.sha256((key + source.read_text(encoding="utf-8")).encode()).hexdigest()[:16]
        targets[source] = DONE / f"{source.stem}.{digest}.ipynb"
    stale = [s for s in sources if not targets[s].exists()]
    print(f"{len(sources) - len(stale)} chapters up to date, {len(stale)} to run", flush=True)
    waiting, running, number = list(stale), {}, 0
    if stale:  # a new user's font cache is made here: a chapter would fail on matplotlib's word about it
        importlib.import_module("matplotlib.font_manager")
    with ProcessPoolExecutor(jobs) as pool:
        while running or (waiting and not errors):
            while waiting and not errors and len(running) < jobs:  # after a failure nothing new is started
                source = waiting.pop(0)
                running[pool.submit(run, source, targets[source])] = source
            for job in wait(running, return_when=FIRST_COMPLETED).done:
                source, (seconds, error), number = running.pop(job), job.result(), number + 1
                mark = "FAILED" if error else "done"
                print(f"  {source.stem}: {mark} in {seconds:.1f} s ({number} of {len(stale)})", flush=True)
                errors += [error] if error else []
    if errors:
        sys.exit("\n".join(errors))
    for source, target in targets.items():
        for old in set(DONE.glob(f"{source.stem}.*.ipynb")) - {target}:
            old.unlink()
    return targets


def compare(targets, accept):
    """Store each run beside its source (``accept``), or say where it differs from what is stored there."""
    import nbformat

    for source, target in targets.items():
        stored, fresh = source.with_suffix(".ipynb"), text_of(nbformat.read(target, 4))
        old = stored.read_text(encoding="utf-8") if stored.exists() else ""
        name = stored.relative_to(ROOT)
        if old == fresh:
            continue
        if accept:
            stored.write_text(fresh, encoding="utf-8")
            print(f"{name}: stored; read `git diff` before you commit", flush=True)
            continue
        print(f"{name} is not what this run gave; `make notebooks` stores it, until then `make test` fails.")
        changes = difflib.unified_diff(old.splitlines(), fresh.splitlines(), lineterm="", n=0)
        shown = [
            f"    {line[:110]}" for line in changes if line[:1] in "+-" and line[:3] not in ("+++", "---")
        ]
        print("\n".join(shown[:12] if old else []), flush=True)


def stage(targets):
    """Copy all that Sphinx may read into _build/src."""
    import nbformat

    shutil.rmtree(STAGE, ignore_errors=True)
    (STAGE / "notebooks").mkdir(parents=True)
    for source, target in targets.items():
        notebook = nbformat.read(target, 4)
        foot = nbformat.v4.new_markdown_cell(footer(source.stem))
        foot.id = f"{source.stem.replace('_', '-')}-foot"
        notebook.cells.append(foot)
        nbformat.write(notebook, STAGE / "notebooks" / f"{source.stem}.ipynb")
        for name, path in ((f"{source.stem}.py", source), (f"run/{source.stem}.ipynb", target)):
            (STAGE / "notebooks" / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(path, STAGE / "notebooks" / name)
    shutil.copytree(
        ROOT / "book", STAGE / "book", ignore=shutil.ignore_patterns("*.py", "__pycache__", "_static")
    )
    shutil.copytree(ROOT / "book" / "_static", STAGE / "_static")
    shutil.copyfile(ROOT / "CHANGELOG.md", STAGE / "CHANGELOG.md")
    play.draw(STAGE / "_static" / "play.png")


def footer(chapter):
    """The last lines of a rendered chapter: its two files, and the functions that are at home in it."""
    reference = (ROOT / "book" / "api.md").read_text(encoding="utf-8")
    section = next((part for part in reference.split("\n## ") if f"(../notebooks/{chapter})" in part), "")
    names = re.findall(r"^\.\. auto(?:function|class):: (\S+)$", section, re.M)
    lines = [
        f"This chapter as a file: {{download}}`{chapter}.ipynb <run/{chapter}.ipynb>`, as it ran;",
        f"{{download}}`{chapter}.py`, its source.",
    ]
    if names:
        lines += ["In the library: " + ", ".join(f"{{py:obj}}`~kellylib.{name}`" for name in names) + "."]
    return "---\n\n" + "\n".join(lines)


def render(pdf):
    """Run Jupyter Book on the staged pages; warnings are errors."""
    # --all: without it warnings hide in the doctrees of the run before.
    builder = ["--builder", "pdflatex"] if pdf else ["--all", "-W", "-n", "--keep-going"]
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(STAGE),
               "--config", str(ROOT / "_config.yml"), "--toc", str(ROOT / "_toc.yml"),
               "--path-output", str(ROOT), "--quiet", *builder]  # fmt: skip
    shutil.rmtree(BUILD / "html" / "_modules", ignore_errors=True)  # Sphinx would keep the last build's
    start = time.perf_counter()
    print("rendering", flush=True)
    code = subprocess.run(command, cwd=ROOT).returncode
    if code:
        sys.exit(code)
    if not pdf:
        prune_mathjax(BUILD / "html" / "_static" / "mathjax")
    print(f"rendered in {time.perf_counter() - start:.1f} s")


def prune_mathjax(folder):
    """Keep the one MathJax bundle that the pages load (24 MB to 4 MB)."""
    keep = {"tex-chtml.js", "input", "output", "a11y", "ui"}
    unused = [p for p in folder.iterdir() if p.name not in keep]
    unused += [
        folder / p for p in ("output/svg", "output/svg.js", "input/mml", "input/mml.js", "input/asciimath.js")
    ]
    for path in unused:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", metavar="NAME", nargs="+", help="run these chapters and render nothing")
    parser.add_argument("--accept", action="store_true", help="store the outputs; render nothing")
    parser.add_argument("--pdf", action="store_true", help="render a PDF in place of HTML")
    parser.add_argument("-j", type=int, default=2, metavar="JOBS", help="chapters at once (2)")
    args = parser.parse_args()
    os.environ.update(ENV)

    sources = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.py"))
    unknown = set(args.only or []) - {s.stem for s in sources}
    if unknown:
        sys.exit(f"no chapter {', '.join(sorted(unknown))}; there are {', '.join(s.stem for s in sources)}")
    targets = run_stale([s for s in sources if not args.only or s.stem in args.only], args.j)
    compare(targets, args.accept)
    if args.only or args.accept:
        return
    stage(targets)
    render(args.pdf)
    print(f"open {BUILD / 'latex' / 'kelly-certified.pdf' if args.pdf else BUILD / 'html' / 'index.html'}")


if __name__ == "__main__":
    main()
