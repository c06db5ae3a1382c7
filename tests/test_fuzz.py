"""Every public function, fed with anything: an answer that holds, or an error that names the argument.

Half of the examples are problems that can be solved, and must be. In the others some argument is spoiled:
then the answer still holds, or a ValueError or RuntimeError names that argument. Never NaN, another
exception, a warning (pytest makes it an error) or a hang. The answers are judged by the few lines below,
not by kellylib's own.

The ordinary run repeats the same few examples, so that CI is stable; ``make fuzz`` sets FUZZ, the number of
new random examples a function.
"""

import inspect
import os
import re
import signal
import tempfile
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kellylib

FUZZ = int(os.environ.get("FUZZ", 0))
SECONDS = 20  # of processor time for one call: a loaded machine does not matter
EXACT, CLASSES = 1e-9, {"Solution", "Backtest"}  # what is returned is tested with the functions

fuzz = settings(
    max_examples=FUZZ or 30,
    derandomize=not FUZZ,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
seeds = st.integers(0, 2**32 - 1)
nasty = st.sampled_from(
    [np.nan, np.inf, -np.inf, -1, -1e-300, 0, 1e-300, 1e-12, 1 - 1e-12, 1, 1 + 1e-12, 2, 1e12, 1e300]
    + ["x", None, 1j, 10**400]
)
JUNK = [
    None,
    "abc",
    "",
    b"1",
    object(),
    1j,
    10**400,
    np.nan,
    np.inf,
    -np.inf,
    -1,
    0,
    0.5,
    1,
    2.5,
    1e300,
    True,
]
JUNK += [[], [[]], {}, set(), [None], ["a"], [[1.0, 2.0], [3.0]], np.zeros((0, 3)), np.ones((2, 2, 2)), len]
JUNK += [np.array(["x", 1], object), np.array([1, 2j]), np.ones((3, 1)), np.datetime64("2025-01-01"), pd.NaT]
JUNK += [
    pd.NA,
    pd.Series(dtype=float),
    pd.DataFrame(),
    pd.Series([1.0, None]),
    pd.DataFrame({"a": ["x", "y"]}),
]
JUNK += [
    pd.DataFrame({"a": [1.0, np.nan], "b": [1.0, 1.0]}),
    {"a": 1.0},
    [1.0, 0.0],
    [[1.0, 0.0], [0.0, 1.0]],
]
junk = st.sampled_from(JUNK)


@contextmanager
def limited():
    """Raise in a call that takes more than SECONDS of processor time."""

    def late(*_):
        raise TimeoutError(f"more than {SECONDS} s of processor time")

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def call(function, arguments, spoiled=(), can_fail=()):
    """The answer, or None if an error names what is spoiled (or, in a good problem, what can fail)."""
    values = list(arguments.values())
    by_position = [p.kind is not p.KEYWORD_ONLY for p in inspect.signature(function).parameters.values()]
    names = list(arguments)
    count = sum(by_position[: len(names)])
    try:
        with limited():
            return function(*values[:count], **dict(zip(names[count:], values[count:], strict=True)))
    except (ValueError, RuntimeError) as error:
        allowed = tuple(spoiled) + tuple(can_fail)
        assert allowed, f"a problem that can be solved: {error!r}"
        named = re.search(rf"(?<![\w.])({'|'.join(map(re.escape, allowed))})(?!\w)", str(error))
        assert named, f"names none of {allowed}: {error!r}"
        return None


@st.composite
def spoil(draw, arguments, keep=()):
    """Arguments of which, in half of the cases, one or two are junk or hold one bad entry; their names."""
    spoiled = []
    if draw(st.booleans()):
        names = [name for name in arguments if name not in keep]
        spoiled = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
        arguments = arguments | {name: draw(bad(arguments[name])) for name in spoiled}
    return arguments, spoiled


@st.composite
def bad(draw, value):
    """Junk, or the value with a bad entry, a row too few or an axis too many."""
    how = draw(st.sampled_from(["junk", "entry", "short", "deep"]))
    if how == "junk" or value is None or callable(value) or isinstance(value, str | dict):
        return draw(junk)
    if isinstance(value, pd.DataFrame | pd.Series) and value.size:
        if how != "entry":
            return value.iloc[1:] if how == "short" else value.to_numpy()
        value = value.astype(object)
        at = tuple(draw(st.integers(0, size - 1)) for size in value.shape)
        value.iloc[at] = draw(nasty)
        return value if draw(st.booleans()) else value.infer_objects()
    if isinstance(value, list) and value and np.ndim(value[0]):  # events, of different lengths
        return [draw(bad(np.asarray(value[0], float))), *value[1:]] if how == "entry" else value[1:]
    array = np.array(value, object)
    if how == "entry" and array.size:
        if not array.ndim:
            return draw(nasty)
        array[tuple(draw(st.integers(0, size - 1)) for size in array.shape)] = draw(nasty)
        return array.tolist()
    return array[1:] if how == "short" and array.ndim else array[None]


# ---- markets and their certificate


def probabilities(rng, K, kind):
    if kind == "zeros":
        p = np.append(rng.dirichlet(np.ones(max(K - 1, 1))), 0.0)[:K]
    elif kind == "extreme":
        p = 10.0 ** -rng.uniform(0, 290, K)
    else:
        p = rng.dirichlet(np.full(K, 1.0))
    return p / p.sum()


@st.composite
def markets(draw, bounds=True):
    """A market that has an answer: R, p, and bounds within which weights can sum to 1."""
    rng = np.random.default_rng(draw(seeds))
    K, n = (int(rng.integers(1, most + 1)) for most in draw(st.sampled_from([(8, 5), (4, 8), (30, 12)])))
    kind = draw(st.sampled_from(["plain", "daily", "table", "race", "twins", "tiny edge", "wild", "ruin"]))
    R = np.column_stack([np.exp(rng.normal(0.05, 0.4, (K, n))), np.ones(K)])
    if kind == "daily":
        R = 1 + 0.02 * rng.standard_normal((K, n + 1))
    elif kind == "table":
        R = np.array(
            draw(
                st.lists(
                    st.sampled_from([0.0, 0.5, 1.0, 1.2, 2.0]) | st.floats(0, 10), min_size=K, max_size=K
                )
            )
        )
        R = np.column_stack([R, R[::-1] ** 2, np.full(K, draw(st.sampled_from([0.99, 1.0, 1.01])))])
    elif kind == "race":
        R = np.column_stack([np.diag(rng.uniform(1, 2 * K, K)), np.ones(K)])
    elif kind == "twins":
        R = np.column_stack([R, R, R[:, :1]])
    elif kind == "tiny edge":
        R = 1 + 1e-9 * rng.standard_normal((K, n + 1))
    elif kind == "wild":
        R = np.column_stack([10.0 ** rng.uniform(-9, 6, (K, n)) * (rng.random((K, n)) < 0.8), np.ones(K)])
    elif kind == "ruin":
        R[rng.integers(K)] = 0.0
    K, n = R.shape
    if R.max() < 0.5:
        R[0, 0] = 1.0
    p = (
        None
        if (how := draw(st.sampled_from(["none", "plain", "zeros", "extreme"]))) == "none"
        else probabilities(rng, K, how)
    )
    arguments = {"R": R, "p": p}
    if bounds:
        lower, upper = 0.0, 1.0
        how = draw(st.sampled_from(["simplex", "caps", "short", "point", "boxes"]))
        if how == "caps":
            upper = np.maximum(rng.uniform(0, 1, n), 1.2 / n)
        elif how == "short":
            lower, upper = np.append(np.full(n - 1, -rng.uniform(0, 1)), 0.0), rng.uniform(1, 2)
        elif how == "point":
            lower = upper = rng.dirichlet(np.ones(n))
        elif how == "boxes":
            middle = rng.dirichlet(np.ones(n))
            lower, upper = middle - rng.uniform(0, 0.5, n), middle + rng.uniform(0, 0.5, n)
        arguments |= {"lower": lower, "upper": upper}
    form = draw(st.sampled_from(["array", "list", "frame", "fortran", "read-only"]))
    if form == "list":
        arguments["R"] = R.tolist()
    elif form == "frame":
        arguments["R"] = pd.DataFrame(R, columns=[f"asset {j}" for j in range(n)])
    elif form == "fortran":
        arguments["R"] = np.asfortranarray(R)
    elif form == "read-only":
        R.flags.writeable = False
    return arguments


def plain(R, p, lower=0.0, upper=1.0):
    """The market as arrays without the scenarios of probability 0."""
    R = np.asarray(R, float)
    p = np.full(len(R), 1 / len(R)) if p is None else np.asarray(p, float)
    lower, upper = (np.broadcast_to(np.asarray(x, float), R.shape[1]) for x in (lower, upper))
    return R[p > 0], p[p > 0] / p.sum(), lower, upper


def best_linear(c, lower, upper):
    """max c @ v over the bounds and the budget, spent on the best first."""
    v, left = lower.copy(), 1 - lower.sum()
    for j in sorted(range(len(c)), key=lambda j: -c[j]):
        v[j] += (take := min(max(left, 0.0), upper[j] - lower[j]))
        left -= take
    return c @ v


def holds(s, R, p, lower=0.0, upper=1.0, feasible=True):
    """Growth, gap and violation are what the definition says; no NaN."""
    R, p, lower, upper = plain(R, p, lower, upper)
    w, wealth = s.weights, R @ s.weights
    assert w.shape == lower.shape and np.isfinite(w).all()
    assert not np.isnan([s.growth, s.gap, s.violation]).any() and s.growth < np.inf and s.gap > -np.inf
    violation = max(abs(w.sum() - 1), (lower - w).max(), (w - upper).max(), 0.0)
    assert abs(violation - s.violation) <= 1e-12 * max(1, violation)
    if feasible:
        assert s.violation <= EXACT
    if wealth.min() <= 0:
        assert s.growth == -np.inf and s.gap in (0, np.inf)
        if s.gap == 0 and lower.min() >= 0:  # nobody is solvent: all that may be held pays nothing somewhere
            most = np.minimum(upper, 1 - lower.sum() + lower)
            assert ((R * (most > 0)).max(axis=1) <= 0).any()
        return
    growth = p @ np.log(wealth)
    assert abs(s.growth - growth) <= 1e-12 * max(1, abs(growth))
    with np.errstate(over="ignore", invalid="ignore"):
        slope = (p / wealth) @ R
        gap = np.log(best_linear(slope, lower, upper))
        rounding = 1e-15 * abs(slope).max()  # a sum of weights is 1 to 1e-16 only: it counts near ruin
    assert s.gap == np.inf or abs(s.gap - gap) <= 1e-10 * max(1, abs(gap)) + rounding, (s.gap, gap)
    if feasible:
        assert s.gap >= -1e-12 - rounding


def solved(function, market, spoiled, can_fail=()):
    s = call(function, market, spoiled, can_fail)
    if s is not None:
        holds(s, **market)
    return s


@fuzz
@given(st.data(), markets())
def test_kelly_full(data, market):
    market, spoiled = data.draw(spoil(market))
    tall = not spoiled and np.max(np.asarray(market["R"], float)) > 1e3  # short positions there need an LP
    short = spoiled or np.min(market["lower"]) < 0
    s = solved(
        kellylib.kelly_full, market, spoiled, ("bounds",) * bool(tall) + (rare(market) if short else ())
    )
    assert s is None or s.gap <= EXACT


@fuzz
@given(st.data(), markets())
def test_kelly_expcone(data, market):
    market, spoiled = data.draw(spoil(market))
    ordinary = not (spoiled or rare(market)) and moderate(market["R"])
    s = solved(kellylib.kelly_expcone, market, spoiled, () if ordinary else ("Clarabel",))
    assert s is None or s.gap <= 1e-6


@fuzz
@given(st.data(), markets())
def test_kelly_order2(data, market):
    market, spoiled = data.draw(spoil(market))
    R = None if spoiled else np.asarray(market["R"], float)
    s = solved(kellylib.kelly_order2, market, spoiled, () if not spoiled and R.max() < 1e3 else ("R",))
    if s is not None:  # its own objective is at its maximum: no direction within the bounds rises
        R, p, lower, upper = plain(**market)
        r, w = R - 1, s.weights
        slope = p @ r - (p * (r @ w)) @ r
        size = max(1, abs(slope).max(), 1e-3 * (p @ r**2).max())  # rounding is of the second moments
        assert best_linear(slope, lower, upper) - slope @ w <= 1e-8 * size


@fuzz
@given(st.data(), markets(), seeds)
def test_certify_and_growth_rate(data, market, seed):
    rng, n = np.random.default_rng(seed), np.shape(market["R"])[1]
    w = data.draw(st.sampled_from([rng.dirichlet(np.ones(n)), rng.normal(size=n), np.zeros(n), np.eye(n)[0]]))
    arguments, spoiled = data.draw(spoil({"R": market.pop("R"), "p": market.pop("p"), "w": w} | market))
    s = call(kellylib.certify, arguments, spoiled)
    if s is not None:
        assert np.array_equal(s.weights, np.asarray(arguments.pop("w"), float))
        holds(s, **arguments, feasible=False)
    arguments, spoiled = data.draw(spoil({"R": arguments["R"], "p": arguments["p"], "w": w}))
    growth = call(kellylib.growth_rate, arguments, ("R", "p", "w") if s is None else spoiled)
    if growth is not None:
        R, p, *_ = plain(arguments["R"], arguments["p"])
        wealth = R @ np.asarray(arguments["w"], float)
        want = p @ np.log(wealth) if wealth.min() > 0 else -np.inf
        assert growth == want or abs(growth - want) <= 1e-12 * max(1, abs(want))


# ---- bets

chance = st.sampled_from([0.0, 1e-300, 0.5 - 1e-12, 0.5, 0.5 + 1e-12, 1 - 1e-12, 1.0]) | st.floats(0, 1)
inner = st.sampled_from([1e-300, 1e-9, 0.5, 0.5 + 1e-12, 1 - 1e-12]) | st.floats(1e-6, 1 - 1e-6)
net = st.sampled_from([1e-9, 1.0, 1e9]) | st.floats(0.01, 100)


@fuzz
@given(st.data(), st.lists(chance, min_size=1, max_size=4), net, st.floats(0, 1))
def test_one_bet(data, p, b, f):
    p = data.draw(st.sampled_from([p[0], p, np.array(p)[:, None]]))
    arguments, spoiled = data.draw(spoil({"p": p, "b": b}))
    stake = call(kellylib.kelly_fraction, arguments, spoiled)
    if stake is not None:
        assert ((stake >= 0) & (stake <= 1)).all()
        p, b = (np.asarray(arguments[name], float) for name in "pb")
        best = kellylib.bet_growth(stake, p, b)
        assert (best >= -1e-15).all()
        for other in (f, stake * (1 - 1e-3), stake + 1e-3 * (1 - stake)):
            assert (kellylib.bet_growth(other, p, b) <= best + 1e-14 * (1 + abs(best))).all()
    arguments, spoiled = data.draw(spoil({"f": f} | arguments))
    growth = call(kellylib.bet_growth, arguments, ("f", "p", "b") if stake is None else spoiled)
    if growth is not None:
        f, p, b = (np.asarray(arguments[name], float) for name in "fpb")
        with np.errstate(divide="ignore", invalid="ignore"):
            lost = np.where(p < 1, (1 - p) * np.log1p(-f), 0.0)
            won = np.where(p > 0, p * np.log1p(b * f), 0.0)
        want = np.broadcast_to(won + lost, np.shape(growth))
        assert np.allclose(growth, want, rtol=1e-12, atol=1e-14)


def outcomes(p, odds, weight=(1.0,)):
    """Every combination of one outcome an event, with its probability; p[s][event] for each cause s."""
    rows = np.array([np.concatenate(pays) for pays in product(*(np.diag(o) for o in odds))])
    chances = [[np.prod(ps) for ps in product(*cause)] for cause in p]
    return np.column_stack([rows, np.ones(len(rows))]), np.asarray(weight, float) @ np.array(chances)


def bets_hold(s, R, p):
    """Certify by all outcomes. Wealth comes from cash and wins, so that it keeps its digits near ruin."""
    assert np.isfinite(s.weights).all() and s.weights.min() >= 0 and abs(s.weights.sum() - 1) <= 1e-12
    wealth = R @ s.weights
    assert wealth[p > 0].min() > 0
    growth, top = p @ np.log(np.where(p > 0, wealth, 1.0)), ((p / wealth) @ R).max()
    assert abs(s.growth - growth) <= 1e-11 * max(1, abs(growth)), (s.growth, growth)
    assert np.log(top) <= max(s.gap, 0) + 1e-10 and s.gap <= EXACT and s.violation <= 1e-12


@fuzz
@given(st.data(), st.lists(st.tuples(inner, net), min_size=1, max_size=6))
def test_kelly_games(data, games):
    p, b = map(list, zip(*games, strict=True))
    arguments, spoiled = data.draw(spoil({"p": p, "b": data.draw(st.sampled_from([b, b[0]]))}))
    s = call(kellylib.kelly_games, arguments, spoiled)
    if s is not None and len(s.weights) <= 8:
        p, b = np.broadcast_arrays(*(np.ravel(np.asarray(arguments[name], float)) for name in "pb"))
        R, chance = outcomes([[[x, 1 - x] for x in p]], [[1 + x, 0.0] for x in b])
        keep = np.append(np.arange(len(p)) * 2, 2 * len(p))  # nothing is staked on losing
        bets_hold(s, R[:, keep], chance)


@fuzz
@given(st.data(), seeds, st.integers(1, 4), st.integers(1, 4))
def test_kelly_games_mixture(data, seed, S, N):
    rng = np.random.default_rng(seed)
    weight = probabilities(rng, S, data.draw(st.sampled_from(["plain", "zeros"])))
    p = data.draw(
        st.sampled_from(
            [rng.random((S, N)), rng.integers(0, 2, (S, N)) + 0.0, np.clip(rng.normal(0.5, 1, (S, N)), 0, 1)]
        )
    )
    arguments, spoiled = data.draw(spoil({"weight": weight, "p": p, "b": 10 ** rng.uniform(-1, 1, N)}))
    s = call(kellylib.kelly_games_mixture, arguments, spoiled)
    if s is not None:
        weight, p, b = (np.asarray(arguments[name], float) for name in ("weight", "p", "b"))
        weight, b = np.atleast_1d(weight), np.broadcast_to(b, p.shape[1])
        R, chance = outcomes([[[x, 1 - x] for x in row] for row in p], [[1 + x, 0.0] for x in b], weight)
        R = R[:, np.append(np.arange(len(b)) * 2, 2 * len(b))]
        if (p == 1).any():  # wealth may be 0 where the chance is
            R, chance = R[chance > 0], chance[chance > 0]
        bets_hold(s, R, chance / chance.sum())


@st.composite
def events(draw, most):
    rng = np.random.default_rng(draw(seeds))
    p = [rng.dirichlet(np.full(rng.integers(2, 5), 1.0)) for _ in range(rng.integers(1, most + 1))]
    p = [np.maximum(q, 1e-12) / np.maximum(q, 1e-12).sum() for q in p]
    margin = draw(st.sampled_from([0.8, 1.0, 1.05, 1.3]))
    return p, [np.maximum(1, 1 / (margin * (0.7 * q + 0.3 * rng.dirichlet(np.ones(len(q)))))) for q in p]


@fuzz
@given(st.data(), events(3))
def test_kelly_events(data, event):
    arguments, spoiled = data.draw(spoil(dict(zip(("p", "odds"), event, strict=True))))
    s = call(kellylib.kelly_events, arguments, spoiled)
    if s is not None:
        p, odds = ([np.asarray(x, float) for x in arguments[name]] for name in ("p", "odds"))
        bets_hold(s, *outcomes([p], odds))


@fuzz
@given(st.data(), events(1))
def test_kelly_race(data, event):
    arguments, spoiled = data.draw(spoil({"p": event[0][0], "odds": event[1][0]}))
    s = call(kellylib.kelly_race, arguments, spoiled)
    if s is not None:
        p, odds = (np.asarray(arguments[name], float) for name in ("p", "odds"))
        bets_hold(s, np.column_stack([np.diag(odds), np.ones(len(p))]), p / p.sum())


@fuzz
@given(st.data(), seeds, st.integers(1, 6))
def test_kelly_mean_variance(data, seed, n):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(data.draw(st.integers(0, 8)), n)) * 10.0 ** data.draw(st.integers(-4, 1))
    bounds = {
        "lower": data.draw(st.sampled_from([0.0, -0.5, rng.dirichlet(np.ones(n)) - 0.1])),
        "upper": data.draw(st.sampled_from([1.0, 0.3, np.inf])),
    }
    if np.max(bounds["lower"]) > 0.3:
        bounds["upper"] = 1.0
    moments = {"mean": 0.01 * rng.normal(size=n), "cov": A.T @ A, "rate": 0.001}
    arguments, spoiled = data.draw(spoil(moments | bounds))
    w = call(kellylib.kelly_mean_variance, arguments, spoiled)
    if w is not None:
        mean, cov, rate, lower, upper = (np.asarray(x, float) for x in arguments.values())
        slope = np.append(np.atleast_1d(mean - rate - cov @ w), 0.0)
        low, spare = np.append(np.broadcast_to(lower, n), 0.0), 1 - np.broadcast_to(lower, n).sum()
        high = np.append(np.minimum(np.broadcast_to(upper, n), low[:-1] + spare), spare)
        assert np.isfinite(w).all() and (w >= low[:-1] - 1e-12).all() and (w <= high[:-1] + 1e-12).all()
        assert w.sum() <= 1 + 1e-12
        rise = best_linear(slope, low, high) - slope[:-1] @ w
        assert rise <= 1e-11 * max(abs(slope).max(), np.trace(np.atleast_2d(cov)), 1e-3)


