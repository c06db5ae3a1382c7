"""A chapter built twice, by strangers to each other, is the same to the byte."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib
import nbformat

ROOT = Path(__file__).resolve().parents[1]
CHAPTER = "01_coin"
ABODES = [
    dict(TZ="Pacific/Kiritimati", LC_ALL="tr_TR.UTF-8", LANG="tr_TR.UTF-8", USER="ayse", PYTHONHASHSEED="1"),
    dict(TZ="America/St_Johns", LC_ALL="C", LANG="C", USER="bob", PYTHONHASHSEED="4242"),
]


def copied(folder):
    """All that the chapter depends on."""
    for name in ("book", "kellylib", "kellydata", "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (f"notebooks/{CHAPTER}.py", "requirements.lock", "pyproject.toml"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def built(source, folder, abode):
    """The executed chapter, figures included, of a clean copy under a new home."""
    shutil.copytree(source, folder)
    home = folder / "home"
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "XDG_", "PYTHON", "MPL", "OMP_"))}
    fonts = matplotlib.get_cachedir()  # the list of the machine's fonts takes a minute to make
    env = (
        kept
        | abode
        | {"HOME": str(home), "LOGNAME": abode["USER"], "PYTHONPATH": str(folder), "MPLCONFIGDIR": fonts}
    )
    command = [sys.executable, str(folder / "book" / "build.py"), "--only", CHAPTER]
    run = subprocess.run(
        command, cwd=folder / "home", env=env, capture_output=True, text=True, encoding="utf-8"
    )
    assert run.returncode == 0, run.stdout + run.stderr
    (notebook,) = (folder / "_build" / "executed").glob("*.ipynb")
    return notebook


def test_folder_locale_time_zone_user_and_hash_seed_do_not_matter(tmp_path):
    source = copied(tmp_path / "source")
    first, second = (built(source, tmp_path / abode["USER"], abode) for abode in ABODES)
    assert first.name == second.name  # the fingerprint of source, library, data and lock
    assert first.read_bytes() == second.read_bytes()
    cells = nbformat.read(first, 4).cells
    images = [
        m for c in cells for o in c.get("outputs", []) for m in o.get("data", {}) if m.startswith("image/")
    ]
    assert images and sum(c.cell_type == "code" and bool(c.outputs) for c in cells) >= 5
    assert not any(
        text in first.read_text(encoding="utf-8") for text in (str(tmp_path), "ayse", "Kiritimati")
    )
