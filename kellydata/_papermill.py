"""Lets papermill open the book's ``.py`` notebooks; registered as ``papermill.io`` in ``pyproject.toml``."""


class PercentHandler:
    """papermill's own files, with ``.py`` read through jupytext and everything else passed on."""

    @property
    def _local(self):
        # Imported late: papermill loads this module while it is itself half imported.
        # Its own handler, not a new one: that one knows the folder that --cwd left.
        from papermill.iorw import papermill_io

        return papermill_io.get_handler("local")

    def __getattr__(self, name):  # listdir, pretty_path
        return getattr(self._local, name)

    def read(self, path):
        text = self._local.read(path)
        if not path.endswith(".py"):
            return text
        import jupytext
        import nbformat

        notebook = jupytext.reads(text, fmt="py:percent")
        notebook.metadata["kernelspec"] = dict(name="python3", display_name="Python 3", language="python")
        return nbformat.writes(notebook)

    def write(self, text, path):
        if path.endswith(".py"):
            raise ValueError(f"papermill's output must not be a source: write {path[:-3]}.ipynb, not {path}.")
        self._local.write(text, path)


handler = PercentHandler()
