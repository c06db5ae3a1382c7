"""The same Kelly problems solved by kellylib and its peers, interleaved, each answer certified by kellylib.

    python benchmarks/solvers.py                    # all: about 20 minutes; writes benchmarks/solvers.json
    python benchmarks/solvers.py 252x30 1000x100    # these sizes only; the other entries of the file stay
    python benchmarks/solvers.py examples           # the answers that the chapter Three roads quotes
    python benchmarks/solvers.py --show             # print the stored tables again

Needs the extra `bench` (azapy, Riskfolio-Lib). Each system runs in a process of its own, one call at a time,
and the systems take turns, so that a busy minute hurts all alike; ratios are medians of ratios within a
round (for those with less than three rounds, to the median of kelly_full). A call is cut at 120 s; who needs
more than 5 s gets one round. Memory is the peak of the process above what it held before the call. A pass is
the time of one product `v @ R`, taken beside each call.
"""

import argparse
import json
import multiprocessing
import os
import platform
import re
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", RAYON_NUM_THREADS="1")

import numpy as np

STORE = Path(__file__).with_suffix(".json")
CUT, SLOW, ROUNDS, BUDGET = 120.0, 5.0, 9, 12.0  # seconds, seconds, rounds, seconds a system and size
DAILY, WIDE = 1.0, 8.0  # moments of a day: few assets are held; of some months: many are
SIZES = {
    f"{T}x{n}" + ("-wide" if scale == WIDE else ""): (T, n, scale)
    for T, n, scale in [
        (21, 30, DAILY),
        (252, 30, DAILY),
        (756, 30, DAILY),
        (1000, 100, DAILY),
        (1000, 100, WIDE),
        (2520, 100, DAILY),
        (2520, 500, DAILY),
        (2520, 3000, DAILY),  # ours alone, as the next
        (2520, 10000, DAILY),
    ]
}
PACKAGES = "kellylib azapy riskfolio-lib cvxpy clarabel ecos scs cvxopt daqp numpy scipy pandas".split()
TIGHT = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), 1e-12)


def market(T, n, scale, seed=0):
    """Gross returns of n - 1 stocks (one factor, Student t of 5 degrees, 2 % a day) and of cash, 1."""
    rng = np.random.default_rng(seed)
    mean, beta = rng.uniform(5e-4, 1e-3, n - 1), rng.uniform(0.7, 1.3, n - 1)
    factor, own = rng.standard_t(5, T), rng.standard_t(5, (T, n - 1))
    noise = 0.02 * np.sqrt(3 / 5) * (np.sqrt(0.4) * factor[:, None] * beta + np.sqrt(0.6) * own)
    return np.c_[np.maximum(1 + scale**2 * mean + scale * noise, 0.05), np.ones(T)]


# ---- the systems: R (T, n) with cash last -> (weights, what the system said)


def ours(name):
    import kellylib

    solver = getattr(kellylib, name)
    return lambda R: (solver(R).weights, "")


def azapy(rtype, method):
    import azapy as az
    import pandas as pd

    def solve(
        R,
    ):  # cash is a column for ExpCone, which invests all, and the rest of the wealth for the others
        r = pd.DataFrame(R if rtype == "ExpCone" else R[:, :-1]) - 1
        r.index = pd.bdate_range("2000-01-03", periods=len(r))
        engine = az.KellyEngine(rtype=rtype, method=method)
        w = engine.getWeights(mktdata=r, rtype=rtype, method=method)
        w = None if w is None else w.reindex(r.columns).to_numpy(float)
        if w is not None and rtype != "ExpCone":
            w = np.append(w, 1 - w.sum())
        return w, f"status {engine.status}"

    return solve


def riskfolio(kelly):
    import pandas as pd
    import riskfolio as rp

    def solve(R):
        r = pd.DataFrame(R - 1, pd.bdate_range("2000-01-03", periods=len(R)))
        r.columns = [f"A{j}" for j in r]
        portfolio = rp.Portfolio(returns=r)
        portfolio.assets_stats(method_mu="hist", method_cov="hist")
        w = portfolio.optimization(model="Classic", rm="MV", obj="MaxRet", kelly=kelly, rf=0, l=0, hist=True)
        return (None, "None") if w is None else (w["weights"].reindex(r.columns).to_numpy(float), "")

    return solve


