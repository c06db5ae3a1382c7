"""Second-order growth: quadratic programmes, solved exactly by the active-set method DAQP."""

import daqp
import numpy as np

from kellylib.growth import greedy


def kelly_mean_variance(mean, cov, rate, *, lower=0.0, upper=1.0):
    r"""Weights of the stocks that maximize expected return less half the variance; the rest is cash.

    .. math::
        \max_f \; r + f^\top(\mu - r) - \tfrac12 f^\top \Sigma f
        \quad\text{subject to}\quad \textstyle\sum_i f_i \le 1, \; \text{lower} \le f \le \text{upper}.

    Weights are accepted only if no feasible ones are better by more than rounding; the gradient shows it.
    A singular covariance (fewer days than stocks) is no exception.

    Parameters
    ----------
    mean : array_like, shape (n,)
        Mean simple returns per period.
    cov : array_like, shape (n, n)
        Their covariance; the article estimates it with ddof 1.
    rate : float
        Return of cash per period.
    lower, upper : float or array_like, shape (n,)
        Bounds of the weights; the lower ones are finite and sum to at most 1.

    Returns
    -------
    ndarray, shape (n,)
        Weights of the stocks, fractions of wealth; ``1 - weights.sum()`` is cash.

    Raises
    ------
    ValueError
        For moments or bounds that cannot be.
    RuntimeError
        If the solver fails or its weights are not optimal.

    Examples
    --------
    One stock: the excess return over the variance.

    >>> print(kelly_mean_variance([0.06], [[0.1]], 0.01).round(8))
    [0.5]

    Notes
    -----
    Home chapter: BIST30: the article's numbers (notebooks/05_bist30).
    """
    mean, cov = np.array(mean, float), np.array(cov, float)
    n = mean.size
    if mean.shape != (n,) or cov.shape != (n, n) or not n:
        raise ValueError(
            f"mean must be (n,) and cov (n, n) with n >= 1; they are {mean.shape} and {cov.shape}."
        )
    if not (np.isfinite(mean).all() and np.isfinite(cov).all() and np.isfinite(rate)):
        raise ValueError("mean, cov and rate must be finite; drop what is missing before you estimate.")
    scale = np.trace(cov) / n or 1.0
    if abs(cov - cov.T).max() > 1e-10 * scale or (eigenvalue := np.linalg.eigvalsh(cov)[0]) < -1e-10 * scale:
        raise ValueError(
            "cov must be symmetric with no negative eigenvalue; a sample covariance of complete rows is."
        )
    lower, upper = (np.broadcast_to(np.asarray(bound, float), n).copy() for bound in (lower, upper))
    if not (lower <= upper).all() or not -np.inf < lower.sum() <= 1:
        raise ValueError(
            f"lower must not exceed upper; sum(lower) must be finite and at most 1, and is {lower.sum():g}."
        )
    excess = mean - rate
    most = np.minimum(upper, 1 - lower.sum() + lower)  # no weight can take more than the budget
    room = np.append(lower, 0.0), np.append(most, 1 - lower.sum())  # with cash as the last weight
    f = np.clip(0.0, lower, most)
    damp = (
        0.0 if eigenvalue > 1e-8 * scale else 1e-5
    )  # singular: proximal steps, which end at an exact optimum
    for _ in range(30):
        f, _, status, _ = daqp.solve(
            cov / scale + damp * np.eye(n),
            -excess / scale - damp * f,
            np.ones((1, n)),
            np.r_[most, 1.0],
            np.r_[lower, -1e30],
            primal_tol=1e-12,  # the default, 1e-6, would break the budget
            dual_tol=1e-13,
            eps_prox=0.0,
        )
        f = np.clip(f, lower, most)
        slope = np.append(excess - cov @ f, 0.0)
        gap = greedy(slope, *room) - slope[:-1] @ f
        if status != 1 or gap <= 1e-12 * (abs(excess).max() + scale):
            break
    f[abs(f) < 1e-13] = 0.0  # rounding of the solver
    if status != 1 or not gap <= 1e-12 * (abs(excess).max() + scale) or f.sum() > 1 + 1e-12:
        raise RuntimeError(
            f"DAQP left a gap of {gap:.1e} (exit flag {status}); scale mean and cov to ordinary units."
        )
    return f
