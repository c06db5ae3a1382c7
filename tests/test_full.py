"""kelly_full: certified on every market that one can think of, the same answer by other roads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kellylib import certify, full, growth_rate, kelly_full, kelly_race


def random_market(seed):
    """A market of any of nine kinds, with probabilities and bounds of any of six kinds."""
    rng = np.random.default_rng(seed)
    K, n = int(rng.choice([1, 2, 3, 5, 21, 50, 252])), int(rng.choice([1, 2, 3, 5, 10, 30, 60]))
    spread = rng.choice([1e-4, 1e-3, 1e-2, 0.05, 0.3])
    R = np.maximum(1 + spread * rng.standard_normal((K, n)), 0)
    kind = seed % 9
    if kind == 1:
        R = np.exp(spread * rng.standard_t(2, (K, n)).clip(-20, 20))
    elif kind == 2:
        R = rng.choice([0.001, 1, 10], (K, n))  # -99.9 % and +900 %
        R[0, 0] = 1
    elif kind == 3:
        R[:, n // 2] = R[:, -1] = R[:, 0]  # identical columns
    elif kind == 4:
        R = rng.random((K, n)) * (rng.random((K, n)) < 0.5)
        R[:, -1] = 1
    elif kind == 5:
        R[:, -1] = R[:, 0] + 1e-3  # an arbitrage
    elif kind == 6:
        R = rng.choice([0, 0, 2.0], (K, n))  # some scenarios ruin everybody
        R[0, 0] = 1
    elif kind == 7:
        R = np.eye(K, n) * rng.uniform(1, K + 1, (K, 1))  # a race
    p = [np.full(K, 1 / K), rng.dirichlet(np.ones(K)), rng.random(K) * (np.arange(K) % 3 < 2)][seed % 3]
    lower, upper = np.zeros(n), np.ones(n)
    bounds = int(rng.integers(6))
    if bounds == 1:
        upper = np.full(n, max(1.2 / n, 0.3))
    elif bounds == 2:
        lower = rng.random(n) / n
        upper = np.maximum(np.minimum(lower + rng.random(n) * 2 / n, 1), 1.01 / n)
    elif bounds == 3 and kind not in (2, 4, 6, 7):
        lower, upper = np.full(n, -0.3), np.full(n, 1.5)
    elif bounds == 4:
        lower = rng.dirichlet(np.ones(n))  # sum(lower) == 1
    elif bounds == 5:
        lower[: n // 2] = upper[: n // 2] = 0.5 / n  # fixed
    return R, p / p.sum(), lower, upper


@settings(derandomize=True, deadline=None, max_examples=250)
@given(st.integers(0, 10**7))
def test_every_market_is_certified(seed):
    R, p, lower, upper = random_market(seed)
    s = kelly_full(R, p, lower=lower, upper=upper)
    assert s.gap <= 1e-12 and s.violation <= 1e-12
    again = certify(R, p, s.weights, lower=lower, upper=upper)
    if s.growth == -np.inf:
        assert (again.growth, again.gap) == (s.growth, s.gap)
    else:  # the order in which wealth is summed may differ
        assert abs(again.growth - s.growth) <= 1e-14 and abs(again.gap - s.gap) <= 1e-14
    assert again.violation == s.violation


@pytest.mark.parametrize("T, n", [(21, 30), (1000, 100), (2520, 500), (10_000, 30), (252, 2000)])
def test_large_and_rank_deficient_markets(T, n):
    rng = np.random.default_rng(T + n)
    R = np.exp(0.0003 + 0.01 * rng.standard_normal((T, 1)) + 0.02 * rng.standard_normal((T, n)))
    s = kelly_full(R)
    assert s.gap <= 1e-12 and s.violation <= 1e-12


def test_a_large_working_set():
    rng = np.random.default_rng(3)
    R = np.exp(0.3 * rng.standard_normal((4000, 300)))  # independent and wild: it pays to hold all of them
    s = kelly_full(R / R.mean(axis=0))
    assert s.gap <= 1e-12 and (s.weights > 0).sum() > 200


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.integers(0, 10**7), st.floats(0.7, 50))
def test_invariances(seed, factor):
    R, p, lower, upper = random_market(9 * seed)  # kind 0
    s = kelly_full(R, p, lower=lower, upper=upper)
    order = np.random.default_rng(seed).permutation(R.shape[1])
    permuted = kelly_full(R[:, order], p, lower=lower[order], upper=upper[order])
    assert permuted.growth == pytest.approx(s.growth, abs=1e-12)
    split = kelly_full(np.vstack([R, R]), np.r_[p / 4, 3 * p / 4], lower=lower, upper=upper)
    assert split.growth == pytest.approx(s.growth, abs=1e-12)
    scaled = kelly_full(factor * R, p, lower=lower, upper=upper)
    assert scaled.growth == pytest.approx(s.growth + np.log(factor), abs=1e-12)
    lost = kelly_full(
        np.vstack([R, 0 * R[:1]]), np.r_[p, 0], lower=lower, upper=upper
    )  # total loss, but never
    assert lost.growth == s.growth


def test_manufactured_truth():
    """Weights first, then a market that makes them optimal: a mean gradient of 1 on them, less elsewhere."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        w = np.r_[rng.dirichlet(np.ones(5)), np.zeros(7)]
        wealth = rng.uniform(0.8, 1.3, 200)
        A = rng.uniform(0.8, 1.2, (200, 12))
        A += (1 - A @ w)[:, None]  # portfolio w earns `wealth` in every row of A * wealth
        A -= np.where(w > 0, A.mean(axis=0) - 1, A.mean(axis=0) - 0.9)
        A += (1 - A @ w)[:, None]
        assert A.min() > 0
        s = kelly_full(A * wealth[:, None])
        np.testing.assert_allclose(s.weights, w, atol=1e-9)
        assert (s.weights[5:] == 0).all()


