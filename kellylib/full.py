"""kelly_full: the exact problem by our own certified interior-point method on a working set of assets."""

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from kellydata.checks import check_market, weigh
from kellylib.growth import greedy, priced, score, solvent

TOLERANCE = 1e-13  # nats: where the interior point stops


def kelly_full(R, p=None, *, lower=0.0, upper=1.0):
    r"""Growth-optimal weights, exact: the maximum of :math:`\sum_k p_k \log (R w)_k` with its certificate.

    After the best asset alone, an interior-point method tries a small working set; one product prices all
    assets, and those that would add growth join, until the certificate holds. J. L. Kelly (1956), Bell Syst.
    Tech. J. 35(4), 917-926; Y. Kim et al. (2020), J. Comput. Graph. Stat. 29(2), 261-273.

    Parameters:
        R (array_like or DataFrame, shape (K, n)): Gross returns, >= 0 and < 1e150: row k is scenario k,
            column j asset j. Cash is a column like any.
        p (array_like, shape (K,), optional): Probabilities of the scenarios, >= 0 with sum 1; equal ones if
            left out. Beside short positions they are 0 or at least 1e-12.
        lower, upper (float or array_like, shape (n,), optional): Bounds of the weights; below 0: short.
    Returns:
        Solution: Weights (n,) with sum 1, exactly 0 off the support. If every feasible portfolio is ruined,
        growth is -inf and gap 0. A ValueError names what of the market or bounds cannot be, and the cure.
    Examples:
        >>> s = kelly_full([[2, 1], [0, 1]], [0.6, 0.4])
        >>> print(s.weights.round(6), round(s.growth, 8), s.gap <= 1e-12)
        [0.2 0.8] 0.02013551 True
    """
    R, p, lower, upper = check_market(R, p, lower, upper)
    if lower.min() < 0:
        weigh(p)
    w, room = solvent(R, lower, upper), max(1 - lower.sum(), 1e-300)
    wealth, width = R @ w, np.clip(upper - lower, 0, room) / room
    if wealth.min() <= 0 or room <= 1e-12 or width.sum() <= 1 + 1e-12:
        return score(R, p, w, lower, upper)  # ruin for all, or the bounds leave one point
    # w = lower + room * x with x on the simplex: a market again, whose bounds are 0 <= x <= cap
    base = R @ lower if lower.any() else np.zeros(len(R))
    cap = np.where(width >= 1, np.inf, width)
    rank = np.argsort(-((p / wealth) @ R))
    if not lower.any() and cap.min() == np.inf:  # the best asset alone may be optimal
        alone = priced(R, p, np.eye(1, len(cap), rank[0])[0], R[:, rank[0]], lower, upper)[0]
        if alone.gap <= TOLERANCE:
            return alone
    rank = rank[cap[rank] > 1e-15]  # what can hold next to nothing holds its lower bound
    first = max(10, 2 * np.searchsorted(np.cumsum(np.minimum(cap[rank], 1)), 1.0) + 2)
    S = rank if lower.min() < 0 else rank[:first]
    while True:
        A = room * R[:, S] + base[:, None]
        if lower.min() >= 0 and (dead := A.max(axis=1) <= 0).any():  # a scenario in which only others pay
            S = np.union1d(S, rank[np.argmax(R[dead][:, rank], axis=1)])
            continue
        start = (w[S] - lower[S]) / room
        (x, prices, price), found = interior_point(portfolio(A, p), start / start.sum(), cap[S]), []
        for candidate in _candidates(A, p, x, prices, cap[S]):
            v = lower.copy()
            v[S] += room * candidate
            v = np.minimum(v, upper)
            wealth = R @ v if lower.any() else A @ candidate  # the same, but for rounding
            s, slope = priced(R, p, v, wealth, lower, upper)
            if s.gap <= TOLERANCE:
                return s
            found.append(s)
        slope = np.where(cap > 1e-15, room * slope + (p / wealth) @ base, 0.0)
        if len(more := join(S, slope, price)) == len(S):
            return min(found, key=lambda s: s.gap)
        S = more


def join(S, slope, price):
    """The assets S and the best of the others whose slope exceeds the price, as many as S has at most."""
    better = slope > price + TOLERANCE
    better[S] = False
    new = np.flatnonzero(better)
    return np.append(S, new[np.argsort(-slope[new])][: len(S)])  # it only grows: no cycle


def _candidates(A, p, x, prices, cap):
    """x with what is priced at a bound put there; that after a Newton step of the others; x itself."""
    price = np.zeros(len(x))
    price[cap < np.inf] = prices[len(x) :]
    zero, full = x < prices[: len(x)], cap - x < price
    free = ~(zero | full)
    if free.any():
        z = np.where(full, cap, np.where(zero, 0.0, x))
        z[free] *= 1 + (1 - z.sum()) / x[free].sum()
        yield z
        if (A @ z).min() > 0:
            S = A[:, free] * (np.sqrt(p) / (A @ z))[:, None]
            gradient, z = np.sqrt(p) @ S, z.copy()
            z[free] += newton(S, np.zeros(free.sum()))(gradient)[0]
            if z.min() >= 0 and (z <= cap).all():
                yield z
    yield x


def portfolio(R, p):
    """Oracle of the growth rate: w -> (growth, gradient, S, d), where minus the Hessian is S'S + diag(d)."""
    root = np.sqrt(p)

    def oracle(w):
        wealth = R @ w
        if wealth.min() <= 0:
            return -np.inf, None, None, None
        S = R * (root / wealth)[:, None]
        return p @ np.log(wealth), root @ S, S, 0.0

    return oracle


