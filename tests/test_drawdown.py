"""kelly_drawdown: feasible always, certified, in step with cvxpy, and quick."""

import re
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq, minimize_scalar

from kellylib import add_cash, bet_growth, certify, growth_rate, kelly_drawdown, kelly_full
from kellylib.risk import log_moment, tilted_kelly

COIN = [[2.0, 1.0], [0.0, 1.0]], [0.6, 0.4]


def market(seed):
    """A random market with cash, probabilities, alpha and beta."""
    rng = np.random.default_rng(seed)
    K, n, daily = int(rng.integers(5, 60)), int(rng.integers(2, 12)), seed % 2
    mean, deviation = (0.0006, 0.02) if daily else (0.02, rng.uniform(0.05, 0.5))
    R = np.exp(rng.normal(mean, deviation, (K, n)))
    R = np.column_stack([R, np.full(K, rng.choice([1, 1.0001]))])
    p = rng.dirichlet(np.ones(K)) if seed % 3 else None
    return R, p, rng.uniform(0.7, 0.99), rng.uniform(0.01, 0.5)


def excess(R, p, w, alpha, beta):
    """The constraint's left side minus 1, in plain arithmetic."""
    wealth = np.asarray(R) @ w
    p = np.full(len(wealth), 1 / len(wealth)) if p is None else np.asarray(p)
    return p @ wealth ** -(np.log(beta) / np.log(alpha)) - 1


def certified(R, p, w, alpha, beta):
    """How much faster than w, at most, feasible weights grow: Jensen's bound, as in chapter 08."""
    wealth, power = np.asarray(R) @ w, np.log(beta) / np.log(alpha)
    p = np.full(len(wealth), 1 / len(wealth)) if p is None else np.asarray(p)
    h, q = np.log(p @ wealth**-power), p * wealth**-power / (p @ wealth**-power)

    def bound(theta):
        m = (1 - theta) * p + theta * q
        return (np.log((m / wealth @ R).max()) - theta * h / power) / (1 - theta)

    search = minimize_scalar(bound, bounds=(0, 0.999), method="bounded", options={"xatol": 1e-10})
    return min(search.fun, bound(0.0))


def by_cvxpy(R, p, alpha, beta):
    """The problem as a cone programme; None where the solver gives up."""
    import cvxpy as cp

    power, w = np.log(beta) / np.log(alpha), cp.Variable(R.shape[1], nonneg=True)
    p = np.full(len(R), 1 / len(R)) if p is None else p
    risk = cp.log_sum_exp(np.log(p) - power * cp.log(R @ w))
    problem = cp.Problem(cp.Maximize(p @ cp.log(R @ w)), [cp.sum(w) == 1, risk <= 0])
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Solution may be inaccurate")  # then there is none, below
            problem.solve("CLARABEL")
    except cp.SolverError:
        return None
    return w.value if problem.status == "optimal" else None


@pytest.mark.parametrize("seeds", [range(k, k + 50) for k in range(0, 200, 50)], ids=lambda s: f"from {s[0]}")
def test_agrees_with_cvxpy_within_the_certified_gap(seeds):
    solved = binding = 0
    for seed in seeds:
        R, p, alpha, beta = market(seed)
        ours = kelly_drawdown(R, p, alpha=alpha, beta=beta)
        assert ours.gap <= 1e-10 and ours.violation <= 1e-12, seed
        assert excess(R, p, ours.weights, alpha, beta) <= 1e-12, seed
        binding += kelly_full(R, p).growth > ours.growth + 1e-9
        w = by_cvxpy(R, p, alpha, beta)
        if w is None:
            continue
        solved += 1
        w = np.maximum(w, 0) / np.maximum(w, 0).sum()
        assert abs(growth_rate(R, p, w) - ours.growth) <= 1e-6, seed
        back, cash = 1e-10, np.eye(len(w))[-1]
        while excess(R, p, w, alpha, beta) > 1e-15:  # theirs may overdraw a little: take it back
            w, back = (w - back * (w - cash) if back < 1 else cash), 2 * back
        assert excess(R, p, w, alpha, beta) <= 1e-15, seed
        theirs, gap = growth_rate(R, p, w), certified(R, p, w, alpha, beta)
        assert theirs <= ours.growth + ours.gap + 1e-15, seed
        assert ours.growth <= theirs + gap + 1e-12 and gap <= 1e-4, seed
    assert solved >= 45 and 15 <= binding <= 45