def test_the_coin_and_the_race_in_closed_form():
    for p in (0.501, 0.6, 0.9, 0.999):
        s = kelly_full([[2, 1], [0, 1]], [p, 1 - p])
        assert s.weights[0] == pytest.approx(2 * p - 1, abs=1e-9)
        assert s.growth == pytest.approx(np.log(2) + p * np.log(p) + (1 - p) * np.log(1 - p), abs=1e-12)
    assert (kelly_full([[2, 1], [0, 1]], [0.4, 0.6]).weights == [0, 1]).all()
    rng = np.random.default_rng(1)
    for n in (2, 5, 20):
        p, odds = rng.dirichlet(np.ones(n)), rng.uniform(1.5, 2 * n, n)
        s = kelly_full(np.c_[np.diag(odds), np.ones(n)], p)
        assert s.growth == pytest.approx(kelly_race(p, odds).growth, abs=1e-12)


def test_weights_reach_their_bounds_exactly():
    rng = np.random.default_rng(2)
    R = 1 + 0.02 * rng.standard_normal((250, 10)) + np.linspace(0, 0.01, 10)
    s = kelly_full(R, upper=0.3)
    assert s.weights.max() == 0.3 and (s.weights == 0).sum() >= 4 and s.gap <= 1e-12
    fixed = kelly_full(R, lower=np.r_[0.05, np.zeros(9)], upper=np.r_[0.05, np.ones(9)])
    assert fixed.weights[0] == 0.05 and fixed.gap <= 1e-12


def test_short_positions():
    rng = np.random.default_rng(4)
    R = np.c_[1 + 0.02 * rng.standard_normal((500, 4)) + np.linspace(-0.002, 0.002, 4), np.ones(500)]
    s = kelly_full(R, lower=-20.0, upper=21.0)
    assert s.gap <= 1e-12 and s.weights.min() < 0 and (R @ s.weights).min() > 0
    assert s.growth > kelly_full(R).growth
    step = 1e-4 * np.array([1, -1, 1, -1, 0])
    assert growth_rate(R, None, s.weights + step) < s.growth > growth_rate(R, None, s.weights - step)


