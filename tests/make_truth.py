"""Solve a list of problems in 60 digits, knowing nothing of kellylib, and write tests/truth.json.

    python tests/make_truth.py

Inputs are exact (decimal strings). Every problem is the maximum of a smooth concave function over
{lower <= w <= upper, sum w = 1}; bets become markets by listing all outcomes. A barrier method finds what is
at a bound, Newton's method solves for the rest, and the result is accepted only if the Karush-Kuhn-Tucker
conditions hold to 1e-40: for concave problems they are sufficient. A coin and a race must agree with their
closed forms as well, and a constrained or robust problem with its own optimality conditions.
"""

import json
from fractions import Fraction
from itertools import product
from pathlib import Path

import mpmath as mp

DIGITS, RESIDUAL = 60, mp.mpf("1e-40")
TARGET = Path(__file__).with_name("truth.json")


def exact(value):
    """A decimal string as a number of 60 digits; lists entry by entry."""
    if isinstance(value, list):
        return [exact(x) for x in value]
    ratio = Fraction(value)
    return mp.mpf(ratio.numerator) / ratio.denominator


# ---- objectives: w -> value, gradient, minus the Hessian


def dot(a, b):
    return mp.fsum(x * y for x, y in zip(a, b, strict=True))


def tilted(R, p, power=None, theta=0):
    """(1 - theta) E log Rw - theta / power log E (Rw)**-power; the plain growth rate for theta = 0."""

    def objective(w):
        wealth = [dot(row, w) for row in R]
        if min(wealth) <= 0:
            return None
        value, weight, bend, q = dot(p, map(mp.log, wealth)), p, p, None
        if theta:
            q = [c * x**-power for c, x in zip(p, wealth, strict=True)]
            moment = mp.fsum(q)
            q = [c / moment for c in q]
            value = (1 - theta) * value - theta / power * mp.log(moment)
            weight = [(1 - theta) * a + theta * b for a, b in zip(p, q, strict=True)]
            bend = [(1 - theta) * a + theta * (1 + power) * b for a, b in zip(p, q, strict=True)]
        A = [[r / x for r in row] for row, x in zip(R, wealth, strict=True)]
        n = len(w)
        H = mp.matrix(n, n)
        mean = [dot(q, (row[i] for row in A)) for i in range(n)] if theta else [0] * n
        for i in range(n):
            for j in range(i + 1):
                H[i, j] = mp.fsum(b * row[i] * row[j] for b, row in zip(bend, A, strict=True))
                H[j, i] = H[i, j] = H[i, j] - theta * (power or 0) * mean[i] * mean[j]
        return value, [dot(weight, (row[i] for row in A)) for i in range(n)], H

    return objective


def quadratic(c, H):
    H = mp.matrix(H)
    return lambda w: (
        dot(c, w) - dot(w, H * mp.matrix(w)) / 2,
        [a - b for a, b in zip(c, H * mp.matrix(w), strict=True)],
        H,
    )


# ---- the solver and its check


def newton_step(H, right, free):
    """Solve H d = right - price with sum d = 0 over the free entries."""
    m = len(free)
    M, b = mp.matrix(m + 1, m + 1), mp.matrix(m + 1, 1)
    for a, i in enumerate(free):
        b[a] = right[i]
        M[a, m] = M[m, a] = 1
        for c, j in enumerate(free):
            M[a, c] = H[i, j]
    d = mp.lu_solve(M, b)
    return list(d[:m]), d[m]


