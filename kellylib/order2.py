"""Second-order growth: quadratic programmes, solved exactly by the active-set method DAQP."""

import daqp
import numpy as np

from kellydata.checks import numbers
from kellylib.growth import check_market, greedy, score


def kelly_order2(R, p=None, *, lower=0.0, upper=1.0):
    r"""Weights that maximize the second-order expansion of the growth rate, with what that costs in growth.

    With simple returns :math:`r = R - 1`, of which the portfolio earns :math:`w^\top r`,

    .. math:: \operatorname{E} \log(1 + w^\top r) \approx w^\top \operatorname{E} r
              - \tfrac12\, w^\top \operatorname{E}[r r^\top]\, w,

    and the right side is maximized over the weights of `kelly_full`: a quadratic programme, solved exactly on
    a working set of assets that grows until no other would add to it. It knows nothing of ruin: the
    certificate does.

    Home chapter: Three roads (notebooks/04_three_roads).

    Parameters:
        R, p, lower, upper: As in `kelly_full`.
    Returns:
        Solution: Certified as growth: ``gap`` bounds what the approximation costs; inf if it is ruined.
        RuntimeError if the solver fails or its weights are not optimal for the quadratic programme.
    Examples:
        For an even-money coin, second moments of exactly 1 make it right; at other odds it is near:

        >>> kelly_order2([[2, 1], [0, 1]], [0.6, 0.4]).weights.round(8)
        array([0.2, 0.8])
        >>> s = kelly_order2([[3, 1], [0, 1]], [0.6, 0.4])  # kelly_full stakes 0.4
        >>> print(s.weights.round(6), f"{s.gap:.4f}")
        [0.285714 0.714286] 0.1358
    """
    R, p, lower, upper = check_market(R, p, lower, upper)
    room = 1 - lower.sum()
    if room <= 1e-12:
        return score(R, p, lower.copy(), lower, upper)
    # w = lower + room * x with x on the simplex, 0 <= x <= cap; the lower bounds alone earn base
    base, cap = R @ lower - lower.sum(), np.minimum((upper - lower) / room, 1.0)
    rank = np.argsort(-((p * (1 - base)) @ R))
    first = max(24, 2 * np.searchsorted(np.cumsum(cap[rank]), 1.0) + 2)
    S = rank[:first]
    while True:
        A = (R[:, S] - 1) * room
        H, c = (A * p[:, None]).T @ A, (p * (1 - base)) @ A
        x = _quadratic(c, H, np.linalg.eigvalsh(H)[0], np.zeros(len(S)), cap[S], 0.0)
        v = p * (1 - base - A @ x)
        slope = room * (v @ R - v.sum())
        price = slope[S][x < cap[S]].max(initial=-np.inf)
        slope[S] = -np.inf
        new = rank[slope[rank] > price + 1e-13]
        if not len(new):
            break
        S = np.union1d(S, new[np.argsort(-slope[new])][: len(S)])  # it only grows: no cycle
    w = lower.copy()
    w[S] += room * x
    return score(R, p, np.minimum(w, upper), lower, upper)