def test_the_steps_are_few(monkeypatch):
    """Newton's systems in 90 markets of all kinds: another direction, step or centre takes more or less."""
    factored, newton = [], full.newton
    monkeypatch.setattr(full, "newton", lambda *a: factored.append(1) or newton(*a))
    counts = []
    for seed in range(90):
        R, p, lower, upper = random_market(seed)
        kelly_full(R, p, lower=lower, upper=upper)
        counts.append(len(factored) - sum(counts))
    assert max(counts) <= 20 and abs(sum(counts) - 269) <= 4  # the rounding of other machines


def test_newton_solves_its_equations(monkeypatch):
    """H dx + dprice = r and sum(dx) == 0, by the few rows if D is large, else by the columns."""
    sizes, dpotrf = [], full.dpotrf
    monkeypatch.setattr(full, "dpotrf", lambda M, **k: sizes.append(len(M)) or dpotrf(M, **k))
    rng = np.random.default_rng(5)
    for K, n, scale in ((50, 8, 1.0), (5, 40, 1.0), (5, 40, 1e-9), (30, 40, 1.0), (3, 1, 1.0)):
        S, D, r = rng.normal(size=(K, n)), scale * rng.uniform(1, 2, n), rng.normal(size=n)
        dx, dprice = full.newton(S.copy(), D)(r)
        assert abs(S.T @ (S @ dx) + D * dx + dprice - r).max() <= 1e-9 * (1 + abs(dx).max())
        assert abs(dx.sum()) <= 1e-12 * (1 + abs(dx).max())
    assert sizes == [8, 6, 40, 40, 1]
    twins = np.repeat(rng.normal(size=(50, 4)), 2, axis=1)  # each asset twice, and no barrier
    r = np.repeat(rng.normal(size=4), 2)
    dx, dprice = full.newton(twins.copy(), np.zeros(8))(r)
    assert abs(twins.T @ (twins @ dx) + dprice - r).max() <= 1e-6


def test_the_longest_step():
    v = np.array([1.0, 2.0])
    assert full.longest(v, np.array([1.0, 1.0])) == 1.0
    assert full.longest(v, np.array([-0.5, -1.0])) == 1.0
    assert full.longest(v, np.array([-2.0, -1.0])) == 0.5
    assert full.longest(v, np.array([3.0, -8.0])) == 0.25


def test_what_is_priced_at_a_bound_is_put_there():
    x, cap = np.array([1e-9, 0.3 - 1e-9, 0.4, 0.3]), np.array([np.inf, 0.3, 0.9, np.inf])
    prices = np.array([0.1, 1e-9, 1e-9, 1e-9, 0.2, 1e-9])  # of x >= 0, then of the caps 0.3 and 0.9
    A = np.array([[1.1, 1.0, 1.2, 0.9], [0.9, 1.0, 0.85, 1.15]])
    put, better, last = full._candidates(A, np.full(2, 0.5), x, prices, cap)
    np.testing.assert_allclose(put, [0, 0.3, 0.4, 0.3], atol=1e-15)
    np.testing.assert_allclose(put.sum(), 1, atol=1e-15)
    assert better[:2].tolist() == put[:2].tolist() and better.sum() == pytest.approx(1, abs=1e-15)
    assert np.log(A @ better).mean() > np.log(A @ put).mean() and last is x
    bound = np.array([0.5, 0.5])
    only = full._candidates(A[:, :2], np.full(2, 0.5), bound, np.array([1.0, 1.0]), np.full(2, np.inf))
    assert [z.tolist() for z in only] == [[0.5, 0.5]]  # none is free


@pytest.mark.parametrize(("up", "down", "cap"), [(1.3, 0.8, 0.71), (1.1, 0.8, np.inf), (1.3, 0.0, np.inf)])
def test_a_newton_step_beyond_the_bounds_is_no_candidate(up, down, cap):
    """Above the cap, below 0, or from weights that are ruined."""
    x = np.array([1.0, 1e-12]) if down == 0 else np.array([0.3, 0.7])
    prices = np.append([0.0, 1e-9], np.zeros(2 * (cap < 1)))
    tries = full._candidates(np.array([[up, 1], [down, 1]]), np.full(2, 0.5), x, prices, np.full(2, cap))
    assert [z.tolist() for z in tries] == [[1.0, 0.0] if down == 0 else [0.3, 0.7], x.tolist()]


