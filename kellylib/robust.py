"""kelly_robust: growth that holds for all probabilities near p; the tilted problem below it."""

from dataclasses import replace
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import kl_div

from kellydata import number
from kellylib.full import TOLERANCE, interior_point, kelly_full
from kellylib.growth import certify, check_market, score, steadiest, weigh

RADIUS = 0.0, np.inf, "be a divergence in nats, finite and >= 0"


def kelly_robust(R, p=None, *, radius):
    r"""Weights with the best growth rate under the worst probabilities within a divergence of p.

    .. math:: \max_w \; \min_q \sum_k q_k \log (R w)_k \quad \text{where} \quad
        \sum_k q_k \log (q_k / p_k) \le \text{radius}

    The worst q is proportional to :math:`p (R w)^{-\lambda}`. For every q in the ball, by Jensen,
    no weights guarantee more than :math:`\sum_k q_k \log (R w)_k + \log \max_j \sum_k q_k R_{kj} / (R w)_k`:
    the gap is the certificate of the plain problem under q. Q. Sun and S. Boyd (2018), arXiv:1812.10371.
    Home chapter: Uncertain probabilities (notebooks/09_uncertainty).

    Parameters:
        R, p: The market, as in `kelly_full`; probabilities are 0 or at least 1e-12.
        radius (float): Kullback-Leibler divergence of the probabilities guarded against, nats, >= 0; 0 is
            `kelly_full`, from -log(min(p)) on every q is within, and the worst scenario alone counts.
    Returns:
        Solution: Weights, their growth under the worst probabilities, and the gap: no weights guarantee more
        than both.
    Examples:
        A coin believed to show heads with probability 0.6, and played as one of 0.53:

        >>> s = kelly_robust([[2, 1], [0, 1]], [0.6, 0.4], radius=0.01)
        >>> print(s.weights.round(4), s.gap <= 1e-12)
        [0.0603 0.9397] True
    """
    radius = number("radius", radius, *RADIUS)
    w = (full := kelly_full(R, p)).weights
    R, p, lower, upper = check_market(R, p, 0.0, 1.0)
    weigh(p)
    radius = min(radius, -np.log(p.min()))  # within that lie all probabilities
    if radius <= 0 or full.growth == -np.inf:
        return full
    power = np.sqrt(2 * radius / max(p @ (np.log(R @ w) - full.growth) ** 2, 1e-12))
    steady, found = None, []

    @cache  # each start is another: asked twice, it would differ by rounding
    def excess(log_power):
        nonlocal w
        w = tilted_kelly(R, p, np.exp(log_power), 1.0, w)
        q = log_moment(p, R @ w, np.exp(log_power))[1]
        return np.log(max(kl_div(q, p).sum() / radius, 1e-300))

    def guaranteed(w):
        return score(R, worst_case(R, p, w, radius=radius), w, lower, upper)

    low = high = np.log(min(power, 100.0))  # rising powers reach what one leap would not
    last = np.log(power) + 14
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
    """The weights whose worst scenario is the best; what leads from probabilities to the dual's near by.

    The linear programme says what is held and which scenarios are the worst; their equations are solved.
    """
    w, scale = steadiest(R, lower, upper), min(np.ptp(R), 1.0)
    held, bad = np.flatnonzero(w > 1e-9), np.flatnonzero(R @ w <= (R @ w).min() + 1e-7 * scale)
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
    """Probabilities q within a Kullback-Leibler radius of p under which the weights w grow slowest.

    Home chapter: Uncertain probabilities (notebooks/09_uncertainty).

    Parameters:
        R, p, w: The market and weights of it, as in `growth_rate`.
        radius (float): As in `kelly_robust`.
    Returns:
        ndarray, shape (K,): The probabilities q.
    Examples:
        >>> worst_case([[2, 1], [0, 1]], [0.6, 0.4], [0.2, 0.8], radius=0.01).round(4)
        array([0.5302, 0.4698])
    """
    radius = number("radius", radius, *RADIUS)
    certify(R, p, w)  # refuses what cannot be
    x = np.asarray(R, float) @ np.asarray(w, float)
    q = np.full(len(x), 1 / len(x)) if p is None else np.asarray(p, float) / np.sum(p)
    x, p, on = x[q > 0], q[q > 0], q > 0
    worst = x <= max(x.min() * (1 + 1e-15), 0.0)  # the same to rounding
    excess = lambda power: kl_div(log_moment(p, x, power)[1], p).sum() - radius  # noqa: E731
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
    work = np.union1d(np.flatnonzero(near), np.argsort(-price(near / near.sum()))[:24])
    while True:
        A, x = R[:, work], (1 - part) * near[work] / near.sum() + part / len(work)
        x, slack_price, _ = interior_point(oracle, x / x.sum(), np.full(len(work), np.inf))
        tries = [np.bincount(work, z / z.sum(), n) for z in (np.where(x < slack_price[: len(x)], 0.0, x), x)]
        gradient, w = min(((price(w), w) for w in tries), key=lambda t: t[0].max())
        gradient[work] = -np.inf
        new = np.flatnonzero(gradient > 1 + TOLERANCE)
        if not len(new):
            return w
        work = np.union1d(work, new[np.argsort(-gradient[new])][: len(work)])
