"""Sphinx: what Jupyter Book's configuration cannot say."""

import re


def mend_docstrings(app, what, name, obj, options, lines):
    """Link "Home chapter: One coin (notebooks/01_coin)."; let "J. L. Kelly" not begin a list."""
    for i, line in enumerate(lines):
        lines[i] = line = re.sub(r"^(\s*)(?=[A-Z]\. )", r"\1\\", line)
        chapter = re.search(r"(?<=Home chapter: ).+? \((notebooks/\w+)\)", line)
        if chapter and chapter[1] in app.env.found_docs:
            lines[i] = line.replace(chapter[0], f":doc:`/{chapter[1]}`")


def drop_thebe(app, page, template, context, doctree):
    """Leave out the scripts of Thebe, which the book does not use: twice the same constant is an error."""
    context["script_files"] = [
        script
        for script in context["script_files"]
        if "thebe" not in f"{script.filename} {script.attributes.get('body')}".lower()
    ]


def setup(app):
    app.connect("autodoc-process-docstring", mend_docstrings)
    app.connect("html-page-context", drop_thebe, priority=900)
    return {"parallel_read_safe": True}