def test_bounds_that_leave_one_point():
    rng = np.random.default_rng(6)
    R = 1 + 0.01 * rng.standard_normal((9, 4))
    assert kelly_full(R, lower=0.25).weights.tolist() == [0.25] * 4
    assert kelly_full(R, upper=0.25).weights.tolist() == [0.25] * 4
    s = kelly_full(R, lower=[-0.5, 0.2, 0.3, 0.1], upper=[0.4, 0.2, 0.3, 0.1])
    assert s.weights == pytest.approx([0.4, 0.2, 0.3, 0.1], abs=1e-15) and s.gap <= 1e-12


def test_a_scenario_in_which_only_the_worst_asset_pays():
    """It ruins everything else, so that asset must come into the working set, however poor."""
    R = np.vstack([1.2 + 0.01 * np.eye(40), np.zeros(40)])
    R[:, -1] = 0.5
    R[0, -2] = R[-1, -2] = 0.0
    s = kelly_full(R)
    assert s.gap <= 1e-12 and s.weights[-1] > 0 and np.isfinite(s.growth)


@pytest.mark.parametrize("seed", range(3))
def test_assets_join_beside_lower_bounds(seed):
    """What an asset adds is measured beside the wealth that the lower bounds hold in any case."""
    rng = np.random.default_rng(seed)
    R = np.exp(0.3 * rng.standard_normal((300, 60)))
    lower = rng.random(60) * 0.01
    R /= R.mean(axis=0)
    for unit in (1, 0.3):  # the growth of all is less by log(0.3), the weights are the same
        s = kelly_full(unit * R, lower=lower)
        assert s.gap <= 1e-12 and s.violation <= 1e-12 and (s.weights > lower + 1e-9).sum() > 12


def test_a_cap_of_next_to_nothing_spoils_nothing():
    R = np.exp(0.3 * np.random.default_rng(2).standard_normal((7, 5)))
    s = kelly_full(R, upper=[1e-300, 0.69, 0.39, 0.24, 0.72])
    assert s.gap <= 1e-12 and s.weights[0] <= 1e-300


@pytest.fixture
def searches(monkeypatch):
    """What every interior point is given: the gross returns of its assets, its start, its caps."""
    calls, portfolio, interior_point = [], full.portfolio, full.interior_point
    monkeypatch.setattr(full, "portfolio", lambda A, p: calls.append([A.copy()]) or portfolio(A, p))
    monkeypatch.setattr(
        full, "interior_point", lambda o, x, cap: calls[-1].extend([x, cap]) or interior_point(o, x, cap)
    )
    return calls


@pytest.mark.parametrize(("upper", "size"), [(1.0, 10), (0.25, 10), (0.125, 16), (1 / 16, 32), (1 / 40, 0)])
def test_the_first_working_set(searches, upper, size):
    """Ten assets, or twice those that fill the budget and two: those that add most to equal weights."""
    R = np.random.default_rng(2).uniform(0.5, 1.6, (60, 40))
    s = kelly_full(R, upper=upper)
    assert s.gap <= 1e-12
    if not size:
        assert searches == [] and (s.weights == 1 / 40).all()
        return
    A, x, cap = searches[0]
    best = np.argsort(-np.mean(R / R.mean(axis=1, keepdims=True), axis=0))[:size]
    assert sorted(A[0]) == sorted(R[0, best])
    assert np.allclose(x, 1 / size, rtol=1e-12) and (cap == (np.inf if upper == 1 else upper)).all()


