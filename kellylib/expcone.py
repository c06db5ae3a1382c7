"""kelly_expcone: the exact problem as an exponential-cone programme in cvxpy, the referee of kelly_full."""

import warnings

import numpy as np

from kellylib.growth import check_market, score, solvent

TOLERANCE = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), 1e-12)  # at 1e-8 gaps reach 1e-4


def kelly_expcone(R, p=None, *, lower=0.0, upper=1.0):
    r"""Growth-optimal weights by conic programming: the problem of `kelly_full`, for cvxpy and Clarabel.

    .. math:: \max_w \sum_k p_k \log (R w)_k \quad\text{subject to}\quad
              \textstyle\sum_j w_j = 1,\; l \le w \le u,

    one exponential cone a logarithm. The solver has the objective right to about 1e-13 and its weights,
    therefore, to 1e-7 only. So weights whose dual says that they are at a bound are put there, the others
    make one Newton step, and the best certified of the candidates is returned.

    E. Busseti, E. K. Ryu and S. Boyd (2016), Journal of Investing 25(3), 118-134.
    Home chapter: Three roads (notebooks/04_three_roads).

    Parameters:
        R, p, lower, upper: As in `kelly_full`.
    Returns:
        Solution: RuntimeError if the solver fails, or returns weights whose gap exceeds 1e-6 nats, whatever
        its status.
    Examples:
        >>> s = kelly_expcone([[2, 1], [0, 1]], [0.6, 0.4])
        >>> print(s.weights.round(6), round(s.growth, 8), s.gap <= 1e-9)
        [0.2 0.8] 0.02013551 True
    """
    import cvxpy as cp

    R, p, lower, upper = check_market(R, p, lower, upper)
    if (R @ (start := solvent(R, lower, upper))).min() <= 0:
        return score(R, p, start, lower, upper)  # every portfolio is ruined
    most = np.minimum(upper, lower + max(1 - lower.sum(), 0.0))
    w = cp.Variable(len(lower))
    floor, ceiling = w >= lower, w <= most
    capped = bool(lower.min() < 0 or upper.min() < 1)  # else sum(w) == 1 bounds them
    problem = cp.Problem(cp.Maximize(p @ cp.log(R @ w)), [cp.sum(w) == 1, floor] + [ceiling] * capped)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Solution may be inaccurate")  # the certificate judges that
            problem.solve(solver=cp.CLARABEL, accept_unknown=True, **TOLERANCE)
    except cp.error.SolverError as error:
        raise RuntimeError(f"Clarabel failed: {error} kelly_full solves the same problem.") from None
    stop = f"Clarabel stopped with status {problem.status}"
    if w.value is None or not np.isfinite(w.value).all():
        raise RuntimeError(f"{stop}; kelly_full solves the same problem.")

    plain = _fit(w.value, lower, most, 0.0, 0.0)
    bound = _fit(w.value, lower, most, floor.dual_value, ceiling.dual_value if capped else 0.0)
    tries = [score(R, p, v, lower, upper) for v in (plain, bound, _polish(R, p, bound, lower, most))]
    best = min(tries, key=lambda s: (s.violation > 1e-12, s.gap))
    if not best.gap <= 1e-6:
        raise RuntimeError(f"{stop} and a gap of {best.gap:.1e} nats; kelly_full solves the same problem.")
    return best


def _fit(w, lower, most, below, above):
    """Clip to the bounds, put on a bound what is nearer to it than its dual to 0; others make the sum 1."""
    w = np.clip(w, lower, most)
    w = np.where(w - lower < below, lower, np.where(most - w < above, most, w))
    room = np.minimum(w - lower, most - w)
    return w + (1 - w.sum()) * room / max(room.sum(), 1e-300)


def _polish(R, p, w, lower, most):
    """One Newton step of the weights that are at no bound; their sum stays."""
    free, wealth, root = (w > lower) & (w < most), R @ w, np.sqrt(p)
    if not free.any() or wealth.min() <= 0:
        return w
    A = R[:, free] * (root / wealth)[:, None]
    w = w.copy()
    w[free] += np.linalg.lstsq(A - A.mean(axis=1, keepdims=True), root, rcond=1e-10)[0]
    return w
