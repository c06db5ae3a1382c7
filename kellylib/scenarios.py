"""From past returns to beliefs about one period: scenarios R with probabilities p. Knows no optimizer."""

import numpy as np
import pandas as pd

from kellydata.checks import check_cash, simple


def add_cash(returns, rate):
    """Simple returns with cash as the last column, ``"cash"``.

    Parameters:
        returns (DataFrame or array_like, shape (T, n)): Simple returns of the stocks per period.
        rate (float, Series or array_like, shape (T,)): Those of cash; a Series must have the same dates.
    Returns:
        DataFrame or ndarray, shape (T, n + 1)
    Examples:
        >>> add_cash([[0.02], [-0.01]], 0.001).tolist()
        [[0.02, 0.001], [-0.01, 0.001]]
    """
    X = np.column_stack([simple("returns", returns), check_cash(rate, returns)])
    if not isinstance(returns, pd.DataFrame):
        return X
    return pd.DataFrame(X, returns.index, returns.columns.insert(X.shape[1] - 1, "cash"), copy=False)


def empirical(past):
    """Past periods as equally likely scenarios of the next one: gross returns R and probabilities p.

    Parameters:
        past (DataFrame or array_like, shape (T, n)): Simple returns per period, cash among them.
    Returns:
        R, p : as `past`, ``1 + past``; ndarray, shape (T,), ``1 / T`` each
    Examples:
        >>> print(*empirical([[0.25, 0.0], [-0.5, 0.0]]))
        [[1.25 1.  ]
         [0.5  1.  ]] [0.5 0.5]
    """
    X = simple("past", past)
    R = 1 + (past.astype(float) if isinstance(past, pd.DataFrame) else X)
    return R, np.full(len(X), 1 / len(X))