def test_the_best_assets_join(searches):
    """As many as are there already, at most; of those that would add growth, those that would add most."""
    full_house = 0
    for seed in range(11):
        R = np.exp(0.3 * np.random.default_rng(seed).standard_t(3, (200, 60)).clip(-8, 8))
        searches.clear()
        kelly_full(R)
        first, second = (np.flatnonzero(np.isin(R[0], A[0])) for A, *_ in searches[:2])
        wealth = R[:, first] @ kelly_full(R[:, first]).weights
        slope = np.mean(R / wealth[:, None], axis=0)
        better = [j for j in np.argsort(-slope) if j not in first and slope[j] > 1 + 1e-12]
        assert sorted([*first, *better[: len(first)]]) == list(second)
        full_house += len(better) > len(first)
    assert full_house


def test_the_better_candidate_is_returned(monkeypatch):
    """Where the certificate cannot be met, of the two candidates the one with the smaller gap."""
    R = np.random.default_rng(3).uniform(0.5, 1.6, (60, 5))
    best = kelly_full(R)
    monkeypatch.setattr(full, "TOLERANCE", -1e-9)
    assert abs(kelly_full(R).gap) <= 1e-12
    monkeypatch.setattr(full, "_candidates", lambda A, p, x, *a: [np.full(5, 0.2), x])
    s = kelly_full(R)
    assert abs(s.gap) <= 1e-12 and s.weights == pytest.approx(best.weights, abs=1e-9)
    search, found = full.interior_point, []
    monkeypatch.setattr(
        full, "interior_point", lambda *a: found.append(search(*a)) or (np.full(5, 0.2), *found[0][1:])
    )
    monkeypatch.setattr(full, "_candidates", lambda A, p, x, *a: [found[0][0], x])
    assert abs(kelly_full(R).gap) <= 1e-12


def test_no_weight_exceeds_all_unless_it_may():
    R = np.array([[1.5, 1.01], [0.9, 1.01]])
    s = kelly_full(R, lower=-1.0)
    assert s.weights == pytest.approx([1.0, 0.0], abs=1e-15) and s.gap <= 1e-12
    assert kelly_full(R, lower=-1.0, upper=2.0).weights.max() > 1.5


@pytest.mark.parametrize(
    ("gap", "factor", "steps"),
    [
        (1e-3, 1.01, 81),
        (1.1e-10, 1.01, 81),
        (0.9e-10, 1.01, 9),
        (9e-11, 0.999, 30),
        (1e-3, 0.6, 32),
        (1e-3, 0.999, 200),
    ],
)
def test_a_search_that_does_not_end_is_ended(monkeypatch, gap, factor, steps):
    """Eighty steps without progress, eight once 1e-10 is certified; in all 200, and then thirty."""
    count, newton, gaps = [], full.newton, []
    monkeypatch.setattr(full, "newton", lambda *a: count.append(1) or newton(*a))

    def oracle(x):  # nothing to gain, but the gradient always favours what is held least
        gaps.append(gap * factor ** len(gaps))
        gradient = np.ones(3)
        gradient[x.argmin()] += gaps[-1] / (1 - x.min())
        return 0.0, gradient, 1e-3 * np.eye(3), 0.0

    x, y, price = full.interior_point(oracle, np.array([0.5, 0.3, 0.2]), np.full(3, np.inf))
    assert x.sum() == pytest.approx(1, abs=1e-12) and x.min() > 0
    assert len(count) == steps


def test_a_search_surrounded_by_ruin_ends_where_it_began():
    start, calls = np.array([0.5, 0.3, 0.2]), []

    def oracle(x):
        calls.append(x)
        return (0.0, np.arange(3.0), np.eye(3), 0.0) if len(calls) == 1 else (-np.inf, None, None, None)

    x, y, price = full.interior_point(oracle, start, np.full(3, np.inf))
    assert x.tolist() == start.tolist() and len(calls) == 41 and y.shape == (3,) and price >= 2


def test_a_singular_factor_is_shifted_until_it_is_none(monkeypatch):
    """Forty assets made of three, and no barrier: the direction is right still."""
    tries, dpotrf = [], full.dpotrf
    monkeypatch.setattr(full, "dpotrf", lambda M, **k: tries.append(1) or dpotrf(M, **k))
    for seed in range(40):
        rng = np.random.default_rng(seed)
        S = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 40))
        r = S.T @ rng.normal(size=50)
        dx, dprice = full.newton(S.copy(), np.zeros(40))(r)
        assert abs(S.T @ (S @ dx) + dprice - r).max() <= 1e-12 * abs(r).max()
    assert len(tries) >= 60  # one in two needed a second shift


