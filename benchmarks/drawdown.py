"""Risk-constrained Kelly by kelly_drawdown and by the same problem written in cvxpy (Clarabel), interleaved.

    python benchmarks/drawdown.py           # many minutes; writes benchmarks/drawdown.json
    python benchmarks/drawdown.py --show    # print the stored table again

Needs no extra. The markets are those of solvers.py, each of another seed; wealth may fall below 0.8 of the
start with probability 0.05. Seconds and `ratio` (cvxpy's time to ours on the same market, one after the
other, the quickest of five calls or of half a second) are medians over the markets, `binding_ratio` over
those where the promise costs growth: nine markets a size, two where T is 2520, since Clarabel
may take a minute there. Growth is compared where Clarabel calls its answer optimal. What cvxpy is given is
its own compilation too: that is what a user waits for.
"""

import json
import os
import platform
import sys
import time
import warnings
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", RAYON_NUM_THREADS="1")

import numpy as np
from solvers import DAILY, WIDE, market

STORE = Path(__file__).with_suffix(".json")
ALPHA, BETA = 0.8, 0.05
SIZES = {
    f"{T}x{n}" + ("-wide" if scale == WIDE else ""): (T, n, scale)
    for T, n, scale in [
        (21, 10, DAILY),
        (21, 30, DAILY),
        (63, 20, WIDE),
        (252, 30, DAILY),
        (252, 30, WIDE),
        (756, 30, DAILY),
        (1000, 100, DAILY),
        (1000, 100, WIDE),
        (2520, 100, DAILY),
        (2520, 500, DAILY),
    ]
}
MARKETS = dict.fromkeys(SIZES, 9) | {"2520x100": 2, "2520x500": 2}


def ours(R):
    from kellylib import kelly_drawdown

    return kelly_drawdown(R, alpha=ALPHA, beta=BETA)


def by_cvxpy(R):
    """Weights, None where the solver gives up or is not sure."""
    import cvxpy as cp

    T, n = R.shape
    power, w, p = np.log(BETA) / np.log(ALPHA), cp.Variable(n, nonneg=True), np.full(T, 1 / T)
    risk = cp.log_sum_exp(np.log(p) - power * cp.log(R @ w))
    problem = cp.Problem(cp.Maximize(p @ cp.log(R @ w)), [cp.sum(w) == 1, risk <= 0])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # inaccurate: none, below
            problem.solve("CLARABEL")
    except cp.SolverError:
        return None
    return w.value if problem.status == "optimal" else None


def timed(solve, R):
    """The quickest of five calls, or of those that fit into half a second, and the answer."""
    seconds = []
    while len(seconds) < 5 and sum(seconds) < 0.5:
        start = time.perf_counter()
        answer = solve(R)
        seconds.append(time.perf_counter() - start)
    return min(seconds), answer


def measure(shape, markets):
    from kellylib import growth_rate, kelly_full

    rows = []
    for seed in range(markets):
        R = market(*shape, seed=seed)
        seconds, s = timed(ours, R)
        theirs, w = timed(by_cvxpy, R)
        difference = np.nan if w is None else growth_rate(R, None, np.maximum(w, 0)) - s.growth
        binds = kelly_full(R).growth > s.growth + 1e-9
        rows.append((seconds, theirs, theirs / seconds, s.gap, s.violation, difference, binds))
    seconds, theirs, ratio, gap, violation, difference, binds = np.array(rows).T
    solved = np.isfinite(difference)
    return {
        "kelly_drawdown": float(np.median(seconds)),
        "cvxpy": float(np.median(theirs)),
        "ratio": float(np.median(ratio)),
        "least_ratio": float(ratio.min()),
        "binding_ratio": float(np.median(ratio[binds > 0])),
        "gap": float(gap.max()),
        "violation": float(violation.max()),
        "markets": markets,
        "binding": int(binds.sum()),
        "cvxpy_solved": int(solved.sum()),
        "difference": float(abs(difference[solved]).max()) if solved.any() else None,
    }


def show(store):
    names = list(next(iter(store["sizes"].values())))
    print(f"{'':12}", *(f"{name:>14}" for name in names))
    for size, entry in store["sizes"].items():
        print(f"{size:12}", *(f"{'' if entry[name] is None else f'{entry[name]:.3g}':>14}" for name in names))


def main():
    if "--show" in sys.argv:
        return show(json.loads(STORE.read_text()))
    store = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread",
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("kellylib", "cvxpy", "clarabel", "numpy", "scipy")},
        "alpha": ALPHA,
        "beta": BETA,
        "sizes": {},
    }
    warm = market(30, 5, DAILY)
    ours(warm), by_cvxpy(warm)
    for size, shape in SIZES.items():
        store["sizes"][size] = measure(shape, MARKETS[size])
        print(
            size, {k: float(f"{v:.3g}") for k, v in store["sizes"][size].items() if v is not None}, flush=True
        )
        STORE.write_text(json.dumps(store, indent=1) + "\n")
    show(store)


if __name__ == "__main__":
    main()
