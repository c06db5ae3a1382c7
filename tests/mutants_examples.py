"""The docstrings' examples as plain tests, for `make mutants`: pytest would run each mutant's copy too."""

import doctest
from importlib import import_module

import pytest

MODULES = [import_module(f"kellylib.{name}") for name in "growth full order2 games backtest metrics".split()]
EXAMPLES = {
    f"{module.__name__}.{name}": (value.__doc__, vars(module))
    for module in MODULES
    for name, value in vars(module).items()
    if getattr(value, "__module__", "") == module.__name__ and ">>>" in (value.__doc__ or "")
    if "__mutmut_" not in name
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name):
    text, names = EXAMPLES[name]
    example = doctest.DocTestParser().get_doctest(text, dict(names), name, None, None)
    assert doctest.DocTestRunner().run(example).failed == 0