def test_the_best_asset_may_be_barred_while_the_working_set_grows():
    for seed in range(5):
        R = np.random.default_rng(seed).lognormal(0.01, 0.3, (80, 60))
        R[:, 7] *= 1.5
        upper = np.where(np.arange(60) == 7, 0.0, 0.2)
        s = kelly_full(R, upper=upper)
        assert s.gap <= 1e-12 and s.weights[7] == 0


@pytest.mark.parametrize("caps", [False, True])
def test_races_with_short_positions_near_ruin(caps):
    """The barrier must not run ahead of the gap: slacks of caps would vanish in rounding before it closes."""
    for seed in range(150):
        rng = np.random.default_rng(seed)
        K = int(rng.integers(2, 31))
        R = np.column_stack([np.diag(rng.uniform(1, 2 * K, K)), np.ones(K)])
        upper = rng.dirichlet(np.ones(K + 1)) + rng.uniform(0.1, 0.5, K + 1) if caps else rng.uniform(1, 2)
        p = rng.dirichlet(np.ones(K)) if seed % 2 else None
        s = kelly_full(R, p, lower=np.append(np.full(K, -rng.uniform(0, 1)), 0.0), upper=upper)
        assert s.gap <= 1e-10 and s.violation <= 1e-12, seed


def test_short_positions_beside_a_probability_too_small_to_weigh():
    R, p = [[2.0, 1.0], [0.5, 1.0], [0.7, 1.0]], [0.6, 0.4 - 1e-13, 1e-13]
    assert kelly_full(R, p).gap <= 1e-12
    assert kelly_full(R, [0.6, 0.4, 0.0], lower=[-1, 0]).gap <= 1e-12
    with pytest.raises(ValueError, match=r"p must be 0 or at least 1e-12; one is 1e-13\. Leave that"):
        kelly_full(R, p, lower=[-1, 0])


def test_bounds_of_any_size_that_leave_one_point():
    lower = np.array([0.3, 0.3, 0.4 - 1e-17])
    s = kelly_full([[2.0, 1.0, 0.5], [0.5, 1.0, 2.0]], lower=lower, upper=[1e300, 0.3, 0.4])
    assert abs(s.weights - lower).max() <= 1e-15 and s.violation <= 1e-15


def test_the_best_asset_alone_takes_no_search(monkeypatch):
    """Common after few days. The certificate tells, and only where no bound forbids it."""
    rng = np.random.default_rng(0)
    R = 1 + 0.02 * rng.standard_normal((20, 8)) + np.linspace(0, 0.02, 8)
    best = kelly_full(R)
    assert best.weights.tolist() == [0.0] * 7 + [1.0] and best.gap <= 1e-13
    monkeypatch.setattr(full, "interior_point", None)
    assert kelly_full(R).weights[-1] == 1
    for bounds in (dict(lower=0.01), dict(upper=0.9), dict(upper=[1.0] * 7 + [0.9])):
        with pytest.raises(TypeError, match="not callable"):
            kelly_full(R, **bounds)
    with pytest.raises(TypeError, match="not callable"):  # ruin in some scenario
        kelly_full([[4.0, 1.0], [0.0, 1.0]])


def test_what_is_not_held_is_exactly_0():
    """Dropping what is priced out moves the rest off the optimum; a Newton step brings it back."""
    drift = np.random.default_rng(1).uniform(2e-4, 1e-3, 100)
    for seed in range(150):
        rng = np.random.default_rng(seed)
        noise = 0.6 * rng.standard_normal((252, 1)) + 0.8 * rng.standard_normal((252, 100))
        s = kelly_full(1 + drift + 0.02 * noise)
        assert s.gap <= 1e-13 and s.weights[s.weights > 0].min() > 1e-7, seed
