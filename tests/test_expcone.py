"""kelly_expcone: the referee agrees with kelly_full within its certificate, and says when it cannot."""

import cvxpy as cp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kellylib.expcone import kelly_expcone
from kellylib.full import kelly_full
from kellylib.growth import certify, growth_rate

KINDS = ("calm", "wild", "lottery", "total losses", "fat tails")


@st.composite
def markets(draw):
    """Markets of 1 to 60 scenarios and 1 to 10 assets, calm days to lotteries, with all kinds of bounds."""
    K, n = draw(st.integers(1, 60)), draw(st.integers(1, 10))
    kind = draw(st.sampled_from(KINDS))
    bounds = draw(st.sampled_from(("none", "caps", "floors", "shorts")))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    R = np.exp(rng.choice([0.003, 0.03, 0.3]) * rng.standard_normal((K, n)))
    if kind == "wild":
        R = np.exp(rng.standard_normal((K, n)))
    elif kind == "lottery":
        R = rng.integers(0, 4, (K, n)).astype(float)
    elif kind == "total losses":
        R *= rng.random((K, n)) > 0.1
    elif kind == "fat tails":
        R = np.exp(0.1 * rng.standard_t(3, (K, n)).clip(-20, 20))
    if draw(st.booleans()):
        R[:, -1] = 1.001  # cash
    p = rng.dirichlet(np.full(K, draw(st.sampled_from([0.3, 1.0, 30.0])))) if draw(st.booleans()) else None
    lower, upper = np.zeros(n), np.ones(n)
    if bounds == "caps":
        upper = np.maximum(rng.random(n), 1.2 / n)
    elif bounds == "floors":
        lower = 0.9 * rng.dirichlet(np.ones(n))
    elif bounds == "shorts":
        lower = -0.3 * rng.random(n)
    if R.max() < 0.5:
        R += 1
    return R, p, lower, upper


@settings(max_examples=500, derandomize=True, deadline=None, database=None)
@given(markets())
def test_full_and_cone_agree_within_the_certificate(market):
    R, p, lower, upper = market
    full = kelly_full(R, p, lower=lower, upper=upper)
    cone = kelly_expcone(R, p, lower=lower, upper=upper)
    assert cone.violation <= 1e-12
    if full.growth == -np.inf:  # all are ruined
        assert (cone.growth, cone.gap) == (-np.inf, 0.0)
    else:
        assert -1e-13 <= full.growth - cone.growth <= cone.gap + 1e-13
        assert cone.gap <= 1e-8
    # what it reports is what anybody's certificate says of its weights
    again = certify(R, p, cone.weights, lower=lower, upper=upper)
    assert again.growth == cone.growth and again.violation == cone.violation
    assert again.gap == cone.gap or abs(again.gap - cone.gap) < 1e-15


RNG = np.random.default_rng(0)
R30 = 1 + 0.001 + 0.02 * RNG.standard_t(5, (60, 8))
P30 = RNG.dirichlet(np.ones(60))


@pytest.mark.parametrize("p, odds, stake", [(0.6, 2, 0.2), (0.5, 4, 1 / 3), (0.4, 2, 0.0), (1.0, 2, 1.0)])
def test_kellys_formula(p, odds, stake):
    found = kelly_expcone([[odds, 1], [0, 1]], [p, 1 - p])
    assert abs(found.weights[0] - stake) <= 1e-8 and found.gap <= 1e-9


def test_assets_may_be_permuted():
    order = RNG.permutation(8)
    one, other = kelly_expcone(R30, P30), kelly_expcone(R30[:, order], P30)
    assert abs(one.growth - other.growth) <= 1e-13
    np.testing.assert_allclose(other.weights, one.weights[order], atol=1e-6)


def test_a_scenario_may_be_split():
    split, p = np.vstack([R30, R30[:9]]), np.r_[P30, P30[:9] / 2]
    p[:9] /= 2
    assert abs(kelly_expcone(split, p).growth - kelly_expcone(R30, P30).growth) <= 1e-13


@pytest.mark.parametrize("scale", [1e-3, 1e4])
def test_scaling_wealth_adds_its_logarithm(scale):
    factor = np.where(np.arange(60) % 2, scale, 1.0)  # half of the scenarios: no weight may move
    moved, still = kelly_expcone(R30 * factor[:, None], P30), kelly_expcone(R30, P30)
    assert abs(moved.growth - still.growth - P30 @ np.log(factor)) <= 1e-12
    assert moved.gap <= 1e-8


def test_scenarios_without_probability_do_not_count():
    R = np.vstack([R30, np.zeros(8)])
    found = kelly_expcone(R, np.r_[P30, 0.0])
    assert found.growth == kelly_expcone(R30, P30).growth


