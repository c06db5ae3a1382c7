"""kelly_robust: the worst probabilities are the worst, the certificate bounds every rival, cvxpy agrees."""

import warnings

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.special import kl_div

from kellylib import growth_rate, kelly_full, kelly_robust, worst_case
from kellylib.risk import _steady, tilted_kelly

COIN = [[2.0, 1.0], [0.0, 1.0]], [0.6, 0.4]


def market(seed):
    rng = np.random.default_rng(seed)
    K, n, daily = int(rng.integers(20, 60)), int(rng.integers(2, 8)), seed % 2
    R = np.exp(rng.normal(0.001, 0.02, (K, n)) if daily else rng.normal(0.05, rng.uniform(0.05, 0.4), (K, n)))
    R = np.column_stack([R, np.full(K, rng.choice([1, 1.0001]))])
    p = rng.dirichlet(np.ones(K)) if seed % 3 else np.full(K, 1 / K)
    return R, p, 10 ** rng.uniform(-4, -1)


def guaranteed(R, p, w, radius):
    """Growth that weak duality guarantees, over a grid of powers: never above the truth."""
    x, powers = np.log(R @ w), np.logspace(-4, 5, 4000)
    m = (-np.outer(powers, x)).max(axis=1)
    moments = m + np.log(np.exp(-np.outer(powers, x) - m[:, None]) @ p)
    return max((-(moments + radius) / powers).max(), x.min())


def by_cvxpy(R, p, radius):
    """max over w and tau of -tau log E (Rw)^(-1/tau) - tau radius: the dual of the inner minimum."""
    import cvxpy as cp

    K, n = R.shape
    w, tau, v, t = cp.Variable(n, nonneg=True), cp.Variable(nonneg=True), cp.Variable(), cp.Variable(K)
    u = cp.Variable(K)
    cones = [cp.constraints.ExpCone(t - v, np.ones(K) * tau, u), p @ u <= tau, t >= -cp.log(R @ w)]
    problem = cp.Problem(cp.Maximize(-v - tau * radius), [cp.sum(w) == 1, *cones])
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Solution may be inaccurate")  # then there is none, below
            problem.solve("CLARABEL")
    except cp.SolverError:
        return None
    return problem.value if problem.status == "optimal" else None


def test_agrees_with_cvxpy_and_with_weak_duality():
    solved = at_risk = 0
    for seed in range(60):
        R, p, radius = market(seed)
        s = kelly_robust(R, p, radius=radius)
        assert s.gap <= 1e-10 and s.violation <= 1e-12, seed
        assert guaranteed(R, p, s.weights, radius) <= s.growth + 1e-12, seed
        assert guaranteed(R, p, s.weights, radius) >= s.growth - 1e-6, seed
        at_risk += s.weights[-1] < 1
        value = by_cvxpy(R, p, radius)
        if value is not None:
            solved += 1
            assert abs(value - s.growth) <= 1e-6, seed
    assert solved >= 50 and at_risk >= 20


def test_no_rival_guarantees_more():
    rng, (R, p, _) = np.random.default_rng(0), market(4)
    s = kelly_robust(R, p, radius=0.01)
    assert (s.weights > 1e-3).sum() >= 2
    rivals = 0.8 * s.weights + 0.2 * rng.dirichlet(np.full(R.shape[1], 0.3), 300)
    worst = [growth_rate(R, worst_case(R, p, w, radius=0.01), w) for w in rivals]
    assert max(worst) <= s.growth + s.gap


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_the_gap_of_bad_weights_covers_what_they_lack(share, monkeypatch):
    """The solver is made to miss; what it says of itself must still be true, and now matters."""
    lacks = []

    def missed(R, p, power, theta, near):
        w = tilted_kelly(R, p, power, theta, near)
        return (1 - share) * w + share * np.random.default_rng(len(w)).dirichlet(np.full(len(w), 0.5))

    for seed in range(30):
        R, p, radius = market(seed)
        best = kelly_robust(R, p, radius=radius)
        with monkeypatch.context() as patch:
            patch.setattr("kellylib.risk.tilted_kelly", missed)
            bad = kelly_robust(R, p, radius=radius)
        assert best.gap <= 1e-10 and best.growth <= bad.growth + bad.gap + 1e-12, seed
        if best.growth > bad.growth + 1e-7:
            lacks.append(bad.gap / (best.growth - bad.growth))
    assert len(lacks) >= 20 and min(lacks) < 1.1


