"""What callers pass, checked: messages word for word, and the last values that pass."""

import numpy as np
import pandas as pd
import pytest

from kellydata import checks
from kellylib import (
    add_cash,
    certify,
    empirical,
    growth_rate,
    hold,
    kelly_drawdown,
    kelly_events,
    kelly_full,
    kelly_games,
    kelly_games_mixture,
    kelly_mean_variance,
    kelly_race,
    kelly_robust,
    summary,
    walk_forward,
    worst_case,
)
from kellylib.metrics import shares, stationary_bootstrap

COIN, P = np.array([[2.0, 1.0], [0.0, 1.0]]), np.array([0.6, 0.4])
LABELLED = pd.DataFrame(COIN, ["win", "loss"], ["bet", "cash"])
DAYS = pd.date_range("2024-01-01", periods=3)
MARKET = pd.DataFrame({"A": [0.1, -0.1, 0.1], "cash": 0.0}, DAYS)
AFTER = np.nextafter  # AFTER(x, y): the number that follows x on the way to y
GROSS = "If these are simple returns, pass 1 + returns."
EDGES = {"mean": [0.1, 0.1], "cov": np.eye(2), "rate": 0.0, "lower": 0.0, "upper": 1.0}


def table(**change):
    """A call of kelly_mean_variance with one argument that is not as it should be."""
    return lambda: kelly_mean_variance(**EDGES | change)


def held(weights, **options):
    """A call of hold with these weights of A and cash on the first day."""
    return lambda: hold(MARKET, pd.DataFrame([weights], DAYS[:1], ["A", "cash"]), **options)


