"""Sphinx: "Home chapter: One coin (notebooks/01_coin)." in a docstring becomes a link to that chapter."""

import re


def link_home_chapters(app, what, name, obj, options, lines):
    for i, line in enumerate(lines):
        chapter = re.search(r"(?<=Home chapter: ).+? \((notebooks/\w+)\)", line)
        if chapter and chapter[1] in app.env.found_docs:
            lines[i] = line.replace(chapter[0], f":doc:`/{chapter[1]}`")


def setup(app):
    app.connect("autodoc-process-docstring", link_home_chapters)
    return {"parallel_read_safe": True}