# ---- constrained and robust growth


def moderate(R):
    """Whether the returns span less than three orders of magnitude."""
    return np.ptp(np.log(np.maximum(np.asarray(R, float), 1e-12))) < 7


def rare(arguments):
    """The argument p, if it holds a probability that is too small to be weighed."""
    try:
        p = np.asarray(arguments["p"], float)
    except (TypeError, ValueError, OverflowError, np.exceptions.ComplexWarning):
        return ()
    return ("p",) if ((p > 0) & (p < 1.1e-12)).any() else ()


def rivals(R, w, rng):
    n = R.shape[1]
    return [
        v * share + w * (1 - share)
        for share in (1.0, 0.1, 1e-3)
        for v in [*rng.dirichlet(np.ones(n), 4), *np.eye(n)]
    ]


@fuzz
@given(st.data(), markets(bounds=False), st.floats(0.01, 0.99), st.floats(1e-6, 0.99), seeds)
def test_kelly_drawdown(data, market, alpha, beta, seed):
    cash = np.column_stack([np.asarray(market["R"], float), np.ones(len(market["R"]))])
    market["R"] = cash if data.draw(st.booleans()) else market["R"]
    arguments, spoiled = data.draw(spoil(market | {"alpha": alpha, "beta": beta}))
    can_fail = (() if market["R"] is cash else ("alpha", "beta")) + rare(arguments)
    s = call(kellylib.kelly_drawdown, arguments, spoiled, can_fail)
    if s is None:
        return
    R, p, *_ = plain(arguments["R"], arguments["p"])
    w, wealth = s.weights, R @ s.weights
    power = np.log(float(arguments["beta"])) / np.log(float(arguments["alpha"]))
    assert np.isfinite(w).all() and w.min() >= 0 and abs(w.sum() - 1) <= 1e-12
    assert not np.isnan([s.growth, s.gap, s.violation]).any() and s.violation <= EXACT
    risk = lambda x: np.log(p @ np.exp(-power * np.log(x) - (t := (-power * np.log(x)).max()))) + t  # noqa: E731
    assert risk(wealth) <= EXACT and abs(s.growth - p @ np.log(wealth)) <= 1e-12 * max(1, abs(s.growth))
    for v in rivals(R, w, np.random.default_rng(seed)):
        if (R @ v).min() > 0 and risk(R @ v) <= 0:
            assert p @ np.log(R @ v) <= s.growth + s.gap + 1e-12
    assert s.gap <= 1e-6