def cone(solver, **settings):
    import cvxpy as cp

    def solve(R):
        T, n = R.shape
        w = cp.Variable(n)
        problem = cp.Problem(cp.Maximize(np.full(T, 1 / T) @ cp.log(R @ w)), [cp.sum(w) == 1, w >= 0])
        problem.solve(solver=solver, **settings)
        return w.value, problem.status

    return solve


def slsqp():
    from scipy.optimize import minimize

    def solve(R):
        T, n = R.shape

        def minus(w):
            wealth = np.maximum(R @ w, 1e-12)
            return -np.log(wealth).mean(), -(1 / wealth) @ R / T

        budget = {"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like}
        options = {"ftol": 1e-14, "maxiter": 1000}
        found = minimize(
            minus,
            np.full(n, 1 / n),
            jac=True,
            bounds=[(0, 1)] * n,
            constraints=budget,
            method="SLSQP",
            options=options,
        )
        return found.x, found.message

    return solve


SYSTEMS = {
    "kelly_full": (ours, "kelly_full"),
    "kelly_expcone": (ours, "kelly_expcone"),
    "kelly_order2": (ours, "kelly_order2"),
    "cvxpy Clarabel": (cone, "CLARABEL"),
    "cvxpy Clarabel 1e-12": (cone, "CLARABEL", TIGHT),
    "cvxpy ECOS": (cone, "ECOS"),
    "cvxpy SCS": (cone, "SCS"),
    "SciPy SLSQP": (slsqp,),
    "Riskfolio exact": (riskfolio, "exact"),
    "azapy ExpCone": (azapy, "ExpCone", "ecos"),
    "azapy Full": (azapy, "Full", "ecos"),
    "Riskfolio approx": (riskfolio, "approx"),
    "azapy Order2 ecos": (azapy, "Order2", "ecos"),
    "azapy Order2 cvxopt": (azapy, "Order2", "cvxopt"),
}
OURS = [name for name in SYSTEMS if name.startswith("kelly_")]
EXACT = ["cvxpy Clarabel", "cvxpy ECOS", "cvxpy SCS", "Riskfolio exact", "azapy ExpCone", "azapy Full"]
ORDER2 = ["Riskfolio approx", "azapy Order2 ecos", "azapy Order2 cvxopt"]


# ---- one process a system


def memory(field):
    """A figure of this process's memory, MiB; nan where /proc does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def worker(pipe, name):
    """Load markets and solve them when told to; returns seconds, weights, words, memory in MiB, a pass."""
    import warnings

    sys.stdout = sys.stderr = Path(os.devnull).open("w")
    warnings.simplefilter("ignore")
    maker, *arguments = SYSTEMS[name]
    settings = arguments.pop() if arguments and isinstance(arguments[-1], dict) else {}
    solve = maker(*arguments, **settings)
    R = market(30, 5, DAILY)
    while True:
        order = pipe.recv()
        if order is not None:
            R = market(*order)
        try:
            Path("/proc/self/clear_refs").write_text("5")  # forget the peak
        except OSError:
            pass
        before, start = memory("VmRSS"), time.perf_counter()
        try:
            w, said = solve(R)
        except Exception as error:  # a peer may fail in any way; the table says how
            w, said = None, f"{type(error).__name__}: {error}"
        seconds, peak = time.perf_counter() - start, memory("VmHWM")
        pipe.send((seconds, w, said, peak - before, one_pass(R)))


def one_pass(R):
    """Median time of a product v @ R."""
    v, seconds = np.full(len(R), 1 / len(R)), []
    for _ in range(9):
        start = time.perf_counter()
        v @ R
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


class Worker:
    """A process that can be cut."""

    def __init__(self, name):
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=worker, args=(theirs, name), daemon=True)
        self.process.start()
        self.ask(None, 300)  # imports and a small warm-up, not measured

    def ask(self, order, cut):
        """The answer, or None if it took longer than cut seconds or the process died."""
        self.pipe.send(order)
        try:
            return self.pipe.recv() if self.pipe.poll(cut) else self.stop()
        except EOFError:
            return self.stop()

    def stop(self):
        self.process.kill()
        self.process.join()


def run(shape, workers):
    """Measure one size; returns its entry of the store. Workers that were cut are new when it returns."""
    from kellylib import certify

    R = market(*shape)
    seconds, passes = {name: [] for name in workers}, {name: [] for name in workers}
    last, alive = {}, list(workers)
    for turn in range(ROUNDS):
        for name in list(alive):
            answer = workers[name].ask(shape, CUT)
            if answer is None:
                seconds[name].append(float("inf"))
                workers[name] = Worker(name)
            else:
                seconds[name].append(answer[0])
                passes[name].append(answer[0] / answer[4])
                last[name] = answer
            spent, latest = sum(seconds[name]), seconds[name][-1]
            if latest > SLOW or spent + latest > BUDGET or turn == ROUNDS - 1:
                alive.remove(name)
    entry = {"date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "systems": {}}
    reference = np.array(seconds["kelly_full"])
    for name in workers:
        times = np.array(seconds[name])
        row = {"rounds": len(times), "seconds": float(np.median(times))}
        same = reference[: len(times)] if len(times) >= 3 else np.median(reference)  # one round is no median
        row["ratio"] = float(np.median(times / same))
        if not np.isfinite(row["seconds"]):
            row = {"rounds": len(times), "note": f"> {CUT:.0f} s", "ratio": CUT / float(np.median(reference))}
        elif last[name][1] is None or not np.isfinite(last[name][1]).all():
            row["note"] = str(last[name][2])[:100]
        else:
            s = certify(R, None, last[name][1])
            row |= {"growth": s.growth, "gap": s.gap, "violation": s.violation}
            row |= {"held": int((s.weights > 1e-6).sum()), "said": str(last[name][2])[:60]}
            row |= {"memory_mib": last[name][3], "passes": float(np.median(passes[name]))}
        entry["systems"][name] = row
        print(line(name, row), flush=True)
    return entry


def line(name, row):
    if "seconds" not in row:
        return f"  {name:22} {row['note']:>12}  (ratio > {row['ratio']:.0f})"
    if "gap" not in row:
        return f"  {name:22} {row['seconds']:10.5f} s {row['ratio']:9.2f} x  failed: {row['note']}"
    return (
        f"  {name:22} {row['seconds']:10.5f} s {row['ratio']:9.2f} x {row['passes']:10.0f} passes   "
        f"gap {row['gap']:9.1e}  violation {row['violation']:8.1e}  memory {row['memory_mib']:7.1f} MiB"
    )


def verdict(sizes):
    """The bars: how much faster ours are than the fastest peer, and what they cost in passes over R."""
    for size, entry in sizes.items():
        rows = entry["systems"]
        least = {
            title: min((rows[name]["ratio"] for name in group if "ratio" in rows.get(name, {})), default=None)
            for title, group in (("exact peer", EXACT), ("SLSQP", ["SciPy SLSQP"]), ("Order2 peer", ORDER2))
        }
        text = [f"fastest {title} {ratio:.1f} x kelly_full" for title, ratio in least.items() if ratio]
        if "kelly_order2" in rows and least["Order2 peer"]:
            text.append(f"{least['Order2 peer'] / rows['kelly_order2']['ratio']:.1f} x kelly_order2")
        if "cvxpy Clarabel 1e-12" in rows:
            times = rows["kelly_expcone"]["ratio"] / rows["cvxpy Clarabel 1e-12"]["ratio"]
            text.append(f"kelly_expcone {times:.2f} x its text")
        full = rows["kelly_full"]
        text.append(f"kelly_full {full['passes']:.0f} passes, gap {full['gap']:.0e}")
        print(f"{size:>11}: " + "; ".join(text))


# ---- answers that the chapter quotes


def bist30_month():
    """Simple returns of the 30 BIST stocks and of TLREF in July 2025 (bundled statistics)."""
    from kellylib import add_cash, load_bist30

    data = load_bist30("bundled")
    return add_cash(data.returns, data.rate).loc["2025-07"]


def examples():
    """Peers on small markets that the chapter builds again: their status and their weights."""
    import warnings

    import pandas as pd
    import riskfolio as rp

    warnings.simplefilter("ignore")
    two = {
        "coin": np.r_[np.ones(160), -np.ones(40)],
        "default": np.r_[np.full(198, 0.2), -np.ones(2)],
        "half": np.r_[np.full(120, 0.5), np.full(80, -0.5)],
    }
    down = 0.98 + 0.04 * np.random.default_rng(0).random((100, 3)) - 0.005
    markets = {name: np.c_[1 + r, np.ones(len(r))] for name, r in two.items()} | {
        "falling": np.c_[down, np.ones(100)]
    }
    markets["bist30"], markets["1000x100-wide"] = (
        1 + bist30_month().to_numpy(),
        market(*SIZES["1000x100-wide"]),
    )
    kinds = [("ExpCone", "ecos"), ("Full", "ecos"), ("Order2", "ecos"), ("Order2", "cvxopt")]
    found = []
    for name, R in markets.items():
        for rtype, method in kinds:
            print(f"  azapy {rtype} {method} on {name}", flush=True)
            try:
                w, said = azapy_stocks(R, rtype, method)
            except Exception as error:  # as above
                w, said = None, f"{type(error).__name__}: {error}"[:120]
            found.append(
                {"market": name, "system": f"azapy {rtype}", "method": method, "said": said, "weights": w}
            )
    r = np.random.default_rng(0).standard_t(4, (500, 4)) * [0.01, 0.02, 0.03, 0.06] + [0, 0.001, 0.001, 0.002]
    r = pd.DataFrame(r.clip(-0.9), pd.bdate_range("2000-01-03", periods=500), list("ABCD"))
    for rm in ("MV", "CVaR"):
        portfolio = rp.Portfolio(returns=r)
        portfolio.assets_stats(method_mu="hist", method_cov="hist")
        w = portfolio.optimization(model="Classic", rm=rm, obj="MaxRet", kelly="approx", rf=0, l=0, hist=True)
        weights = w["weights"].tolist()
        found.append(
            {"market": "four", "system": "Riskfolio approx", "method": rm, "said": "", "weights": weights}
        )
    return {"date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "answers": found}


def azapy_stocks(R, rtype, method):
    """azapy's weights of the stocks alone, as a user would call it: cash is no column."""
    import azapy as az
    import pandas as pd

    r = pd.DataFrame(R[:, :-1] - 1, pd.bdate_range("2000-01-03", periods=len(R)))
    engine = az.KellyEngine(rtype=rtype, method=method)
    w = engine.getWeights(mktdata=r, rtype=rtype, method=method)
    return None if w is None else w.reindex(r.columns).tolist(), f"status {engine.status}"


def versions():
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            sys.exit(f"{name} is not installed here: pip install -e '.[bench]'.")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", help="TxN, or examples; all if left out")
    parser.add_argument("--show", action="store_true", help="print the stored tables, measure nothing")
    arguments = parser.parse_args()
    store = json.loads(STORE.read_text()) if STORE.exists() else {"sizes": {}}
    if unknown := set(arguments.sizes) - set(SIZES) - {"examples"}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(SIZES)}, examples")
    wanted = [] if arguments.show else arguments.sizes or ["examples", *SIZES]
    if wanted:
        now = versions()
        if now != store.get("versions", now):
            print("Other versions than in the stored file: it starts afresh.")
            store = {"sizes": {}}
        store["versions"] = now
        store["machine"] = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    workers = {}
    for name in wanted:
        print(f"{name}:", flush=True)
        if name == "examples":
            store["examples"] = examples()
        else:
            names = SYSTEMS if SIZES[name][1] <= 500 else OURS[::2]
            for new in set(names) - set(workers):
                workers[new] = Worker(new)
            team = {system: workers[system] for system in names}
            store["sizes"][name] = run(SIZES[name], team)
            workers |= team
        store["sizes"] = {size: store["sizes"][size] for size in SIZES if size in store["sizes"]}
        text = json.dumps(store, indent=1)
        STORE.write_text(re.sub(r"\[[^\[\]{}]*\]", lambda m: " ".join(m[0].split()), text) + "\n")
    if arguments.show:
        for size, entry in store["sizes"].items():
            print(f"{size}, {entry['date']}:")
            for name, row in entry["systems"].items():
                print(line(name, row))
    verdict(store["sizes"])


if __name__ == "__main__":
    main()