BAD = {
    # numbers
    "complex": (
        lambda: growth_rate(COIN, P, [1j, 0]),
        "w must hold numbers only: complex128 such as [0.+1.j].",
    ),
    "dates": (
        lambda: growth_rate([["2024-01-01", "1"]], None, [1, 0]),
        "R must hold numbers only: <U10 such as ['2024-01-01'].",
    ),
    "objects": (
        lambda: hold(MARKET.assign(A=[0.1, "a", 0.1]), None),
        "returns must hold numbers only: could not convert string to float: 'a'.",
    ),
    "huge": (
        lambda: growth_rate(COIN, [10**400, 0], [1, 0]),
        "p must hold numbers only: int too large to convert to float.",
    ),
    "no frame": (
        lambda: hold([[0.125] * 20] * 20, None),
        "returns must be a DataFrame with columns; it is "
        "[[0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0..",
    ),
    "no columns": (
        lambda: hold(MARKET, pd.DataFrame()),
        "targets must be a DataFrame with columns; it is Empty DataFrame\nColumns: []\nIndex: [].",
    ),
    # bets
    "weight": (
        lambda: kelly_games_mixture([1.5, -0.5], [[0.5], [0.5]]),
        "weight must be a probability between 0 and 1 (divide percentages by 100); weight[0] is 1.5.",
    ),
    "mixture's b": (
        lambda: kelly_games_mixture([1.0], [[0.5]], 0.0),
        "b must be net odds, from 1e-12 to 1e12 (decimal odds minus 1); b is 0.",
    ),
    "mixture's sum": (
        lambda: kelly_games_mixture([0.5, 0.6], [[0.5], [0.5]]),
        "weight must be a list with sum 1 (divide by its sum), p one row a weight, b one number or row; "
        "their shapes are (2,), (2, 1), (), sum(weight) is 1.1.",
    ),
    "no lists of events": (
        lambda: kelly_events(0.5, 2.0),
        "p and odds must list the same events; they list 0 and 0.",
    ),
    "event": (
        lambda: kelly_events([[0.5, 0.5], [0.5, 0.4]], [[2, 2], [2, 2]]),
        "p[1] must be a list with sum 1 (divide by its sum), odds[1] as long; "
        "their shapes are (2,), (2,), sum(p[1]) is 0.9.",
    ),
    "race": (
        lambda: kelly_race([0.5, 0.5], [2, 2, 2]),
        "p must be a list with sum 1 (divide by its sum), odds as long; "
        "their shapes are (2,), (3,), sum(p) is 1.",
    ),
    "race's odds": (
        lambda: kelly_race([0.5, 0.5], [2, 0.5]),
        "odds must be decimal odds, from 1 to 1e12 (net odds plus 1); odds[1] is 0.5.",
    ),
    "games": (lambda: kelly_games([[0.5]]), "p, b must be a list, not empty; its shape is (1, 1)."),
    "certain game": (
        lambda: kelly_games([0.5, 1.0]),
        "p must be a probability between 0 and 1, neither included (divide percentages by 100); p[1] is 1.",
    ),
    # markets
    "R's shape": (
        lambda: kelly_full([1.1, 1.0]),
        "R must be a table of scenarios by assets, none empty; its shape is (2,).",
    ),
    "R without rows": (
        lambda: kelly_full(np.empty((0, 2))),
        "R must be a table of scenarios by assets, none empty; its shape is (0, 2).",
    ),
    "p's shape": (
        lambda: kelly_full(COIN, [1.0]),
        "p must hold one probability a row of R, 2 in all; its shape is (1,).",
    ),
    "p's sum": (
        lambda: kelly_full(COIN, [0.5, 0.25]),
        "p must be probabilities, all >= 0 with sum 1; the least is 0.25, the sum 0.75. Pass p / p.sum().",
    ),
    "p's sign": (
        lambda: kelly_full(COIN, [1.25, -0.25]),
        "p must be probabilities, all >= 0 with sum 1; the least is -0.25, the sum 1. Pass p / p.sum().",
    ),
    "R negative": (
        lambda: kelly_full(LABELLED.replace(0.0, -0.5), P),
        f"R must hold gross returns, >= 0 and below 1e150; R.loc['loss', 'bet'] is -0.5. {GROSS}",
    ),
    "R missing": (
        lambda: kelly_full(LABELLED.replace(2.0, np.nan), P),
        "R must hold gross returns, >= 0 and below 1e150; R.loc['win', 'bet'] is nan. "
        "Drop or fill what is missing.",
    ),
    "R at its end": (
        lambda: kelly_full([[0.0, 1.0], [0.0, 1e150]]),
        "R must hold gross returns, >= 0 and below 1e150; R[1, 1] is 1e+150. Drop or fill what is missing.",
    ),
    "simple R": (
        lambda: kelly_full([[0.0, 0.25]]),
        f"R must hold gross returns, but no entry exceeds 0.25. {GROSS}",
    ),
    "R without a gain": (
        lambda: kelly_full([[0.0, 0.0]]),
        f"R must hold gross returns, but no entry exceeds 0. {GROSS}",
    ),
    "crossed bounds": (
        lambda: kelly_full(COIN, P, lower=[0.25, 0.5], upper=[0.25, 0.375]),
        "lower must not exceed upper; lower[1] is 0.5, upper[1] is 0.375.",
    ),
    "bounds' sums": (
        lambda: kelly_full(COIN, P, lower=-0.5, upper=0.25),
        "No weights sum to 1 within the bounds: sum(lower) is -1 and sum(upper) is 0.5. Widen the bounds.",
    ),
    "bound's shape": (
        lambda: kelly_full(COIN, P, upper=[1.0] * 3),
        "upper must hold one number or 2, one a column of R; its shape is (3,).",
    ),
    "bound nan": (
        lambda: kelly_full(COIN, P, upper=[1, np.nan]),
        "upper must hold numbers; it holds [ 1. nan].",
    ),
    "bound inf": (
        lambda: kelly_full(COIN, P, lower=-np.inf),
        "lower must hold finite numbers; it holds -inf.",
    ),
    "lower's name": (
        lambda: kelly_full(COIN, P, lower="a"),
        "lower must hold numbers only: <U1 such as ['a'].",
    ),
    "upper's name": (
        lambda: kelly_full(COIN, P, upper="a"),
        "upper must hold numbers only: <U1 such as ['a'].",
    ),
    "w's shape": (
        lambda: certify(COIN, P, [[0.5, 0.5]]),
        "w must hold 2 weights, one a column of R; its shape is (1, 2).",
    ),
    "w missing": (
        lambda: certify(COIN, P, [np.inf, np.nan]),
        "w must be finite; w[0] is inf. Drop or fill what is missing.",
    ),
    # moments
    "shapes": (
        table(lower=[0.0] * 3),
        "mean, cov, rate, lower, upper must have the shapes (n,), (n, n), (), and () or (n,) with n >= 1; "
        "they have [(2,), (2, 2), (), (3,), ()].",
    ),
    "upper's shape": (
        table(upper=[1.0]),
        "mean, cov, rate, lower, upper must have the shapes (n,), (n, n), (), and () or (n,) with n >= 1; "
        "they have [(2,), (2, 2), (), (), (1,)].",
    ),
    **{
        f"moments' {name}": (table(**{name: "a"}), f"{name} must hold numbers only: <U1 such as ['a'].")
        for name in EDGES
    },
    "lower's sum": (table(lower=0.75), "lower must be <= upper and have a finite sum <= 1; its sum is 1.5."),
    "lower without end": (
        table(lower=[-np.inf, 0.0]),
        "lower must be <= upper and have a finite sum <= 1; its sum is -inf.",
    ),
    # risk
    **{
        f"{name} {bad}": (
            lambda name=name, bad=bad: kelly_drawdown(COIN, P, **{"alpha": 0.5, "beta": 0.5, name: bad}),
            f"{name} must lie strictly between 0 and 1; it is {bad}.",
        )
        for name in ("alpha", "beta")
        for bad in (0, 1, np.nan, [0.5])
    },
    "alpha's name": (
        lambda: kelly_drawdown(COIN, P, alpha="a", beta=0.5),
        "alpha must hold numbers only: <U1 such as ['a'].",
    ),
    "lambda": (
        lambda: kelly_drawdown(COIN, P, alpha=AFTER(1, 0), beta=0.5),
        "alpha, beta must give lambda <= 1e6, not 6.2e+15: lower alpha or raise beta.",
    ),
    "no cash": (
        lambda: kelly_drawdown([[1.5], [0.5]], None, alpha=0.5, beta=0.25),
        "No weights satisfy alpha and beta: the logarithm of sum(p * (R @ w)**-2) is at least 0.799, not 0. "
        "Add a riskless column (add_cash), lower alpha or raise beta.",
    ),
    "radius inf": (
        lambda: kelly_robust(COIN, P, radius=np.inf),
        "radius must be a divergence in nats, finite and >= 0; it is inf.",
    ),
    "radius < 0": (
        lambda: worst_case(COIN, P, [0, 1], radius=-5e-324),
        "radius must be a divergence in nats, finite and >= 0; it is -5e-324.",
    ),
    "small p": (
        lambda: checks.check_weighed(COIN, [1.0, 5e-13]),
        "p must be 0 or at least 1e-12; one is 5e-13. Leave that scenario out.",
    ),
    # days
    "a row": (
        lambda: add_cash([0.1, 0.2], 0),
        "returns must hold at least one period and column; its shape is (2,).",
    ),
    "no rows": (
        lambda: empirical(np.empty((0, 2))),
        "past must hold at least one period and column; its shape is (0, 2).",
    ),
    "words": (lambda: empirical([["a"]]), "past must hold numbers only: <U1 such as ['a']."),
    "below -1": (
        lambda: empirical([[-1, 0], [AFTER(-1, -2), -9]]),
        "past must be finite and >= -1; in row 1, column 0 it is -1.0000000000000002.",
    ),
    "inf": (
        lambda: empirical([[-1, 0], [0, np.inf]]),
        "past must be finite and >= -1; in row 1, column 1 it is inf.",
    ),
    "nan": (
        lambda: add_cash([[0, np.nan]], 0),
        "returns must be finite and >= -1; in row 0, column 1 it is nan.",
    ),
    "rate's days": (
        lambda: add_cash(MARKET[["A"]], pd.Series([0.0] * 3, DAYS + pd.Timedelta("1D"))),
        "rate must have the dates of returns; pass rate.reindex(returns.index).",
    ),
    "rate's length": (
        lambda: add_cash(MARKET[["A"]], [0.25, 0.25]),
        "rate must be one number or one for each of the 3 rows of returns; its shape is (2,), its sum 0.5.",
    ),
    "rate inf": (
        lambda: add_cash(MARKET[["A"]], np.inf),
        "rate must be one number or one for each of the 3 rows of returns; its shape is (), its sum inf.",
    ),
    "rate's name": (
        lambda: add_cash([[0.1]], ["a"]),
        "rate must hold numbers only: <U1 such as ['a'].",
    ),
    # backtests
    "targets' columns": (
        lambda: hold(MARKET, MARKET[["cash", "A"]]),
        "targets must have the columns of returns, ['A', 'cash']; it has ['cash', 'A'].",
    ),
    "never asked": (
        lambda: walk_forward(MARKET, len, window=3),
        "No decision falls within the 3 rows from 2024-01-01 to 2024-01-03: shorten the window, 3, "
        "or give more data.",
    ),
    "answer": (
        lambda: walk_forward(MARKET, lambda past: [1.0], window=1, calendar=1),
        "strategy must return 2 weights, cash the last; on 2024-01-02: shape (1,).",
    ),
    "day's clock": (
        lambda: walk_forward(MARKET.shift(freq="9h"), lambda past: [1.0], window=1, calendar=1),
        "strategy must return 2 weights, cash the last; on 2024-01-02 09:00:00: shape (1,).",
    ),
    "cost": (held([0, 1], cost=np.nan), "cost must be a number >= 0; it is nan."),
    "band": (held([0, 1], band=-5e-324), "band must be a number >= 0; it is -5e-324."),
    "borrow": (held([0, 1], borrow=np.inf), "borrow must be a number >= 0; it is inf."),
    "debt": (
        held([1.5, -0.5], borrow=0.25),
        "Weights must owe at most borrow=0.25 of cash; they hold -0.5 on 2024-01-01.",
    ),
    "all is cost": (held([1, 0], cost=1), "Weights must leave wealth after cost; they cost 1 on 2024-01-01."),
    # reports
    "runs": (lambda: summary([]), "runs must be a dict of Backtest, by name."),
    "run": (lambda: summary({"a": MARKET}), "runs must be a dict of Backtest, by name."),
    "periods 0": (lambda: summary({}, 0), "periods_per_year must be a finite number > 0; it is 0."),
    "periods inf": (lambda: summary({}, np.inf), "periods_per_year must be a finite number > 0; it is inf."),
    "shares' weights": (
        lambda: shares(pd.Series({"A": 1.25}), pd.Series({"A": 1.0}), 100),
        "weights must be >= 0 with sum <= 1, capital >= 0; 1.25, 100.",
    ),
    "price": (
        lambda: shares(pd.Series({"A": 0.5, "B": 0.5}), pd.Series({"A": 1.0}), 100),
        "prices must be > 0, one for each stock; B has nan.",
    ),
    "draws": (
        lambda: stationary_bootstrap(50, 0.5, 1, None),
        "T, block and draws must be >= 1; they are 50, 0.5, 1.",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_messages_word_for_word(name):
    call, message = BAD[name]
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value) == message


def test_a_search_that_found_nothing_says_so():
    message = r"^No weights with sum\(p \* \(R @ w\)\*\*-2\.5\) <= 1 found\. Lower beta less\.$"
    with pytest.raises(RuntimeError, match=message):
        checks.refuse_fall(2.5, 1.0, True)


# ---- the last value that passes, and the first that does not


def passes(call, *args):
    """Whether a check raises nothing."""
    try:
        call(*args)
    except ValueError:
        return False
    return True


SUMS = {  # checks of a sum that must be 1, what it is off by
    "market": (lambda off: checks.check_market(COIN, [0.5, 0.5 + off], 0.0, 1.0), 1e-9),
    "mixture": (lambda off: checks.check_mixture([0.5, 0.5 + off], [[0.5], [0.5]], 1.0), 1e-9),
    "event": (lambda off: checks.check_event([0.5, 0.5 + off], [2, 2]), 1e-9),
    "targets": (lambda off: held([0.5, 0.5 + off])(), 1e-8),
}


@pytest.mark.parametrize("name", SUMS)
def test_a_sum_may_be_off_by_rounding(name):
    check, most = SUMS[name]
    assert [passes(check, c * most) for c in (-1.01, -0.99, 0.99, 1.01)] == [False, True, True, False]


ENDS = {  # a check of one value, the least and the greatest that pass, and what is just beyond them
    "f": (lambda x: checks.check_bet(f=x), 0, 1, -5e-324, AFTER(1, 2)),
    "p of a bet": (lambda x: checks.check_bet(p=x), 0, 1, -5e-324, AFTER(1, 2)),
    "b of a bet": (lambda x: checks.check_bet(b=x), checks.TINY, checks.HUGE, 0, np.inf),
    "p of a game": (lambda x: checks.check_games(x, 1), checks.TINY, AFTER(1, 0), 0, 1),
    "b of a game": (lambda x: checks.check_games(0.5, x), 1e-12, 1e12, AFTER(1e-12, 0), AFTER(1e12, np.inf)),
    "odds": (lambda x: checks.check_event([0.5] * 2, [2, x]), 1, 1e12, AFTER(1, 0), AFTER(1e12, np.inf)),
    "p of a cause": (lambda x: checks.check_mixture([1], [[x]], 1), 0, 1, -5e-324, AFTER(1, 2)),
    "R": (lambda x: checks.check_market([[x, 1]], None, 0, 1), 0, AFTER(1e150, 0), -5e-324, 1e150),
    "greatest of R": (lambda x: checks.check_market([[x, 0]], None, 0, 1), 0.5, 1e149, AFTER(0.5, 0), np.inf),
    "alpha": (lambda x: checks.check_fall(x, AFTER(1, 0)), 5e-324, AFTER(1, 0), 0, 1),
    "beta": (lambda x: checks.check_fall(0.5, x), 5e-324, AFTER(1, 0), 0, 1),
    "radius": (checks.check_radius, 0, checks.HUGE, -5e-324, np.inf),
    "return": (lambda x: checks.simple("past", [[x]]), -1, checks.HUGE, AFTER(-1, -2), np.inf),
    "day's return": (
        lambda x: checks.check_returns(MARKET.assign(A=x)), -1, checks.HUGE, AFTER(-1, -2), np.inf
    ),
    "cost": (lambda x: checks.check_costs(cost=x), 0, checks.HUGE, -5e-324, np.inf),
    "periods": (lambda x: checks.check_runs({}, x, object), 5e-324, checks.HUGE, 0, np.inf),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_ends_of_a_range(name):
    check, low, high, below, above = ENDS[name]
    assert [passes(check, x) for x in (below, low, high, above, np.nan)] == [False, True, True, False, False]


def test_ends_of_other_rules():
    assert checks.weigh(np.array([1e-12, 1.0])) is None and not passes(checks.weigh, np.array([9.9e-13, 1.0]))
    # lambda: 1e6 is the most
    alpha = 0.999999
    beta = np.exp(np.log(alpha) * np.array([999999.5, 1000000.5]))
    assert checks.check_fall(alpha, beta[0]) == pytest.approx(999999.5)
    assert not passes(checks.check_fall, alpha, beta[1])
    # bounds may meet, and the upper ones be endless
    _, _, lower, upper = checks.check_market(COIN, P, [0.25, 0.75], [0.25, np.inf])
    assert lower.tolist() == [0.25, 0.75] and upper.tolist() == [0.25, np.inf]
    # covariances: symmetry and eigenvalues to 1e-10 of the mean variance
    for variance in (1.0, 1e-6):
        for n in (2, 3):
            for off, good in ((0.9e-10, True), (1.1e-10, False)):
                cov = variance * np.eye(n)
                cov[0, 1] += variance * off
                assert passes(checks.check_moments, np.zeros(n), cov, 0, 0, 1) == good
    for off, good in ((0.9e-10, True), (1.1e-10, False)):
        assert passes(checks.check_moments, [0, 0], [[1, 1 + off], [1 + off, 1]], 0, 0, 1) == good
        for other in (0, off):  # no variance at all
            assert not passes(checks.check_moments, [0, 0], [[0, off], [other, 0]], 0, 0, 1)
    assert passes(checks.check_moments, [0, 0], np.zeros((2, 2)), 0, 0, 1)
    assert passes(checks.check_moments, [0, 0], [[1, 1e-10], [0, 1]], 0, 0, 1)
    assert passes(table(lower=0.5, upper=0.5)) and not passes(table(lower=AFTER(0.5, 1)))
    # debts
    assert passes(held([1.25 + 0.9e-8, -0.25 - 0.9e-8], borrow=0.25))
    assert not passes(held([1.25 + 1.1e-8, -0.25 - 1.1e-8], borrow=0.25))
    assert passes(held([1, 0], cost=AFTER(1, 0)))


# ---- what the checks return


@pytest.mark.parametrize("kind", [bool, np.int8, np.uint8, np.float32, object])
def test_numbers_of_any_kind_become_floats(kind):
    got = checks.numbers("x", np.array([0, 1], kind))
    assert got.dtype == np.float64 and got.tolist() == [0, 1]


def test_floats_are_not_copied():
    x = np.array([[0.5, 1.5]])
    assert checks.numbers("x", x) is x and checks.simple("x", x) is x
    assert checks.check_market(x, None, 0.0, 1.0)[0] is x


def test_a_number_is_a_float():
    for value in (1, np.float32(1), np.array(1), True):
        got = checks.number("x", value, 0.0, 2.0, "be small")
        assert type(got) is float and got == 1


def test_a_frame_is_in_the_order_of_its_days():
    got = checks.frame("x", pd.DataFrame({"b": [1, 2], "a": [True, False]}, DAYS[[2, 0]], dtype=object))
    pd.testing.assert_frame_equal(
        got, pd.DataFrame({"b": [2.0, 1.0], "a": [0.0, 1.0]}, DAYS[[0, 2]]), check_freq=False
    )


def test_bets_share_a_shape():
    f, p, b = checks.check_bet(f=0.5, p=[[0.25], [0.75]], b=[1, 2, 3])
    assert f.shape == p.shape == b.shape == (2, 3)
    p, b = checks.check_games(0.5, [1, 2])
    assert p.tolist() == [0.5, 0.5] and b.tolist() == [1, 2]
    assert [x.shape for x in checks.check_games(0.5, 1)] == [(1,), (1,)]


def test_rounding_of_a_sum_is_taken_out():
    off = 0.5 + 9e-10
    for p in (
        checks.check_market(COIN, [0.5, off], 0.0, 1.0)[1],
        checks.check_mixture([0.5, off], [[0.5], [0.5]], 1.0)[0],
        checks.check_event([0.5, off], [2, 2])[0],
    ):
        assert p.sum() == pytest.approx(1, abs=1e-15) and p[1] / p[0] == pytest.approx(off / 0.5, abs=1e-15)
    W = checks.check_targets(
        pd.DataFrame([[0.25, 0.75 + 9e-9]], DAYS[1:2], ["A", "cash"]), DAYS, MARKET.columns, 0.0, 0.0
    )
    assert [*W] == [1] and W[1].tolist() == [0.25, 0.75]


def test_odds_of_a_mixture_are_a_row():
    for b in (2.0, [2.0], [2.0, 2.0]):
        weight, p, row = checks.check_mixture([0.25, 0.75], [[0.5, 1], [0, 0.5]], b)
        assert weight.tolist() == [0.25, 0.75] and p.shape == (2, 2) and row.tolist() == [2, 2]


def test_scenarios_of_probability_0_are_left_out():
    for check in (lambda *market: checks.check_market(*market, 0.0, 1.0), checks.check_weighed):
        R, p, lower, upper = check([[2, 1], [3, 1], [0, 1]], [0.75, 0, 0.25])
        assert R.tolist() == [[2, 1], [0, 1]] and p.tolist() == [0.75, 0.25]
        assert lower.tolist() == [0, 0] and upper.tolist() == [1, 1]
    assert checks.check_market(COIN, None, 0.0, 1.0)[1].tolist() == [0.5, 0.5]


def test_moments_come_with_the_least_eigenvalue_and_bounds_of_their_length():
    mean, cov, rate, least, lower, upper = checks.check_moments([1, 2], [[2, 1], [1, 2]], 0, 0, [1, np.inf])
    assert (mean.tolist(), cov.tolist(), float(rate)) == ([1, 2], [[2, 1], [1, 2]], 0)
    assert least == pytest.approx(1) and lower.tolist() == [0, 0] and upper.tolist() == [1, np.inf]


def test_the_power_of_a_fall():
    assert checks.check_fall(0.5, 0.125) == pytest.approx(3, rel=1e-15)


def test_cash_has_a_rate_for_each_row():
    rate = pd.Series([0.1, 0.2, 0.3], DAYS + pd.Timedelta("1D"))
    for returns in (np.zeros((3, 1)), [[0.0]] * 3):  # without labels there is nothing to match
        assert checks.check_cash(rate, returns).tolist() == [0.1, 0.2, 0.3]
    assert checks.check_cash(rate.to_numpy(), MARKET).tolist() == [0.1, 0.2, 0.3]
    assert checks.check_cash(rate.set_axis(DAYS), MARKET).tolist() == [0.1, 0.2, 0.3]
    assert checks.check_cash(0.1, MARKET).tolist() == [0.1] * 3


def test_returns_come_in_the_order_of_days():
    X, days, columns = checks.check_returns(MARKET[::-1])
    assert X[:, 0].tolist() == [0.1, -0.1, 0.1] and days.equals(DAYS) and [*columns] == ["A", "cash"]


def test_an_answer_is_taken_by_label_where_it_has_labels():
    w = checks.check_answer(pd.Series({"cash": 0.75, "A": 0.25}), MARKET.columns, DAYS[0])
    assert w.tolist() == [0.25, 0.75]
    assert checks.check_answer((1, 0), MARKET.columns, DAYS[0]).tolist() == [1, 0]


def test_costs_and_periods_are_floats():
    got = checks.check_costs(cost=0, band=np.float32(0.5), borrow=2)
    assert got == [0, 0.5, 2] and {*map(type, got)} == {float}
    assert checks.check_runs({"a": 1, "b": 2}, 252, int) == 252


def test_whole_numbers_fit_an_index():
    assert checks.whole("window", 1, 1) == 1 and checks.whole("delay", np.int64(0), 0) == 0
    assert np.arange(3)[: checks.whole("window", 10**30, 1)].tolist() == [0, 1, 2]


def test_prices_come_in_the_order_of_the_weights():
    prices = checks.check_shares(
        pd.Series({"B": 0.5, "A": 0.5}), pd.Series({"A": 1.0, "B": 2.0, "C": 0.0}), 0
    )
    assert prices.to_dict() == {"B": 2, "A": 1} and [*prices.index] == ["B", "A"]


def test_a_day_at_midnight_has_no_clock():
    days = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-01 09:30"), "A", 7
    assert [*map(checks.show_day, days)] == ["2024-01-01", "2024-01-01 09:30:00", "A", "7"]