def least_growth(p, wealth, radius):
    """A lower bound, by weak duality, of growth under all q within the radius; the supremum is the least."""
    if wealth.min() <= 0:
        return -np.inf
    x, powers = np.log(wealth), np.logspace(-6, 9, 1500)
    z = -np.outer(powers, x)
    moments = z.max(axis=1) + np.log(np.exp(z - z.max(axis=1)[:, None]) @ p)
    return max((-(moments + radius) / powers).max(), x.min())


@fuzz
@given(st.data(), markets(bounds=False), st.sampled_from([0.0, 1e-9, 0.5, 5.0]) | st.floats(1e-6, 1), seeds)
def test_kelly_robust(data, market, radius, seed):
    arguments, spoiled = data.draw(spoil(market | {"radius": radius}))
    s = call(kellylib.kelly_robust, arguments, spoiled, rare(arguments))
    if s is None:
        return
    R, p, *_ = plain(arguments["R"], arguments["p"])
    radius, w = float(arguments["radius"]), s.weights
    assert np.isfinite(w).all() and w.min() >= 0 and abs(w.sum() - 1) <= 1e-12
    assert not np.isnan([s.growth, s.gap, s.violation]).any() and s.violation <= EXACT and s.gap >= -1e-12
    if (R @ w).min() <= 0:
        assert s.growth == -np.inf
        return
    scale = 1e-9 * max(1, abs(s.growth))
    assert least_growth(p, R @ w, radius) <= s.growth + scale
    for v in rivals(R, w, np.random.default_rng(seed)):
        assert least_growth(p, R @ v, radius) <= s.growth + s.gap + scale
    assert s.gap <= 1e-6


