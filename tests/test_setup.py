"""The files that set the project up say the same thing."""

import ast
import doctest
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def version(text):
    return tuple(int(part) for part in re.findall(r"\d+", text))


def test_lock_pins_every_dependency_within_its_bounds():
    extras = PROJECT["optional-dependencies"]
    pins = dict(re.findall(r"^([a-z0-9._-]+)==([0-9][^ ;\\]*)", LOCK, re.M))
    for wanted in PROJECT["dependencies"] + extras["book"] + extras["test"]:
        name = re.match(r"[A-Za-z0-9._-]+", wanted)[0].lower()
        assert name in pins, f"{name} is not in requirements.lock: make lock"
        for sign, bound in re.findall(r"(>=|<)([0-9.]+)", wanted):
            inside = (
                version(pins[name]) >= version(bound)
                if sign == ">="
                else version(pins[name]) < version(bound)
            )
            assert inside, f"{name}=={pins[name]} is locked, {wanted} is wanted: make lock"


def test_what_the_packages_import_is_a_dependency():
    """But for papermill and what it brings, which call kellydata._papermill and not the reverse."""
    names, own = set(), {"kellylib", "kellydata"}
    for path in sorted(path for folder in own for path in (ROOT / folder).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if path.name == "_papermill.py":
                continue
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.split(".")[0])
    declared = {re.match(r"[A-Za-z0-9_-]+", wanted)[0] for wanted in PROJECT["dependencies"]}
    assert names - set(sys.stdlib_module_names) - own <= declared and "joblib" in names


def test_lock_has_hashes_and_names_no_host():
    assert not re.search(r"://|^--|index", LOCK, re.M)
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\S)", LOCK.strip()))


def test_environment_is_the_lock_on_a_python_that_the_project_takes():
    env = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, lock = env["dependencies"]
    assert env["channels"] == ["conda-forge"]
    assert (pip, lock) == ("pip", {"pip": ["-r requirements.lock"]})
    lowest = re.fullmatch(r">=(3\.\d+)", PROJECT["requires-python"])[1]
    assert python == f"python={lowest}"
    assert "pip install --no-deps --no-build-isolation -e ." in (ROOT / "postBuild").read_text()


def test_every_python_named_is_the_lowest_supported():
    workflows = "".join(path.read_text() for path in WORKFLOWS)
    named = set(re.findall(r"python-version: \"([\d.]+)\"", workflows))
    assert named == {re.search(r"3\.\d+", PROJECT["requires-python"])[0]}
    assert "(3, 11)" in (ROOT / "Makefile").read_text()


def test_ci_runs_the_two_commands_of_the_readme():
    def commands(text):
        return [line.strip() for line in text.splitlines() if line.strip().startswith("make ")]

    assert commands((ROOT / ".ci/run").read_text()) == ["make lint", "make test"]
    readme = (ROOT / "README.md").read_text()
    assert "make book" in readme and "make test" in readme


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_workflow(path):
    flow = yaml.safe_load(path.read_text())
    flow["on"] = flow.pop(True)  # YAML 1.1 reads the key "on" as a boolean
    assert flow["on"] and flow["permissions"], "say when it runs and what it may do"
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for name, job in flow["jobs"].items():
        assert job["runs-on"] and job["timeout-minutes"], name
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step), step
            assert "@" in step.get("uses", "@"), f"{step}: pin the action"
            assert set(re.findall(r"\bmake ([a-z]+)", step.get("run", ""))) <= targets, step
        assert job["steps"][0]["uses"].startswith("actions/checkout@"), name
        assert set(job.get("needs", [])) <= set(flow["jobs"]), name


def test_citation_and_package_agree():
    cite = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert cite["version"] == PROJECT["version"]
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text()
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    assert cite["title"].startswith(config["title"] + ":")


def test_readme_shows_what_the_library_prints():
    outcome = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert outcome.attempted >= 5 and not outcome.failed
