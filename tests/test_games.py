"""Bets: the integral against enumeration, certificates at the edges of the parameters, races, dependence."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln, ndtr, ndtri

from kellylib import games as module
from kellylib import kelly_events, kelly_fraction, kelly_full, kelly_games, kelly_games_mixture, kelly_race
from kellylib.games import bets

once = settings(derandomize=True, deadline=None, max_examples=30, database=None)


def enumerated(p, odds, w):
    """Growth and gradient from all 2^N outcomes in long double, wealth formed from cash and wins."""
    p, odds, w = (np.asarray(a, np.longdouble) for a in (p, odds, w))
    won = ((np.arange(2 ** len(p))[:, None] >> np.arange(len(p))) & 1).astype(bool)
    probability = np.where(won, p, 1 - p).prod(axis=1)
    wealth = w[-1] + won @ (odds * w[:-1])
    density = probability / wealth
    return probability @ np.log(wealth), np.append(odds * (density @ won), density.sum())


def games_oracle(p, odds):
    p = np.asarray(p, float)
    return bets(np.ones(1), p[None], 1 - p[None], np.asarray(odds, float), np.arange(len(p)))


@st.composite
def any_games(draw, most=16):
    n = draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    p = draw(
        st.sampled_from(
            [rng.uniform(0.01, 0.99, n), rng.uniform(0, 1, n) ** 4, 1 - 10 ** rng.uniform(-12, -1, n)]
        )
    )
    return np.clip(p, 1e-6, 1 - 1e-12), 10 ** rng.uniform(-1, draw(st.sampled_from([0.5, 3.0])), n), rng


@once
@given(any_games(), st.sampled_from([1.0, 0.1]))
def test_integral_is_the_enumeration(games, spread):
    p, b, rng = games
    w = np.maximum(rng.dirichlet(np.full(len(p) + 1, spread)), 1e-14)
    growth, gradient, S, d = games_oracle(p, 1 + b)(w / w.sum())
    exact = enumerated(p, 1 + b, w / w.sum())
    assert abs(growth - exact[0]) <= 1e-12
    assert np.all(abs(gradient - exact[1]) <= 1e-12 * np.maximum(1, exact[1]))


@once
@given(any_games(6))
def test_hessian_is_the_slope_of_the_gradient(games):
    p, b, rng = games
    w = rng.dirichlet(np.ones(len(p) + 1)) + 0.02
    oracle, h = games_oracle(p, 1 + b), 1e-6
    *_, S, d = oracle(w)
    step = rng.normal(size=len(w)) * w
    slope = (oracle(w - h * step)[1] - oracle(w + h * step)[1]) / (2 * h)
    want = S.T @ (S @ step) + d * step
    assert np.allclose(slope, want, rtol=1e-6, atol=1e-6 * abs(want).max())


@once
@given(any_games(10))
def test_optimum_by_full_enumeration(games):
    p, b, _ = games
    s = kelly_games(p, b)
    won = ((np.arange(2 ** len(p))[:, None] >> np.arange(len(p))) & 1).astype(float)
    scenario = np.where(won, p, 1 - p).prod(axis=1)
    full = kelly_full(np.column_stack([won * (1 + b), np.ones(len(won))]), scenario)
    assert s.gap <= 1e-12 and s.violation <= 1e-12
    assert abs(s.growth - full.growth) <= 1e-11


STRAY = np.random.default_rng(7)  # steps towards ruin, from which no single step comes back
MINUTE = np.random.default_rng(32)  # probabilities down to 1e-12 whose barrier ran ahead of the gap
P = (MINUTE.random(250) ** 8).clip(1e-12)
EDGES = {
    "stray": (1 - STRAY.random(200) ** 4, 10 ** STRAY.uniform(-2, 3, 200)),
    "minute": (P, ((1 + MINUTE.exponential(0.2, 250)) / P - 1).clip(1e-6, 1e6)),
    "one": ([0.6], 1.0),
    "even": ([0.5], 1.0),
    "nearly even": ([0.5 + 1e-9] * 3, 1.0),
    "nearly sure": ([1 - 1e-12] * 7, 1.0),
    "hopeless": ([1e-12, 0.3, 0.5], 1.0),
    "long shots": ([0.0012, 0.3, 0.5, 0.6], [1000.0, 1000.0, 1.0, 1.0]),
    "strong": (np.linspace(0.7, 0.9, 50), 1.0),
    "stronger": (np.linspace(0.9, 0.9999, 300), 1.0),
    "mixed": (np.linspace(0.01, 0.99, 100), np.geomspace(1000, 0.05, 100)),
    "wild": (np.random.default_rng(5).uniform(0, 1, 60), np.exp(np.random.default_rng(6).uniform(-3, 7, 60))),
    "thousand": (np.linspace(0.5, 0.55, 1000), 1.0),
    "two thousand": (np.linspace(0.55, 0.8, 2000), 1.0),
}


@pytest.mark.parametrize("name", EDGES)
def test_certified_in_thirty_iterations(name, monkeypatch):
    from kellylib import full

    factored, newton = [], full.newton
    monkeypatch.setattr(full, "newton", lambda *a: factored.append(1) or newton(*a))
    p, b = EDGES[name]
    s = kelly_games(p, b)
    assert s.gap <= 1e-12 and s.violation <= 1e-12 and s.weights.min() >= 0
    assert len(factored) <= 30
    assert s.weights[-1] > 0  # all games may be lost: without cash that is ruin


def test_nodes_do_not_follow_cash():
    def nodes(cash):  # as small as the chance to lose all 40 games
        oracle = games_oracle(np.full(40, 1 - cash ** (1 / 40)), np.full(40, 2.0))
        return len(oracle(np.append(np.full(40, (1 - cash) / 40), cash))[2])

    assert max(nodes(10.0**-k) for k in (3, 30, 100, 150)) <= 1000


def test_cash_next_to_nothing_is_no_error():
    oracle = games_oracle([0.5], np.array([2.0]))
    growth, gradient, *_ = oracle(np.array([1.0, 1e-149]))
    assert abs(growth - 0.5 * np.log(2e-149)) <= 1e-12 and abs(gradient[1] - 5e148) <= 1e-12 * 5e148
    assert oracle(np.array([1.0, 5e-324]))[0] == -np.inf
    assert kelly_games(np.full(30, 1 - 1e-12)).gap <= 1e-12


@pytest.mark.parametrize("p", [0.51, 0.6, 0.9])
def test_thousand_identical_games_by_the_binomial_sum(p):
    n = 1000
    s = kelly_games(np.full(n, p))
    assert np.ptp(s.weights[:-1]) <= 1e-9
    k = np.arange(n + 1)
    log_probability = (
        gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + k * np.log(p) + (n - k) * np.log1p(-p)
    )
    R = np.column_stack([2 * k / n, np.ones(n + 1)])
    probability = np.exp(log_probability)
    by_sum = kelly_full(R, probability / probability.sum())  # underflow: the sum over all is 1 to 1e-12
    assert abs(by_sum.growth - s.growth) <= 1e-11


def test_games_without_an_edge_get_exactly_nothing():
    p = np.array([0.5, 0.3, 0.6, 0.25, 0.7])
    s = kelly_games(p, [1.0, 1.0, 1.0, 3.0, 1.0])
    assert (s.weights[[0, 1, 3]] == 0).all() and (s.weights[[2, 4]] > 0).all()
    assert kelly_games([0.5, 0.1]).weights.tolist() == [0, 0, 1]
    assert kelly_games([0.5, 0.1]).gap <= 1e-15


@once
@given(st.floats(0.01, 0.99), st.floats(0.05, 50))
def test_one_game_is_the_closed_form(p, b):
    s = kelly_games([p], b)
    assert s.gap <= 1e-12 and abs(s.weights[0] - kelly_fraction(p, b)) <= 1e-5


def test_order_of_games_does_not_matter():
    rng = np.random.default_rng(1)
    p, b, order = rng.uniform(0.4, 0.7, 30), rng.uniform(0.8, 1.5, 30), rng.permutation(30)
    s, t = kelly_games(p, b), kelly_games(p[order], b[order])
    assert abs(s.growth - t.growth) <= 1e-12 and np.allclose(s.weights[:-1][order], t.weights[:-1], atol=1e-6)


@st.composite
def any_events(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = rng.integers(2, 5, draw(st.integers(1, 4)))
    p = [rng.dirichlet(np.full(k, 2.0)) for k in sizes]
    margin = draw(st.sampled_from([0.95, 1.0, 1.05, 1.2]))
    return p, [np.maximum(1, 1 / (margin * rng.dirichlet(10 * q + 0.3))) for q in p]


@once
@given(any_events())
def test_events_by_full_enumeration(events):
    p, odds = events
    s = kelly_events(p, odds)
    R, probability = np.zeros((1, 0)), np.ones(1)
    for q, o in zip(p, odds, strict=True):
        R = np.column_stack([np.repeat(R, len(q), axis=0), np.tile(np.diag(o), (len(R), 1))])
        probability = np.repeat(probability, len(q)) * np.tile(q, len(probability))
    full = kelly_full(np.column_stack([R, np.ones(len(R))]), probability / probability.sum())
    assert s.gap <= 1e-12 and abs(s.growth - full.growth) <= 1e-11


def test_hessian_of_events_is_the_slope_of_the_gradient():
    rng = np.random.default_rng(2)
    p, odds, start = rng.dirichlet(np.ones(3), 2).ravel(), rng.uniform(1, 5, 6), np.array([0, 3])
    for none in (np.zeros((1, 2)), np.full((1, 2), 0.5)):
        oracle = bets(np.ones(1), p[None] * (1 - none[0, 0]), none, odds, start)
        w, step = rng.dirichlet(np.ones(7)), 1e-6 * rng.normal(size=7)
        *_, S, d = oracle(w)
        slope = (oracle(w - step)[1] - oracle(w + step)[1]) / 2
        assert np.allclose(slope, S.T @ (S @ step) + d * step, rtol=1e-5, atol=1e-13)


@once
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.9, 1.0, 1.1]))
def test_one_event_is_the_race(seed, margin):
    rng = np.random.default_rng(seed)
    n = rng.integers(2, 12)
    p = rng.dirichlet(np.ones(n)).clip(1e-6)
    p /= p.sum()
    odds = np.maximum(1, 1 / (margin * rng.dirichlet(50 * p + 0.2).clip(1e-4)))
    race, event = kelly_race(p, odds), kelly_events([p], [odds])
    assert race.gap <= 1e-13 and event.gap <= 1e-12 and abs(race.growth - event.growth) <= 1e-12


def test_hedge_and_no_cash():
    hedge = kelly_events([[0.5, 0.3, 0.2]], [[2.2, 3.2, 4.0]])
    assert 0.3 * 3.2 < 1 and hedge.weights[1] > 0.03 and hedge.weights[2] == 0
    free = kelly_race([0.5, 0.3, 0.2], [2.6, 3.2, 4.0])  # sum(1 / odds) < 1
    assert free.weights[-1] == 0 and np.allclose(free.weights[:-1], [0.5, 0.3, 0.2], atol=1e-15)
    both = kelly_events([[0.5, 0.3, 0.2], [0.5, 0.5]], [[2.6, 3.2, 4.0], [1.9, 1.9]])
    assert both.weights[-1] == 0 and both.gap <= 1e-12


def test_fair_race_and_sure_take():
    assert kelly_race([0.25, 0.75], [4.0, 4 / 3]).gap <= 1e-14
    assert kelly_race([0.25, 0.75], [3.0, 1.2]).weights.tolist() == [0, 0, 1]


def copula(p, rho, nodes=128):
    z, weight = np.polynomial.hermite_e.hermegauss(nodes)
    return weight / weight.sum(), ndtr((ndtri(p) + np.sqrt(rho) * z[:, None]) / np.sqrt(1 - rho))


def test_mixture_of_one_is_independence():
    p = np.array([0.55, 0.6, 0.65])
    assert abs(kelly_games_mixture([1.0], p[None]).growth - kelly_games(p).growth) <= 1e-13


def test_mixture_by_full_enumeration():
    rng = np.random.default_rng(3)
    weight, p, b = np.array([0.2, 0.0, 0.8]), rng.uniform(0, 1, (3, 5)), rng.uniform(0.5, 2, 5)
    p[0, 0], p[2, 1] = 1.0, 0.0
    s = kelly_games_mixture(weight, p, b)
    won = (np.arange(32)[:, None] >> np.arange(5)) & 1
    probability = weight @ np.where(won[None], p[:, None], 1 - p[:, None]).prod(axis=2)
    full = kelly_full(np.column_stack([won * (1 + b), np.ones(32)]), probability / probability.sum())
    assert s.gap <= 1e-12 and abs(s.growth - full.growth) <= 1e-12


def test_derivatives_of_a_mixture_are_its_slopes():
    rng = np.random.default_rng(4)
    weight, p, odds = np.array([0.2, 0.5, 0.3]), rng.uniform(0.1, 0.9, (3, 4)), rng.uniform(1.5, 4, 4)
    p[1, 2], p[2, 3], p[:, 0] = 1.0, 0.0, 1.0  # won given one cause, never given another, won in any case
    oracle = bets(weight, p, 1 - p, odds, np.arange(4))
    w, step = rng.dirichlet(np.ones(5)), 1e-6 * rng.normal(size=5)
    (low, down, *_), (high, up, *_), (_, gradient, S, d) = oracle(w - step), oracle(w + step), oracle(w)
    assert abs((high - low) / 2 - gradient @ step) <= 1e-14
    assert np.allclose((down - up) / 2, S.T @ (S @ step) + d * step, rtol=1e-5, atol=1e-13)
    rest = oracle(np.array([0.25, 0.25, 0.25, 0.25, 0.0]))  # the sure game leaves wealth without cash
    assert np.isfinite(rest[0]) and oracle(np.array([0.0, 0.5, 0.5, 0.0, 0.0]))[0] == -np.inf


def test_copula_keeps_marginals_and_shrinks_stakes():
    p = np.array([0.55, 0.6, 0.65])
    staked = []
    for rho in (0.0, 0.3, 0.6, 0.9):
        weight, given_z = copula(p, rho)
        assert np.allclose(weight @ given_z, p, rtol=0, atol=1e-10)
        s = kelly_games_mixture(weight, given_z)
        assert s.gap <= 1e-12
        staked.append(1 - s.weights[-1])
    assert staked[0] > staked[1] > staked[2] > staked[3]


@pytest.mark.parametrize("b", [1e3, 1e6, 1e9, 1e12])
def test_the_certificate_of_a_huge_payout_is_true(b):
    """By all outcomes. What the quadrature leaves out must be small beside the payout too."""
    p, odds = np.array([0.7, 0.4, 0.2]), np.array([1 + b, 3.5, 6.0])
    s = kelly_games_mixture([1.0], [p], odds - 1)
    won = np.array(list(itertools.product([0, 1], repeat=3)))
    chance, pay = np.where(won, p, 1 - p).prod(axis=1), np.column_stack([won * odds, np.ones(8)])
    slope = (chance / (pay @ s.weights)) @ pay
    assert abs(np.log(slope.max()) - s.gap) <= 1e-13 and s.gap <= 1e-12


def test_limits_of_what_is_accepted():
    assert kelly_games(0.6).weights.tolist() == kelly_games([0.6], 1).weights.tolist()
    assert kelly_games([0.6, 0.7], [2.0]).gap <= 1e-12
    assert kelly_games([1 - 2**-53]).gap <= 1e-12
    assert kelly_games([1e-11, 1 - 1e-12], [1e12, 1e-12]).gap <= 1e-12
    assert kelly_race([0.5, 0.5 - 9e-10], [1.0, 1e12]).gap <= 1e-12


BAD = [
    (lambda: kelly_games([0.5], 2e12), r"b must be net odds, from 1e-12 to 1e12 .*; b is 2e\+12"),
    (lambda: kelly_games([0.5], 9e-13), "b is 9e-13"),
    (lambda: kelly_games([0.0]), r"p\[0\] is 0"),
    (
        lambda: kelly_race([0.5, 0.5 - 2e-9], [2, 2]),
        r"p must be a list with sum 1 \(divide by its sum\), .*, sum\(p\) is 0\.999999998\.",
    ),
    (lambda: kelly_race([0.5, 0.5], [2, 2e12]), r"odds\[1\] is 2e\+12"),
    (lambda: kelly_events([0.5, 0.5], [2, 2]), r"p\[0\] must be a list .*; their shapes are \(\), \(\)"),
    (lambda: kelly_games_mixture(1.0, [[0.5]]), r"weight must be a list .*; their shapes are \(\), \(1, 1\)"),
    (
        lambda: kelly_games_mixture([1.0], [[0.5, 0.5, 0.5]], [1, 2]),
        r"b one number .* \(1, 3\), \(2,\)",
    ),
    (lambda: kelly_games_mixture([1.0], [[0.5, 0.5]], [[1, 2]]), r"b one number .* \(1, 2\), \(1, 2\)"),
    (
        lambda: kelly_games_mixture([0.5, 0.5], [[1.0], [0.5]], [1, 2]),
        r"b one number or row; .* are \(2,\), \(2, 1\), \(2,\)",
    ),
    (
        lambda: kelly_games_mixture([0.5, 0.5], [[0.5, 0.5], [0.5]]),
        "p must hold numbers only: .* inhomogeneous",
    ),
    (lambda: kelly_games_mixture([1.0], [0.5, 0.5]), r"p one row a weight, .* are \(1,\), \(2,\), \(\)"),
    (lambda: kelly_games([]), "p, b must be a list, not empty"),
    (lambda: kelly_games([0.5, 1.0]), r"p must be a probability .*; p\[1\] is 1\."),
    (lambda: kelly_games([0.5, 60.0]), r"divide percentages by 100\); p\[1\] is 60"),
    (lambda: kelly_games([0.5, np.nan]), r"p\[1\] is nan"),
    (lambda: kelly_games([0.5, 0.6], [1.0, 0.0]), r"b must be net odds.*; b\[1\] is 0"),
    (
        lambda: kelly_games([0.5, 0.6], [1.0, 1.0, 1.0]),
        r"p, b must be numbers or arrays of one shape; theirs are \(2,\), \(3,\)",
    ),
    (lambda: kelly_games([[0.5, 0.6]]), r"its shape is \(1, 2\)"),
    (lambda: kelly_games(["a"]), "p must hold numbers only: .*'a'"),
    (lambda: kelly_events([], []), "same events"),
    (lambda: kelly_events([[0.5, 0.5]], []), "same events; they list 1 and 0"),
    (
        lambda: kelly_events([[0.5, 0.5], [0.5, 0.4]], [[2, 2], [2, 2]]),
        r"p\[1\] must be a list with sum 1 .* sum\(p\[1\]\) is 0\.9",
    ),
    (lambda: kelly_events([[0.5, 0.5], [0.5, 0.5]], [[2, 2], [2, 0.9]]), r"odds\[1\]\[1\] is 0\.9"),
    (
        lambda: kelly_events([[0.5, 0.5]], [[2, 2, 2]]),
        r"p\[0\] must .* odds\[0\] as long; their shapes are \(2,\), \(3,\)",
    ),
    (lambda: kelly_race([0.5, 0.5], 2.0), r"odds as long; their shapes are \(2,\), \(\)"),
    (lambda: kelly_race([0.5, 0.5], [2.0, np.inf]), r"odds\[1\] is inf"),
    (
        lambda: kelly_games_mixture([0.5, 0.6], [[0.5], [0.5]]),
        r"weight must be .* sum\(weight\) is 1\.1",
    ),
    (
        lambda: kelly_games_mixture([0.5, 0.5], [[0.5]]),
        r"p one row a weight.* their shapes are \(2,\), \(1, 1\), \(\)",
    ),
    (lambda: kelly_games_mixture([0.5, 0.5], [[0.5], [1.5]]), r"p\[1, 0\] is 1\.5"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_quadrature_step_matters(monkeypatch):
    """The exactness is the fine step's doing: a coarse one misses the enumeration."""
    monkeypatch.setattr(module, "STEP", 1 / 2)
    p, w = np.array([0.3, 0.6, 0.8]), np.array([0.2, 0.3, 0.1, 0.4])
    assert abs(games_oracle(p, np.full(3, 2.0))(w)[0] - enumerated(p, np.full(3, 2.0), w)[0]) > 1e-10


def test_games_priced_out_get_exactly_nothing_while_cash_is_kept():
    """Among strong games the weak ones are dropped; the cash, next to nothing, is not."""
    w = kelly_games(np.linspace(0.55, 0.8, 2000)).weights
    assert (w[:-1] == 0).sum() >= 1000 and 0 < w[-1] < 1e-6


@pytest.mark.parametrize("never", [0.0, 1e-300])
def test_a_game_that_cannot_be_won_gets_nothing(never):
    s = kelly_games_mixture([0.4, 0.6], [[0, never], [1, never]], [5.5, 0.17])
    assert s.gap <= 1e-12 and np.abs(s.weights - [0.6 - 0.4 / 5.5, 0, 0.4 + 0.4 / 5.5]).max() <= 1e-9