@fuzz
@given(st.data(), markets(bounds=False), st.sampled_from([0.0, 1e-9, 0.5, 5.0]) | st.floats(1e-6, 1), seeds)
def test_worst_case(data, market, radius, seed):
    n = np.shape(market["R"])[1]
    arguments = {**market, "w": np.random.default_rng(seed).dirichlet(np.ones(n)), "radius": radius}
    arguments, spoiled = data.draw(spoil(arguments))
    q = call(kellylib.worst_case, arguments, spoiled)
    if q is None:
        return
    R, w = (np.asarray(arguments[name], float) for name in "Rw")
    p = np.full(len(R), 1 / len(R)) if arguments["p"] is None else np.asarray(arguments["p"], float)
    assert q.shape == p.shape and np.isfinite(q).all() and q.min() >= 0 and abs(q.sum() - 1) <= 1e-9
    assert (q[p == 0] == 0).all()
    p, q, wealth, radius = p[p > 0] / p.sum(), q[p > 0], (R @ w)[p > 0], float(arguments["radius"])
    if wealth.min() <= 0:
        assert q[wealth > 0].sum() == 0
        return
    terms = q[q > 0] * np.log(q[q > 0] / p[q > 0])
    assert terms.sum() <= radius + 1e-9 * (1 + radius)
    x = np.log(wealth)
    assert q @ x >= least_growth(p, wealth, radius) - 1e-9 * max(1, abs(x).max())
    for power in (0, *np.logspace(-3, 3, 13)):  # rivals in the ball
        z = p * np.exp(-power * x - (-power * x).max())
        z /= z.sum()
        if (z[z > 0] * np.log(z[z > 0] / p[z > 0])).sum() <= radius:
            assert q @ x <= z @ x + 1e-9 * max(1, abs(x).max())


