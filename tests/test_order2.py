"""kelly_order2, kelly_mean_variance: the quadratic programmes are solved exactly, their price is told."""

import cvxpy as cp
import daqp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from kellylib import order2
from kellylib.full import kelly_full
from kellylib.growth import certify, growth_rate
from kellylib.order2 import kelly_mean_variance, kelly_order2


def moments(R, p):
    """Mean and raw second moment of the simple returns, written as the text writes them."""
    r = np.asarray(R) - 1
    mean = sum(q * x for q, x in zip(p, r, strict=True))
    return mean, sum(q * np.outer(x, x) for q, x in zip(p, r, strict=True))


def quadratic(R, p, w):
    mu, M = moments(R, p)
    return mu @ w - w @ M @ w / 2


def shortfall(R, p, w, lower, upper):
    """Bound on what any weights could add to the quadratic: a linear programme over its gradient."""
    mu, M = moments(R, p)
    slope = mu - M @ w
    lp = linprog(-slope, A_eq=np.ones((1, len(w))), b_eq=[1.0], bounds=np.c_[lower, upper])
    return -lp.fun - slope @ w


@st.composite
def markets(draw):
    K, n = draw(st.integers(1, 60)), draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    R = np.exp(draw(st.sampled_from([0.003, 0.03, 0.3])) * rng.standard_t(4, (K, n)).clip(-8, 8))
    if draw(st.booleans()):
        R[:, -1] = draw(st.sampled_from([1.0, 1.001]))
    if draw(st.booleans()):
        R[:, n // 2] = R[:, 0]  # the same asset twice
    if R.max() < 0.5:
        R += 1
    p = rng.dirichlet(np.full(K, 5.0))
    lower, upper = np.zeros(n), np.ones(n)
    bounds = draw(st.sampled_from(("none", "caps", "floors", "shorts")))
    if bounds == "caps":
        upper = np.maximum(rng.random(n), 1.2) / n
    elif bounds == "floors":
        lower = 0.9 * rng.dirichlet(np.ones(n))
    elif bounds == "shorts":
        lower, upper = -0.5 * rng.random(n), np.full(n, 2.0)
    return R, p, lower, upper


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(markets())
def test_the_quadratic_is_solved_exactly_and_its_price_is_told(market):
    R, p, lower, upper = market
    found = kelly_order2(R, p, lower=lower, upper=upper)
    assert found.violation <= 1e-12
    size = 1 + abs(moments(R, p)[1]).max()
    assert shortfall(R, p, found.weights, lower, upper) <= 1e-11 * size
    best = kelly_full(R, p, lower=lower, upper=upper)
    if best.growth > -np.inf:
        assert (
            -1e-12 <= best.growth - found.growth <= found.gap + 1e-12
        )  # infinite if the quadratic is ruined
    assert found.growth == growth_rate(R, p, found.weights)


@pytest.mark.parametrize("p", [0.3, 0.5, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("b", [0.5, 1.0, 3.0])
def test_one_bet_in_closed_form(p, b):
    """The mean bp - q over the second moment b^2 p + q: at even odds this is Kelly's fraction."""
    stake = min(max((b * p - (1 - p)) / (b**2 * p + 1 - p), 0), 1)
    assert abs(kelly_order2([[1 + b, 1], [0, 1]], [p, 1 - p]).weights[0] - stake) <= 1e-12
    if b == 1:
        assert abs(kelly_order2([[2, 1], [0, 1]], [p, 1 - p]).gap) <= 1e-11


def test_two_independent_coins_in_closed_form():
    """M = I + off-diagonal mu mu', so M w = mu gives w = mu / (1 + mu^2) each."""
    p, mu = 0.6, 0.2
    R = [[2, 2, 1], [2, 0, 1], [0, 2, 1], [0, 0, 1]]
    found = kelly_order2(R, [p * p, p * (1 - p), (1 - p) * p, (1 - p) ** 2])
    np.testing.assert_allclose(found.weights[:2], mu / (1 + mu**2), atol=1e-13)


def test_ruin_is_a_result():
    """An asset that gains 20 % or, once in a hundred, loses all: by its moments, hold nothing else."""
    found = kelly_order2([[1.2, 1], [0, 1]], [0.99, 0.01])
    assert found.weights.tolist() == [1.0, 0.0] and (found.growth, found.gap) == (-np.inf, np.inf)
    assert kelly_full([[1.2, 1], [0, 1]], [0.99, 0.01]).weights[0] < 0.95


def test_where_all_are_ruined_nothing_is_lost():
    found = kelly_order2([[0, 0], [1, 2]])
    assert (found.growth, found.gap) == (-np.inf, 0.0)


def test_the_price_falls_with_the_fourth_power_of_the_volatility():
    """Means as small as the variances, as in short periods: half the volatility, a sixteenth of the price."""
    shocks = np.array([[1.0, 0.5], [-0.4, 1.2], [-0.6, -1.7]])
    drift, price = shocks.T @ shocks / 3 @ [0.3, 0.4], []
    for s in (0.04, 0.02, 0.01):
        R = np.c_[1 + s * shocks + s**2 * drift, np.ones(3)]
        found = kelly_order2(R)
        assert found.weights.min() > 0.2  # no bound in sight
        price.append(kelly_full(R).growth - found.growth)
    np.testing.assert_allclose([price[0] / price[1], price[1] / price[2]], 16, rtol=0.1)


@pytest.mark.parametrize("K, n", [(21, 31), (40, 300), (300, 200)])
def test_working_set_finds_what_all_assets_at_once_give(K, n):
    rng = np.random.default_rng(K)
    R = 1 + 0.001 * rng.standard_normal(n) + 0.02 * rng.standard_t(5, (K, n))
    p = np.full(K, 1 / K)
    mu, M = moments(R, p)
    w = cp.Variable(n)
    risk = cp.sum_squares(np.sqrt(1 / K) * ((R - 1) @ w)) / 2
    problem = cp.Problem(cp.Maximize(mu @ w - risk), [cp.sum(w) == 1, w >= 0])
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-12, tol_gap_rel=1e-12, tol_feas=1e-12)
    found = kelly_order2(R).weights
    assert abs(quadratic(R, p, found) - problem.value) <= 1e-10
    assert shortfall(R, p, found, 0, 1) <= 1e-12


def test_more_assets_than_the_first_working_set_holds():
    """Independent assets alike: all of them are held, equally."""
    rng = np.random.default_rng(1)
    R = np.vstack([1.1 + 0.5 * np.eye(60), 1.0 - 0.05 * np.eye(60)[rng.permutation(60)]])
    found = kelly_order2(R)
    np.testing.assert_allclose(found.weights, 1 / 60, atol=1e-3)
    assert shortfall(R, np.full(120, 1 / 120), found.weights, 0, 1) <= 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_an_asset_that_enters_late_displaces_what_is_capped(seed):
    """The best means share one risk and are capped; what pays is to add assets from far down the list."""
    rng = np.random.default_rng(seed)
    risk = 0.2 * rng.standard_normal((60, 1))
    R = (
        1
        + np.c_[risk + 0.02, 0.1 * rng.standard_normal((60, 40)) - 0.3 * risk][:, [0] * 60 + [*range(1, 41)]]
    )
    R[:, :60] += 0.001 * rng.standard_normal((60, 60))
    for upper in (0.04, 0.2, 1.0):
        found = kelly_order2(R, upper=upper)
        assert shortfall(R, np.full(60, 1 / 60), found.weights, 0, upper) <= 1e-12
        assert found.weights[60:].max() > 0


@pytest.mark.parametrize("seed", [326, 0, 1, 2])
def test_bounds_of_every_asset(seed):
    """What is at its upper bound but for rounding must not price the assets outside of the working set."""
    rng = np.random.default_rng(seed)
    R = np.exp(0.3 * rng.standard_t(4, (50, 60)).clip(-8, 8))
    middle = rng.dirichlet(np.ones(60))
    lower, upper = middle - rng.uniform(0, 0.5, 60), middle + rng.uniform(0, 0.5, 60)
    found = kelly_order2(R, lower=lower, upper=upper)
    assert shortfall(R, np.full(50, 1 / 50), found.weights, lower, upper) <= 1e-11


def test_the_working_set_is_small_and_the_solver_called_seldom(monkeypatch):
    sizes, calls, quadratic, solve = [], [], order2._quadratic, daqp.solve
    monkeypatch.setattr(order2, "_quadratic", lambda c, *a: sizes.append(len(c)) or quadratic(c, *a))
    monkeypatch.setattr(daqp, "solve", lambda *a, **k: calls.append(1) or solve(*a, **k))
    rng = np.random.default_rng(7)
    R = 1 + 0.001 * rng.standard_normal(500) + 0.02 * rng.standard_normal((250, 500))
    kelly_order2(R[:, :20])
    assert sizes == [20] and len(calls) == 1  # regular: exact at once
    sizes.clear()
    kelly_order2(R, upper=0.04)
    kelly_order2(R)
    assert sizes == [50, 24]  # twice what the caps let in, and 2; then two dozen
    calls.clear()
    kelly_order2(R[:10, :20])
    assert len(calls) <= 2  # singular: one proximal step more


@pytest.mark.parametrize("error", [-8e-13, 8e-13])
def test_the_solvers_rounding_of_the_budget_is_taken_up(monkeypatch, error):
    solve = daqp.solve

    def rounded(*a, **k):
        x, *rest = solve(*a, **k)
        return x * (1 + error), *rest

    monkeypatch.setattr(daqp, "solve", rounded)
    found = kelly_order2([[2, 1, 0.9], [0, 1, 0.9]], [0.6, 0.4])
    assert (found.weights > 0.1).sum() == 2
    assert abs(found.weights.sum() - 1) <= 4e-16
    flat = 1 + np.array([[0.3, 0.1, 0.0], [-0.2, 0.1, 0.0]])
    assert kelly_order2(flat, upper=0.5).weights.max() <= 0.5


@pytest.mark.parametrize("x", [[0.0, 0.0], [1.0, 1.0]])
def test_a_budget_that_the_solver_broke_is_refused(monkeypatch, x):
    """Where all is cash no weights are better than others, and only the sum tells."""
    monkeypatch.setattr(daqp, "solve", lambda *_, **__: (np.array(x), 0.0, 1, {}))
    with pytest.raises(RuntimeError, match=r"far below 1e4; kelly_full takes any R\.$"):
        kelly_order2([[1.0, 1.0]])


def test_invariances():
    rng = np.random.default_rng(2)
    R, p, order = 1 + 0.01 * rng.standard_t(5, (50, 9)), rng.dirichlet(np.ones(50)), rng.permutation(9)
    found = kelly_order2(R, p)
    np.testing.assert_allclose(kelly_order2(R[:, order], p).weights, found.weights[order], atol=1e-9)
    twice = kelly_order2(np.vstack([R, R]), np.r_[p, p] / 2)
    np.testing.assert_allclose(twice.weights, found.weights, atol=1e-9)
    padded = kelly_order2(np.vstack([R, np.zeros(9)]), np.r_[p, 0.0])
    assert padded.growth == found.growth


def test_bounds_that_leave_one_point():
    R = 1 + 0.01 * np.random.default_rng(3).standard_normal((9, 4))
    assert kelly_order2(R, lower=0.25, upper=0.25).weights.tolist() == [0.25] * 4


BAD = {
    "net returns": dict(R=[[0.01, -0.02]]),
    "a missing cell": dict(R=pd.DataFrame({"A": [1.0, np.nan], "cash": [1.0, 1.0]})),
    "infinity": dict(R=[[np.inf, 1.0]]),
    "nothing": dict(R=np.empty((0, 3))),
    "words": dict(R=[["up", "down"]]),
    "p too short": dict(R=[[1.0, 1.0]], p=[0.5, 0.5]),
    "p above 1": dict(R=[[1.0, 1.0]], p=[2.0]),
    "bounds too low": dict(R=[[1.0, 1.0]], upper=0.1),
    "bounds crossed": dict(R=[[1.0, 1.0]], lower=0.5, upper=0.1),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input_is_refused_in_the_words_of_kelly_full(bad):
    with pytest.raises(ValueError) as expected:
        kelly_full(**bad)
    with pytest.raises(ValueError) as found:
        kelly_order2(**bad)
    assert str(found.value) == str(expected.value)


@pytest.mark.parametrize(
    "status, x", [(-1, [0.5, 0.5]), (1, [0.0, 1.0]), (1, [np.nan, np.nan]), (1, [0.0, 0.0])]
)
def test_what_the_solver_returns_is_not_believed(monkeypatch, status, x):
    monkeypatch.setattr(daqp, "solve", lambda *_, **__: (np.array(x), 0.0, status, {}))
    with pytest.raises(RuntimeError, match=f"DAQP left a gap of .*exit flag {status}.*kelly_full takes any"):
        kelly_order2([[1.5, 1.0], [0.8, 1.0]])


def test_returns_beyond_any_taylor_expansion_are_refused_or_solved():
    """Returns of a million per cent: exact, or an error that names the way out, never a wrong answer."""
    rng = np.random.default_rng(4)
    refused = 0
    for _ in range(60):
        R = np.exp(2 * rng.standard_t(3, (30, 8)).clip(-7, 7))
        p = np.full(30, 1 / 30)
        try:
            found = kelly_order2(R, p)
        except RuntimeError as error:
            assert "kelly_full takes any" in str(error)
            refused += 1
        else:
            size = abs(moments(R, p)[1]).max()
            assert shortfall(R, p, found.weights, 0, 1) <= 1e-9 * size
    assert refused < 60


# ---- kelly_mean_variance: the article's problem


def test_inside_the_bounds_it_is_the_tangency_formula():
    mean, rate = np.array([0.010, 0.012, 0.008]), 0.002
    cov = np.array([[0.05, 0.01, 0.00], [0.01, 0.06, 0.01], [0.00, 0.01, 0.07]])
    np.testing.assert_allclose(
        kelly_mean_variance(mean, cov, rate), np.linalg.solve(cov, mean - rate), rtol=0, atol=1e-13
    )


def test_with_raw_second_moments_it_is_kelly_order2():
    rng = np.random.default_rng(5)
    R = np.c_[1.002 + 0.05 * rng.standard_t(5, (80, 12)), np.ones(80)]
    mu, M = moments(R[:, :-1], np.full(80, 1 / 80))
    np.testing.assert_allclose(kelly_mean_variance(mu, M, 0.0), kelly_order2(R).weights[:-1], atol=1e-10)


def test_the_covariance_stakes_everything_on_a_good_coin():
    p = 0.9
    mean, variance = 2 * p - 1, 4 * p * (1 - p)
    assert kelly_mean_variance([mean], [[variance]], 0.0).tolist() == [1.0]
    assert certify([[2, 1], [0, 1]], [p, 1 - p], [1.0, 0.0]).growth == -np.inf
    assert abs(kelly_order2([[2, 1], [0, 1]], [p, 1 - p]).weights[0] - 0.8) <= 1e-12


@pytest.mark.parametrize("T", [2, 5, 21, 200])
@pytest.mark.parametrize("lower, upper", [(0, 1), (-0.2, 0.3), (0.01, 0.2)])
def test_it_is_optimal_whatever_the_rank(T, lower, upper):
    rng = np.random.default_rng(T)
    r = 0.002 + 0.02 * rng.standard_t(5, (T, 30))
    mean, cov, rate = r.mean(axis=0), np.cov(r.T), 0.001
    f = kelly_mean_variance(mean, cov, rate, lower=lower, upper=upper)
    slope = mean - rate - cov @ f
    lp = linprog(-slope, A_ub=np.ones((1, 30)), b_ub=[1.0], bounds=(lower, upper))
    assert -lp.fun - slope @ f <= 1e-13
    assert f.sum() <= 1 + 1e-12 and f.min() >= lower and f.max() <= upper


def test_bounds_of_the_stocks():
    mean, cov = [1.0, -1.0], 0.1 * np.eye(2)
    for bounds, f in (
        (dict(lower=-1.0), [1, -1]),  # upper is 1 unless it is given
        (dict(lower=0.3, upper=0.3), [0.3, 0.3]),
        (dict(lower=0.5), [0.5, 0.5]),
        (dict(lower=[0.2, 0.0]), [1, 0]),
        (dict(upper=np.inf), [1, 0]),
        (dict(lower=[-0.5, -0.2], upper=5.0), [1.2, -0.2]),
    ):
        np.testing.assert_allclose(kelly_mean_variance(mean, cov, 0.0, **bounds), f, atol=1e-12)


@pytest.mark.parametrize("far", [10.0, 1e4])
def test_a_bound_out_of_reach_costs_no_digits(far):
    mean, cov = np.array([0.01, 0.012]), np.array([[0.05, 0.01], [0.01, 0.06]])
    f = kelly_mean_variance(mean, cov, 0.0, lower=[0.0, -far], upper=[1.0, far])
    np.testing.assert_allclose(f, np.linalg.solve(cov, mean), rtol=0, atol=1e-14)


def test_units_and_types_of_the_moments_do_not_matter():
    """Variances of 1e-9 or 1e9 and their rounding; whole numbers and pandas' columns of objects."""
    mean, cov = np.array([0.01, 0.012]), np.array([[0.05, 0.01], [0.01, 0.06]])
    f = kelly_mean_variance(mean, cov, 0.0)
    for unit in (1e-9, 1e9):
        rounded = unit * (cov + [[0, 1e-13], [0, 0]])
        np.testing.assert_allclose(kelly_mean_variance(unit * mean, rounded, 0.0), f, rtol=1e-9)
        low_rank = unit * (np.ones((2, 2)) - 1e-13 * np.eye(2))
        assert kelly_mean_variance(unit * np.array([0.5, 0.5]), low_rank, 0.0).sum() == pytest.approx(0.5)
    objects = pd.Series(mean, dtype=object), pd.DataFrame(cov, dtype=object)
    bounds = pd.Series([0.0, 0.0], dtype=object), pd.Series([1.0, 1.0], dtype=object)
    assert (kelly_mean_variance(*objects, 0.0, lower=bounds[0], upper=bounds[1]) == f).all()
    assert kelly_mean_variance([0, 0], np.zeros((2, 2), int), 0).tolist() == [0, 0]


@pytest.mark.parametrize(
    "change, message",
    [
        (
            dict(mean=[0.1, np.nan]),
            r"^mean, cov and rate must be finite; drop what is missing before you estimate\.$",
        ),
        (dict(cov=[[1.0, np.nan], [np.nan, 1.0]]), "must be finite"),
        (dict(rate=np.inf), "must be finite"),
        (dict(cov=[[1.0]]), r"\(n, n\), .* with n >= 1; they have \[\(2,\), \(1, 1\), "),
        (dict(mean=[], cov=np.empty((0, 0))), "with n >= 1"),
        (
            dict(cov=[[1.0, 2.0], [2.0, 1.0]]),
            r"^cov must be symmetric with no negative eigenvalue; that of complete rows is\.$",
        ),
        (dict(cov=[[1.0, 0.2], [0.1, 1.0]]), "must be symmetric"),
        (dict(cov=[[1e-9, 2e-10], [1e-10, 1e-9]]), "must be symmetric"),  # however small the returns
        (dict(cov=[[1e-9, 2e-9], [2e-9, 1e-9]]), "no negative eigenvalue"),
        (dict(cov=[[0.0, 9e-11], [0.0, 0.0]]), "must be symmetric"),  # a trace of 0 is no scale
        (dict(lower=0.6), "finite sum <= 1; its sum is 1.2"),
        (dict(lower=[0.3, 0], upper=[0.2, 1]), "lower must be <= upper"),
        (dict(lower=-np.inf), "lower must be <= upper and have a finite sum"),
    ],
)
def test_moments_that_cannot_be(change, message):
    with pytest.raises(ValueError, match=message):
        kelly_mean_variance(**dict(mean=[0.1, 0.1], cov=np.eye(2), rate=0.0) | change)


@pytest.mark.parametrize("seed", [280, 284])
def test_second_moments_that_are_nearly_singular(seed):
    """Probabilities of 1 to 1e-20, so that some curvature is small beside any fixed damping."""
    rng = np.random.default_rng(seed)
    K, n = int(rng.integers(1, 31)), int(rng.integers(1, 13))
    R = np.column_stack([np.exp(rng.normal(0.05, 0.4, (K, n))), np.ones(K)])
    p = 10.0 ** -rng.uniform(0, 20, K)
    p, middle = p / p.sum(), rng.dirichlet(np.ones(n + 1))
    lower, upper = middle - rng.uniform(0, 0.5, n + 1), middle + rng.uniform(0, 0.5, n + 1)
    assert kelly_order2(R, p, lower=lower, upper=upper).violation <= 1e-12