def test_the_certificate_holds_against_every_feasible_rival():
    rng, R, p, alpha, beta = np.random.default_rng(5), *market(4)
    ours = kelly_drawdown(R, p, alpha=alpha, beta=beta)
    rivals = rng.dirichlet(np.full(R.shape[1], 0.3), 4_000)
    rivals = np.vstack([rivals, 0.9 * ours.weights + 0.1 * rivals])
    rivals = [w for w in rivals if excess(R, p, w, alpha, beta) <= 0]
    assert len(rivals) > 100
    assert max(growth_rate(R, p, w) for w in rivals) <= ours.growth + ours.gap


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_the_gap_of_bad_weights_covers_what_they_lack(share, monkeypatch):
    """The solver is made to miss; what it says of itself must still be true, and now matters."""
    lacks = {True: [], False: []}  # does the constraint bind?

    def spoil(w):
        return (1 - share) * w + share * np.random.default_rng(len(w)).dirichlet(np.full(len(w), 0.5))

    def missed(R, p, power, theta, near):
        w = tilted_kelly(R, p, power, theta, near)
        return w if theta == 1.0 else spoil(w)  # 1: the least risk, from which the search starts

    for seed in range(40):
        R, p, alpha, beta = market(seed)
        best, full = kelly_drawdown(R, p, alpha=alpha, beta=beta), kelly_full(R, p)
        with monkeypatch.context() as patch:
            patch.setattr("kellylib.risk.tilted_kelly", missed)
            patch.setattr(
                "kellylib.risk.kelly_full", lambda R, p: certify(R, p, spoil(kelly_full(R, p).weights))
            )
            bad = kelly_drawdown(R, p, alpha=alpha, beta=beta)
        assert best.gap <= 1e-10 and bad.violation <= 1e-12, seed
        assert best.growth <= bad.growth + bad.gap + 1e-12, seed
        assert bad.gap >= certified(R, p, bad.weights, alpha, beta) - 1e-12, seed
        if best.growth > bad.growth + 1e-7:
            lacks[bool(full.growth > best.growth + 1e-9)].append(bad.gap / (best.growth - bad.growth))
    assert min(map(len, lacks.values())) >= 8 and max(min(x) for x in lacks.values()) < 1.5


def test_how_often_kelly_halves_the_wealth_on_a_coin_by_tossing_it():
    """The chapter's exact value, stored, against plain tosses that share nothing with its sums."""
    stored = Path(__file__).resolve().parents[1] / "notebooks" / "08_security.ipynb"
    (exact,) = re.findall(
        r'"1\.00 +0\.20 +1\.0000 +1\.0000 +0\.5000 +(0\.\d{4}) +0\.5000', stored.read_text()
    )
    rng, runs, fallen = np.random.default_rng(0), 500_000, 0
    wealth = np.ones(runs)
    while len(wealth):
        wealth *= np.where(rng.random(len(wealth)) < 0.6, 1.2, 0.8)
        fallen += (wealth <= 0.5).sum()
        wealth = wealth[(wealth > 0.5) & (wealth < 1e4)]  # from there it halves once in 20,000 times at most
    share = fallen / runs
    assert abs(share - float(exact)) <= 4 * np.sqrt(share * (1 - share) / runs)


@pytest.mark.parametrize("alpha, beta", [(0.5, 0.1), (0.9, 0.3), (0.7, 0.001), (0.99, 0.2)])
def test_one_coin_by_bisection(alpha, beta):
    """For one coin the constraint has one root besides 0."""
    power = np.log(beta) / np.log(alpha)
    risk = lambda f: 0.6 * (1 + f) ** -power + 0.4 * (1 - f) ** -power - 1  # noqa: E731
    f = brentq(risk, 1e-4 / power, 0.2, xtol=1e-15)
    s = kelly_drawdown(*COIN, alpha=alpha, beta=beta)
    assert abs(s.weights[0] - f) < 1e-9 and abs(s.growth - bet_growth(f, 0.6)) < 1e-11 and s.gap <= 1e-12