# ---- data and scenarios


def frames(rng, T, n, low=-0.5):
    days = pd.date_range("2025-01-20", periods=T, freq="B")
    return pd.DataFrame(
        np.maximum(0.05 * rng.standard_normal((T, n)), low), days, [f"S{j}" for j in range(n)]
    )


@fuzz
@given(st.data(), seeds, st.integers(1, 9), st.integers(1, 4))
def test_tables_of_returns(data, seed, T, n):
    rng = np.random.default_rng(seed)
    returns = frames(rng, T, n)
    prices, spoiled = data.draw(spoil({"prices": (1 + returns).cumprod()}))
    table = call(kellylib.simple_returns, prices, spoiled)
    if table is not None:
        P = prices["prices"].sort_index().to_numpy(float)
        assert np.allclose(table.to_numpy(float), P[1:] / P[:-1] - 1, rtol=1e-12, atol=0)
        assert np.isfinite(table.to_numpy(float)).all()
    rate = data.draw(st.sampled_from([0.001, rng.random(T), pd.Series(rng.random(T), returns.index)]))
    values = data.draw(st.sampled_from([returns, returns.to_numpy(), returns.to_numpy().tolist()]))
    arguments, spoiled = data.draw(spoil({"returns": values, "rate": rate}))
    table = call(kellylib.add_cash, arguments, spoiled)
    if table is not None:
        assert np.array_equal(
            np.asarray(table, float)[:, :-1], np.asarray(arguments["returns"], float).reshape(len(table), -1)
        )
        assert (np.asarray(table, float)[:, -1] == np.asarray(arguments["rate"], float)).all()
        assert np.isfinite(np.asarray(table, float)).all()
    arguments, spoiled = data.draw(spoil({"past": values}))
    answer = call(kellylib.empirical, arguments, spoiled)
    if answer is not None:
        R, p = answer
        assert (
            np.array_equal(np.asarray(R, float), 1 + np.asarray(arguments["past"], float))
            and np.isfinite(np.asarray(R, float)).all()
        )
        assert p.shape == (len(R),) and abs(p.sum() - 1) <= 1e-12


