"""The growth rate of a portfolio and the certificate that bounds it from above: what all solvers share."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kellydata import numbers

NET = "If these are simple returns, pass 1 + returns."


@dataclass(frozen=True)
class Solution:
    r"""Weights with their growth rate and its certificate.

    Home chapter: Three roads (notebooks/04_three_roads).

    Attributes:
        weights (ndarray, shape (n,)): Fractions of wealth; label them with ``pd.Series(solution.weights,
            R.columns)``.
        growth (float): :math:`g(w) = \sum_k p_k \log (R w)_k`, nats per period; ``-inf`` if some scenario
            ruins.
        gap (float): No feasible weights grow faster than ``growth + gap`` (nats). Exact to rounding: about
            1e-14, or 1e-16 of the steepest slope; never clipped. It certifies nothing where ``violation``
            exceeds 1e-9.
        violation (float): The largest amount by which the weights miss their bounds or the sum 1.
    """

    weights: np.ndarray
    growth: float
    gap: float
    violation: float


def growth_rate(R, p, w):
    r"""Growth rate :math:`g(w) = \sum_k p_k \log (R w)_k` of any weights, in nats per period.

    Home chapter: Three roads (notebooks/04_three_roads).

    Parameters:
        R, p: As in `kelly_full`.
        w (array_like or Series, shape (n,)): Fractions of wealth.
    Returns:
        float: Nats per period; ``-inf`` if a scenario with p > 0 leaves no wealth.
    Examples:
        >>> round(growth_rate([[2, 1], [0, 1]], [0.6, 0.4], [0.2, 0.8]), 8)
        0.02013551
    """
    return certify(R, p, w).growth


def certify(R, p, w, *, lower=0.0, upper=1.0):
    r"""Certify any weights: how far, at most, they lie below the best growth rate.

    By Jensen, :math:`g(v) - g(w) \le \log E(Rv / Rw) = \log(\nabla g(w) \cdot v)` for feasible v: the maximum
    over v, which greedy filling finds, is a bound that trusts no solver.

    T. M. Cover (1984), IEEE Transactions on Information Theory 30(2), 369-373.
    Home chapter: Three roads (notebooks/04_three_roads).

    Parameters:
        R, p, w: As in `growth_rate`.
        lower, upper: As in `kelly_full`.
    Returns:
        Solution: The weights as given. If they are ruined, growth is -inf and gap inf; 0 if every feasible w
        is ruined. A ValueError names what of the market, bounds or weights cannot be, and the cure.
    Examples:
        Staking half of the wealth on Kelly's coin loses; no stake gains more than 0.22 nats on that.

        >>> s = certify([[2, 1], [0, 1]], [0.6, 0.4], [0.5, 0.5])
        >>> print(f"{s.growth:.4f} {s.gap:.4f} {s.violation}")
        -0.0340 0.1823 0.0
    """
    market = check_market(R, p, lower, upper)
    if isinstance(w, pd.Series) and isinstance(R, pd.DataFrame) and not w.index.equals(R.columns):
        raise ValueError("The labels of w must be the columns of R, in order; pass w.reindex(R.columns).")
    w = numbers("w", w)
    if w.shape != market[2].shape:
        raise ValueError(f"w must hold {len(market[2])} weights, one a column of R; its shape is {w.shape}.")
    if not np.isfinite(w).all():
        j = np.flatnonzero(~np.isfinite(w))[0]
        raise ValueError(f"w must be finite; w[{j}] is {w[j]}. Drop or fill what is missing.")
    return score(*market[:2], w, *market[2:])


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
    w = steadiest(R, lower, lower + width)
    if (R @ w).min() <= 0:
        return w
    share = 0.5
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


def check_market(R, p, lower, upper):
    """Return (R, p, lower, upper) as arrays without the scenarios of probability 0, or say what is wrong."""
    table, R = R, numbers("R", R)
    if R.ndim != 2 or not R.size:
        raise ValueError(f"R must be a table of scenarios by assets, none empty; its shape is {R.shape}.")
    K, n = R.shape
    p = np.full(K, 1 / K) if p is None else numbers("p", p)
    if p.shape != (K,):
        raise ValueError(f"p must hold one probability a row of R, {K} in all; its shape is {p.shape}.")
    if not (p.min() >= 0 and abs(p.sum() - 1) <= 1e-9):
        given = f"the least is {p.min():g}, the sum {p.sum():g}"
        raise ValueError(f"p must be probabilities, all >= 0 with sum 1; {given}. Pass p / p.sum().")
    high = R.view(np.uint64).max().view(float) or R.max()  # one pass: by their bits, floats >= 0 are in order
    if not 0 <= high < 1e150:  # the squares are numbers too
        k, j = np.argwhere(~((R >= 0) & (R < 1e150)))[0]
        labels = isinstance(table, pd.DataFrame)
        name = f"R.loc[{table.index[k]!r}, {table.columns[j]!r}]" if labels else f"R[{k}, {j}]"
        cure = "Drop or fill what is missing." if not R[k, j] < 0 else NET
        raise ValueError(f"R must hold gross returns, >= 0 and below 1e150; {name} is {R[k, j]:g}. {cure}")
    if high < 0.5:
        raise ValueError(f"R must hold gross returns, but no entry exceeds {high:g}. {NET}")
    lower, upper = _bound("lower", lower, n), _bound("upper", upper, n)
    if not (lower <= upper).all():
        j = np.flatnonzero(~(lower <= upper))[0]
        raise ValueError(f"lower must not exceed upper; lower[{j}] is {lower[j]}, upper[{j}] is {upper[j]}.")
    if not lower.sum() - 1e-12 <= 1 <= upper.sum() + 1e-12:
        sums = f"sum(lower) is {lower.sum():g} and sum(upper) is {upper.sum():g}"
        raise ValueError(f"No weights sum to 1 within the bounds: {sums}. Widen the bounds.")
    if not p.all():
        R, p = R[p > 0], p[p > 0]
    return R, p / p.sum(), lower, upper


def weigh(p):
    """Refuse probabilities beside which wealth would be as small as rounding, or a power of it too great."""
    if p.min() < 1e-12:
        raise ValueError(f"p must be 0 or at least 1e-12; one is {p.min():g}. Leave that scenario out.")


def _bound(name, x, n):
    x = numbers(name, x)
    if x.shape not in ((), (n,)):
        raise ValueError(f"{name} must hold one number or {n}, one a column of R; its shape is {x.shape}.")
    if np.isnan(x).any() or (name == "lower" and np.isinf(x).any()):
        raise ValueError(f"{name} must hold {'finite ' * (name == 'lower')}numbers; it holds {x}.")
    return np.full(n, x)
