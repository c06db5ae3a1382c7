"""One bet: the closed form, its growth, the edges of the domain, what bad input is told."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import rel_entr

from kellylib import bet_growth, kelly_fraction
from kellylib.growth import certify

PROBABILITY = st.floats(0, 1)
ODDS = st.floats(1e-3, 1e3)
BETS = settings(derandomize=True, deadline=None, max_examples=200)


@BETS
@given(PROBABILITY, ODDS, st.floats(0, 1))
def test_no_stake_grows_faster(p, b, f):
    best = bet_growth(kelly_fraction(p, b), p, b)
    assert best >= 0 - 1e-15
    assert bet_growth(f, p, b) <= best + 1e-13 * max(1, abs(best))


@BETS
@given(PROBABILITY, ODDS)
def test_certificate_of_the_two_asset_market_agrees(p, b):
    f = kelly_fraction(p, b)
    cash = (1 - p) * (1 + b) / b if f > 0 else 1.0  # 1 - f without its cancellation near p = 1
    solution = certify([[1 + b, 1], [0, 1]], [p, 1 - p], [f, cash])
    assert abs(solution.gap) <= 1e-11 and solution.violation <= 1e-12
    assert math.isclose(solution.growth, bet_growth(f, p, b), rel_tol=1e-9, abs_tol=1e-12)


@BETS
@given(PROBABILITY, ODDS)
def test_growth_is_the_information_that_the_odds_lack(p, b):
    implied = 1 / (1 + b)
    information = rel_entr([p, 1 - p], [implied, 1 - implied]).sum() if p > implied else 0.0
    assert math.isclose(bet_growth(kelly_fraction(p, b), p, b), information, rel_tol=1e-9, abs_tol=1e-12)


@BETS
@given(st.fractions(0, 1, max_denominator=1000), st.fractions(Fraction(1, 100), 100, max_denominator=100))
def test_fraction_is_the_formula_in_exact_arithmetic(p, b):
    exact = max(Fraction(0), p - (1 - p) / b)
    assert abs(kelly_fraction(float(p), float(b)) - float(exact)) <= 4e-16 * (1 + 1 / float(b))


@BETS
@given(st.floats(1e-12, 1 - 1e-12), PROBABILITY, ODDS)
def test_growth_keeps_its_digits(f, p, b):
    """Against 50 digits; the scale is the sum of the two terms' sizes, which cancel near break-even."""
    with mpmath.workdps(50):
        f_, p_, b_ = map(mpmath.mpf, (f, p, b))
        win, loss = p_ * mpmath.log1p(b_ * f_), (1 - p_) * mpmath.log1p(-f_)
    assert abs(bet_growth(f, p, b) - float(win + loss)) <= 1e-14 * float(win - loss)


def test_edges():
    assert kelly_fraction(0.5) == 0 and kelly_fraction(0.0) == 0 and kelly_fraction(0.3) == 0
    assert kelly_fraction(1.0, 0.01) == 1 and kelly_fraction(1.0, 1e308) == 1
    assert kelly_fraction(0.5, 1e308) == 0.5
    assert kelly_fraction(0.5, 1e-300) == 0
    assert math.isclose(kelly_fraction(0.6), 0.2, rel_tol=1e-15)


def test_all_in():
    """Ruin is a result and warns of nothing; without a possible loss there is none."""
    with np.errstate(all="raise"):
        assert bet_growth(1.0, 0.6) == -np.inf
        assert bet_growth(1.0, 1.0, 3.0) == math.log(4)
        assert bet_growth(0.0, 0.6) == 0 and bet_growth(1.0, 0.0) == -np.inf
        assert np.array_equal(bet_growth([0, 1, 1], [0.5, 0.5, 1]), [0, -np.inf, math.log(2)])


def test_arrays_are_the_single_bets():
    p, b = np.array([[0.2], [0.6], [1.0]]), np.array([0.5, 1.0, 4.0, 30.0])
    f = kelly_fraction(p, b)
    assert f.shape == (3, 4)
    for i in range(3):
        for j in range(4):
            assert f[i, j] == kelly_fraction(p[i, 0], b[j])
            assert bet_growth(f, p, b)[i, j] == bet_growth(f[i, j], p[i, 0], b[j])


def test_input_is_not_changed_and_may_be_read_only():
    p = np.array([0.4, 0.6])
    p.flags.writeable = False
    assert np.array_equal(kelly_fraction(p), kelly_fraction([0.4, 0.6]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kelly_fraction(1.2), r"p must be a probability between 0 and 1 \(divide .*; p is 1\.2\."),
        (lambda: kelly_fraction([0.5, -0.1]), r"p\[1\] is -0\.1\."),
        (lambda: kelly_fraction([[0.5], [math.nan]]), r"p\[1, 0\] is nan\."),
        (lambda: kelly_fraction("heads"), r"p must hold numbers only: .*'heads'"),
        (lambda: kelly_fraction(None), r"p must be"),
        (
            lambda: kelly_fraction(0.6, 0),
            r"b must be net odds, finite and > 0 \(decimal odds minus 1\); b is 0\.",
        ),
        (lambda: kelly_fraction(0.6, math.inf), r"b is inf\."),
        (lambda: kelly_fraction([0.6, 0.7], [1, 2, 3]), r"p, b must be .* theirs are \(2,\), \(3,\)\."),
        (lambda: bet_growth(1.5, 0.6), r"f must be a fraction of wealth between 0 and 1.*; f is 1\.5\."),
        (lambda: bet_growth([0.1, -0.1], 0.6), r"f\[1\] is -0\.1\."),
        (
            lambda: bet_growth([0.1, 0.2, 0.3], [0.6, 0.7]),
            r"f, p, b must be .* theirs are \(3,\), \(2,\), \(\)\.",
        ),
        (lambda: bet_growth(0.1, 1.2), r"p is 1\.2\."),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