@fuzz
@given(st.data(), seeds, st.integers(2, 9))
def test_accrued(data, seed, T):
    rng, days = np.random.default_rng(seed), pd.date_range("2025-01-02", periods=T, freq="B")
    rate = pd.Series(rng.uniform(0, 60, T), days)
    arguments, spoiled = data.draw(spoil({"rate": rate, "days": days}))
    r = call(kellylib.accrued, arguments, spoiled)
    if r is not None:
        assert np.isfinite(r.to_numpy(float)).all() and r.index.equals(
            pd.DatetimeIndex(arguments["days"])[:-1]
        )
        gap = np.diff(r.index.append(pd.DatetimeIndex(arguments["days"])[-1:])) / np.timedelta64(1, "D")
        assert np.allclose(r, arguments["rate"].astype(float).dropna()[r.index] / 100 * gap / 365, rtol=1e-12)


cells = st.sampled_from(
    ["1.0", "2.5", "1e300", "0", "-1", "", "nan", "inf", "x", "1,5", "\x00", '"', "1e-320"]
)
dates = st.sampled_from(["2025-01-06", "2025-01-07", "2025-01-08", "2025-02-30", "", "x", "07/01/2025"])


@st.composite
def csv_files(draw):
    """Bytes of a file: a good table, one with bad cells, or anything."""
    if draw(st.integers(0, 3)) == 0:
        return draw(
            st.binary(max_size=60) | st.sampled_from([b"PK\x03\x04", b"\xff\xfe", b"\xff\xfeD\x00", b"\n\n"])
        )
    columns = draw(st.lists(st.sampled_from(["A", "B", "rate", "benchmark"]), max_size=4, unique=True))
    rows = draw(st.integers(0, 6))
    body = [[f"2025-01-{6 + k:02d}", *(f"{1 + k + j}.5" for j in range(len(columns)))] for k in range(rows)]
    for _ in range(draw(st.integers(0, 3)) if rows and columns else 0):
        body[draw(st.integers(0, rows - 1))][draw(st.integers(1, len(columns)))] = draw(cells)
    if rows and draw(st.booleans()):
        body[draw(st.integers(0, rows - 1))][0] = draw(dates)
    return "\n".join(",".join(line) for line in [["Date", *columns], *body]).encode(
        draw(st.sampled_from(["utf-8", "utf-16"]))
    )


