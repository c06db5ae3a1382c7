"""Growth under a bound on risk, and under doubt: ways through one tilted problem."""

from dataclasses import replace
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import kl_div

from kellydata.checks import check_fall, check_radius, check_weighed, refuse_fall
from kellylib.full import TOLERANCE, interior_point, join, kelly_full
from kellylib.growth import certify, score, steadiest


def kelly_drawdown(R, p=None, *, alpha, beta):
    r"""Growth-optimal weights whose wealth ever falls below alpha times its start with probability <= beta.

    .. math:: \max_w \sum_k p_k \log (R w)_k \quad \text{where} \quad \sum_k p_k (R w)_k^{-\lambda} \le 1,
        \quad \lambda = \log \beta / \log \alpha,

    which bounds that probability over any horizon. The fall is below the start, not below a later peak.
    With q proportional to :math:`p (R w)^{-\lambda}` and m = (1 - theta) p + theta q, theta in [0, 1), Jensen
    certifies: no weights that satisfy the constraint grow faster than w by more than
    :math:`[\log \max_j \sum_k m_k R_{kj} / (R w)_k - \frac\theta\lambda \log \sum_k p_k (R w)_k^{-\lambda}] /
    (1 - \theta)`. E. Busseti et al. (2016), J. Investing 25(3), 118-134.

    Parameters:
        R, p: The market, as in `kelly_full`; probabilities are 0 or at least 1e-12.
        alpha, beta (float): Part of the start; chance of ever falling below it. In (0, 1), lambda <= 1e6.
    Returns:
        Solution: Weights, growth, gap to the best growth under the constraint, and violation, which counts
        the constraint's excess over 1, too. ValueError if no weights satisfy it, RuntimeError in doubt.
    Examples:
        >>> s = kelly_drawdown([[2, 1], [0, 1]], [0.6, 0.4], alpha=0.5, beta=0.1)  # Kelly: 0.2, for beta 1/2
        >>> print(s.weights.round(4), s.gap <= 1e-12, s.violation <= 1e-12)
        [0.0934 0.9066] True True
    """
    power, full = check_fall(alpha, beta), kelly_full(R, p)
    R, p, lower, upper = check_weighed(R, p)

    def risk(w):
        return log_moment(p, R @ w, power)[0] if (R @ w).min() > 0 else np.inf

    def certified(w, theta):
        s, (h, q) = score(R, p, w, lower, upper), log_moment(p, R @ w, power)
        top = (((1 - theta) * p + theta * q) / (R @ w) @ R).max()
        gap = (np.log(top) - theta / power * h) / (1 - theta)
        return replace(s, gap=float(gap), violation=max(s.violation, float(np.expm1(h))))

    safe, excess = full.weights, risk(full.weights)
    if excess <= TOLERANCE:
        return replace(full, violation=max(full.violation, float(np.expm1(excess))))
    reach = np.append(20 * 2.0 ** np.arange(np.ceil(np.log2(max(power / 20, 1)))), power)
    for smaller in reach if full.growth > -np.inf else ():  # the least risk, by way of smaller powers
        safe = tilted_kelly(R, p, smaller, 1.0, safe)
    least = risk(safe)
    if least > 1e-12:
        q = log_moment(p, R @ safe, power)[1] if least < np.inf else p
        refuse_fall(power, least, np.inf > least <= power * np.log((q / (R @ safe) @ R).max()))
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
        best = min(best, certified(inside + share * (outside - inside), theta), key=lambda s: s.gap)
        return 0.0 if best.gap <= 10 * TOLERANCE else known[s]

    brentq(miss, *sorted(known), xtol=1e-13, disp=False)  # the certificate judges
    return best


def kelly_robust(R, p=None, *, radius):
    r"""Weights with the best growth rate under the worst probabilities within a divergence of p.

    .. math:: \max_w \min_q \sum_k q_k \log (R w)_k, \quad \sum_k q_k \log (q_k / p_k) \le \text{radius}

    The worst q is proportional to :math:`p (R w)^{-\lambda}`; the certificate of the plain problem under any
    q in the ball bounds what other weights guarantee. Q. Sun and S. Boyd (2018), arXiv:1812.10371.

    Parameters:
        R, p: The market, as in `kelly_full`; probabilities are 0 or at least 1e-12.
        radius (float): Kullback-Leibler divergence guarded against, nats, >= 0; 0 is `kelly_full`, from
            -log(min(p)) on the worst scenario alone counts.
    Returns:
        Solution: Weights, growth under their worst probabilities; none guarantee more than growth + gap.
    Examples:
        >>> s = kelly_robust([[2, 1], [0, 1]], [0.6, 0.4], radius=0.01)  # played as a coin of 0.53
        >>> print(s.weights.round(4), s.gap <= 1e-12)
        [0.0603 0.9397] True
    """
    radius, w = check_radius(radius), (full := kelly_full(R, p)).weights
    R, p, lower, upper = check_weighed(R, p)
    radius = min(radius, -np.log(p.min()))  # within that lie all probabilities
    if radius <= 0 or full.growth == -np.inf:
        return full
    power = np.sqrt(2 * radius / max(p @ (np.log(R @ w) - full.growth) ** 2, 1e-12))
    steady, found, last = None, [], np.log(power) + 14

    @cache  # each start is another: asked twice, it would differ by rounding
    def excess(log_power):
        nonlocal w
        w = tilted_kelly(R, p, np.exp(log_power), 1.0, w)
        q = log_moment(p, R @ w, np.exp(log_power))[1]
        return np.log(max(kl_div(q, p).sum() / radius, 1e-300))

    def guaranteed(w):
        return score(R, worst_case(R, p, w, radius=radius), w, lower, upper)

    low = high = np.log(min(power, 100.0))  # rising powers reach what one leap would not
    while excess(high) < 0 and high < last:  # a ball so wide that it may hold the dual of the least risk
        safe, dual = steady = steady or _steady(R, lower, upper)
        q = dual(log_moment(p, R @ w, np.exp(high) + 1)[1])
        if kl_div(q, p).sum() <= radius:  # then nothing beats its growth under q by more than the gap there
            most, least = score(R, q, safe, lower, upper), guaranteed(safe)
            found.append(replace(least, gap=most.growth + most.gap - least.growth))
            if found[-1].gap <= 10 * TOLERANCE:
                return found[-1]
        low, high = high, high + 1
    while excess(low) > 0:
        low -= 1
    if excess(high) > 0:
        brentq(excess, low, high, xtol=1e-12, disp=False)  # the certificate judges
    return min([*found, guaranteed(w)], key=lambda s: s.gap)