@pytest.mark.parametrize("leak", [1e-6, 0.01, 0.5])
def test_the_gap_of_weights_that_leak_is_what_they_lack(leak, monkeypatch):
    """A part is held in an asset worth nothing: all wealth shrinks alike, and nature's answer is the same."""
    R, p, _ = market(4)
    R = np.column_stack([R, np.zeros(len(R))])
    nothing = np.eye(R.shape[1])[-1]
    best = kelly_robust(R, p, radius=0.01)
    monkeypatch.setattr(
        "kellylib.risk.tilted_kelly", lambda *a: (1 - leak) * tilted_kelly(*a) + leak * nothing
    )
    bad = kelly_robust(R, p, radius=0.01)
    assert (
        abs(best.growth - bad.growth + np.log1p(-leak)) <= 1e-10 and abs(bad.gap + np.log1p(-leak)) <= 1e-10
    )


def test_the_gap_of_bad_weights_in_a_wide_ball(monkeypatch):
    """The weights may then be the steadiest ones, whose certificate is another: they are spoilt less."""

    def steady(*market):
        w, dual = _steady(*market)
        return 0.9 * w + 0.1 / len(w), dual

    def missed(R, *rest):
        return 0.7 * tilted_kelly(R, *rest) + 0.3 / R.shape[1]

    for seed in range(30):
        R, p, _ = market(seed)
        radius = -0.9 * np.log(p.min())
        best = kelly_robust(R, p, radius=radius)
        with monkeypatch.context() as patch:
            patch.setattr("kellylib.risk._steady", steady)
            patch.setattr("kellylib.risk.tilted_kelly", missed)
            bad = kelly_robust(R, p, radius=radius)
        assert best.growth - 1e-12 <= bad.growth + bad.gap, seed
        assert bad.growth < best.growth - 1e-4, seed


def test_worst_case_is_in_the_ball_and_the_worst_of_it():
    rng, (R, p, radius) = np.random.default_rng(1), market(4)
    w = kelly_full(R, p).weights
    q = worst_case(R, p, w, radius=radius)
    assert abs(kl_div(q, p).sum() - radius) <= 1e-9 * radius + 1e-14
    others = p * np.exp(rng.normal(0, 1, (20_000, len(p))) * rng.uniform(0, 0.5, (20_000, 1)))
    others /= others.sum(axis=1, keepdims=True)
    others = others[kl_div(others, p).sum(axis=1) <= radius]
    assert len(others) > 100
    assert (others @ np.log(R @ w)).min() >= q @ np.log(R @ w)


def test_one_coin_in_closed_form():
    """The worst coin has the least probability of heads in the ball; the stake is Kelly's for it."""
    s, q = kelly_robust(*COIN, radius=0.01), worst_case(*COIN, [0.1, 0.9], radius=0.01)
    assert abs(s.weights[0] - (2 * q[0] - 1)) < 1e-9
    assert abs(q[0] * np.log(q[0] / 0.6) + q[1] * np.log(q[1] / 0.4) - 0.01) < 1e-12


def test_radius_0_is_full_kelly_and_a_wide_ball_is_cash():
    R, p, _ = market(2)
    assert np.array_equal(kelly_robust(R, p, radius=0).weights, kelly_full(R, p).weights)
    wide = kelly_robust(*COIN, radius=0.5 * np.log(0.25 / 0.24) + 1e-3)  # the fair coin is in the ball
    assert wide.weights.tolist() == [0, 1] and wide.growth == 0 and wide.gap <= 1e-12
    growth = [kelly_robust(R, p, radius=r).growth for r in (0, 1e-4, 1e-3, 1e-2)]
    assert (np.diff(growth) < 0).all()


def test_a_wide_ball_leaves_the_least_wealthy_scenarios():
    q = worst_case(*COIN, [0.2, 0.8], radius=5.0)
    assert q.tolist() == [0, 1]
    assert worst_case(*COIN, [1, 0], radius=0.1).tolist() == [0, 1]  # ruin is the worst, however unlikely


def test_scenarios_of_probability_0_do_not_count():
    R, p, radius = market(3)
    base = kelly_robust(R, p, radius=radius)
    idle = kelly_robust(np.vstack([R, 0 * R[0]]), np.r_[p, 0], radius=radius)
    assert np.array_equal(base.weights, idle.weights)
    q = worst_case(np.vstack([R, 0 * R[0]]), np.r_[p, 0], base.weights, radius=radius)
    assert q[-1] == 0 and np.allclose(q[:-1], worst_case(R, p, base.weights, radius=radius), atol=1e-12)


