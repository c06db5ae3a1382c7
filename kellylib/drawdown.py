"""kelly_drawdown: the fastest growth whose chance of ever falling below a part of the start is bounded."""

import numpy as np
from scipy.optimize import brentq

from kellylib.full import kelly_full
from kellylib.growth import Solution, check_market, score
from kellylib.robust import log_moment, tilted_kelly


def kelly_drawdown(R, p=None, *, alpha, beta):
    r"""Growth-optimal weights whose wealth ever falls below alpha times its start with probability <= beta.

    .. math:: \max_w \sum_k p_k \log (R w)_k \quad \text{where} \quad \sum_k p_k (R w)_k^{-\lambda} \le 1,
        \quad \lambda = \log \beta / \log \alpha,

    which bounds that probability over any horizon. The fall is below the start, not below a later peak.

    Parameters
    ----------
    R : array_like or DataFrame, shape (K, n)
        Gross returns, all >= 0: row k is scenario k, column j asset j. Cash is a column like any other.
    p : array_like, shape (K,), optional
        Probabilities of the scenarios, >= 0 with sum 1; equal ones if left out.
    alpha, beta : float
        Part of the starting wealth; probability allowed for ever falling below it. Both in (0, 1).

    Returns
    -------
    Solution
        Weights (n,) >= 0 with sum 1, growth (nats per period), the certified gap to the best growth under the
        constraint, and the violation, in which the excess of the constraint's left side over 1 counts too.

    Raises
    ------
    ValueError
        For a market, alpha or beta that cannot be, and if no weights satisfy the constraint.

    Examples
    --------
    Kelly stakes 0.2 on this coin and may fall below half of the start with probability 1/2. To allow 1/10:

    >>> s = kelly_drawdown([[2, 1], [0, 1]], [0.6, 0.4], alpha=0.5, beta=0.1)
    >>> print(s.weights.round(4), s.gap <= 1e-12, s.violation <= 1e-12)
    [0.0934 0.9066] True True

    Notes
    -----
    Let q be proportional to :math:`p (R w)^{-\lambda}` and m the mixture :math:`(1 - \theta) p + \theta q`,
    theta in [0, 1). By Jensen's inequality no weights that satisfy the constraint grow faster than w by
    more than :math:`[\log \max_j \sum_k m_k R_{kj} / (R w)_k - \frac{\theta}{\lambda} \log \sum_k p_k
    (R w)_k^{-\lambda}] / (1 - \theta)`. Home chapter: Security (notebooks/08_security).

    References
    ----------
    E. Busseti, E. K. Ryu and S. Boyd (2016), Journal of Investing 25(3), 118-134.
    """
    for name, value in (("alpha", alpha), ("beta", beta)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must lie strictly between 0 and 1; it is {value}.")
    power = np.log(beta) / np.log(alpha)
    full = kelly_full(R, p)
    R, p, lower, upper = check_market(R, p, 0.0, 1.0)
    risk = lambda w: log_moment(p, R @ w, power)[0] if (R @ w).min() > 0 else np.inf  # noqa: E731
    if risk(full.weights) <= 0:
        return full
    safe, reach = full.weights, min(power, 20.0)
    while full.growth > -np.inf:  # the least risk, by way of smaller powers
        safe = tilted_kelly(R, p, reach, 1.0, safe)
        if reach == power:
            break
        reach = min(power, 2 * reach)
    least, theta, w = risk(safe), 0.5, safe
    if least > 1e-12:
        q = log_moment(p, R @ safe, power)[1] if least < np.inf else p
        if least < np.inf and least <= power * np.log((q / (R @ safe) @ R).max()):
            raise RuntimeError(
                f"No weights with sum(p * (R @ w)**-{power:.6g}) <= 1 were found. Lower beta less."
            )
        raise ValueError(
            f"No weights satisfy alpha and beta: the logarithm of sum(p * (R @ w)**-{power:.6g}) is at least "
            f"{least:.3g}, not 0. Add a riskless column (add_cash), lower alpha or raise beta."
        )
    if least < 0:  # otherwise only `safe` is feasible
        # log risk falls with theta; the root of its height above the least is nearly linear in s
        scale = max(power, 0.1)
        height = lambda w: np.sqrt(max(risk(w) - least, 0.0)) - np.sqrt(-least)  # noqa: E731
        ends = {True: safe, False: full.weights}  # feasible: yes or no
        known = {1.0: height(full.weights), 1 / (1 + scale): height(safe)}

        def miss(s):
            if s not in known:
                w = tilted_kelly(R, p, power, (1 / s - 1) / scale, ends[True])
                known[s], ends[bool(risk(w) <= 0)] = height(w), w
            return known[s]

        theta = (1 / brentq(miss, *sorted(known), xtol=1e-13) - 1) / scale
        low, high = 0.0, 1.0
        for _ in range(40):  # to the boundary, from inside
            middle = (low + high) / 2
            w = ends[True] + middle * (ends[False] - ends[True])
            low, high = (middle, high) if risk(w) <= 0 else (low, middle)
        w = ends[True] + low * (ends[False] - ends[True])
    found = score(R, p, w, lower, upper)
    h, q = log_moment(p, R @ w, power)
    top = (((1 - theta) * p + theta * q) / (R @ w) @ R).max()
    gap = (np.log(top) - theta / power * h) / (1 - theta)
    return Solution(w, found.growth, float(gap), max(found.violation, float(np.expm1(h))))
