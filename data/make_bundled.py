"""Make the bundled statistics from a folder of real prices and rates (its layout: data/README.md).

    python data/make_bundled.py ../shared/data

Writes bist30_seed.json, bist30_2026.json, xu030.json and SHA256SUMS beside this script: statistics, no
prices. Nothing is written unless everything could be computed.
"""

import hashlib
import json
import os
import sys
from math import fsum
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from kellydata import load_bist30, read_prices
from kellylib.order2 import kelly_mean_variance


def moments(rows):
    """Mean and lower triangle of the covariance (ddof 1), rounded once: the same on every machine."""
    X = rows.to_numpy()
    T, n = X.shape
    mean = [fsum(X[:, j]) / T for j in range(n)]
    D = X - mean
    return mean, [fsum(D[:, i] * D[:, j]) / (T - 1) for i in range(n) for j in range(i + 1)]


def months(frame, with_last):
    """Statistics of each month; of its last row only r and the article's portfolios before and after it."""
    out, n = {}, frame.shape[1] - 1
    held = np.zeros(n)
    for month, rows in frame.groupby(pd.Grouper(freq="ME")):
        mean, triangle = moments(rows)
        out[f"{month:%Y-%m}"] = entry = {"rows": len(rows), "mean": mean, "covariance": triangle, "last": []}
        if with_last:
            cov = np.zeros((n + 1, n + 1))
            cov[np.tril_indices(n + 1)] = triangle
            cov = cov + np.tril(cov, -1).T
            new = kelly_mean_variance(mean[:n], cov[:n, :n], mean[n]).round(10)
            for w in (np.zeros(n), held, new):
                weights = dict(zip(frame.columns, [*w, round(1 - fsum(w), 10)], strict=True))
                weights = {name: float(value) for name, value in weights.items() if value}
                value = fsum(weights[name] * rows[name].iloc[-1] for name in weights)
                entry["last"].append({"weights": weights, "return": round(value, 15)})
            held = new
    return out


def text(frame, days, with_last, inputs):
    """One bundled file: a line for each month."""
    head = {
        "columns": list(frame.columns),
        "days": [f"{day:%Y-%m-%d}" for day in days],
        "inputs": inputs,
    }
    lines = [f'"{month}": {json.dumps(entry)}' for month, entry in months(frame, with_last).items()]
    return json.dumps(head)[:-1] + ',\n"months": {\n' + ",\n".join(lines) + "\n}}\n"


def main(folder, out):
    """Compute all files, then replace the old ones; SHA256SUMS is the last, so a mixture is noticed."""
    folder, out, files = Path(folder), Path(out), {}
    sums = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("tlref.csv", "xu030.csv", *(f"bist30_prices_{v}_vintage.csv" for v in ("seed", "2026")))
        if (folder / name).exists()
    }
    for vintage in ("seed", "2026"):
        real = load_bist30(folder, vintage=vintage)
        file = f"bist30_prices_{vintage}_vintage.csv"
        every = read_prices(folder / file).dropna().index
        days = every[(every >= real.returns.index[0])][: len(real.returns) + 2]
        frame = real.returns.assign(r=real.rate)
        inputs = {name: sums[name] for name in (file, "tlref.csv")}
        files[f"bist30_{vintage}.json"] = text(frame, days, True, inputs)
    every = read_prices(folder / "xu030.csv").index
    own = every[every >= real.benchmark.index[0]][: len(real.benchmark) + 2]
    inputs = {name: sums[name] for name in ("xu030.csv", "tlref.csv")}
    files["xu030.json"] = text(real.benchmark, own, False, inputs)
    digests = {name: hashlib.sha256(content.encode()).hexdigest() for name, content in files.items()}
    files["SHA256SUMS"] = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    with TemporaryDirectory(dir=out) as new:
        for name, content in files.items():
            (Path(new) / name).write_text(content)
        for name, content in files.items():
            os.replace(Path(new) / name, out / name)
            print(f"{name}: {len(content)} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        main(sys.argv[1], Path(__file__).parent)
    except ValueError as error:
        sys.exit(f"Nothing was written. {error}")
