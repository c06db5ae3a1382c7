"""Bets, one or many at once, by closed forms or one integral; a ValueError names what is out of its range."""

import numpy as np
from scipy.special import xlog1py

from kellydata.checks import check_bet, check_event, check_events, check_games, check_mixture
from kellylib.full import TOLERANCE, interior_point
from kellylib.growth import Solution, certify

STEP, LEFT = 1 / 4, -3.5  # of the quadrature in u; t = exp(u - exp(-u)) / most starts at 1e-16 / most


def kelly_fraction(p, b=1.0):
    r"""Return the fraction of wealth whose stake grows wealth fastest: Kelly's fraction of one bet.

    It is :math:`\max(0, p - (1 - p) / b)`, at even odds :math:`2p - 1`; a sure win (p = 1) stakes everything.
    Each bet of an array stands alone. J. L. Kelly (1956), Bell Syst. Tech. J. 35(4), 917-926.

    Parameters:
        p (float or array): Probability of winning, between 0 and 1.
        b (float or array): Net odds, > 0: a stake of 1 that wins comes back with b more. Broadcast.
    Returns:
        float or array: Fraction of wealth to stake, between 0 and 1.
    Examples:
        >>> print(kelly_fraction([0.3, 0.5, 0.55, 1.0], b=2.0).round(4))
        [0.    0.25  0.325 1.   ]
    """
    p, b = check_bet(p=p, b=b)
    return np.maximum(p * b - (1 - p), 0.0) / b


def bet_growth(f, p, b=1.0):
    r"""Return the growth rate of wealth, in nats per bet, when the fraction f is staked on every bet.

    It is :math:`p \log(1 + b f) + (1 - p) \log(1 - f)` with :math:`0 \log 0 = 0`. Ruin is a result: staking
    everything on a bet that can be lost gives -inf.

    Parameters:
        f (float or array): Fraction of wealth staked, between 0 and 1.
        p, b (float or array): As in `kelly_fraction`; broadcast against `f`.
    Returns:
        float or array: Expected logarithm of the growth factor of one bet.
    Examples:
        >>> print(bet_growth([0.0, 0.2, 1.0], 0.6).round(8))
        [0.         0.02013551       -inf]
    """
    f, p, b = check_bet(f=f, p=p, b=b)
    return xlog1py(p, b * f) + xlog1py(1 - p, -f)


def kelly_games(p, b=1.0):
    r"""Return the stakes on N simultaneous independent games that grow wealth fastest, certified.

    Maximizes :math:`E \log(c + \sum_i (1 + b_i) x_i [i \text{ won}])` where :math:`c + \sum_i x_i = 1`. The
    2^N outcomes are never listed: see `bets`. Games without an edge get exactly 0. C. Whitrow (2007), J. R.
    Stat. Soc. C 56(5), 607-623.

    Parameters:
        p (array_like, shape (N,)): Probabilities of winning, between 0 and 1, neither included.
        b (float or array_like, shape (N,)): Net odds, from 1e-12 to 1e12.
    Returns:
        Solution: Weights (N + 1,), the stakes and then the cash; growth in nats per round; its gap.
    Examples:
        >>> s = kelly_games([0.55, 0.6, 0.65])
        >>> print(s.weights.round(4), round(s.growth, 8), s.gap <= 1e-12)
        [0.0866 0.1805 0.2862 0.4467] 0.06836521 True
    """
    p, b = check_games(p, b)
    alone = kelly_fraction(p, b)
    held = alone > 0  # without an edge a game, independent of the rest, is worth less than cash
    q = p[None, held]
    s = _solve(bets(np.ones(1), q, 1 - q, 1 + b[held], np.arange(q.size)), alone[held])
    w = np.zeros(len(p) + 1)
    w[np.append(held, True)] = s.weights
    return Solution(w, s.growth, s.gap, s.violation)


def kelly_games_mixture(weight, p, b=1.0):
    r"""Return the stakes on N simultaneous games that are independent only given a common cause s.

    Cause s comes with probability weight[s] and lets game i be won with probability p[s, i].

    Parameters:
        weight (array_like, shape (S,)): Probabilities of the causes, with sum 1.
        p (array_like, shape (S, N)): Probabilities of winning, between 0 and 1.
        b (float or array_like, shape (N,)): Net odds, from 1e-12 to 1e12.
    Returns:
        Solution: As `kelly_games`; a game without an edge may be held as a hedge.
    Examples:
        >>> kelly_games_mixture([0.5, 0.5], [[0.8, 0.8], [0.4, 0.4]]).weights.round(4)  # independent: 0.1923
        array([0.1667, 0.1667, 0.6667])
    """
    weight, p, b = check_mixture(weight, p, b)
    return _solve(bets(weight, p, 1 - p, 1 + b, np.arange(len(b))), weight @ p)


def kelly_events(p, odds):
    """Return the stakes on all outcomes of simultaneous independent events that grow wealth fastest.

    Exactly one outcome of an event comes. Some may be held as a hedge though they lose on average; if a book
    has no margin, sum(1 / odds) < 1, cash may be 0.

    Parameters:
        p (sequence of array_like): For each event the probabilities of its outcomes, with sum 1.
        odds (sequence of array_like): Their decimal odds, from 1 to 1e12: what a stake of 1 that wins brings.
    Returns:
        Solution: Weights: the stakes on the first event's outcomes, on the second's and so on, then the cash.
    Examples:
        >>> s = kelly_events([[0.5, 0.3, 0.2], [0.6, 0.4]], [[2.3, 3.4, 3.6], [1.8, 2.2]])
        >>> print(s.weights.round(4), s.gap <= 1e-12)
        [0.1776 0.0822 0.     0.0967 0.     0.6435] True
    """
    events = check_events(p, odds)
    start = np.cumsum([0] + [len(q) for q, _ in events[:-1]])
    p, odds = np.concatenate(events, axis=1)
    return _solve(bets(np.ones(1), p[None], np.zeros((1, len(start))), odds, start), p)