def test_slack_constraint_leaves_full_kelly():
    """With cash at 1, E 1/Rw <= 1 for Kelly: beta >= alpha never binds."""
    for seed in range(20):
        R, p, *_ = market(seed)
        full, ours = kelly_full(R, p), kelly_drawdown(R, p, alpha=0.5, beta=0.5001)
        assert ours.growth == full.growth and np.array_equal(ours.weights, full.weights)


def test_a_tighter_bound_grows_less():
    R, p, *_ = market(6)
    growth = [kelly_drawdown(R, p, alpha=0.8, beta=beta).growth for beta in (0.1, 0.05, 1e-2, 1e-4, 1e-8)]
    assert (np.diff(growth) < 0).all() and growth[-1] > 0


def test_small_and_large_powers():
    """beta near 1 asks for no more than growth; great powers leave the cash that is worth 1."""
    R, p, *_ = market(7)
    assert kelly_drawdown(R, p, alpha=1e-300, beta=1 - 1e-15).growth == kelly_full(R, p).growth
    s = kelly_drawdown(*COIN, alpha=0.999, beta=0.001)  # power 6904: stake about 2 * 0.2 / 6905
    assert s.gap <= 1e-12 and s.violation <= 1e-12 and abs(s.weights[0] * 6905 / 0.4 - 1) < 0.05


def test_invariances():
    R, p, alpha, beta = market(10)
    base = kelly_drawdown(R, p, alpha=alpha, beta=beta)
    assert kelly_full(R, p).growth > base.growth + 1e-6
    order = np.random.default_rng(0).permutation(R.shape[1])
    moved = kelly_drawdown(R[:, order], p, alpha=alpha, beta=beta)
    twice = kelly_drawdown(np.column_stack([R, R]), p, alpha=alpha, beta=beta)
    split = kelly_drawdown(np.vstack([R, R]), np.r_[p, p] / 2, alpha=alpha, beta=beta)
    frame = kelly_drawdown(pd.DataFrame(R), p, alpha=alpha, beta=beta)
    idle = kelly_drawdown(np.vstack([R, 0 * R[0]]), np.r_[p, 0], alpha=alpha, beta=beta)
    for other in (moved, twice, split, frame, idle):
        assert abs(other.growth - base.growth) <= 1e-11 and other.gap <= 1e-11
    np.testing.assert_allclose(moved.weights, base.weights[order], atol=1e-6)


def test_the_weights_are_kelly_for_tilted_probabilities():
    """The notes' mixture m: full Kelly under m is the answer."""
    R, p, alpha, beta = market(10)
    s, power = kelly_drawdown(R, p, alpha=alpha, beta=beta), np.log(beta) / np.log(alpha)
    q = log_moment(p, R @ s.weights, power)[1]
    held = np.flatnonzero(s.weights > 1e-3)
    a, b = (p / (R @ s.weights)) @ R[:, held] - 1, (q / (R @ s.weights)) @ R[:, held] - 1
    theta = -(a @ (b - a)) / ((b - a) @ (b - a))
    assert 0 < theta < 1
    assert certify(R, (1 - theta) * p + theta * q, s.weights).gap <= 1e-10


def test_works_on_daily_windows_and_is_quicker_than_cvxpy():
    rng = np.random.default_rng(1)
    ratios = []
    for _ in range(12):
        R = 1 + add_cash(rng.standard_t(4, (252, 20)) * 0.012 + 0.0008, 0.0001)
        kelly_drawdown(R, alpha=0.8, beta=0.05)
        start = time.perf_counter()
        s = kelly_drawdown(R, alpha=0.8, beta=0.05)
        middle = time.perf_counter()
        by_cvxpy(R, None, 0.8, 0.05)
        ratios.append((time.perf_counter() - middle) / (middle - start))
        assert s.gap <= 1e-11 and s.violation <= 1e-12
    assert np.median(ratios) > 1


