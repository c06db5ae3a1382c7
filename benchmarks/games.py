"""N simultaneous games solved by kellylib, by azapy and by enumeration of the 2^N outcomes, interleaved.

    python benchmarks/games.py           # about 15 minutes; writes benchmarks/games.json
    python benchmarks/games.py --show    # print the stored table again

Needs the extra `bench` (azapy). Each call runs in a process of its own and is cut at 120 s; the systems take
turns within a round. Seconds are medians; `ratio` is the median over rounds of a system's time to
kellylib's in the same round. Errors are against the enumeration solved to 1e-13: of the
stakes, and of growth (nats). Games: even odds, p from 0.55 to 0.65. Memory is the
process's peak above what it held before the call.
"""

import json
import multiprocessing
import os
import platform
import resource
import sys
import time
import warnings
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np

STORE = Path(__file__).with_suffix(".json")
CUT, ROUNDS = 120.0, 5  # seconds, rounds (one for a call of more than 5 s)
OURS = [*range(1, 15), 16, 18, 20, 50, 100, 300, 1000, 2000, 3000]
AZAPY, ENUMERATION = range(1, 15), [*range(1, 15), 16, 18, 20]


def games(n):
    return np.linspace(0.55, 0.65, n) if n > 1 else np.array([0.6])


def ours(p):
    from kellylib import kelly_games

    return kelly_games(p).weights


def azapy(p):
    import azapy as az

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = np.asarray(az.gamblingKelly(list(p))) / 100
    return np.append(x, 1 - x.sum())


def enumeration(p):
    """The same interior point and start, fed by the 2^N outcomes in vectorized NumPy: another oracle."""
    from kellylib import kelly_fraction
    from kellylib.full import interior_point

    n = len(p)
    won = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(float)
    A = np.column_stack([2 * won, np.ones(2**n)])
    probability = np.where(won > 0, p, 1 - p).prod(axis=1)

    def oracle(w):
        B = A / (A @ w)[:, None]
        gradient = probability @ B
        growth = -(probability @ np.log(B[:, -1]))
        B *= np.sqrt(probability)[:, None]
        H = B.T @ B  # (N + 1, N + 1): handed on as its root
        value, V = np.linalg.eigh(H)
        return growth, gradient, np.sqrt(np.maximum(value, 0))[:, None] * V.T, 0.0

    start = np.append(kelly_fraction(p), 1.0)
    return interior_point(oracle, start / start.sum(), np.full(n + 1, np.inf))[0]


SYSTEMS = {
    "kelly_games": (ours, OURS),
    "azapy.gamblingKelly": (azapy, AZAPY),
    "enumeration": (enumeration, ENUMERATION),
}


def work(pipe, solve, n):
    if solve is azapy:
        import azapy as _  # noqa: F401 - the import is not timed
    p = games(n)
    solve(games(2))  # nor is what a first call sets up
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    while not seconds or (sum(seconds) < 0.3 and len(seconds) < 50):
        start = time.perf_counter()
        w = solve(p)
        seconds.append(time.perf_counter() - start)
    pipe.send((np.median(seconds), w, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024))


def call(solve, n):
    ours_end, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=work, args=(theirs, solve, n))
    process.start()
    result = ours_end.recv() if ours_end.poll(CUT) else None
    if result is None:
        process.kill()
    process.join()
    return result


def measure(n, gone):
    from kellylib.games import bets

    p, rounds, weights, memory = games(n), {}, {}, {}
    for k in range(ROUNDS):
        for name, (solve, sizes) in SYSTEMS.items():
            if n not in sizes or name in gone or (k and np.median(rounds[name]) > 5):
                continue
            got = call(solve, n)
            if got is None:
                print(f"  {name}: cut at {CUT:.0f} s", flush=True)
                gone.add(name)
                continue
            rounds.setdefault(name, []).append(got[0])
            weights[name], memory[name] = got[1], got[2]
    oracle = bets(np.ones(1), p[None], 1 - p[None], np.full(n, 2.0), np.arange(n))
    best = weights.get("enumeration", weights["kelly_games"])
    top = oracle(best)[0]
    entries = {}
    for name, seconds in rounds.items():
        growth, gradient, *_ = oracle(weights[name])
        certified = gradient is not None and weights[name].min() >= 0
        entries[name] = {
            "seconds": float(np.median(seconds)),
            "rounds": len(seconds),
            "ratio": float(np.median(np.array(seconds) / rounds["kelly_games"][: len(seconds)])),
            "memory_mib": round(memory[name], 1),
            "gap": float(np.log(gradient.max())) if certified else None,
            "stakes_error": float(abs(weights[name] - best).max()) if "enumeration" in weights else None,
            "growth_error": float(abs(growth - top)) if "enumeration" in weights else None,
        }
    return entries


def show(store):
    titles = "seconds", "ratio", "gap", "stakes_error", "growth_error", "memory_mib"
    print(f"{'N':>5} {'system':20}", *(f"{title:>12}" for title in titles))
    for n, entries in store["games"].items():
        for name, entry in entries.items():
            values = ("" if entry[title] is None else f"{entry[title]:.3g}" for title in titles)
            print(f"{n:>5} {name:20}", *(f"{value:>12}" for value in values))


def main():
    if "--show" in sys.argv:
        return show(json.loads(STORE.read_text()))
    store = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread a process",
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("kellylib", "azapy", "numpy", "scipy", "cvxopt")},
        "cut": CUT,
        "games": {},
    }
    gone = set()
    for n in OURS:
        store["games"][str(n)] = measure(n, gone)
        STORE.write_text(json.dumps(store, indent=1) + "\n")
        print(n, {k: f"{e['seconds']:.3g}" for k, e in store["games"][str(n)].items()}, flush=True)
    show(store)


if __name__ == "__main__":
    main()