def kelly_race(p, odds):
    r"""Return the stakes on the outcomes of one race that grow wealth fastest, in closed form.

    In falling order of :math:`p_j o_j`, back j while this exceeds the reserve rate of those already backed,
    :math:`\rho = (1 - \sum p_i) / (1 - \sum 1 / o_i)`; stake :math:`p_j - \rho / o_j`, keep :math:`\rho`. P.
    Smoczynski, D. Tomkins (2010), Math. Scientist 35, 10-17.

    Parameters:
        p, odds (array_like, shape (n,)): As one event of `kelly_events`.
    Returns:
        Solution: Weights (n + 1,), the stakes and then the cash, which is the reserve rate.
    Examples:
        >>> print(kelly_race([0.5, 0.3, 0.2], [2.2, 3.2, 4.0]).weights.round(4))
        [0.1098 0.0317 0.     0.8585]
    """
    p, odds = check_event(p, odds)
    backed, reserve = np.zeros(len(p), dtype=bool), 1.0
    for j in np.argsort(-p * odds, kind="stable"):
        if p[j] * odds[j] <= reserve:
            break
        backed[j] = True
        room = 1 - (1 / odds[backed]).sum()
        reserve = p[~backed].sum() / room if room > 0 else 0.0  # not > 0: rounding, at fair odds
    stakes = np.maximum(p - reserve / odds, 0.0) * backed
    return certify(np.column_stack([np.diag(odds), np.ones(len(p))]), p, np.append(stakes, reserve))


def bets(weight, p, none, odds, start):
    r"""Return the oracle w -> (growth, gradient, S, d) of independent events, as `interior_point` takes it.

    Given cause s (probability weight[s]) the outcomes come with p[s] (n,), none of event e's, which start at
    start[e], with none[s, e]. :math:`E \log W = \int_0^\infty (e^{-t} - E e^{-t W}) dt / t` (Frullani) makes
    the sum over outcomes a product over events; nodes by H. Takahasi, M. Mori, Publ. RIMS 9 (1974), 721-741.
    """
    event = np.repeat(np.arange(len(start)), np.diff(np.append(start, len(odds))))
    single, certain = len(start) == len(odds), ~none.any(axis=0)
    p, none, weight = p[:, None], none[:, None], weight[:, None]  # axes: cause, node, outcome or event

    def oracle(w):
        pay = odds * w[:-1]
        sure = np.where(certain, np.minimum.reduceat(pay, start), 0.0)  # what an event pays in any case
        least, most = w[-1] + sure.sum(), w[-1] + pay.sum()
        if least < 1e-150:  # ruin, or so near that the squares overflow
            return -np.inf, None, None, None
        u = np.arange(LEFT, np.log(45 * most / least), STEP)
        du, t = STEP * (1 + np.exp(-u)), np.exp(u - np.exp(-u)) / most
        E = p * np.exp(t[:, None] * (sure[event] - pay))
        total = none + (E if single else np.add.reduceat(E, start, axis=2))
        phi = weight * (total.prod(axis=2) * np.exp(-t * least))
        growth = np.log(most) + du @ (np.exp(-t * most) - phi.sum(axis=0))
        cause, node = np.nonzero(most * t * phi > 1e-20)  # the others carry nothing
        t, total = t[node], total[cause, node]
        first = t * (du * phi)[cause, node]
        second, missed = first * t, none[cause, 0] / total
        tilted = E[cause, node] / (total if single else total[:, event])
        Y = np.column_stack([odds * tilted, np.ones(len(t))])
        rows = np.sqrt(second)[:, None] * Y
        d = odds**2 * (second @ (tilted * (missed if single else missed[:, event])))
        if not single:  # outcomes of one event exclude each other: the Laplacian of their pairs, as rows
            pairs = (tilted.T * second) @ tilted * (event[:, None] == event)
            np.fill_diagonal(pairs, 0.0)
            laplacian = np.diag(pairs.sum(axis=1) * (1 + 1e-13) + 1e-300) - pairs
            rows = np.vstack([rows, np.pad(np.linalg.cholesky(laplacian).T * odds, ((0, 0), (0, 1)))])
        return growth, first @ Y, rows, np.append(d, 0.0)

    return oracle


def _solve(oracle, stakes):
    """Maximize from these stakes beside a cash of 1, drop what is priced out, certify."""
    x, found = np.append(np.maximum(stakes, 1e-9), 1.0), []
    x, price, _ = interior_point(oracle, x / x.sum(), np.full(len(x), np.inf))
    for keep in x >= price, np.append((x >= price)[:-1], True), True:  # cash may be needed, however little
        w = np.where(keep, x, 0.0) / x.sum(where=keep)
        growth, gradient, *_ = oracle(w)
        gap = np.inf if gradient is None else float(np.log(gradient.max()))
        found.append(Solution(w, float(growth), gap, float(abs(w.sum() - 1))))
        if gap <= TOLERANCE:
            break
    return min(found, key=lambda s: s.gap)