def kelly_mean_variance(mean, cov, rate, *, lower=0.0, upper=1.0):
    r"""Weights of the stocks that maximize expected return less half the variance; the rest is cash.

    .. math::
        \max_f \; r + f^\top(\mu - r) - \tfrac12 f^\top \Sigma f
        \quad\text{subject to}\quad \textstyle\sum_i f_i \le 1, \; \text{lower} \le f \le \text{upper}.

    Weights are accepted only if no feasible ones are better by more than rounding; the gradient shows it.
    A singular covariance (fewer days than stocks) is no exception.

    Home chapter: BIST30: the article's numbers (notebooks/05_bist30).

    Parameters:
        mean (array_like, shape (n,)): Mean simple returns per period.
        cov (array_like, shape (n, n)): Their covariance; the article estimates it with ddof 1.
        rate (float): Return of cash per period.
        lower, upper (float or array_like, shape (n,)): Bounds of the weights; the lower ones are finite and
            sum to at most 1.
    Returns:
        ndarray, shape (n,): Weights of the stocks, fractions of wealth; ``1 - weights.sum()`` is cash.
        ValueError for moments or bounds that cannot be, RuntimeError if the solver fails or its weights are
        not optimal.
    Examples:
        One stock: the excess return over the variance.

        >>> print(kelly_mean_variance([0.06], [[0.1]], 0.01).round(8))
        [0.5]
    """
    names = "mean", "cov", "rate", "lower", "upper"
    arrays = mean, cov, rate, lower, upper = [*map(numbers, names, (mean, cov, rate, lower, upper))]
    n, shapes = mean.size, [array.shape for array in arrays]
    if not n or shapes[:3] != [(n,), (n, n), ()] or not {*shapes[3:]} <= {(), (n,)}:
        rule = "(n,), (n, n), (), and () or (n,) with n >= 1"
        raise ValueError(f"{', '.join(names)} must have the shapes {rule}; they have {shapes}.")
    if not (np.isfinite(mean).all() and np.isfinite(cov).all() and np.isfinite(rate)):
        raise ValueError("mean, cov and rate must be finite; drop what is missing before you estimate.")
    scale = np.trace(cov) / n or 1.0
    if abs(cov - cov.T).max() > 1e-10 * scale or (eigenvalue := np.linalg.eigvalsh(cov)[0]) < -1e-10 * scale:
        raise ValueError("cov must be symmetric with no negative eigenvalue; that of complete rows is.")
    lower, upper = (np.broadcast_to(bound, n).copy() for bound in (lower, upper))
    if not (lower <= upper).all() or not -np.inf < lower.sum() <= 1:
        raise ValueError(f"lower must be <= upper and have a finite sum <= 1; its sum is {lower.sum():g}.")
    most = np.minimum(upper, 1 - lower.sum() + lower)  # no weight can take more than the budget
    return _quadratic(mean - rate, cov, eigenvalue, lower, most, 1 - lower.sum())


def _quadratic(c, H, least, lower, upper, spare):
    """Maximize c @ x - x @ H @ x / 2 over lower <= x <= upper, 1 - spare <= sum(x) <= 1.

    least is the smallest eigenvalue of H. Where H is singular (fewer scenarios than assets) the steps are
    proximal; they end at an exact optimum. The result is accepted only if the gradient shows that it is one.
    """
    n, scale = len(c), max(np.trace(H) / len(c), 1e-3 * abs(c).max()) or 1.0
    x, damping = np.clip(0.0, lower, upper), np.maximum(10.0 ** -np.arange(5.0, 35.0), 1e-9)
    low, high = np.append(lower, 0.0), np.append(upper, spare)  # cash is the last weight
    gap, enough = np.inf, 2e-12 * (abs(c).max() + scale)  # DAQP's tolerance on either side
    for damp in damping * (least <= 1e-8 * scale):
        last = gap
        x, _, status, _ = daqp.solve(
            H / scale + damp * np.eye(n),
            -c / scale - damp * x,
            np.ones((1, n)),
            np.append(upper, 1.0),
            np.append(lower, 1.0 - spare),
            primal_tol=1e-12,  # the default, 1e-6, would break the budget
            dual_tol=1e-13,
            eps_prox=0.0,
        )
        x = np.clip(x, lower, upper)
        room = np.minimum(x - lower, upper - x)  # what takes up the rounding of the budget
        x += (np.clip(x.sum(), 1.0 - spare, 1.0) - x.sum()) * room / max(room.sum(), 1e-300)
        slope = np.append(c - H @ x, 0.0)
        gap = greedy(slope, low, high) - slope[:-1] @ x
        if gap <= enough and (last <= enough or not damp):  # one more proximal step for the last digits
            break
    x[abs(x) < 1e-13] = 0.0  # rounding of the solver
    if not (gap <= enough and -1e-12 - spare <= x.sum() - 1 <= 1e-12):
        cure = "It needs R (or mean, cov, rate) of ordinary size, far below 1e4; kelly_full takes any R"
        raise RuntimeError(f"DAQP left a gap of {gap:.1e} (exit flag {status}). {cure}.")
    return x