def maximize(objective, lower, upper, start=None):
    """Return weights, value, the residual of the conditions, the least curvature and the least price."""
    n = len(lower)
    room = 1 - mp.fsum(lower)
    width = [min(u - low, room) for low, u in zip(lower, upper, strict=True)]
    w = start or [low + room * x / mp.fsum(width) for low, x in zip(lower, width, strict=True)]
    top = [u if u - low < room else mp.inf for low, u in zip(lower, upper, strict=True)]  # caps that can bind
    everything, mu = range(n), mp.mpf(1)

    def barrier(w, mu):
        at = objective(w) if all(low < x < u for low, x, u in zip(lower, w, top, strict=True)) else None
        if at is None:
            return None
        below, above = (
            [x - low for x, low in zip(w, lower, strict=True)],
            [u - x for x, u in zip(w, top, strict=True)],
        )
        value = at[0] + mu * mp.fsum(mp.log(x) for x in below + above if x < mp.inf)
        gradient = [g + mu / a - mu / b for g, a, b in zip(at[1], below, above, strict=True)]
        H = at[2].copy()
        for i in everything:
            H[i, i] += mu / below[i] ** 2 + mu / above[i] ** 2
        return value, gradient, H

    while mu > mp.mpf("1e-32"):
        for _ in range(60):
            value, gradient, H = barrier(w, mu)
            d, _ = newton_step(H, gradient, list(everything))
            slope, size = dot(gradient, d), mp.mpf(1)
            if slope < mu / 1000:
                break
            while (at := barrier([x + size * y for x, y in zip(w, d, strict=True)], mu)) is None or at[
                0
            ] < value:
                size /= 2
            w = [x + size * y for x, y in zip(w, d, strict=True)]
        mu /= 100
    near = mp.mpf("1e-16")  # what is at a bound is within mu / price of it
    at_low = [i for i in everything if w[i] - lower[i] < near]
    at_top = [i for i in everything if top[i] - w[i] < near]
    free = [i for i in everything if i not in at_low + at_top]
    for i in at_low + at_top:
        w[i] = lower[i] if i in at_low else upper[i]
    w[free[0]] += 1 - mp.fsum(w)
    for _ in range(12):
        _, gradient, H = objective(w)
        d, price = newton_step(H, gradient, free)
        for i, x in zip(free, d, strict=True):
            w[i] += x
    value, gradient, H = objective(w)
    price = mp.fsum(gradient[i] for i in free) / len(free)
    prices = [price - gradient[i] for i in at_low] + [gradient[i] - price for i in at_top]
    residual = max([abs(gradient[i] - price) for i in free] + [abs(1 - mp.fsum(w))])
    assert residual < RESIDUAL and min(prices, default=mp.inf) > mp.mpf("1e-12"), (residual, prices)
    assert all(lower[i] < w[i] < top[i] for i in free)
    return w, value, residual, curvature(H, free), min(prices, default=mp.inf)


def curvature(H, free):
    """The least eigenvalue of minus the Hessian among moves of the free weights that keep their sum."""
    if len(free) == 1:
        return mp.inf
    m = len(free) - 1
    basis = mp.matrix(m + 1, m)  # Helmert's
    for j in range(m):
        for i in range(j + 1):
            basis[i, j] = 1 / mp.sqrt((j + 1) * (j + 2))
        basis[j + 1, j] = -mp.sqrt(mp.mpf(j + 1) / (j + 2))
    part = mp.matrix([[H[i, j] for j in free] for i in free])
    return min(mp.eigsy(basis.T * part * basis, eigvals_only=True))


# ---- problems