def test_ruin_in_a_scenario_is_refused_as_infeasible():
    with pytest.raises(ValueError, match=r"No weights satisfy alpha and beta.*add_cash"):
        kelly_drawdown([[2.0, 1.0], [0.0, 0.0]], [0.6, 0.4], alpha=0.5, beta=0.1)


def test_no_riskless_column_may_be_infeasible():
    R = np.random.default_rng(0).normal(1.0, 0.1, (200, 3))
    with pytest.raises(
        ValueError, match=r"at least .*, not 0\. Add a riskless column \(add_cash\), lower alpha"
    ):
        kelly_drawdown(R, alpha=0.9, beta=0.01)


@pytest.mark.parametrize("name", ["alpha", "beta"])
@pytest.mark.parametrize("value", [0, 1, -0.1, 1.5, np.nan])
def test_alpha_and_beta_lie_strictly_between_0_and_1(name, value):
    with pytest.raises(ValueError, match=f"{name} must lie strictly between 0 and 1; it is"):
        kelly_drawdown(*COIN, **{"alpha": 0.5, "beta": 0.1, name: value})


def test_a_bad_market_is_named():
    with pytest.raises(ValueError, match="pass 1 \\+ returns"):
        kelly_drawdown([[0.1, -0.1], [0.2, 0.0]], alpha=0.5, beta=0.1)


def test_probabilities_too_small_to_be_weighed_are_named():
    with pytest.raises(ValueError, match="p must be 0 or at least 1e-12; one is 1e-13"):
        kelly_drawdown([[2.0, 1.0], [0.0, 1.0]], [1 - 1e-13, 1e-13], alpha=0.5, beta=0.1)


@pytest.mark.parametrize("level", [0.3, 0.5, 0.9])
def test_alpha_equal_to_beta_leaves_full_kelly_that_holds_cash(level):
    """Lambda is 1: the constraint is E 1 / Rw <= 1. Kelly's weights meet it exactly if they hold cash."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        K, n = int(rng.integers(2, 12)), int(rng.integers(1, 8))
        R = np.column_stack([rng.uniform(0, 3, (K, n)), np.ones(K)])
        s = kelly_drawdown(R, alpha=level, beta=level)
        assert s.gap <= 1e-12 and s.violation <= 1e-12
        if kelly_full(R).weights[-1] > 0:
            assert np.array_equal(s.weights, kelly_full(R).weights)


@pytest.mark.parametrize("seed", range(12))
def test_scenarios_that_weigh_nothing_and_wild_returns(seed):
    """A large power leaves most scenarios without weight; the returns span fifteen orders."""
    rng = np.random.default_rng(seed)
    K = int(rng.integers(3, 30))
    R = 10.0 ** rng.uniform(-9, 6, (K, 4)) * (rng.random((K, 4)) < 0.8)
    R = np.column_stack([R, np.ones(K)])
    s = kelly_drawdown(R, alpha=0.99, beta=0.09)
    assert s.gap <= 1e-10 and s.violation <= 1e-12
    assert excess(R, None, s.weights, 0.99, 0.09) <= 1e-9


def test_a_power_beyond_the_rounding_of_wealth_is_refused():
    assert kelly_drawdown(*COIN, alpha=1 - 2e-6, beta=0.2).gap <= 1e-9
    with pytest.raises(ValueError, match=r"alpha, beta must give lambda <= 1e6, not 1.6e\+12: lower alpha"):
        kelly_drawdown(*COIN, alpha=1 - 1e-12, beta=0.2)


def test_weights_that_miss_prove_nothing(monkeypatch):
    """A search that fails must not call the bound infeasible: that takes the certificate."""
    monkeypatch.setattr("kellylib.risk.tilted_kelly", lambda R, p, *a: np.array([0.5, 0.5]))
    message = r"No weights with sum\(p \* \(R @ w\)\*\*-3\.32193\) <= 1 found\. Lower beta less\."
    with pytest.raises(RuntimeError, match=message):
        kelly_drawdown(*COIN, alpha=0.5, beta=0.1)
