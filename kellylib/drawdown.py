"""kelly_drawdown: the fastest growth whose chance of ever falling below a part of the start is bounded."""

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from kellydata import number
from kellylib.full import TOLERANCE, kelly_full
from kellylib.growth import Solution, check_market, score, weigh
from kellylib.robust import log_moment, tilted_kelly


def kelly_drawdown(R, p=None, *, alpha, beta):
    r"""Growth-optimal weights whose wealth ever falls below alpha times its start with probability <= beta.

    .. math:: \max_w \sum_k p_k \log (R w)_k \quad \text{where} \quad \sum_k p_k (R w)_k^{-\lambda} \le 1,
        \quad \lambda = \log \beta / \log \alpha,

    which bounds that probability over any horizon. The fall is below the start, not below a later peak.

    Let q be proportional to :math:`p (R w)^{-\lambda}` and m the mixture :math:`(1 - \theta) p + \theta q`,
    theta in [0, 1). By Jensen's inequality no weights that satisfy the constraint grow faster than w by
    more than :math:`[\log \max_j \sum_k m_k R_{kj} / (R w)_k - \frac{\theta}{\lambda} \log \sum_k p_k
    (R w)_k^{-\lambda}] / (1 - \theta)`. E. Busseti et al. (2016), J. Investing 25(3), 118-134.
    Home chapter: Security (notebooks/08_security).

    Parameters:
        R, p: The market, as in `kelly_full`; probabilities are 0 or at least 1e-12.
        alpha, beta (float): Part of the starting wealth; probability allowed for ever falling below it. Both
            in (0, 1), lambda at most 1e6.
    Returns:
        Solution: Weights, growth, the certified gap to the best growth under the constraint, and the
        violation, in which the excess of the constraint's left side over 1 counts too. ValueError if no
        weights satisfy it.
    Examples:
        Kelly stakes 0.2 on this coin, which may halve wealth with probability 1/2. To allow 1/10:

        >>> s = kelly_drawdown([[2, 1], [0, 1]], [0.6, 0.4], alpha=0.5, beta=0.1)
        >>> print(s.weights.round(4), s.gap <= 1e-12, s.violation <= 1e-12)
        [0.0934 0.9066] True True
    """
    limits = 5e-324, 1 - 2**-53, "lie strictly between 0 and 1"
    alpha, beta = number("alpha", alpha, *limits), number("beta", beta, *limits)
    power = np.log(beta) / np.log(alpha)
    if power > 1e6:  # rounding of wealth would count
        raise ValueError(f"alpha, beta must give lambda <= 1e6, not {power:.1e}: lower alpha or raise beta.")
    full = kelly_full(R, p)
    R, p, lower, upper = check_market(R, p, 0.0, 1.0)
    weigh(p)

    def risk(w):
        return log_moment(p, R @ w, power)[0] if (R @ w).min() > 0 else np.inf

    def certified(w, theta):
        found, (h, q) = score(R, p, w, lower, upper), log_moment(p, R @ w, power)
        top = (((1 - theta) * p + theta * q) / (R @ w) @ R).max()
        gap = (np.log(top) - theta / power * h) / (1 - theta)
        return Solution(w, found.growth, float(gap), max(found.violation, float(np.expm1(h))))

    if (excess := risk(full.weights)) <= TOLERANCE:
        return replace(full, violation=max(full.violation, float(np.expm1(excess))))
    safe, reach = full.weights, min(power, 20.0)
    while full.growth > -np.inf:  # the least risk, by way of smaller powers
        safe = tilted_kelly(R, p, reach, 1.0, safe)
        if reach == power:
            break
        reach = min(power, 2 * reach)
    least = risk(safe)
    if least > 1e-12:
        q = log_moment(p, R @ safe, power)[1] if least < np.inf else p
        if least < np.inf and least <= power * np.log((q / (R @ safe) @ R).max()):
            raise RuntimeError(f"No weights with sum(p * (R @ w)**-{power:.6g}) <= 1 found. Lower beta less.")
        what = f"the logarithm of sum(p * (R @ w)**-{power:.6g}) is at least {least:.3g}, not 0"
        cure = "Add a riskless column (add_cash), lower alpha or raise beta"
        raise ValueError(f"No weights satisfy alpha and beta: {what}. {cure}.")
    best = certified(safe, 0.5)
    if least >= 0:  # only `safe` is feasible
        return best

    # log risk falls with theta; the root of its height above the least is nearly linear in s
    scale = max(power, 0.1)
    ends = {True: (1 / (1 + scale), safe), False: (1.0, full.weights)}  # feasible: yes or no

    def height(w):
        return np.sqrt(max(risk(w) - least, 0.0)) - np.sqrt(-least)

    known = {s: height(w) for s, w in ends.values()}

    def miss(s):
        nonlocal best
        if s in known:
            return known[s]
        w = tilted_kelly(R, p, power, (1 / s - 1) / scale, ends[True][1])
        ends[bool(risk(w) <= 0)], known[s] = (s, w), height(w)
        (low, inside), (high, outside) = ends[True], ends[False]
        a, b = R @ inside, R @ outside  # to the boundary between them
        share = brentq(lambda c: log_moment(p, a + c * (b - a), power)[0], 0.0, 1.0, xtol=1e-16, disp=False)
        theta = (1 / (low + share * (high - low)) - 1) / scale
        found = certified(inside + share * (outside - inside), theta)
        best = min(best, found, key=lambda s: s.gap)
        return 0.0 if best.gap <= 10 * TOLERANCE else known[s]

    brentq(miss, *sorted(known), xtol=1e-13, disp=False)  # the certificate judges
    return best
