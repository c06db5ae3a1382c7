"""The growth rate of a portfolio and the certificate that bounds it from above: what all solvers share."""

from dataclasses import dataclass

import numpy as np

from kellydata.checks import check_market, check_weights


@dataclass(frozen=True)
class Solution:
    r"""Weights with their growth rate and its certificate.

    Attributes:
        weights (ndarray, shape (n,)): Fractions of wealth; for labels ``pd.Series(weights, R.columns)``.
        growth (float): :math:`g(w) = \sum_k p_k \log (R w)_k`, nats per period; -inf if a scenario ruins.
        gap (float): No feasible weights grow faster than ``growth + gap``, nats, to rounding: 1e-14, or 1e-16
            of the steepest slope; never clipped. Where `violation` exceeds 1e-9 it certifies nothing.
        violation (float): The largest amount by which the weights miss their bounds or the sum 1.
    """

    weights: np.ndarray
    growth: float
    gap: float
    violation: float


def growth_rate(R, p, w):
    r"""Growth rate :math:`g(w) = \sum_k p_k \log (R w)_k` of any weights, in nats per period.

    Parameters:
        R, p: As in `kelly_full`.
        w (array_like or Series, shape (n,)): Fractions of wealth.
    Returns:
        float: Nats per period; -inf if a scenario with p > 0 leaves no wealth.
    Examples:
        >>> round(growth_rate([[2, 1], [0, 1]], [0.6, 0.4], [0.2, 0.8]), 8)
        0.02013551
    """
    return certify(R, p, w).growth


def certify(R, p, w, *, lower=0.0, upper=1.0):
    r"""Certify any weights: how far, at most, they lie below the best growth rate.

    By Jensen, :math:`g(v) - g(w) \le \log E(Rv / Rw) = \log(\nabla g(w) \cdot v)` for feasible v: the maximum
    over v is a bound that trusts no solver. T. M. Cover (1984), IEEE Trans. Inf. Theory 30(2), 369-373.

    Parameters:
        R, p, w: As in `growth_rate`.
        lower, upper: As in `kelly_full`.
    Returns:
        Solution: The weights as given. If they are ruined, growth is -inf and gap inf; 0 if every feasible w
        is ruined. A ValueError names what of the market, bounds or weights cannot be, and the cure.
    Examples:
        >>> s = certify([[2, 1], [0, 1]], [0.6, 0.4], [0.5, 0.5])  # half of the wealth on a coin is too much
        >>> print(f"{s.growth:.4f} {s.gap:.4f} {s.violation}")
        -0.0340 0.1823 0.0
    """
    market = check_market(R, p, lower, upper)
    return score(*market[:2], check_weights(R, w), *market[2:])


def score(R, p, w, lower, upper):
    """Certify weights on a market that `check_market` has passed."""
    return priced(R, p, w, R @ w, lower, upper)[0]


def priced(R, p, w, wealth, lower, upper):
    """Certify weights whose wealth R @ w is known; return with the Solution the derivatives of its growth."""
    violation = float(max(abs(w.sum() - 1), (lower - w).max(), (w - upper).max(), 0.0))
    if wealth.min() <= 0:
        hopeless = (R @ solvent(R, lower, upper)).min() <= 0
        return Solution(w, -np.inf, 0.0 if hopeless else np.inf, violation), None
    with np.errstate(over="ignore", invalid="ignore"):  # wealth of 1e-320 has an infinite derivative: gap inf
        slope = (p / wealth) @ R
        gap = float(np.log(greedy(slope, lower, upper)))
    return Solution(w, float(p @ np.log(wealth)), np.inf if np.isnan(gap) else gap, violation), slope


def greedy(c, lower, upper):
    """Maximum of c @ v over lower <= v <= upper, sum(v) == 1: what is best is filled first."""
    if not lower.any() and upper.min() >= 1:
        return c.max()
    order = np.argsort(-c)
    width = (upper - lower)[order]
    before = np.r_[0.0, np.cumsum(width)[:-1]]
    return c @ lower + c[order] @ np.clip(1 - lower.sum() - before, 0, width)


def solvent(R, lower, upper):
    """Feasible weights inside the bounds that leave wealth in every scenario, if any do."""
    room = max(1 - lower.sum(), 0.0)
    width = np.minimum(upper - lower, room)
    middle = lower + width * (room / max(width.sum(), room, 1e-300))
    if lower.min() >= 0 or (R @ middle).min() > 0:
        return middle
    w, share = steadiest(R, lower, lower + width), 0.5
    if (R @ w).min() <= 0:
        return w
    while (R @ (inside := w + share * (middle - w))).min() <= 0:
        share /= 2
    return inside


def steadiest(R, lower, upper):
    """Weights within finite bounds whose worst scenario is the best: a linear programme."""
    from scipy.optimize import linprog

    K, n = R.shape
    scale = min(np.ptp(R), 1.0) or 1.0  # as weights sum to 1, a shift changes nothing, nor does a factor
    table, cost = np.c_[(R.min() - R) / scale, np.ones(K)], np.r_[np.zeros(n), -1.0]
    bounds = [*zip(lower, upper, strict=True), (None, None)]
    lp = linprog(cost, table, np.zeros(K), np.r_[np.ones(n), 0.0][None], [1.0], bounds)
    if lp.x is None:
        raise RuntimeError(f"The search for solvent weights failed: {lp.message} Try narrower bounds.")
    return np.clip(lp.x[:n], lower, upper)