def table(rows, columns, seed, deviation):
    """Gross returns of four decimals around 1, from a small generator of integers."""
    out = []
    for _ in range(rows):
        row = []
        for _ in range(columns - 1):
            total = 0
            for _ in range(4):
                seed = (1103515245 * seed + 12345) % 2**31
                total += (seed >> 8) % 2001 - 1000
            row.append(str(Fraction(10000 + deviation // 8 + total * deviation // 1200, 10000)))
        out.append([*row, "1.0002"])
    return out


def even(K):
    return [str(Fraction(1, K))] * K


def numbers(text):
    """Decimal strings: a list, or where there are semicolons a list of lists."""
    rows = [row.split() for row in text.split(";")]
    return rows if ";" in text else rows[0]


def problem(kind, **inputs):
    return {"kind": kind} | {
        k: numbers(v) if isinstance(v, str) and len(v.split()) > 1 else v for k, v in inputs.items()
    }


DAILY, YEARS, FEW = table(12, 5, 82, 200), table(9, 4, 135, 3000), table(6, 6, 48, 2500)
COIN = dict(R="2 1; 0 1", p="0.6 0.4")
PROBLEMS = {
    "coin": problem("games", p=["0.6"], b=["1"]),
    "coin at long odds": problem("games", p=["0.01"], b=["150"]),
    "coin nearly fair": problem("games", p=["0.5000001"], b=["1"]),
    "coin nearly sure": problem("games", p=["0.9999"], b=["0.25"]),
    "two games": problem("games", p="0.55 0.6", b="1 1"),
    "three games": problem("games", p="0.55 0.6 0.65", b="1 1 1"),
    "three games nearly fair": problem("games", p="0.5001 0.500001 0.50000001", b="1 1 1"),
    "four games at odds": problem("games", p="0.2 0.35 0.5 0.9", b="5 2.1 1.2 0.15"),
    "five strong games": problem("games", p="0.9 0.95 0.85 0.99 0.8", b="1 1 1 1 1"),
    "six games": problem("games", p="0.3 0.4 0.51 0.55 0.62 0.45", b="3 1.6 1 0.95 0.8 1"),
    "common luck": problem("mixture", weight="0.5 0.5", p="0.8 0.7; 0.4 0.45", b="1 1"),
    "three causes": problem(
        "mixture",
        weight="0.2 0.5 0.3",
        p="0.9 0.8 0.1 0.5; 0.6 0.5 0.5 0.6; 0.3 0.45 0.8 0.5",
        b="1 1.2 1.1 1",
    ),
    "race of three": problem("events", p=[numbers("0.5 0.3 0.2")], odds=[numbers("2.3 3.2 4")]),
    "race of eight": problem(
        "events",
        p=[numbers("0.3 0.2 0.15 0.12 0.09 0.07 0.04 0.03")],
        odds=[numbers("3.5 4.8 6 9 10 12 21 41")],
    ),
    "race without a margin": problem("events", p=[numbers("0.5 0.3 0.2")], odds=[numbers("2.6 3.2 4.5")]),
    "race of five, margin negative": problem(
        "events", p=[numbers("0.35 0.25 0.2 0.15 0.05")], odds=[numbers("3.2 5 5.2 7 12")]
    ),
    "football and tennis": problem("events", p="0.5 0.3 0.2; 0.6 0.4", odds="2.3 3.4 3.6; 1.8 2.2"),
    "two races, one without a margin": problem("events", p="0.5 0.3 0.2; 0.5 0.5", odds="2.6 3.2 4; 1.9 2.1"),
    "portfolio of days": problem("market", R=DAILY, p=even(12)),
    "portfolio of years": problem("market", R=YEARS, p=even(9)),
    "portfolio, own probabilities": problem("market", R=FEW, p="0.3 0.25 0.2 0.15 0.06 0.04"),
    "portfolio with caps": problem("market", R=YEARS, p=even(9), upper="0.3 0.6 0.2 0.5"),
    "portfolio with short positions": problem(
        "market", R=YEARS, p=even(9), lower="-0.5 -0.5 -0.5 -1", upper="2 2 2 2"
    ),
    "portfolio in boxes": problem(
        "market", R=DAILY, p=even(12), lower="0.05 -0.1 0.1 0 -0.2", upper="0.6 0.3 0.4 0.5 1"
    ),
    "drawdown of a coin": problem("drawdown", **COIN, alpha="0.5", beta="0.1"),
    "drawdown of a portfolio": problem("drawdown", R=YEARS, p=even(9), alpha="0.8", beta="0.05"),
    "robust coin": problem("robust", **COIN, radius="0.01"),
    "robust portfolio": problem("robust", R=YEARS, p=even(9), radius="0.02"),
    "order 2": problem("order2", R=YEARS, p=even(9)),
    "order 2 with bounds": problem("order2", R=FEW, p=even(6), lower=["-0.2"] * 6, upper=["0.4"] * 6),
    "mean and variance": problem(
        "mean-variance", mean="0.01 0.02 0.004", cov="0.04 0.01 0; 0.01 0.09 0.02; 0 0.02 0.03", rate="0.001"
    ),
    "mean and variance with bounds": problem(
        "mean-variance",
        mean="0.5 0.4 0.01 0.2",
        cov="0.3 0.1 0 0.05; 0.1 0.4 0.1 0; 0 0.1 0.2 0.02; 0.05 0 0.02 0.5",
        rate="0.03",
        lower=["-0.2"] * 4,
        upper=["0.45"] * 4,
    ),
}


def market(problem):
    """R and p, every outcome of bets a row; cash is the last column."""
    kind = problem["kind"]
    if kind in ("games", "mixture"):
        b, causes = exact(problem["b"]), exact(problem["p"])
        weight = exact(problem.get("weight", ["1"]))
        R, p = [], []
        for won in product((1, 0), repeat=len(b)):
            R.append([x * (1 + y) for x, y in zip(won, b, strict=True)] + [mp.mpf(1)])
            rows = causes if kind == "mixture" else [causes]
            chances = [mp.fprod(c if x else 1 - c for c, x in zip(row, won, strict=True)) for row in rows]
            p.append(dot(weight, chances))
        return R, p
    if kind == "events":
        R, p, sizes = [], [], [len(q) for q in problem["p"]]
        for came in product(*map(range, sizes)):
            pays = [
                [o if j == i else mp.mpf(0) for j, o in enumerate(exact(odds))]
                for i, odds in zip(came, problem["odds"], strict=True)
            ]
            R.append([*sum(pays, []), mp.mpf(1)])
            p.append(mp.fprod(exact(q[i]) for i, q in zip(came, problem["p"], strict=True)))
        return R, p
    return exact(problem["R"]), exact(problem["p"])


def solve(problem):
    """The stored entry of a problem."""
    kind = problem["kind"]
    if kind == "mean-variance":
        c, H = [m - exact(problem["rate"]) for m in exact(problem["mean"])], exact(problem["cov"])
        H, c = (
            [[*row, mp.mpf(0)] for row in H] + [[mp.mpf(0)] * (len(c) + 1)],
            [*c, mp.mpf(0)],
        )  # cash: the rest
        R, objective = [[0] * len(c)], quadratic(c, H)
    else:
        R, p = market(problem)
        objective = tilted(R, p)
    n = len(R[0])
    cash = kind == "mean-variance"
    lower = exact(problem.get("lower", ["0"] * (n - cash))) + [mp.mpf(0)] * cash
    upper = exact(problem.get("upper", ["1"] * (n - cash))) + [1 - mp.fsum(lower)] * cash
    if kind == "order2":
        r = [[x - 1 for x in row] for row in R]
        second = [
            [mp.fsum(c * row[i] * row[j] for c, row in zip(p, r, strict=True)) for i in range(n)]
            for j in range(n)
        ]
        objective = quadratic([dot(p, (row[i] for row in r)) for i in range(n)], second)
    if kind in ("drawdown", "robust"):
        w, growth, residual, curve, price = by_multiplier(problem, R, p, lower, upper)
    else:
        w, growth, residual, curve, price = maximize(objective, lower, upper, start(R, lower, upper))
    closed_form(problem, w)
    digits = [mp.nstr(x, 25) for x in w]
    few = dict(residual=mp.nstr(residual, 2), curvature=mp.nstr(curve, 6), price=mp.nstr(price, 6))
    return dict(problem, weights=digits, growth=mp.nstr(growth, 25), **few)


def start(R, lower, upper):
    """Weights inside the bounds with wealth in every scenario: mostly the last ones."""
    if min(lower) >= 0:
        return None
    n, inside = len(lower), mp.mpf("0.02")
    w = [max(low + inside, min(mp.mpf(0), u - inside)) for low, u in zip(lower, upper, strict=True)]
    for i in reversed(range(n)):
        w[i] += min(1 - mp.fsum(w), upper[i] - inside - w[i])
    assert abs(1 - mp.fsum(w)) < RESIDUAL and min(dot(row, w) for row in R) >= 0
    return w


def by_multiplier(problem, R, p, lower, upper):
    """Find the one number (theta, or the power) for which a tilted problem has the answer."""
    power = (
        mp.log(exact(problem["beta"])) / mp.log(exact(problem["alpha"]))
        if problem["kind"] == "drawdown"
        else None
    )
    found = {}

    def tilt(w, power):
        q = [c * dot(row, w) ** -power for c, row in zip(p, R, strict=True)]
        return [c / mp.fsum(q) for c in q], mp.log(mp.fsum(q))

    def miss(x):
        if power:
            found[x] = maximize(tilted(R, p, power, x), lower, upper)
            return tilt(found[x][0], power)[1]
        found[x] = maximize(tilted(R, p, x, mp.mpf(1)), lower, upper)
        q, _ = tilt(found[x][0], x)
        return mp.fsum(a * mp.log(a / b) for a, b in zip(q, p, strict=True)) - exact(problem["radius"])

    ends = [mp.mpf("0.01"), mp.mpf(1 if power else 50)]
    x = mp.findroot(miss, ends, solver="anderson", tol=mp.mpf("1e-90"), maxsteps=60)
    assert abs(miss(x)) < RESIDUAL and x > 0 and (not power or x < 1)
    w, _, residual, curve, price = found[x]
    wealth, (q, _) = [dot(row, w) for row in R], tilt(w, power or x)
    judge = [(1 - x) * a + x * b for a, b in zip(p, q, strict=True)] if power else q
    pays = [
        mp.fsum(c * row[j] / y for c, row, y in zip(judge, R, wealth, strict=True)) for j in range(len(w))
    ]
    assert max(pays) < 1 + RESIDUAL and abs(dot(pays, w) - 1) < RESIDUAL  # nothing beats w under the judge
    return w, dot(p if power else q, map(mp.log, wealth)), residual, curve, price


def closed_form(problem, w):
    """Kelly's fraction, and the reserve rate of a race."""
    if problem["kind"] == "games" and len(w) == 2:
        p, b = exact(problem["p"][0]), exact(problem["b"][0])
        assert abs(w[0] - (p - (1 - p) / b)) < RESIDUAL
    if problem["kind"] == "events" and len(problem["p"]) == 1:
        p, odds = exact(problem["p"][0]), exact(problem["odds"][0])
        if mp.fsum(1 / o for o in odds) < 1:
            assert w[-1] == 0 and all(abs(a - b) < RESIDUAL for a, b in zip(w, p, strict=False))
            return
        reserve, backed = mp.mpf(1), []
        for i in sorted(range(len(p)), key=lambda i: -p[i] * odds[i]):
            if p[i] * odds[i] <= reserve:
                break
            backed.append(i)
            reserve = (1 - mp.fsum(p[j] for j in backed)) / (1 - mp.fsum(1 / odds[j] for j in backed))
        stakes = [p[i] - reserve / odds[i] if i in backed else mp.mpf(0) for i in range(len(p))]
        assert all(abs(a - b) < RESIDUAL for a, b in zip(w, [*stakes, reserve], strict=True))


def main():
    truth = {}
    with mp.workdps(DIGITS):
        for name, problem in PROBLEMS.items():
            truth[name] = solve(problem)
            print(
                f"{name}: growth {truth[name]['growth'][:18]}, residual {truth[name]['residual']}", flush=True
            )
    TARGET.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
