"""Chapters 08 to 11 with other parameters: what they print is kellylib's; bad ones get a sentence."""

import ast
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import test_replication
from papermill import PapermillExecutionError
from scipy.stats import binom
from skfolio.datasets import load_sp500_dataset
from sklearn.covariance import ledoit_wolf

import kellylib as kl

pytestmark = test_replication.pytestmark
printed = test_replication.printed  # the fixture that runs a chapter's cells here
NUMBER = r"([-+]?\d+(?:\.\d+)?(?:e-?\d+)?)"


def figures(text, pattern):
    """The numbers of the one line that the pattern finds, each at a #."""
    (found,) = re.findall(pattern.replace("#", NUMBER), text, re.M)
    return [float(x) for x in ([found] if isinstance(found, str) else found)]


def function(name, chapter, **names):
    """A function that the chapter defines, with the names that its body needs."""
    tree = ast.parse(Path(test_replication.chapter(chapter)).read_text(encoding="utf-8"))
    (body,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    exec(compile(ast.Module([body], []), chapter, "exec"), names)
    return names[name]


# ---- growth and security


@pytest.mark.parametrize("p, b, alpha, beta", [(0.55, 2.0, 0.7, 0.2), (0.9, 0.3, 0.3, 0.05)])
def test_security_is_of_the_coin_and_the_promise_given(p, b, alpha, beta, printed):
    text = printed("08_security", p=p, b=b, alpha=alpha, beta=beta, n_bets=50, n_paths=100)
    stake = kl.kelly_fraction(p, b)
    assert figures(text, r"^Kelly stakes # and grows by # nats") == pytest.approx(
        [stake, kl.bet_growth(stake, p, b)], abs=6e-5
    )
    kept = kl.kelly_drawdown([[1 + b, 1], [0, 1]], [p, 1 - p], alpha=alpha, beta=beta).weights[0]
    assert figures(text, r"^stake # of wealth, # of Kelly's") == pytest.approx([kept, kept / stake], abs=6e-5)
    promised, exactly = figures(text, r"^promised at most #, exactly #")
    assert promised == beta and 0 < exactly <= beta


def test_security_by_papermill(tmp_path):
    text = test_replication.by_papermill("08_security", tmp_path, p=0.7, n_bets=20, n_paths=50)
    assert figures(text, r"^Kelly stakes # and")[0] == pytest.approx(kl.kelly_fraction(0.7), abs=6e-5)


# ---- uncertain probabilities


def test_uncertainty_is_of_the_coin_the_prior_and_the_tosses_given(printed):
    p, n, prior = 0.55, 20, 5.0
    small = dict(n_stocks=5, n_months=24, n_worlds=30, n_samples=10, radius=0.05)
    text = printed("09_uncertainty", p=p, n_seen=n, prior=prior, **small)
    assert figures(text, r"^who knew p would stake #")[0] == pytest.approx(kl.kelly_fraction(p), abs=6e-5)
    heads = np.arange(n + 1)
    bayes = kl.kelly_fraction((prior + heads) / (2 * prior + n))
    assert figures(text, r"^12 heads of 20: plug-in #, Bayes #") == pytest.approx(
        [kl.kelly_fraction(12 / 20), bayes[12]], abs=6e-5
    )
    earned = binom.pmf(heads, n, p) @ kl.bet_growth(bayes, p)
    assert figures(text, r"^growth: plug-in -inf, Bayes #")[0] == pytest.approx(earned, abs=6e-7)
    assert figures(text, r"^divergence of the worst case: box #, ball #")[1] == small["radius"]


# ---- what estimating costs


def test_estimation_is_of_the_truth_given(printed):
    n, mean, spread, volatility, correlation, seed = 5, 0.1, 0.3, 0.25, 0.5, 3
    text = printed(
        "10_estimation",
        n_stocks=n,
        mean=mean,
        spread=spread,
        volatility=volatility,
        correlation=correlation,
        n_samples=10,
        seed=seed,
    )
    rng = np.random.default_rng(seed)
    common, own = rng.standard_t(5, (4000, 1)), rng.standard_t(5, (4000, n))
    x = correlation**0.5 * common + (1 - correlation) ** 0.5 * own
    x = (x - x.mean(axis=0)) / x.std(axis=0) * volatility * np.linspace(0.8, 1.2, n) / 252**0.5
    R = np.column_stack([1 + x + (mean + spread * np.linspace(-0.5, 0.5, n)) / 252, np.ones(4000)])
    best, even = kl.kelly_full(R).growth, kl.growth_rate(R, None, np.r_[np.full(n, 1 / n), 0])
    assert figures(text, r"^the best weights grow by # nats")[0] == pytest.approx(252 * best, abs=6e-5)
    assert figures(text, r"^equal weights: # nats")[0] == pytest.approx(252 * even, abs=6e-5)
    assert figures(text, r"^best - equal +# \(")[0] == pytest.approx(252 * (best - even), abs=6e-4)
    assert figures(text, r"^best - cash +# \(")[0] == pytest.approx(252 * best, abs=6e-4)


@pytest.mark.parametrize(
    "parameters", [dict(n_stocks=2), dict(spread=1.0, volatility=0.1), dict(spread=0)], ids=str
)
def test_estimation_runs_at_the_ends_of_its_ranges(parameters, printed):
    text = printed("10_estimation", n_samples=10, **parameters)
    assert "certified: True" in text and "best fraction 0.500" in text


def test_both_chapters_shrink_means_alike():
    """On correlated stocks, whose common part is no noise of the differences between them."""
    needs = dict(np=np, ledoit_wolf=ledoit_wolf, kelly_mean_variance=kl.kelly_mean_variance)
    shrunken = function("shrunken", "10_estimation", **needs)
    james_stein = function("james_stein", "09_uncertainty", np=np)
    rng, kept = np.random.default_rng(0), []
    for days in (60, 1000, 5000):
        x = 0.001 + 0.05 * (rng.normal(size=(days, 1)) + rng.normal(np.linspace(0, 0.05, 8), 1, (days, 8)))
        means = x.mean(axis=0)
        kept.append(np.ptp(james_stein(x)) / np.ptp(means))
        weights = kl.kelly_mean_variance(james_stein(x), ledoit_wolf(x)[0], 0.0)
        assert shrunken(np.column_stack([x, np.zeros(days)]))[:-1] == pytest.approx(weights, abs=1e-9)
    assert 0.2 < kept[-1] < 0.95, kept  # some of the differences are shrunk, not all


# ---- thirty years

SHORT = dict(start="2010-01-01", end="2016-01-01", window="12M", windows=["24M"], n_draws=200, n_markets=2)


def full(past):
    return kl.kelly_full(1 + past.to_numpy()).weights


@pytest.mark.parametrize("rhythm, rate, share", [("Q", 0.01, 0.25), ("M", 0.04, 1.5)])
def test_thirty_years_are_of_the_window_rhythm_rate_and_fraction_given(rhythm, rate, share, printed):
    given = dict(rhythm=rhythm, rhythms=["Y"], rate=rate, fractions=[share], cost=0.0, rebalance=0)
    with pd.option_context("display.width", 200, "display.max_columns", 20):
        text = printed("11_thirty_years", **SHORT, **given)
    assert "compared from 2012-01-03 to 2015-12-30" in text  # the first January after two full years
    prices = load_sp500_dataset().loc["2010-01-01":"2015-12-31"]
    R = kl.add_cash(kl.simple_returns(prices), (1 + rate) ** (1 / 252) - 1)
    run = kl.walk_forward(R, full, window="12M", calendar=rhythm)
    test = run.returns.loc["2012-01-03":]
    first = test.index[~test.index.to_period(rhythm).duplicated()]
    stakes = share * run.weights.loc[first].iloc[:, :-1]
    held = kl.hold(R.loc[test.index], stakes.assign(cash=1 - stakes.sum(axis=1)), borrow=max(0, share - 1))
    for name, returns in {"full Kelly": test, f"{share:g} Kelly": held.returns}.items():
        volatility = returns.std() * 252**0.5
        growth = 252 * np.log1p(returns).mean()
        row = figures(text, rf"^{name} +# +# +# ")
        assert row[0] == pytest.approx(volatility, abs=6e-4) and row[2] == pytest.approx(growth, abs=6e-4)


def test_thirty_years_go_through_a_ruin(printed):
    text = printed("11_thirty_years", **SHORT, fractions=[8.0], rhythm="W", rhythms=["Y"], cost=0.05)
    assert "ruined, and left out of what follows: ['8 Kelly']" in text


# ---- bad input


@pytest.mark.parametrize(
    "name, parameters, message",
    [
        ("08_security", dict(p=0.4), r"p must make the coin favourable and able to lose; at p = 0.4"),
        ("08_security", dict(alpha=1.0), r"alpha must lie strictly between 0 and 1; it is 1.0"),
        ("08_security", dict(beta=0.0), r"beta must lie strictly between 0 and 1; it is 0.0"),
        ("08_security", dict(b=-1.0), r"b must be net odds, finite and > 0"),
        ("08_security", dict(n_paths=0), r"n_paths must be a whole number >= 1; it is 0"),
        ("09_uncertainty", dict(p=0.5), r"p must make the coin favourable"),
        ("09_uncertainty", dict(radius=0.5), r"radius from 0.0001 to 0.1; they are 1.0 and 0.5"),
        ("09_uncertainty", dict(n_stocks=3), r"n_stocks must be a whole number from 4 to 100; it is 3"),
        ("09_uncertainty", dict(n_seen=1), r"n_seen must be a whole number from 2 to 1000; it is 1"),
        ("10_estimation", dict(n_stocks=1), r"n_stocks must be a whole number from 2 to 50; it is 1"),
        ("10_estimation", dict(n_samples=9), r"n_samples must be a whole number from 10 to 1000; it is 9"),
        ("10_estimation", dict(seed=-1), r"seed must be a whole number from 0 to 4294967296; it is -1"),
        ("10_estimation", dict(volatility=0.0), r"volatility must be a number from 0.1 to 1; it is 0.0"),
        ("10_estimation", dict(correlation=1.0), r"correlation must be a number from 0 to 0.9; it is 1.0"),
        ("10_estimation", dict(mean=float("nan")), r"mean must be a number from -0.5 to 0.5; it is nan"),
        ("10_estimation", dict(spread="a"), r"spread must be a number from 0 to 1; it is 'a'"),
        ("11_thirty_years", dict(start="soon"), r"start must be a day such as 2020-01-31; it is 'soon'"),
        (
            "11_thirty_years",
            dict(end="1980-01-01"),
            r"start and end must leave at least two days of 1990 to 2022",
        ),
        ("11_thirty_years", dict(window="36W"), r"whole months, quarters or years, as 36M; not '36W'"),
        ("11_thirty_years", dict(window=36), r"whole months, quarters or years, as 36M; not 36"),
        (
            "11_thirty_years",
            dict(fractions=[-1.0]),
            r"fractions must list multiples of f\*, each >= 0; it is \[-1",
        ),
        ("11_thirty_years", dict(rate=-1.0), r"rate must be a number above -1; it is -1"),
        (
            "11_thirty_years",
            dict(SHORT, block=0.5),
            r"block must be from 1 to 12, a quarter of the months.* it is 0.5",
        ),
        ("11_thirty_years", dict(SHORT, cost=-0.1), r"cost must be a number >= 0; it is -0.1"),
        ("11_thirty_years", dict(SHORT, rhythm="X"), r"calendar must be D, W, M, Q or Y of dates, not 'X'"),
        ("11_thirty_years", dict(SHORT, end="2012-06-01"), r"at least 12 months to compare, not 5"),
        ("11_thirty_years", dict(SHORT, end="2011-06-01"), r"shorten the window|leave a January after"),
    ],
    ids=lambda x: x if isinstance(x, str) and x[:2].isdigit() else None,
)
def test_a_parameter_out_of_range_stops_a_chapter_with_a_sentence(name, parameters, message, printed):
    with pytest.raises(ValueError, match=message):
        printed(name, **parameters)


def test_papermill_reports_the_sentence_of_these_chapters_too(tmp_path):
    with pytest.raises(PapermillExecutionError, match=r"n_stocks must be .* from 2 to 50; it is 1") as caught:
        test_replication.by_papermill("10_estimation", tmp_path, n_stocks=1)
    assert caught.value.ename == "ValueError"