@pytest.mark.parametrize("radius", [-0.1, np.nan, np.inf])
def test_bad_radius(radius):
    for call in (kelly_robust, lambda R, p, radius: worst_case(R, p, [0, 1], radius=radius)):
        with pytest.raises(ValueError, match="radius must be a divergence in nats, finite and >= 0; it is"):
            call(*COIN, radius=radius)


def test_bad_weights_are_named():
    with pytest.raises(ValueError, match="w must hold 2 weights"):
        worst_case(*COIN, [1.0], radius=0.1)


@pytest.mark.parametrize("K, radius", [(2, 0.3), (3, 1.0), (3, 0.1), (20, 0.7)])
def test_a_wide_ball_over_assets_that_make_a_riskless_one(K, radius):
    R = 1 + 0.05 * np.random.default_rng(K).standard_normal((K, 60))  # one of their mixtures is riskless
    s = kelly_robust(R, radius=radius)
    steady = linprog(-np.eye(61)[-1], np.c_[-R, np.ones(K)], np.zeros(K), np.r_[np.ones(60), 0][None], [1])
    assert s.gap <= 1e-11 and s.violation <= 1e-12
    assert np.log(steady.x[-1]) - 1e-12 <= s.growth <= kelly_full(R).growth
    q = worst_case(R, None, s.weights, radius=radius)
    assert abs(growth_rate(R, q, s.weights) - s.growth) <= 1e-12


def test_probabilities_too_small_to_be_weighed_are_named():
    with pytest.raises(ValueError, match="p must be 0 or at least 1e-12; one is 1e-13"):
        kelly_robust([[2.0, 1.0], [0.0, 1.0]], [1 - 1e-13, 1e-13], radius=0.1)
    assert kelly_robust([[2.0, 1.0], [0.0, 1.0]], [1.0, 0.0], radius=0.1).gap <= 1e-12


def test_a_ball_that_holds_all_probabilities_asks_for_the_best_worst_scenario():
    """A linear programme, whose dual is the certificate."""
    rng = np.random.default_rng(5)
    for k in range(40):
        K, n = int(rng.integers(2, 20)), int(rng.integers(1, 12))
        R = np.column_stack([np.exp(rng.normal(0, 0.3, (K, n))), np.ones(K)])
        p = rng.dirichlet(np.ones(K))
        cost = np.append(np.zeros(n + 1), -1.0)
        lp = linprog(cost, np.c_[-R, np.ones(K)], np.zeros(K), np.append(np.ones(n + 1), 0)[None], [1.0])
        for radius in (-np.log(p.min()) + 1e-9, 50.0, 1e300):
            s = kelly_robust(R, p, radius=radius)
            assert s.gap <= 1e-12 and abs(s.growth - np.log(-lp.fun)) <= 1e-9, (k, radius)


@pytest.mark.parametrize("radius", [0.05, 0.5, 5.0])
def test_returns_that_differ_by_a_billionth(radius):
    rng = np.random.default_rng(2)
    for _ in range(20):
        K, n = int(rng.integers(2, 12)), int(rng.integers(1, 8))
        edge = rng.standard_normal((K, n))
        s = kelly_robust(1 + 1e-9 * edge, radius=radius)
        assert s.gap <= 1e-12  # growth is near 1e-9


def test_a_rare_scenario_that_kelly_all_but_ignores():
    for q in (1e-5, 1e-8, 1.17e-10, 1e-11):
        for radius in (0.1, 1, 5, 10, 20):
            s = kelly_robust([[1.455, 0, 1], [0, 2.0166, 1]], [1 - q, q], radius=radius)
            assert s.gap <= 1e-12, (q, radius)


def test_a_market_in_which_nothing_differs():
    for value in (1.0, 1 - 2**-53):
        s = kelly_robust([[1.0, value], [value, 1.0]], [0.02, 0.98], radius=1e-9)
        assert s.gap <= 1e-15 and abs(s.growth) <= 1e-15


def test_worst_case_of_wealth_that_is_equal_but_for_rounding():
    """No power tells apart what differs in the last digit: the worst scenarios are worst together."""
    q = worst_case([[0.1 + 0.2], [0.3], [1.0]], [0.25, 0.25, 0.5], [1.0], radius=5)
    assert q.tolist() == [0.5, 0.5, 0.0]
