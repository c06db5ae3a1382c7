"""Bets: closed forms for one bet."""

import numpy as np
from scipy.special import xlog1py


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
    f = _numbers(
        "f",
        f,
        0.0,
        1.0,
        "a fraction of wealth between 0 and 1 (nobody stakes more than there is)",
    )
    _fit("f, p and b", f, p, b)
    return xlog1py(p, b * f) + xlog1py(1 - p, -f)
