"""Sphinx: what Jupyter Book's configuration cannot say."""

import re


def link_home_chapters(app, what, name, obj, options, lines):
    """Make "Home chapter: One coin (notebooks/01_coin)." in a docstring a link to that chapter."""
    for i, line in enumerate(lines):
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
    app.connect("autodoc-process-docstring", link_home_chapters)
    app.connect("html-page-context", drop_thebe, priority=900)
    return {"parallel_read_safe": True}