def _steady(R, lower, upper):
    """The weights whose worst scenario is the best; what leads from probabilities to the dual's near by."""
    w, scale = steadiest(R, lower, upper), min(np.ptp(R), 1.0)
    held, bad = np.flatnonzero(w > 1e-9), np.flatnonzero(R @ w <= (R @ w).min() + 1e-7 * scale)  # worst
    table = np.block([[R[np.ix_(bad, held)], -np.ones((len(bad), 1))], [np.ones(len(held)), 0.0]])
    vertex = np.linalg.lstsq(table, np.eye(len(table))[-1])[0][:-1]
    vertex = np.bincount(held, np.maximum(vertex, 0.0), len(w))
    best = max(vertex / vertex.sum(), w / w.sum(), key=lambda v: (R @ v).min())

    def dual(q):
        y = np.append(q[bad], -(R @ best).min())
        y -= np.linalg.lstsq(table.T, np.eye(table.shape[1])[-1] + table.T @ y)[0]
        q = np.bincount(bad, np.maximum(y[:-1], 0.0), len(q))
        return q / q.sum()

    return best, dual


def worst_case(R, p, w, *, radius):
    """Probabilities within a Kullback-Leibler radius of p under which the weights w grow slowest.

    Parameters:
        R, p, w: As in `growth_rate`.
        radius (float): As in `kelly_robust`.
    Returns:
        ndarray, shape (K,)
    Examples:
        >>> worst_case([[2, 1], [0, 1]], [0.6, 0.4], [0.2, 0.8], radius=0.01).round(4)
        array([0.5302, 0.4698])
    """
    radius, w = check_radius(radius), certify(R, p, w).weights
    x = np.asarray(R, float) @ w
    q = np.full(len(x), 1 / len(x)) if p is None else np.asarray(p, float) / np.sum(p)
    x, p, on = x[q > 0], q[q > 0], q > 0
    worst = x <= max(x.min() * (1 + 1e-15), 0.0)  # the same to rounding

    def excess(power):
        return kl_div(log_moment(p, x, power)[1], p).sum() - radius

    if x.min() <= 0 or radius >= -np.log(p[worst].sum()) * (1 - 1e-12):
        q[on] = worst * p / p[worst].sum()
    elif excess(0.0) < 0:  # else the radius is rounding
        high = 1.0
        while excess(high) < 0:
            high *= 2
        q[on] = log_moment(p, x, brentq(excess, 0, high, xtol=1e-15 * high))[1]
    return q


def log_moment(p, wealth, power):
    """Return log E wealth**-power, and the probabilities proportional to p * wealth**-power."""
    z = -power * np.log(wealth)
    top = z.max()
    q = p * np.exp(z - top)
    near = top < 30 and (excess := p @ np.expm1(z)) > -0.999  # near 1 the moment keeps its digits
    return np.log1p(excess) if near else top + np.log(q.sum()), q / q.sum()


def tilted_kelly(R, p, power, theta, near):
    """Maximize (1 - theta) E log Rw - theta / power * log E (Rw)**-power, from solvent weights near by."""

    def oracle(w):
        wealth = A @ w
        if wealth.min() <= 0:
            return -np.inf, None, None, None
        h, q = log_moment(p, wealth, power)
        S, m = A / wealth[:, None], (1 - theta) * p + theta * q
        gradient = m @ S
        S -= 1  # on sum(dw) == 0 the same Hessian, better conditioned
        d = np.maximum(m + theta * power * q, 1e-300)  # minus the Hessian: S' (diag(d) - theta power q q') S
        root = np.sqrt(d)
        u = np.sqrt(theta * power) * q / root
        S *= root[:, None]
        S -= np.outer(u / (1 + np.sqrt(q @ (m / d))), u @ S)  # q @ (m / d) == 1 - u @ u
        return (1 - theta) * (p @ np.log(wealth)) - theta / power * h, gradient, S, 0.0

    def price(w):
        wealth = R @ w
        if wealth.min() <= 0:
            return np.full(len(w), np.inf)
        return ((1 - theta) * p + theta * log_moment(p, wealth, power)[1]) / wealth @ R

    part, n = 1 / (1 + power), R.shape[1]  # a start within the reach of the power
    S = np.union1d(np.flatnonzero(near), np.argsort(-price(near / near.sum()))[:24])
    while True:
        A, x = R[:, S], (1 - part) * near[S] / near.sum() + part / len(S)
        x, slack_price, _ = interior_point(oracle, x / x.sum(), np.full(len(S), np.inf))
        tries = [np.bincount(S, z / z.sum(), n) for z in (np.where(x < slack_price, 0.0, x), x)]
        gradient, w = min(((price(w), w) for w in tries), key=lambda t: t[0].max())
        if len(more := join(S, gradient, 1.0)) == len(S):
            return w
        S = more
