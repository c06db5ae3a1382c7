"""Sphinx: what Jupyter Book's configuration cannot say."""

import re

from docutils import nodes


def mend_docstrings(app, what, name, obj, options, lines):
    """Let "J. L. Kelly" not begin a list."""
    lines[:] = [re.sub(r"^(\s*)(?=[A-Z]\. )", r"\1\\", line) for line in lines]


def drop_thebe(app, page, template, context, doctree):
    """Leave out the scripts of Thebe, which the book does not use: twice the same constant is an error."""
    context["script_files"] = [
        script
        for script in context["script_files"]
        if "thebe" not in f"{script.filename} {script.attributes.get('body')}".lower()
    ]


def name_places(app, doctree):
    """Let links in LaTeX arrive: at titles with curly apostrophes, at exercises of other pages."""
    for section in doctree.findall(nodes.section):
        title = section[0].astext().lower()
        if title not in section["names"]:  # where sphinx-proof looks for it
            section["names"].append(title)
    kinds = {"exercise_node", "exercise_enumerable_node"}
    for exercise in list(doctree.findall(lambda node: node.tagname in kinds)):
        label = f"\\phantomsection\\label{{\\detokenize{{{app.env.docname}:{exercise['label']}}}}}"
        exercise.parent.insert(exercise.parent.index(exercise), nodes.raw("", label, format="latex"))


def setup(app):
    app.connect("doctree-read", name_places)
    app.connect("autodoc-process-docstring", mend_docstrings, priority=400)  # before napoleon reads sections
    app.connect("html-page-context", drop_thebe, priority=900)
    return {"parallel_read_safe": True}
