"""kelly_expcone: the exact problem as an exponential-cone programme in cvxpy, the referee of kelly_full."""

import warnings

import numpy as np

from kellydata.checks import check_market
from kellylib.growth import score, solvent


def kelly_expcone(R, p=None, *, lower=0.0, upper=1.0):
    r"""Growth-optimal weights by conic programming: the problem of `kelly_full`, for cvxpy and Clarabel.

    .. math:: \max_w\, \sum_k p_k \log (R w)_k, \quad \sum_j w_j = 1,\; l \le w \le u,

    one exponential cone a logarithm. The solver's objective is right to about 1e-13, its weights therefore to
    1e-7. So what its dual says is at a bound is put there, the other weights make one Newton step, and the
    best certified is returned. E. Busseti, E. K. Ryu and S. Boyd (2016), Journal of Investing 25(3), 118-134.

    Parameters:
        R, p, lower, upper: As in `kelly_full`.
    Returns:
        Solution: RuntimeError if the solver fails or its gap exceeds 1e-6 nats, whatever its status.
    Examples:
        >>> kelly_expcone([[2, 1], [0, 1]], [0.6, 0.4]).weights.round(6)
        array([0.2, 0.8])
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
    tight = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), 1e-12)  # at 1e-8 gaps reach 1e-4
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Solution may be inaccurate")  # the certificate judges that
            problem.solve(solver=cp.CLARABEL, accept_unknown=True, **tight)
    except cp.error.SolverError as error:
        raise RuntimeError(f"Clarabel failed: {error} kelly_full solves the same problem.") from None
    v, tries, stop = w.value, [], f"Clarabel stopped with status {problem.status}"
    if v is None or not np.isfinite(v).all():
        raise RuntimeError(f"{stop}; kelly_full solves the same problem.")
    for below, above in ((0.0, 0.0), (floor.dual_value, ceiling.dual_value if capped else 0.0)):
        v = np.where(v - lower < below, lower, np.where(most - v < above, most, v))
        room = np.minimum(v - lower, most - v)
        v = v + (1 - v.sum()) * room / max(room.sum(), 1e-300)  # those at no bound make the sum 1
        tries.append(score(R, p, v, lower, upper))
    free, wealth, root = room > 0, R @ v, np.sqrt(p)
    if free.any() and wealth.min() > 0:  # a Newton step that keeps the sum
        A = R[:, free] * (root / wealth)[:, None]
        v = v.copy()
        v[free] += np.linalg.lstsq(A - A.mean(axis=1, keepdims=True), root, rcond=1e-10)[0]
        tries.append(score(R, p, v, lower, upper))
    best = min(tries, key=lambda s: (s.violation > 1e-12, s.gap))
    if not best.gap <= 1e-6:
        raise RuntimeError(f"{stop} and a gap of {best.gap:.1e} nats; kelly_full solves the same problem.")
    return best
