"""Bets: closed forms for one bet and one race; any number of simultaneous bets by one integral."""

import numpy as np
from scipy.special import xlog1py

from kellylib.full import TOLERANCE, interior_point
from kellylib.growth import Solution, certify

STEP, LEFT = 1 / 16, -3.75  # of the quadrature in u; t = exp(u - exp(-u)) starts at 1e-20


def _numbers(name, value, low, high, rule):
    """Return `value` as an array of floats within [low, high], or say which entry is not and what to do."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be {rule}; it is {value!r}.") from None
    bad = ~((array >= low) & (array <= high))
    if bad.any():
        at = tuple(map(int, np.argwhere(bad)[0]))
        where = f"{name}[{', '.join(map(str, at))}]" if at else name
        raise ValueError(f"{name} must be {rule}; {where} is {array[at]:.10g}.")
    return array


def _vector(name, value, low, high, rule, like=None):
    """Return the checked `value` as a vector; a single number is repeated where `like` gives the length."""
    array = np.atleast_1d(_numbers(name, value, low, high, rule))
    array = np.full(len(like), array[0]) if like is not None and np.ndim(value) == 0 else array
    if array.ndim != 1 or not array.size or (like is not None and len(array) != len(like)):
        size = "a list, not empty" if like is None else f"one number for each of {len(like)} probabilities"
        raise ValueError(f"{name} must be {size}; its shape is {np.shape(value)}.")
    return array


def _inside(name, p):
    rule = "a probability between 0 and 1, neither included (divide percentages by 100)"
    return _vector(name, p, np.nextafter(0, 1), np.nextafter(1, 0), rule)


def _net(b, p):
    return _vector("b", b, 1e-12, 1e12, "net odds, finite and > 0 (decimal odds minus 1)", p)


def _sum_one(name, p):
    if abs(p.sum() - 1) > 1e-9:
        raise ValueError(f"{name} must sum to 1; it sums to {p.sum():.10g}. Pass {name} / sum({name}).")
    return p / p.sum()


def _outcomes(p, odds, i=""):
    """Return the checked probabilities and decimal odds of one event."""
    p = _sum_one(f"p{i}", _inside(f"p{i}", p))
    if np.ndim(odds) == 0:
        raise ValueError(f"odds{i} must be a list of decimal odds, one for each probability; it is {odds!r}.")
    return p, _vector(f"odds{i}", odds, 1.0, 1e12, "decimal odds, at least 1 (net odds plus 1)", p)


def _fit(names, *arrays):
    """Say so if the arrays do not broadcast to one shape."""
    try:
        np.broadcast_shapes(*(a.shape for a in arrays))
    except ValueError:
        shapes = ", ".join(str(a.shape) for a in arrays)
        raise ValueError(
            f"{names} must be numbers or arrays of one shape; their shapes are {shapes}."
        ) from None


def _bet(p, b):
    """Return the checked win probabilities and net odds of one bet or of an array of bets."""
    p = _numbers("p", p, 0.0, 1.0, "a probability between 0 and 1 (divide percentages by 100)")
    tiny, huge = np.finfo(float).tiny, np.finfo(float).max
    b = _numbers("b", b, tiny, huge, "net odds, finite and > 0 (decimal odds minus 1)")
    _fit("p and b", p, b)
    return p, b


def kelly_fraction(p, b=1.0):
    r"""Return the fraction of wealth whose stake grows wealth fastest: Kelly's fraction of one bet.

    .. math:: f^\star = \max\left(0,\; p - \frac{1 - p}{b}\right),

    which is :math:`2p - 1` at even odds. Without an edge the stake is 0; a sure win (p = 1) stakes
    everything and is no ruin. Arrays of bets are taken one bet at a time, each as if it stood alone.

    Parameters
    ----------
    p : float or array
        Probability of winning, between 0 and 1.
    b : float or array
        Net odds, > 0: a stake of 1 that wins comes back with b more. Broadcast against `p`.

    Returns
    -------
    float or array
        Fraction of wealth to stake, between 0 and 1.

    Raises
    ------
    ValueError
        If `p` is no probability or `b` is not positive and finite.

    Examples
    --------
    >>> print(kelly_fraction(0.6).round(4))
    0.2
    >>> print(kelly_fraction([0.3, 0.5, 0.55, 1.0], b=2.0).round(4))
    [0.    0.25  0.325 1.   ]

    References
    ----------
    J. L. Kelly, "A new interpretation of information rate", Bell Syst. Tech. J. 35(4), 1956, 917-926.

    Notes
    -----
    Home chapter: One coin (notebooks/01_coin).
    """
    p, b = _bet(p, b)
    return np.maximum(p * b - (1 - p), 0.0) / b


def bet_growth(f, p, b=1.0):
    r"""Return the growth rate of wealth, in nats per bet, when the fraction f is staked on every bet.

    .. math:: g(f) = p \log(1 + b f) + (1 - p) \log(1 - f), \qquad 0 \log 0 = 0.

    Ruin is a result: staking everything on a bet that can be lost gives -inf.

    Parameters
    ----------
    f : float or array
        Fraction of wealth staked, between 0 and 1.
    p : float or array
        Probability of winning, between 0 and 1. Broadcast against `f`.
    b : float or array
        Net odds, > 0. Broadcast against `f`.

    Returns
    -------
    float or array
        Expected logarithm of the growth factor of one bet, in nats.

    Raises
    ------
    ValueError
        If `f` or `p` leaves [0, 1], or `b` is not positive and finite.

    Examples
    --------
    >>> print(bet_growth(0.2, 0.6).round(8))
    0.02013551
    >>> print(bet_growth([0.0, 0.2, 1.0], [0.6, 1.0, 0.6]).round(4))
    [0.     0.1823   -inf]

    References
    ----------
    J. L. Kelly, "A new interpretation of information rate", Bell Syst. Tech. J. 35(4), 1956, 917-926.

    Notes
    -----
    Home chapter: One coin (notebooks/01_coin).
    """
    p, b = _bet(p, b)
    f = _numbers("f", f, 0.0, 1.0, "a fraction of wealth between 0 and 1 (nobody stakes more than there is)")
    _fit("f, p and b", f, p, b)
    return xlog1py(p, b * f) + xlog1py(1 - p, -f)


def kelly_games(p, b=1.0):
    r"""Return the stakes on N simultaneous independent games that grow wealth fastest, certified.

    .. math:: \max E \log \Bigl(c + \sum_i (1 + b_i) x_i [i \text{ won}]\Bigr), \quad c + \sum_i x_i = 1.

    The 2^N outcomes are never listed: see `bets`. Games without an edge get exactly 0.

    Parameters
    ----------
    p : array_like, shape (N,)
        Probabilities of winning, between 0 and 1, neither included.
    b : float or array_like, shape (N,)
        Net odds, > 0.

    Returns
    -------
    Solution
        Weights (N + 1,), the stakes and then the cash; growth in nats per round; its gap.

    Raises
    ------
    ValueError
        For a probability or odds that cannot be; names the game.

    Examples
    --------
    >>> s = kelly_games([0.55, 0.6, 0.65])
    >>> print(s.weights.round(4), round(s.growth, 8), s.gap <= 1e-12)
    [0.0866 0.1805 0.2862 0.4467] 0.06836521 True

    References
    ----------
    C. Whitrow (2007), J. R. Stat. Soc. C 56(5), 607-623.

    Notes
    -----
    Home chapter: Many coins (notebooks/02_many_coins).
    """
    p = _inside("p", p)
    b = _net(b, p)
    return _solve(np.ones(1), p[None], 1 - p[None], 1 + b, np.arange(len(p)), kelly_fraction(p, b) > 0)


def kelly_games_mixture(weight, p, b=1.0):
    r"""Return the stakes on N simultaneous games that are independent only given a common cause s.

    Cause s comes with probability weight[s] and lets game i be won with probability p[s, i].

    Parameters
    ----------
    weight : array_like, shape (S,)
        Probabilities of the causes, with sum 1.
    p : array_like, shape (S, N)
        Probabilities of winning, between 0 and 1.
    b : float or array_like, shape (N,)
        Net odds, > 0.

    Returns
    -------
    Solution
        As `kelly_games`; a game without an edge may be held as a hedge.

    Raises
    ------
    ValueError
        For numbers that cannot be; names the entry.

    Examples
    --------
    Two coins of 0.6 that share their luck get less than the 0.1923 each of two that do not:

    >>> print(kelly_games_mixture([0.5, 0.5], [[0.8, 0.8], [0.4, 0.4]]).weights.round(4))
    [0.1667 0.1667 0.6667]

    Notes
    -----
    Home chapter: Many coins (notebooks/02_many_coins).
    """
    weight = _sum_one("weight", _vector("weight", weight, 0.0, 1.0, "a probability between 0 and 1"))
    p = _numbers("p", p, 0.0, 1.0, "a probability between 0 and 1")
    if p.ndim != 2 or len(p) != len(weight) or not p.size:
        raise ValueError(
            f"p must have one row for each of the {len(weight)} weights; its shape is {p.shape}."
        )
    b, seen = _net(b, p[0]), weight > 0
    return _solve(weight[seen], p[seen], 1 - p[seen], 1 + b, np.arange(len(b)), b > 0)


def kelly_events(p, odds):
    """Return the stakes on all outcomes of simultaneous independent events that grow wealth fastest.

    Exactly one outcome of an event comes (home, draw or away). Outcomes of negative expectation may be held
    as a hedge; where the odds leave the book no margin, sum(1 / odds) < 1, cash may be 0.

    Parameters
    ----------
    p : sequence of array_like
        For each event the probabilities of its outcomes, between 0 and 1, with sum 1.
    odds : sequence of array_like
        Decimal odds in the same layout, >= 1: a stake of 1 that wins comes back as odds.

    Returns
    -------
    Solution
        Weights: the stakes on the first event's outcomes, on the second's and so on, then the cash.

    Raises
    ------
    ValueError
        For numbers that cannot be; names event and outcome.

    Examples
    --------
    A football match and a tennis match:

    >>> s = kelly_events([[0.5, 0.3, 0.2], [0.6, 0.4]], [[2.3, 3.4, 3.6], [1.8, 2.2]])
    >>> print(s.weights.round(4), s.gap <= 1e-12)
    [0.1776 0.0822 0.     0.0967 0.     0.6435] True

    Notes
    -----
    Home chapter: Races (notebooks/03_races).
    """
    if len(p) != len(odds) or not len(p):
        raise ValueError(f"p and odds must list the same events; they list {len(p)} and {len(odds)}.")
    pairs = [_outcomes(p[i], odds[i], f"[{i}]") for i in range(len(p))]
    start = np.cumsum([0, *(len(q) for q, _ in pairs)])[:-1]
    p, odds = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    return _solve(np.ones(1), p[None], np.zeros((1, len(start))), odds, start, odds > 0)


def kelly_race(p, odds):
    r"""Return the stakes on the outcomes of one race that grow wealth fastest, in closed form.

    In falling order of :math:`p_j o_j`, back j while this exceeds the reserve rate of those already backed,
    :math:`\rho = (1 - \sum p_i) / (1 - \sum 1 / o_i)`. Stake :math:`p_j - \rho / o_j`, keep :math:`\rho`.

    Parameters
    ----------
    p : array_like, shape (n,)
        Probabilities of the outcomes, between 0 and 1, with sum 1.
    odds : array_like, shape (n,)
        Decimal odds, >= 1.

    Returns
    -------
    Solution
        Weights (n + 1,), the stakes and then the cash, which is the reserve rate.

    Raises
    ------
    ValueError
        For numbers that cannot be; names the outcome.

    Examples
    --------
    The second horse loses on average, 0.3 * 3.2 < 1, and is backed all the same:

    >>> print(kelly_race([0.5, 0.3, 0.2], [2.2, 3.2, 4.0]).weights.round(4))
    [0.1098 0.0317 0.     0.8585]

    References
    ----------
    P. Smoczynski and D. Tomkins (2010), The Mathematical Scientist 35(1), 10-17.

    Notes
    -----
    Home chapter: Races (notebooks/03_races).
    """
    p, odds = _outcomes(p, odds)
    backed, reserve = np.zeros(len(p), dtype=bool), 1.0
    for j in np.argsort(-p * odds, kind="stable"):
        if p[j] * odds[j] <= reserve:
            break
        backed[j] = True
        room = 1 - (1 / odds[backed]).sum()
        reserve = p[~backed].sum() / room if room > 0 else 0.0  # not > 0: rounding, at fair odds
    stakes = np.where(backed, np.maximum(p - reserve / odds, 0.0), 0.0)
    return certify(np.column_stack([np.diag(odds), np.ones(len(p))]), p, np.append(stakes, reserve))


def bets(weight, p, none, odds, start):
    r"""Return the oracle w -> (growth, gradient, S, d) of independent events, as `interior_point` takes it.

    Given cause s (probability weight[s]) the outcomes come with p[s] (n,), and with none[s] (E,) no listed
    outcome of an event comes; event e owns the outcomes from start[e] on. Frullani's integral

    .. math:: E \log W = \int_0^\infty (e^{-t} - \varphi(t)) \, dt / t, \qquad \varphi(t) = E e^{-t W},

    makes a product over events of the sum over outcomes. The nodes t = exp(u - exp(-u)), equidistant in u,
    are double exponential (H. Takahasi and M. Mori, Publ. RIMS 9, 1974, 721-741).
    """
    size = np.diff(np.append(start, len(odds)))
    event, single = np.repeat(np.arange(len(start)), size), size.max() == 1
    rivals = 0.0 if single else (event[:, None] == event) & ~np.eye(len(odds), dtype=bool)

    def oracle(w):
        pay, growth, gradient, rows, d, pairs = odds * w[:-1], 0.0, 0.0, [], 0.0, 0.0
        for share, ps, qs in zip(weight, p, none, strict=True):
            sure = np.where(qs > 0, 0.0, np.minimum.reduceat(pay, start))  # what an event pays in any case
            least, more = w[-1] + sure.sum(), pay - sure[event]
            if least <= 0:
                return -np.inf, None, None, None

            def terms(u, ps=ps, qs=qs, least=least, more=more):
                t = np.exp(u - np.exp(-u))
                E = ps * np.exp(np.outer(-t, more))
                total = qs + (E if single else np.add.reduceat(E, start, axis=1))
                return t, E, total, np.log(total).sum(axis=1) - t * least

            u = np.arange(LEFT, max(4.0, np.log(745) - np.log(least)))  # cells of width 1, of which
            u = u[(u < 4) | (u + terms(u)[3] > -45)]  # those where t * phi is tiny carry nothing
            u = np.add.outer(u, np.arange(0, 1, STEP)).ravel()
            t, E, total, log_phi = terms(u)
            dt, phi = share * STEP * t * (1 + np.exp(-u)), np.exp(log_phi)
            growth += dt @ ((np.exp(-t) - phi) / t)
            first, tilted = dt * phi, E / (total if single else total[:, event])
            second = first * t
            gradient += np.append(odds * (first @ tilted), first.sum())
            rows.append(np.sqrt(second)[:, None] * np.column_stack([odds * tilted, np.ones(len(t))]))
            d += np.append(odds**2 * (second @ (tilted * (qs / total)[:, event])), 0.0)
            pairs += 0.0 if single else (tilted.T * second) @ tilted * rivals
        if not single:  # outcomes of one event exclude each other: the Laplacian of their pairs, as rows
            laplacian = np.diag(pairs.sum(axis=1) * (1 + 1e-13) + 1e-300) - pairs
            rows.append(np.column_stack([np.linalg.cholesky(laplacian).T * odds, np.zeros(len(odds))]))
        return growth, gradient, np.vstack(rows), d

    return oracle


def _solve(weight, p, none, odds, start, used):
    """Stake on the outcomes `used`, certify over all."""
    oracle, used = bets(weight, p, none, odds, start), np.append(used, True)
    n, w = used.sum(), np.zeros(len(used))

    def inner(x):
        w[used] = x
        growth, gradient, rows, d = oracle(w)
        return (
            (growth, gradient[used], rows[:, used], d[used])
            if rows is not None
            else (growth, None, None, None)
        )

    def score(x):
        w[used] = x
        growth, gradient, *_ = oracle(w)
        gap = np.inf if gradient is None else float(np.log(gradient.max()))
        return Solution(w.copy(), float(growth), gap, float(abs(w.sum() - 1)))

    x, price, _ = interior_point(inner, np.full(n, 1 / n), np.full(n, np.inf))
    plain = score(x)
    for zero in (
        x < price[:n],
        (x < price[:n]) & (np.arange(n) < n - 1),
    ):  # cash may be needed, however little
        snapped = score(np.where(zero, 0.0, x) / x[~zero].sum())
        if snapped.gap <= max(plain.gap, TOLERANCE):
            return snapped
    return plain