@fuzz
@given(st.data(), csv_files())
def test_load_bist30(data, content):
    with tempfile.TemporaryDirectory() as folder:
        path, prefix = Path(folder), folder + os.sep
        (path / "prices.csv").write_bytes(content)
        for name in ("xu030.csv", "tlref.csv", "bist30_prices_seed_vintage.csv"):
            (path / name).write_bytes(data.draw(csv_files()))
        source = data.draw(st.sampled_from(["bundled", path, path / "prices.csv", path / "none.csv"]))
        arguments = {"source": source, "start": "2022-11-05", "end": "2025-08-01", "vintage": "seed"}
        arguments, spoiled = data.draw(spoil(arguments))
        known = (
            "bundled",
            str(arguments["source"]),
            prefix + "prices.csv",
            prefix + "xu030.csv",
            prefix + "tlref.csv",
            folder,
        )
        m = call(
            kellylib.load_bist30,
            arguments,
            spoiled,
            ("start", "end", "vintage", prefix + "bist30_prices_seed_vintage.csv", *known),
        )
        assert source != "bundled" or spoiled or m is not None
        if m is not None:
            for table in (m.returns, m.rate, m.benchmark):
                assert np.isfinite(table.to_numpy(float)).all() and table.index.is_monotonic_increasing
            assert m.returns.index.equals(m.rate.index) and len(m.returns)


# ---- backtests


def adds_up(run, X, cost):
    """The documented identity, row by row, and weights that sum to 1 until ruin."""
    W, r, turnover = run.weights.to_numpy(), run.returns.to_numpy(), run.turnover.to_numpy()
    assert np.isfinite(W).all() and np.isfinite(r).all() and np.isfinite(turnover).all() and (r >= -1).all()
    ruined = np.append(False, np.maximum.accumulate(r <= -1)[:-1])
    assert np.allclose(W.sum(axis=1), np.where(ruined, 0, 1), atol=1e-9)
    factor = (1 - cost * turnover) * (W * (1 + X)).sum(axis=1)
    alive = ~ruined & (r > -1)
    assert np.allclose(1 + r[alive], factor[alive], rtol=1e-9) and (factor[~alive] <= 1e-9).all()


how_held = {
    "rebalance": st.sampled_from([None, 1, 3, "M", "W"]),
    "cost": st.sampled_from([0.0, 0.002, 0.3]),
    "band": st.sampled_from([0.0, 0.05]),
    "borrow": st.sampled_from([0.0, 1.0]),
}


@fuzz
@given(st.data(), seeds, st.integers(1, 60), st.integers(1, 4), st.fixed_dictionaries(how_held))
def test_hold(data, seed, T, n, rules):
    rng = np.random.default_rng(seed)
    returns = frames(rng, T, n, data.draw(st.sampled_from([-0.5, -1.0])))
    if data.draw(st.booleans()) and n > 1:
        returns.iloc[rng.integers(T), 0] = -1.0
    rows = np.unique(rng.integers(0, T, 3))
    W = rng.dirichlet(np.ones(n), len(rows))
    if rules["borrow"] and n > 1:
        W[:, 0], W[:, -1] = W[:, 0] + 0.5 * W[:, -1] + 0.4, 0.5 * W[:, -1] - 0.4
    targets = pd.DataFrame(W, returns.index[rows], returns.columns)
    arguments, spoiled = data.draw(spoil({"returns": returns, "targets": targets} | rules))
    run = call(kellylib.hold, arguments, spoiled, ("Weights", "calendar", "Days") if spoiled else ())
    if run is not None:
        adds_up(run, arguments["returns"].sort_index().to_numpy(float), float(arguments["cost"]))


