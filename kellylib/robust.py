"""kelly_robust: growth that holds for all probabilities near p; the tilted problem below it."""

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import kl_div

from kellylib.data import number
from kellylib.full import TOLERANCE, interior_point, kelly_full
from kellylib.growth import certify, check_market, score, steadiest

RADIUS = 0.0, np.inf, "be a divergence in nats, finite and >= 0"


def kelly_robust(R, p=None, *, radius):
    r"""Weights with the best growth rate under the worst probabilities within a divergence of p.

    .. math:: \max_w \; \min_q \sum_k q_k \log (R w)_k \quad \text{where} \quad
        \sum_k q_k \log (q_k / p_k) \le \text{radius}

    Parameters
    ----------
    R, p
        The market, as in `kelly_full`; probabilities are 0 or at least 1e-12.
    radius : float
        Kullback-Leibler divergence of the probabilities guarded against, nats, >= 0; 0 is `kelly_full`.

    Returns
    -------
    Solution
        Weights, their growth under the worst probabilities, and the gap: no weights guarantee more than both.

    Examples
    --------
    A coin believed to show heads with probability 0.6, and played as one of 0.53:

    >>> s = kelly_robust([[2, 1], [0, 1]], [0.6, 0.4], radius=0.01)
    >>> print(s.weights.round(4), s.gap <= 1e-12)
    [0.0603 0.9397] True

    Notes
    -----
    The worst q is proportional to :math:`p (R w)^{-\lambda}`. For every q in the ball, by Jensen,
    no weights guarantee more than :math:`\sum_k q_k \log (R w)_k + \log \max_j \sum_k q_k R_{kj} / (R w)_k`:
    the gap is the certificate of the plain problem under q. Q. Sun and S. Boyd (2018), arXiv:1812.10371.
    Home chapter: Uncertain probabilities (notebooks/09_uncertainty).
    """
    radius = number("radius", radius, *RADIUS)
    w = (full := kelly_full(R, p)).weights
    R, p, lower, upper = check_market(R, p, 0.0, 1.0)
    weigh(p)
    if radius == 0 or full.growth == -np.inf:
        return full
    power = np.sqrt(2 * radius / max(p @ (np.log(R @ w) - full.growth) ** 2, 1e-12))

    def excess(log_power):
        nonlocal w
        w = tilted_kelly(R, p, np.exp(log_power), 1.0, w)
        q = log_moment(p, R @ w, np.exp(log_power))[1]
        return np.log(kl_div(q, p).sum() / radius + 1e-300)

    low = high = np.log(power)
    wide, safe = [], None
    while excess(high) < 0 and high - low < 14:  # a ball so wide that the least risk may be best
        if safe is None:
            safe = _steady(R, lower, upper)
            least = score(R, worst_case(R, p, safe, radius=radius), safe, lower, upper)
        q = log_moment(p, R @ w, np.exp(high) + 1)[1]  # w holds what is safe: nothing beats that under q
        most = score(R, q, safe, lower, upper)
        if kl_div(q, p).sum() <= radius:
            wide.append(replace(least, gap=most.growth + most.gap - least.growth))
            if wide[-1].gap <= 10 * TOLERANCE:
                return wide[-1]
        high += 0.7
    while excess(low) > 0:
        low -= 0.7
    if excess(high) > 0:
        brentq(excess, low, high, xtol=1e-12, disp=False)  # the certificate judges
    found = score(R, worst_case(R, p, w, radius=radius), w, lower, upper)
    return min([*wide, found], key=lambda s: s.gap)


def _steady(R, lower, upper):
    """The weights of the best worst scenario, their last digits from the equations that hold at a vertex."""
    w = steadiest(R, lower, upper)
    held, bad = w > 1e-9, R @ w <= (R @ w).min() + 1e-7
    table = np.block([[R[np.ix_(bad, held)], -np.ones((bad.sum(), 1))], [np.ones(held.sum()), 0.0]])
    vertex = np.zeros(len(w))
    vertex[held] = np.linalg.lstsq(table, np.append(np.zeros(bad.sum()), 1.0))[0][:-1]
    vertex /= vertex.sum()
    return vertex if vertex.min() >= 0 and (R @ vertex).min() >= (R @ w).min() - 1e-9 else w


def worst_case(R, p, w, *, radius):
    """Probabilities q within a Kullback-Leibler radius of p under which the weights w grow slowest.

    Parameters
    ----------
    R, p, w
        The market and weights of it, as in `growth_rate`.
    radius : float
        As in `kelly_robust`.

    Returns
    -------
    ndarray, shape (K,)
        The probabilities q.

    Examples
    --------
    >>> worst_case([[2, 1], [0, 1]], [0.6, 0.4], [0.2, 0.8], radius=0.01).round(4)
    array([0.5302, 0.4698])

    Notes
    -----
    Home chapter: Uncertain probabilities (notebooks/09_uncertainty).
    """
    radius = number("radius", radius, *RADIUS)
    certify(R, p, w)  # refuses what cannot be
    wealth = np.asarray(R, float) @ np.asarray(w, float)
    p = np.full(len(wealth), 1 / len(wealth)) if p is None else np.asarray(p, float) / np.sum(p)
    least = wealth[p > 0].min()
    worst = (wealth <= least) & (p > 0)
    if least <= 0 or radius >= -np.log(p[worst].sum()):
        return worst * p / p[worst].sum()
    excess = lambda power: kl_div(log_moment(p, wealth, power)[1], p).sum() - radius  # noqa: E731
    high = 1.0
    while excess(high) < 0:
        high *= 2
    return log_moment(p, wealth, brentq(excess, 0, high, xtol=1e-15 * high))[1]


def weigh(p):
    """Refuse probabilities too small for a power of wealth to be weighed by them."""
    if p.min() < 1e-12:
        raise ValueError(f"p must be 0 or at least 1e-12; one is {p.min():g}. Leave that scenario out.")


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
        S = A / wealth[:, None]
        gradient = ((1 - theta) * p + theta * q) @ S
        S -= 1  # on sum(dw) == 0 the same Hessian, better conditioned
        d = (1 - theta) * p + theta * (1 + power) * q  # minus the Hessian: S' (diag(d) - theta power q q') S
        root = np.sqrt(np.where(d > 0, d, 1.0))
        u = np.sqrt(theta * power) * q / root
        S *= root[:, None]
        S -= np.outer(u / (1 + np.sqrt(1 - u @ u)), u @ S)
        return (1 - theta) * (p @ np.log(wealth)) - theta / power * h, gradient, S, 0.0

    def price(w):
        wealth = R @ w
        return ((1 - theta) * p + theta * log_moment(p, wealth, power)[1]) / wealth @ R

    part = 1 / (1 + power)  # a start within the reach of the power
    work = np.union1d(np.flatnonzero(near), np.argsort(-price(near / near.sum()))[:24])
    while True:
        A, x = R[:, work], (1 - part) * near[work] / near.sum() + part / len(work)
        x, slack_price, _ = interior_point(oracle, x / x.sum(), np.full(len(work), np.inf))
        w = np.zeros(R.shape[1])
        w[work] = np.where(x < slack_price[: len(x)], 0.0, x)
        w /= w.sum()
        gradient = price(w)
        gradient[work] = -np.inf
        new = np.flatnonzero(gradient > 1 + TOLERANCE)
        if not len(new):
            return w
        work = np.union1d(work, new[np.argsort(-gradient[new])][: len(work)])
