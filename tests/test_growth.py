"""The objective, the certificate and the check of the input that all solvers share."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from kellylib import certify, growth_rate, kelly_expcone, kelly_full, kelly_order2
from kellylib.growth import greedy, solvent, steadiest

COIN = np.array([[2.0, 1.0], [0.0, 1.0]]), np.array([0.6, 0.4])
SOLVERS = [kelly_full, kelly_expcone, kelly_order2]


def market(seed, K=40, n=6, spread=0.2):
    rng = np.random.default_rng(seed)
    return np.maximum(1 + spread * rng.standard_normal((K, n)), 0.01), rng.dirichlet(np.ones(K)), rng


def feasible(rng, lower, upper):
    """Random weights within the bounds: fill the room in a random order."""
    w, room = lower.copy(), 1 - lower.sum()
    for j in rng.permutation(len(w)):
        step = min(room, upper[j] - lower[j]) * (1 if rng.random() < 0.5 else rng.random())
        w[j], room = w[j] + step, room - step
    for j in rng.permutation(len(w)):
        step = min(room, upper[j] - w[j])
        w[j], room = w[j] + step, room - step
    return w


def test_growth_of_the_coin():
    assert growth_rate(*COIN, [0.2, 0.8]) == pytest.approx(
        np.log(2) + 0.6 * np.log(0.6) + 0.4 * np.log(0.4), abs=1e-15
    )
    assert growth_rate(COIN[0], None, [0.2, 0.8]) == pytest.approx(np.log(1 - 0.04) / 2, abs=1e-15)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from(["simplex", "box", "short"]))
def test_no_feasible_weights_beat_the_certificate(seed, kind):
    R, p, rng = market(seed)
    n = R.shape[1]
    lower = {"simplex": np.zeros(n), "box": rng.random(n) / n / 2, "short": -rng.random(n) / 10}[kind]
    upper = np.ones(n) if kind == "simplex" else np.maximum(lower + 2 / n, 0.3)
    mine = certify(R, p, feasible(rng, lower, upper), lower=lower, upper=upper)
    assert mine.violation < 1e-12
    for _ in range(10):
        other = growth_rate(R, p, feasible(rng, lower, upper))
        assert other <= mine.growth + mine.gap + 1e-12
    assert mine.gap >= -1e-13


def test_the_certificate_is_tight_and_exact():
    assert abs(certify(*COIN, [0.2, 0.8]).gap) < 1e-15
    half = certify(*COIN, [0.5, 0.5])  # gradient: cash 0.6 / 1.5 + 0.4 / 0.5 = 1.2, the bet 0.8
    assert half.gap == pytest.approx(np.log(1.2), abs=1e-15)
    assert certify(*COIN, [0.5, 0.5], upper=[1, 0.5]).gap == pytest.approx(
        0, abs=1e-15
    )  # no more cash allowed


def test_violation_is_reported():
    assert certify(*COIN, [0.3, 0.71]).violation == pytest.approx(0.01)
    assert certify(*COIN, [-0.1, 1.1]).violation == pytest.approx(0.1)
    assert certify(*COIN, [0.5, 0.5], upper=0.4 + 0.2).violation == 0


def test_each_side_of_the_bounds_is_watched():
    assert certify(*COIN, [0.1, 0.9], lower=[0.2, 0.0]).violation == pytest.approx(0.1)
    assert certify(*COIN, [0.5, 0.5], upper=[0.4, 1.0]).violation == pytest.approx(0.1)


def test_ruin_is_a_result():
    only_this = certify(*COIN, [1.0, 0.0])
    assert (only_this.growth, only_this.gap) == (-np.inf, np.inf)
    dead = np.array([[2.0, 1.0], [0.0, 0.0]])
    everybody = certify(dead, [0.6, 0.4], [0.5, 0.5])
    assert (everybody.growth, everybody.gap) == (-np.inf, 0.0)
    assert certify(dead, [1.0, 0.0], [1.0, 0.0]).growth == pytest.approx(np.log(2))  # it cannot happen
    assert kelly_full(dead, [0.6, 0.4]).growth == -np.inf
    barred = certify(
        COIN[0], COIN[1], [1.0, 0.0], upper=[1.0, 0.0]
    )  # cash is not allowed: ruin for everybody
    assert (barred.growth, barred.gap) == (-np.inf, 0.0)
    short = certify([[1.2, 1], [0.7, 1]], None, [-6.0, 7.0], lower=-10.0, upper=11.0)
    assert (short.growth, short.gap) == (-np.inf, np.inf)


def test_wealth_next_to_nothing_gives_no_warning():
    s = certify([[2.0, 1.0], [0.0, 1.0]], [0.5, 0.5], [1.0, 1e-320])
    assert s.growth < -300 and s.gap == np.inf


@pytest.mark.parametrize("R, p", [([[1.1]], None), ([[0.9, 1.2]], [1.0]), ([[0.9], [1.2]], [0.5, 0.5])])
def test_one_asset_or_one_scenario(R, p):
    s = kelly_full(R, p)
    assert s.gap <= 1e-12 and s.growth == pytest.approx(growth_rate(R, p, s.weights))
    assert s.weights[np.argmax(np.asarray(R).mean(axis=0))] == pytest.approx(1)


def test_labels_must_match():
    R = pd.DataFrame(COIN[0], columns=["bet", "cash"])
    assert growth_rate(R, COIN[1], pd.Series({"bet": 0.2, "cash": 0.8})) == growth_rate(*COIN, [0.2, 0.8])
    other = pd.Series({"cash": 0.8, "bet": 0.2})
    message = r"^The labels of w must be the columns of R, in order; pass w\.reindex\(R\.columns\)\.$"
    with pytest.raises(ValueError, match=message):
        growth_rate(R, COIN[1], other)
    assert growth_rate(R, COIN[1], other.to_numpy()) == growth_rate(COIN[0], COIN[1], other)


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda f: f.__name__)
def test_without_an_upper_bound_nothing_is_held_on_credit(solver):
    """The default bound, 1, binds although another asset may be sold short."""
    R = np.array([[1.5, 1.0], [1.1, 1.0]])
    assert solver(R, lower=-1.0).weights == pytest.approx([1, 0], abs=1e-9)
    assert certify(R, None, [1.0, 0.0], lower=-1.0).gap == pytest.approx(0, abs=1e-15)


def test_rounding_is_forgiven_and_more_is_not():
    R, p = COIN
    assert growth_rate(R, p * (1 + 5e-10), [0.2, 0.8]) == pytest.approx(
        growth_rate(*COIN, [0.2, 0.8]), rel=1e-13
    )
    with pytest.raises(ValueError, match="p must be probabilities"):
        growth_rate(R, p * (1 + 2e-9), [0.2, 0.8])
    for side, sign in (("lower", 1), ("upper", -1)):
        fixed = np.array([0.2, 0.8])
        assert kelly_full(R, p, **{side: fixed * (1 + sign * 5e-13)}).weights == pytest.approx(fixed)
        with pytest.raises(ValueError, match="No weights sum to 1"):
            certify(R, p, fixed, **{side: fixed * (1 + sign * 1e-11)})
    assert kelly_full([[0.5, 0.4]]).weights.tolist() == [1, 0]  # a bad year, not net returns


def test_greedy_filling_is_the_linear_programme():
    rng = np.random.default_rng(0)
    for k in range(40):
        n = rng.integers(1, 7)
        c, lower = rng.normal(size=n), rng.normal(size=n) / n * (k % 3 > 0)
        lower -= max(lower.sum() - 0.9, 0) / n
        upper = lower + rng.dirichlet(np.ones(n)) * (1 - lower.sum()) * rng.uniform(1, 3)
        lp = scipy.optimize.linprog(-c, A_eq=np.ones((1, n)), b_eq=[1.0], bounds=np.c_[lower, upper])
        assert greedy(c, lower, upper) == pytest.approx(-lp.fun, abs=1e-12)
    assert greedy(np.array([3.0, 2.0]), np.zeros(2), np.array([1.0, 0.5])) == 2.5 + 0.5


def test_solvent_weights_are_inside_the_bounds():
    """Where the middle of the bounds is ruined by a short position, a linear programme finds the way out."""
    rng, searched = np.random.default_rng(1), 0
    for _ in range(40):
        R = np.c_[rng.lognormal(0, 0.8, (6, 3)), np.ones(6)]
        lower, upper = np.array([-1.5, -0.5, 0, 0]), np.array([-0.05, 1.0, 1.0, 4.0])
        w = solvent(R, lower, upper)
        assert w.sum() == pytest.approx(1, abs=1e-9)
        best = scipy.optimize.linprog(
            [0, 0, 0, 0, -1],
            A_ub=np.c_[-R, np.ones(6)],
            b_ub=np.zeros(6),
            A_eq=[[1, 1, 1, 1, 0]],
            b_eq=[1.0],
            bounds=[*zip(lower, upper, strict=True), (None, None)],
        ).x[-1]
        assert ((R @ w).min() > 0) == (best > 0)
        if best > 0:
            assert (lower < w).all() and (w < upper).all()
            assert kelly_full(R, lower=lower, upper=upper).gap <= 1e-12
        room = 1 - lower.sum()
        width = np.minimum(upper - lower, room)
        searched += best > 0 and (R @ (lower + width * room / width.sum())).min() <= 0
    assert searched >= 5


def test_the_steadiest_weights_do_not_depend_on_the_size_of_returns():
    """The linear programme is scaled: its solver takes differences of 1e-7 for none."""
    X = np.random.default_rng(0).uniform(-0.5, 0.5, (12, 4))
    w = steadiest(1 + X, np.full(4, -1.0), np.full(4, 4.0))
    for size in (1e-4, 1e-8):
        np.testing.assert_allclose(steadiest(1 + size * X, np.full(4, -1.0), np.full(4, 4.0)), w, atol=1e-6)


def test_a_short_position_that_ruins_all_or_only_these(monkeypatch):
    bounds = dict(lower=[-1.0, 0.0], upper=[-0.2, 3.0])
    one = certify([[0.5, 1], [5, 1]], None, [-1.0, 2.0], **bounds)
    everybody = certify([[0.5, 1], [10, 1]], None, [-1.0, 2.0], **bounds)
    assert (one.growth, one.gap, everybody.growth, everybody.gap) == (-np.inf, np.inf, -np.inf, 0.0)
    failed = SimpleNamespace(x=None, message="Numerical difficulties.")
    monkeypatch.setattr(scipy.optimize, "linprog", lambda *_, **__: failed)
    with pytest.raises(
        RuntimeError, match="search for solvent weights failed: Numerical.* Try narrower bounds"
    ):
        certify([[0.5, 1], [5, 1]], None, [-1.0, 2.0], **bounds)


BAD = {
    "net": (([[0.01, -0.001961]],), {}, r"R\[0, 1\] is -0.00196.*pass 1 \+ returns"),
    "small net": (([[0.01, 0.02]],), {}, "no entry exceeds 0.02.*pass 1 \\+ returns"),
    "nan": (([[1.0, 1.1], [np.nan, 1.0]],), {}, r"R\[1, 0\] is nan\. Drop or fill what is missing\.$"),
    "inf": (([[1.0, np.inf]],), {}, r"R\[0, 1\] is inf"),
    "nan after ruin": (([[0.0, np.nan]],), {}, r"R\[0, 1\] is nan"),
    "p strings": (([[1.0]], ["a"]), {}, "^p must hold numbers only"),
    "bound strings": (([[1.0]],), {"upper": "a"}, "^upper must hold numbers only"),
    "inf, p = 0": (([[1.0, 1.0], [np.inf, 1.0]], [1.0, 0.0]), {}, r"R\[1, 0\] is inf"),
    "frame": (
        (pd.DataFrame({"AEFES": [1.0, None]}, index=["2023-01-18", "2023-01-19"]),),
        {},
        r"R.loc\['2023-01-19', 'AEFES'\] is nan",
    ),
    "strings": (([["a", "b"]],), {}, "R must hold numbers only"),
    "empty": ((np.empty((0, 3)),), {}, r"R must be a table.*\(0, 3\)"),
    "flat": (([1.0, 1.1],), {}, r"R must be a table.*\(2,\)"),
    "p sum": (
        ([[1.0], [1.1]], [0.5, 0.6]),
        {},
        r"p must be probabilities.*sum 1\.1\. Pass p / p\.sum\(\)\.$",
    ),
    "p sign": (([[1.0], [1.1]], [1.5, -0.5]), {}, "p must be probabilities.*least is -0.5"),
    "p nan": (([[1.0], [1.1]], [np.nan, 1.0]), {}, "p must be probabilities"),
    "p length": (([[1.0], [1.1]], [1.0]), {}, r"p must hold one probability a row of R, 2 in all.*\(1,\)"),
    "budget": (
        ([[1.0] * 2],),
        {"upper": 0.1},
        r"No weights sum to 1.*sum\(lower\) is 0 and sum\(upper\) is 0.2",
    ),
    "crossed": (
        ([[1.0] * 2],),
        {"lower": [0.5, 0], "upper": [0.4, 1]},
        r"lower\[0\] is 0.5, upper\[0\] is 0.4",
    ),
    "bound length": (([[1.0] * 2],), {"upper": [1.0] * 3}, r"upper must hold one number or 2.*\(3,\)"),
    "bound nan": (([[1.0] * 2],), {"upper": np.nan}, "upper must hold numbers"),
    "bound inf": (([[1.0] * 2],), {"lower": -np.inf}, "lower must hold finite numbers"),
}


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(name, solver):
    args, bounds, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        solver(*args, **bounds)


def test_bad_weights_are_named():
    with pytest.raises(ValueError, match=r"w must hold 2 weights.*\(3,\)"):
        growth_rate(*COIN, [0.1, 0.2, 0.7])
    with pytest.raises(ValueError, match=r"w must be finite; w\[1\] is nan\. Drop or fill what is missing"):
        certify(*COIN, [0.1, np.nan])
    with pytest.raises(ValueError, match="w must hold numbers only"):
        certify(*COIN, ["a", "b"])


def test_returns_have_no_sign_and_an_end():
    """The check reads bits, in which -0 is the largest; beyond 1e150 second moments are no numbers."""
    coin, p = np.array([[2.0, 1.0], [0.0, 1.0]]), [0.6, 0.4]
    signed = np.copysign(coin, [[1, 1], [-1, 1]])
    assert certify(signed, p, [0.2, 0.8]).growth == certify(coin, p, [0.2, 0.8]).growth
    coin[0, 0] = 1e151
    with pytest.raises(ValueError, match=r"below 1e150; R\[0, 0\] is 1e\+151"):
        certify(coin, p, [0.2, 0.8])
