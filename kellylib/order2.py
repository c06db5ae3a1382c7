"""Second-order growth: quadratic programmes, solved exactly by the active-set method DAQP."""

import daqp
import numpy as np

from kellydata.checks import check_market, check_moments
from kellylib.full import join
from kellylib.growth import greedy, score


def kelly_order2(R, p=None, *, lower=0.0, upper=1.0):
    r"""Weights that maximize the second-order expansion of the growth rate, with what that costs in growth.

    .. math:: \operatorname{E} \log(1 + w^\top r) \approx w^\top \operatorname{E} r
              - \tfrac12\, w^\top \operatorname{E}[r r^\top]\, w, \quad r = R - 1,

    is a quadratic programme, solved exactly on a working set of assets that grows as needed. It knows nothing
    of ruin: the certificate does.

    Parameters:
        R, p, lower, upper: As in `kelly_full`.
    Returns:
        Solution: ``gap`` bounds what the expansion costs; inf if ruined. RuntimeError if no optimum is found.
    Examples:
        >>> kelly_order2([[2, 1], [0, 1]], [0.6, 0.4]).weights.round(8)  # exact at even odds only
        array([0.2, 0.8])
    """
    R, p, lower, upper = check_market(R, p, lower, upper)
    w, room, start = lower.copy(), 1 - lower.sum(), p * (1 - R @ lower + lower.sum())
    if room <= 1e-12:
        return score(R, p, w, lower, upper)
    cap, rank = (upper - lower) / room, np.argsort(-(start @ R))  # w = lower + room * x, x on the simplex
    S = rank[: max(24, 2 * np.searchsorted(np.cumsum(cap[rank]), 1.0) + 2)]
    while True:
        r = (R[:, S] - 1) * room
        H = (r * p[:, None]).T @ r
        x = _quadratic(start @ r, H, np.linalg.eigvalsh(H)[0], np.zeros(len(S)), cap[S], 0.0)
        v = start - p * (r @ x)
        slope = room * (v @ R - v.sum())
        if len(more := join(S, slope, slope[S][x > 0].min())) == len(S):  # the price of what could be sold
            w[S] += room * x
            return score(R, p, np.minimum(w, upper), lower, upper)
        S = more


def kelly_mean_variance(mean, cov, rate, *, lower=0.0, upper=1.0):
    r"""Weights of the stocks that maximize expected return less half the variance; the rest is cash.

    .. math:: \max_f\, r + f^\top(\mu - r) - \tfrac12 f^\top \Sigma f,\quad \sum_i f_i \le 1,\; l \le f \le u,

    to rounding, which the gradient proves, also where the covariance is singular (fewer days than stocks).

    Parameters:
        mean (array_like, shape (n,)): Mean simple returns per period.
        cov (array_like, shape (n, n)): Their covariance; the article estimates it with ddof 1.
        rate (float): Return of cash per period.
        lower, upper (float or array_like, shape (n,)): Bounds; the lower ones are finite, their sum <= 1.
    Returns:
        ndarray, shape (n,): Weights of the stocks, fractions of wealth; ``1 - weights.sum()`` is cash.
        ValueError for moments or bounds that cannot be, RuntimeError as in `kelly_order2`.
    Examples:
        >>> print(kelly_mean_variance([0.06], [[0.1]], 0.01).round(8))  # excess return over variance
        [0.5]
    """
    mean, cov, rate, least, lower, upper = check_moments(mean, cov, rate, lower, upper)
    return _quadratic(mean - rate, cov, least, lower, upper, np.inf)


def _quadratic(c, H, least, lower, upper, cash):
    """Maximize c @ x - x @ H @ x / 2 with 0 <= 1 - sum(x) <= cash; least is the smallest eigenvalue of H."""
    low = np.append(lower, 0.0)  # cash is the last weight; none can take more than the budget
    high = np.minimum(np.append(upper, cash), low + 1 - low.sum())
    box = np.ones((1, len(c))), np.append(high[:-1], 1.0), np.append(lower, 1 - high[-1])
    scale = max(np.trace(H) / len(c), 1e-3 * abs(c).max()) or 1.0
    x, gap, enough = np.clip(0.0, low, high), np.inf, 2e-12 * (abs(c).max() + scale)
    for damp in np.maximum(10.0 ** -np.arange(5, 35), 1e-9) * (least <= 1e-8 * scale):  # proximal if singular
        P, q = H / scale + damp * np.eye(len(c)), -c / scale - damp * x[:-1]
        y, _, status, _ = daqp.solve(P, q, *box, primal_tol=1e-12, dual_tol=1e-13, eps_prox=0.0)
        x = np.clip(np.append(y, 1 - y.sum()), low, high)
        room = np.minimum(x - low, high - x)  # what takes up the rounding of the budget
        x += (1 - x.sum()) * room / max(room.sum(), 1e-300)
        slope = np.append(c - H @ x[:-1], 0.0)
        last, gap = gap, greedy(slope, low, high) - slope @ x
        if gap <= enough and (last <= enough or not damp):  # one more proximal step for the last digits
            break
    if not (gap <= enough and abs(x.sum() - 1) <= 1e-12):
        cure = "It needs R (or mean, cov, rate) of ordinary size, far below 1e4; kelly_full takes any R"
        raise RuntimeError(f"DAQP left a gap of {gap:.1e} (exit flag {status}). {cure}.")
    return np.where(abs(x) < 1e-13, 0.0, x)[:-1]