def test_what_is_off_the_support_is_exactly_zero():
    weights = kelly_expcone(R30, P30).weights
    support = kelly_full(R30, P30).weights > 0
    assert (weights[~support] == 0).all() and (weights[support] > 0).all() and not support.all()


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")  # it is, and that is the point
def test_the_finish_is_worth_its_lines():
    """Clarabel's own weights, clipped and scaled, certify worse by orders of magnitude."""
    w = cp.Variable(8)
    problem = cp.Problem(cp.Maximize(P30 @ cp.log(R30 @ w)), [cp.sum(w) == 1, w >= 0])
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-12, tol_gap_rel=1e-12, tol_feas=1e-12)
    raw = np.maximum(w.value, 0)
    assert kelly_expcone(R30, P30).gap < certify(R30, P30, raw / raw.sum()).gap / 10


@pytest.mark.parametrize("R, lower, upper", [([[0, 0], [1, 2]], 0, 1), ([[2, 0], [0, 2]], [1, 0], 1)])
def test_ruin_of_all_is_a_result(R, lower, upper):
    found = kelly_expcone(R, lower=lower, upper=upper)
    assert (found.growth, found.gap, found.weights.sum()) == (-np.inf, 0.0, 1.0)


def test_bounds_that_leave_one_point():
    found = kelly_expcone(R30, lower=1 / 8, upper=1 / 8)
    assert abs(found.growth - growth_rate(R30, None, np.full(8, 1 / 8))) <= 1e-15
    assert abs(found.gap) <= 1e-14 and found.violation <= 1e-15


BAD = {
    "net returns": dict(R=R30 - 1),
    "a missing cell": dict(R=pd.DataFrame({"A": [1.0, np.nan], "cash": [1.0, 1.0]})),
    "infinity": dict(R=[[np.inf, 1.0]]),
    "nothing": dict(R=np.empty((0, 3))),
    "words": dict(R=[["up", "down"]]),
    "p too short": dict(R=R30, p=[1.0]),
    "p above 1": dict(R=R30, p=np.full(60, 1.0)),
    "bounds too low": dict(R=R30, upper=0.1),
    "bounds crossed": dict(R=R30, lower=0.5, upper=0.1),
    "bounds of another market": dict(R=R30, upper=[1.0, 1.0]),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input_is_refused_in_the_words_of_kelly_full(bad):
    with pytest.raises(ValueError) as expected:
        kelly_full(**bad)
    with pytest.raises(ValueError) as found:
        kelly_expcone(**bad)
    assert str(found.value) == str(expected.value)


def fake(status, weights):
    """A stand-in for cvxpy's solve that leaves these weights and this status."""

    def solve(problem, **_):
        problem._status = status
        for variable in problem.variables():
            variable.save_value(weights)
        for constraint in problem.constraints:
            constraint.save_dual_value(np.zeros(constraint.shape))

    return solve


def test_failure_of_the_solver_names_the_way_out(monkeypatch):
    def solve(problem, **_):
        raise cp.error.SolverError("Solver 'CLARABEL' failed.")

    monkeypatch.setattr(cp.Problem, "solve", solve)
    with pytest.raises(RuntimeError, match="Solver 'CLARABEL' failed. kelly_full solves the same problem"):
        kelly_expcone(R30)


@pytest.mark.parametrize("weights", [None, np.full(8, np.nan)])
def test_no_weights_are_a_failure(monkeypatch, weights):
    monkeypatch.setattr(cp.Problem, "solve", fake("infeasible", weights))
    with pytest.raises(RuntimeError, match="status infeasible; kelly_full"):
        kelly_expcone(R30)


def test_the_certificate_judges_and_not_the_status(monkeypatch):
    best = kelly_full(R30)
    monkeypatch.setattr(cp.Problem, "solve", fake("optimal_inaccurate", best.weights))
    assert kelly_expcone(R30).gap <= 1e-12
    far = np.zeros(8)
    far[np.argmin(R30.mean(axis=0))] = 1.0
    monkeypatch.setattr(cp.Problem, "solve", fake("optimal", far))
    with pytest.raises(RuntimeError, match=r"status optimal and a gap of \d"):
        kelly_expcone(R30)


def test_frames_come_in_and_label_the_weights():
    frame = pd.DataFrame(R30, columns=list("ABCDEFGH"))
    labelled = pd.Series(kelly_expcone(frame, P30).weights, frame.columns)
    assert labelled.idxmax() == frame.columns[kelly_expcone(R30, P30).weights.argmax()]