def interior_point(oracle, x, cap):
    """Maximize a smooth concave growth rate over 0 <= x <= cap, sum(x) == 1, from an x inside.

    Mehrotra's primal-dual steps until max_v gradient @ (v - x) meets TOLERANCE or no longer falls. Returns x,
    the prices of (x, cap - x if finite), that of the budget.
    """
    n, top = len(x), np.flatnonzero(cap < np.inf)
    zero, who, m = np.zeros(n), np.append(np.arange(n), top), n + len(top)  # v = offset + sign * x[who]
    sign, offset = np.repeat([1.0, -1.0], [n, len(top)]), np.append(zero, cap[top])

    def fold(q):  # from the slacks back to x
        return np.bincount(who, q, n) if len(top) else q

    def direction(solve, target, v, y, gradient, price):
        dx, dprice = solve(fold(sign * (target / v)) - price + gradient)
        dv = sign * dx[who] if len(top) else dx
        return dv, (target - y * dv) / v - y, dprice

    def move(x, dx):
        z = (x + dx) / (x + dx).sum()
        at = oracle(z)
        v = np.maximum(offset + sign * z[who] if len(top) else z, 1e-300)
        if at[1] is None:
            return z, v, np.inf, at
        return z, v, (greedy(at[1], zero, cap) if len(top) else at[1].max()) - at[1] @ z, at

    x, v, gap, (growth, gradient, S, d) = move(x, 0.0)
    price = gradient.max() + 0.1 * (np.ptp(gradient) + 1e-3)
    y = x @ (price - gradient) / n / v
    y[:n] = price - gradient
    y[top] += y[n:]
    best, count, stalled, careful = (np.inf,), 0, 0, 0.0
    with np.errstate(all="ignore"):  # what overflows is not finite, and ends the search
        while True:
            mu, D = v @ y / m, d + fold(y / v)
            stalled = 0 if gap < best[0] else stalled + 1
            if not stalled:
                best = gap, x, y, price
            hopeless = stalled > (8 if best[0] <= 1e-10 else 80) or not (mu > 0 and D.sum() < np.inf)
            if gap <= TOLERANCE or hopeless or count >= (30 if best[0] <= 1e-10 else 200):
                return best[1:]
            count, careful = count + 1, 0.25 if stalled > 3 else 0.8 * careful
            solve = newton(S, D)
            dv, dy, _ = direction(solve, 0.0, v, y, gradient, price)
            after = (v + longest(v, dv) * dv) @ (y + longest(y, dy) * dy) / m
            sigma = max((after / mu) ** 3, careful)
            aim = sigma * (max(mu, gap / m) if careful else mu)
            aim = max(aim, 1e-5 * gap / m)  # the barrier must not run ahead of the gap
            dv, dy, dprice = direction(solve, aim - dv * dy, v, y, gradient, price)
            most = 0.95 if careful else min(max(0.99, 1 - mu), 0.99999)
            a, c = most * longest(v, dv), most * longest(y, dy)
            new_y, new_price, near = y + c * dy, price + c * dprice, 1 if careful else 200

            def fits(to, least=growth - gap / 10, gap=gap, new_y=new_y, near=near):
                """Growth hardly falls for the sake of the barrier; gap and barrier agree."""
                return to[3][0] >= least and to[2] <= max(gap, near * (to[1] @ new_y))

            for trial in range(40):
                to = move(x, a * dv[:n])
                if fits(to) or trial > 6 and to[2] < np.inf:
                    break
                careful = 0.25  # strongly curved: stay near the central path for a while
                if trial == 0 and to[2] < np.inf:  # a second step with the same factor
                    u = to[1]
                    du = direction(solve, u @ new_y / m, u, new_y, to[3][1], new_price)[0]
                    to = move(to[0], 0.9 * longest(u, du) * du[:n])
                    if fits(to):
                        break
                a /= 2
            if to[2] == np.inf:
                return best[1:]
            y, price = new_y, new_price
            x, v, gap, (growth, gradient, S, d) = to


def longest(v, dv):
    """The longest step up to 1 that keeps v + step * dv >= 0."""
    return 1 / max(1.0, -(dv / v).min())


def newton(S, D):
    """Factor H = S'S + diag(D) on sum(dx) == 0, using S up; return r -> dx, dprice of H dx + dprice = r."""
    k, n = D.argmin(), len(D)  # eliminate dx[k] = -sum of the others
    others, row = 1.0 * (np.arange(n) != k), S[:, k] @ S
    row[k] += D[k]
    S -= S[:, k : k + 1]
    if 2 * len(S) < n and (D >= 1e-6 * (S * S).sum(axis=0))[others > 0].all():  # factor in the rows' space
        T = np.vstack([S, np.sqrt(D[k]) * others])
        TD = T / D
        small = TD @ T.T
        small.flat[:: len(small) + 1] += 1
        factor = dpotrf(small, lower=1)[0]

        def inverse(r):  # by Woodbury's identity
            return r / D - TD.T @ dpotrs(factor, T @ (r / D), lower=1)[0]

    else:
        M = S.T @ S
        diagonal = M.diagonal() + D + D[k]
        diagonal[k], shift, info = 1.0, 1e-15, 1
        M += D[k]
        M[k], M[:, k] = 0, 0
        while info:  # duplicated assets: a shift within the rounding of S'S, more if it must be
            M.flat[:: n + 1] = diagonal * (1 + shift) + 1e-300
            factor, info = dpotrf(M, lower=1)
            shift *= 100

        def inverse(r):
            return dpotrs(factor, r, lower=1)[0]

    def solve(r):
        dx = inverse((r - r[k]) * others) * others
        dx[k] = -dx.sum()
        return dx, r[k] - row @ dx

    return solve
