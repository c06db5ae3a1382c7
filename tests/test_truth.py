"""Every solver against tests/truth.json: solved in 60 digits by tests/make_truth.py, not by kellylib.

Growth is held to what the certificate leaves open, and 1e-14 of rounding. Weights follow from growth: among
the weights that are at no bound, growth falls at least by curvature / 2 * distance**2, and by price *
distance where a weight leaves its bound, so a gap g allows a distance of sqrt(2 g / curvature) + g / price.
Both numbers are stored.
"""

import json
from fractions import Fraction
from itertools import product

import make_truth
import mpmath as mp
import numpy as np
import pytest

import kellylib

TRUTH = json.loads(make_truth.TARGET.read_text(encoding="utf-8"))
ROUNDING = 1e-14  # nats
KINDS = {name: problem["kind"] for name, problem in TRUTH.items()}


def of(*kinds):
    return pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind in kinds])


def numbers(value):
    """The nearest floats."""
    if isinstance(value, list) and isinstance(value[0], list) and len({len(row) for row in value}) > 1:
        return [numbers(row) for row in value]
    return np.array([numbers(x) for x in value]) if isinstance(value, list) else float(Fraction(value))


def inputs(name, *keys):
    return [numbers(TRUTH[name][key]) for key in keys]


def bounds(name):
    return {key: numbers(TRUTH[name][key]) for key in ("lower", "upper") if key in TRUTH[name]}


def held(name, weights, growth=None, gap=0.0):
    truth, gap = TRUTH[name], max(gap, 0.0) + ROUNDING
    if growth is not None:
        best = float(truth["growth"])
        assert best - gap <= growth <= best + ROUNDING
    off = abs(weights - numbers(truth["weights"])).max()
    assert off <= np.sqrt(2 * gap / float(truth["curvature"])) + gap / float(truth["price"])


def held_solution(name, solution, most=1e-12):
    assert solution.gap <= most and solution.violation <= 1e-12
    held(name, solution.weights, solution.growth, solution.gap)


def market(name):
    """Every outcome of the bets as a row, by floats alone; or the stored market."""
    problem = TRUTH[name]
    if problem["kind"] == "events":
        chances, odds = inputs(name, "p", "odds")
        R = [np.concatenate(pays) for pays in product(*map(np.diag, odds))]
        return np.column_stack([R, np.ones(len(R))]), np.array([np.prod(q) for q in product(*chances)])
    if problem["kind"] in ("games", "mixture"):
        p, b = inputs(name, "p", "b")
        weight = numbers(problem["weight"]) if "weight" in problem else np.ones(1)
        won = np.array(list(product((1, 0), repeat=len(b))))
        chances = [np.where(won, row, 1 - row).prod(axis=1) for row in np.atleast_2d(p)]
        return np.column_stack([won * (1 + b), np.ones(len(won))]), weight @ np.array(chances)
    return inputs(name, "R", "p")


@of("games", "mixture", "events", "market")
def test_kelly_full(name):
    R, p = market(name)
    held_solution(name, kellylib.kelly_full(R, p, **bounds(name)))


@of("games", "mixture", "events", "market")
def test_kelly_expcone(name):
    R, p = market(name)
    held_solution(name, kellylib.kelly_expcone(R, p, **bounds(name)), 1e-9)


@of("games", "mixture", "events", "market")
def test_certify_passes_the_truth(name):
    R, p = market(name)
    s = kellylib.certify(R, p, numbers(TRUTH[name]["weights"]), **bounds(name))
    assert (
        abs(s.gap) <= 1e-14 and s.violation <= 1e-15 and abs(s.growth - float(TRUTH[name]["growth"])) <= 1e-15
    )


@of("games")
def test_games(name):
    p, b = inputs(name, "p", "b")
    held_solution(name, kellylib.kelly_games(p, b))
    held_solution(name, kellylib.kelly_games_mixture([1.0], p[None], b))
    if len(p) == 1:
        f = kellylib.kelly_fraction(p, b)
        assert abs(f - float(TRUTH[name]["weights"][0])) <= 1e-15
        assert abs(kellylib.bet_growth(f, p, b) - float(TRUTH[name]["growth"])) <= 1e-15


@of("mixture")
def test_games_mixture(name):
    held_solution(name, kellylib.kelly_games_mixture(*inputs(name, "weight", "p", "b")))


@of("events")
def test_events(name):
    p, odds = inputs(name, "p", "odds")
    held_solution(name, kellylib.kelly_events(p, odds))
    if len(p) == 1:
        held_solution(name, kellylib.kelly_race(p[0], odds[0]))


@of("drawdown")
def test_drawdown(name):
    R, p, alpha, beta = inputs(name, "R", "p", "alpha", "beta")
    held_solution(name, kellylib.kelly_drawdown(R, p, alpha=alpha, beta=beta))


@of("robust")
def test_robust(name):
    R, p, radius = inputs(name, "R", "p", "radius")
    held_solution(name, kellylib.kelly_robust(R, p, radius=radius))
    w = numbers(TRUTH[name]["weights"])
    worst = kellylib.worst_case(R, p, w, radius=radius)
    assert abs(worst @ np.log(R @ w) - float(TRUTH[name]["growth"])) <= 1e-13


@of("order2")
def test_order2(name):
    R, p = market(name)
    s = kellylib.kelly_order2(R, p, **bounds(name))
    r = (R - 1) @ s.weights
    held(name, s.weights, p @ r - p @ r**2 / 2)


@of("mean-variance")
def test_mean_variance(name):
    mean, cov, rate = inputs(name, "mean", "cov", "rate")
    f = kellylib.kelly_mean_variance(mean, cov, rate, **bounds(name))
    held(name, np.append(f, 1 - f.sum()), f @ (mean - rate) - f @ cov @ f / 2)


def test_the_file_is_what_the_script_makes():
    """Three problems from scratch, digit by digit, and the inputs of all."""
    keys = ("weights", "growth", "residual", "curvature", "price")
    assert {n: {k: v for k, v in t.items() if k not in keys} for n, t in TRUTH.items()} == make_truth.PROBLEMS
    with mp.workdps(make_truth.DIGITS):
        for name in ("coin nearly fair", "race of three", "mean and variance"):
            fresh = make_truth.solve(make_truth.PROBLEMS[name])
            for key in (
                "weights",
                "growth",
                "curvature",
                "price",
            ):  # as numbers: mpmath's versions write them
                same = zip(*(np.ravel(entry[key]) for entry in (fresh, TRUTH[name])), strict=True)
                digits = 24 if key in ("weights", "growth") else 5
                assert all(
                    x == y or mp.almosteq(mp.mpf(x), mp.mpf(y), mp.mpf(10) ** -digits) for x, y in same
                )


def test_thirty_problems_with_a_small_residual():
    assert len(TRUTH) >= 30 and {"games", "mixture", "events", "market"} <= set(KINDS.values())
    assert all(float(t["residual"]) < 1e-40 and len(t["weights"]) >= 2 for t in TRUTH.values())


@pytest.mark.parametrize("key", ["weights", "growth"])
def test_a_wrong_digit_would_be_seen(key, monkeypatch):
    """In the twelfth digit of growth, in the sixth of a weight."""
    name = "three games"
    wrong = {
        "weights": ["0.08659", *TRUTH[name]["weights"][1:]],
        "growth": str(float(TRUTH[name]["growth"]) + 1e-12),
    }
    monkeypatch.setitem(TRUTH, name, TRUTH[name] | {key: wrong[key]})
    with pytest.raises(AssertionError):
        held_solution(name, kellylib.kelly_games(*inputs(name, "p", "b")))
