"""From past returns to beliefs about one period: scenarios R with probabilities p. Knows no optimizer."""

import numpy as np
import pandas as pd


def add_cash(returns, rate):
    """Simple returns with cash as the last column, ``"cash"``.

    Parameters
    ----------
    returns : DataFrame or array_like, shape (T, n)
        Simple returns of the stocks per period.
    rate : float, Series or array_like, shape (T,)
        Return of cash in the same periods; a Series must have the dates of the returns.

    Returns
    -------
    DataFrame or ndarray, shape (T, n + 1)

    Examples
    --------
    >>> add_cash([[0.02], [-0.01]], 0.001)
    array([[ 0.02 ,  0.001],
           [-0.01 ,  0.001]])

    Notes
    -----
    Home chapter: BIST30: the article's numbers (notebooks/05_bist30).
    """
    T, frame = len(returns), isinstance(returns, pd.DataFrame)
    if frame and isinstance(rate, pd.Series) and not rate.index.equals(returns.index):
        raise ValueError("rate must have the dates of returns; pass rate.reindex(returns.index).")
    if np.shape(rate) not in ((), (T,)):
        given = f"its shape is {np.shape(rate)}"
        raise ValueError(f"rate must be one number or one for each of the {T} rows; {given}.")
    if frame:
        return returns.assign(cash=rate)
    return np.column_stack([np.asarray(returns, float), np.broadcast_to(rate, T)])


def empirical(past):
    """Past periods as equally likely scenarios of the next one: gross returns R and probabilities p.

    Parameters
    ----------
    past : DataFrame or array_like, shape (T, n)
        Simple returns per period, cash among them.

    Returns
    -------
    R, p : as `past`, ``1 + past``; ndarray, shape (T,), ``1 / T`` each

    Examples
    --------
    >>> R, p = empirical([[0.25, 0.0], [-0.5, 0.0]])
    >>> print(R, p)
    [[1.25 1.  ]
     [0.5  1.  ]] [0.5 0.5]

    Notes
    -----
    Home chapter: BIST30: the article's numbers (notebooks/05_bist30).
    """
    past = past if isinstance(past, pd.DataFrame) else np.asarray(past, float)
    if not len(past):
        raise ValueError("past must hold at least one period; lengthen the window.")
    return 1 + past, np.full(len(past), 1 / len(past))