@fuzz
@given(st.data(), seeds, st.integers(1, 90), st.integers(1, 4), st.fixed_dictionaries(how_held))
def test_walk_forward(data, seed, T, n, rules):
    rng = np.random.default_rng(seed)
    returns = frames(rng, T, n)
    good = [lambda past: np.full(n, 1 / n), lambda past: pd.Series(np.eye(n)[-1], past.columns)]
    wrong = [
        lambda past: None,
        lambda past: np.full(n, np.nan),
        lambda past: "x",
        lambda past: np.ones(n + 1),
        lambda past: ["x"] * n,
    ]
    when = {
        "window": st.sampled_from(["1M", "2W", 5, None]),
        "calendar": st.sampled_from(["M", "W", 5]),
        "delay": st.sampled_from([0, 2]),
    }
    arguments = {"returns": returns, "strategy": data.draw(st.sampled_from(good))}
    arguments |= data.draw(st.fixed_dictionaries(when)) | rules
    arguments, spoiled = data.draw(spoil(arguments))
    if not spoiled and data.draw(st.integers(0, 3)) == 0:
        arguments["strategy"], spoiled = data.draw(st.sampled_from(wrong)), ["strategy", "Weights"]
    short = ("window",) if spoiled or T < 60 else ()
    run = call(
        kellylib.walk_forward,
        arguments,
        spoiled,
        short + (("Weights", "calendar", "Days") if spoiled else ()),
    )
    if run is not None:
        adds_up(run, arguments["returns"].sort_index().to_numpy(float), float(arguments["cost"]))


@fuzz
@given(st.data(), seeds, st.integers(2, 40), st.integers(1, 3))
def test_summary(data, seed, T, n):
    rng = np.random.default_rng(seed)
    returns = frames(rng, T, n, -1.0)
    targets = pd.DataFrame(rng.dirichlet(np.ones(n))[None], returns.index[:1], returns.columns)
    run = kellylib.hold(returns, targets)
    runs = {"a": run, "b": data.draw(st.sampled_from([run, kellylib.hold(returns.iloc[:1], targets)]))}
    arguments, spoiled = data.draw(
        spoil({"runs": runs, "periods_per_year": data.draw(st.sampled_from([252, 12, 1.0]))})
    )
    table = call(kellylib.summary, arguments, spoiled)
    if table is not None:
        may = ["Sharpe", "Sharpe, less mean r", "Sharpe, excess", "standard error", "volatility"]
        assert len(table) == len(arguments["runs"])
        assert table.empty or np.isfinite(table.drop(columns=[*may, "growth rate"]).to_numpy(float)).all()
        assert table.empty or not table["growth rate"].isna().any()


@fuzz
@given(st.data())
def test_sweep(data):
    grid = {"a": data.draw(st.lists(st.integers(), max_size=2)), "b": [0.5]}
    arguments, spoiled = data.draw(spoil({"evaluate": lambda a, b: {"x": a * b}, "grid": grid, "jobs": None}))
    if not (spoiled and isinstance(arguments["jobs"], int) and abs(arguments["jobs"]) > 1):
        if arguments["evaluate"] is len:
            return  # takes no names: its own error passes through
        table = call(kellylib.sweep, arguments, spoiled)
        assert table is None or spoiled or [*table.get("x", [])] == [a * 0.5 for a in grid["a"]]


def test_every_public_function_is_fuzzed():
    text = Path(__file__).read_text(encoding="utf-8")
    functions = {name for name in kellylib.__all__ if not isinstance(getattr(kellylib, name), type)}
    assert set(kellylib.__all__) - functions == CLASSES
    assert functions == set(re.findall(r"(?:call|solved)\(\s*kellylib\.(\w+),", text))


def test_judges_can_fail():
    """Each judge of this file refuses a wrong answer."""
    R, p = np.array([[2.0, 1.0], [0.0, 1.0]]), np.array([0.6, 0.4])
    good = kellylib.kelly_full(R, p)
    wrong = [
        dict(growth=good.growth + 1e-9),
        dict(gap=1e-3),
        dict(violation=1e-3),
        dict(weights=np.array([np.nan, 1])),
    ]
    for change in wrong:
        with pytest.raises(AssertionError):
            holds(kellylib.Solution(**(vars(good) | change)), R, p)
    with pytest.raises(AssertionError):
        bets_hold(kellylib.Solution(np.array([0.3, 0.7]), *[0.0] * 3), R, p)
    with pytest.raises(AssertionError, match="names none"):
        call(lambda p: float("x"), {"p": 1}, ["p"])
    with pytest.raises(AssertionError, match="can be solved"):
        call(lambda p: float("x"), {"p": 1})

    def hang(p):
        while True:
            pass

    with pytest.MonkeyPatch.context() as patch, pytest.raises(TimeoutError):
        patch.setitem(globals(), "SECONDS", 0.05)
        call(hang, {"p": 1})
