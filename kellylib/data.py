"""Sources -> prices and rates -> simple returns. The only module that opens a file or a socket."""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

BIST30 = (
    "AEFES AKBNK ASELS ASTOR BIMAS CIMSA EKGYO ENKAI EREGL FROTO GARAN GUBRF ISCTR KCHOL KOZAL "
    "KRDMD MGROS PETKM PGSUS SAHOL SASA SISE TAVHL TCELL THYAO TOASO TTKOM TUPRS ULKER YKBNK"
).split()
BUNDLED = Path(__file__).parents[1] / "data"
START, END = "2022-11-05", "2025-08-01"  # the article's 1000 calendar days; the end is exclusive


@dataclass(frozen=True, eq=False)
class Market:
    """Simple returns of stocks, of cash and of a benchmark; row t runs from day t to the next row's day.

    Attributes
    ----------
    returns : DataFrame, shape (T, n)
        Simple returns of the stocks, indexed by day.
    rate : Series, shape (T,)
        Return of cash, ``"r"``, over the same spans.
    benchmark : DataFrame, shape (T', 2)
        Simple returns of the benchmark and ``"r"`` on the benchmark's own trading days.
    notes : tuple of str
        What a reader must know of these data: what was dropped, whether days are generated.
    """

    returns: pd.DataFrame
    rate: pd.Series
    benchmark: pd.DataFrame
    notes: tuple


def load_bist30(source="bundled", start=START, end=END, *, vintage="seed"):
    """Market of the 30 BIST30 stocks of the article, TLREF as cash, XU030 as benchmark.

    Parameters
    ----------
    source : str or path
        ``"bundled"``: days generated from the bundled monthly statistics, which they match exactly (see
        Notes). A path: a folder with ``bist30_prices_seed_vintage.csv``, ``bist30_prices_2026_vintage.csv``,
        ``xu030.csv`` and ``tlref.csv``.
    start, end : str or date
        First day, and the day after the last one, on which prices are used.
    vintage : {"seed", "2026"}
        Prices as Yahoo served them to the article in August 2025, or in July 2026 with dividends repaired.

    Returns
    -------
    Market

    Raises
    ------
    ValueError
        For a missing or damaged file, a missing ticker, a date or price that cannot be, rates that do not
        cover the returns: the message names file and row.

    Examples
    --------
    >>> market = load_bist30("bundled")
    >>> market.returns.shape, f"{market.rate.mean():.6f}"
    ((627, 30), '0.001508')

    Notes
    -----
    Generated days have the mean and covariance of each month's real days, r among the columns, and on each
    month's last day the real r and the real return of the portfolios that the article's rule holds. Nothing
    else may be inferred from them: no paths, drawdowns, weeks or costs.
    Home chapter: BIST30: the article's numbers (notebooks/05_bist30).
    """
    vintage = str(vintage)  # papermill passes 2026 as a number
    if vintage not in ("seed", "2026"):
        raise ValueError(f'vintage must be "seed" or "2026"; it is {vintage!r}.')
    start, end = _day("start", start), _day("end", end)
    if source == "bundled":
        return _bundled(vintage, start, end)
    folder = Path(source)
    prices = read_prices(folder / f"bist30_prices_{vintage}_vintage.csv", BIST30)
    index = read_prices(folder / "xu030.csv", ["XU030"])
    try:
        prices, index = (frame[(frame.index >= start) & (frame.index < end)] for frame in (prices, index))
        return market(prices, read_rate(folder / "tlref.csv"), index["XU030"])
    except ValueError as error:
        raise ValueError(f"{folder / 'tlref.csv'} with the {vintage} prices: {error}") from None


def market(prices, rate, benchmark):
    """Market in the article's alignment: the row of day t holds the returns from t to the next day.

    Days on which a stock has no price are left out and noted. As in the article, the last row is lost too:
    r is accrued between the rows of the returns.

    Parameters
    ----------
    prices : DataFrame, shape (D, n)
        Prices by day, > 0; NaN where there is none.
    rate : Series
        Simple yearly rates in percent, act/365, on every day of `prices` and `benchmark`.
    benchmark : Series
        Prices of the benchmark by day.

    Returns
    -------
    Market

    Raises
    ------
    ValueError
        For days or prices that cannot be, and rates that do not cover them.

    Examples
    --------
    >>> days = pd.date_range("2025-01-06", periods=4)
    >>> prices = pd.DataFrame({"A": [1.0, 2.0, 1.0, 3.0]}, days)
    >>> m = market(prices, pd.Series(36.5, days), prices["A"])
    >>> print(m.returns["A"].tolist(), m.rate.tolist())
    [1.0, -0.5] [0.001, 0.001]

    Notes
    -----
    Home chapter: BIST30: the article's numbers (notebooks/05_bist30).
    """
    prices = prices.sort_index()
    gaps = prices.isna()
    days, notes = prices.index[gaps.any(axis=1)], ()
    if len(days):
        lacking = ", ".join(f"{name} {count}" for name, count in gaps.sum().items() if count)
        notes = (
            f"Left out: {len(days)} of {len(prices)} days, {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}, "
            f"where a price is missing ({lacking}).",
        )
    prices = prices.dropna()
    if len(prices) < 3:
        raise ValueError(
            f"Only {len(prices)} days have all prices, 3 are needed; widen the dates. {' '.join(notes)}"
        )
    returns = simple_returns(prices)
    r = accrued(rate, returns.index)
    index = benchmark.dropna().sort_index()[prices.index[0] : prices.index[-1]].to_frame()
    own = simple_returns(index)
    own = own.assign(r=accrued(rate, own.index)).dropna()
    return Market(returns.loc[r.index], r, own, notes)


def simple_returns(prices):
    r"""Simple returns :math:`P_{t+1} / P_t - 1`, in the row of day t.

    Parameters
    ----------
    prices : DataFrame, shape (D, n)
        Prices by day, all > 0.

    Returns
    -------
    DataFrame, shape (D - 1, n)
        The last day has no return.

    Raises
    ------
    ValueError
        For a price that is missing or not positive, or a day that comes twice.

    Examples
    --------
    >>> simple_returns(pd.DataFrame({"A": [1.0, 1.25, 2.5]}))["A"].tolist()
    [0.25, 1.0]

    Notes
    -----
    Home chapter: BIST30: the article's numbers (notebooks/05_bist30).
    """
    if not prices.index.is_unique:
        raise ValueError(f"Days must come once; {prices.index[prices.index.duplicated()][0]} comes twice.")
    prices = prices.sort_index()
    bad = ~((prices > 0) & (prices < np.inf)).to_numpy()
    if bad.any():
        i, j = np.argwhere(bad)[0]
        raise ValueError(
            f"Prices must be > 0; {prices.columns[j]} on {prices.index[i]} is {prices.iat[i, j]}. Correct it."
        )
    return (prices.shift(-1) / prices - 1).iloc[:-1]


def accrued(rate, days):
    r"""Return of cash, :math:`r_t = \text{rate}_t / 100 \times \text{calendar days to the next row} / 365`.

    Parameters
    ----------
    rate : Series
        Simple yearly rate by day, percent, act/365.
    days : DatetimeIndex, shape (D,)
        The days between which cash accrues, in order.

    Returns
    -------
    Series, shape (D - 1,)
        Named ``"r"``; the last day has no next row.

    Raises
    ------
    ValueError
        If a day has no rate.

    Examples
    --------
    Over a weekend, three days:

    >>> days = pd.to_datetime(["2025-01-03", "2025-01-06"])
    >>> print(accrued(pd.Series(36.5, days), days).to_list())
    [0.003]

    Notes
    -----
    Home chapter: BIST30: the article's numbers (notebooks/05_bist30).
    """
    rate = rate.dropna()
    missing = days.difference(rate.index)
    if len(missing):
        raise ValueError(
            f"The rates must cover the returns; {len(missing)} of {len(days)} days have none, the first is "
            f"{missing[0]:%Y-%m-%d}. There are {len(rate)} rates, the last is {str(rate.index.max())[:10]}; "
            "add some or narrow the dates."
        )
    spans = np.diff(days) / np.timedelta64(1, "D")
    return pd.Series(rate.loc[days[:-1]].to_numpy() / 100 * spans / 365, days[:-1], name="r")


def read_prices(path, tickers=None):
    """Prices of a CSV file whose first column is the day (YYYY-MM-DD) and whose others are prices.

    Parameters
    ----------
    path : str or path
        The file.
    tickers : sequence of str, optional
        The columns to return, all of which must be there; None returns all.

    Returns
    -------
    DataFrame
        By day, in order; NaN where a cell is empty.

    Raises
    ------
    ValueError
        For a file, column, day or price that is missing or cannot be; names file and row.

    Notes
    -----
    Home chapter: BIST30: the article's numbers (notebooks/05_bist30).
    """
    table = _table(path, _csv(path, _bytes(path)))
    missing = [] if tickers is None else [name for name in tickers if name not in table]
    if missing:
        raise ValueError(
            f"{path} must have a column for each ticker; {missing} are missing. Add them or rename theirs."
        )
    table = table if tickers is None else table[list(tickers)]
    bad = (table <= 0).to_numpy()
    if bad.any():
        i, j = np.argwhere(bad)[0]
        raise ValueError(
            f"{path}, row {i + 2}: prices must be > 0; {table.columns[j]} on {table.index[i]:%Y-%m-%d} is "
            f"{table.iat[i, j]}. Correct it or leave the cell empty."
        )
    return table.sort_index()


def read_rate(path):
    """Yearly rates in percent, by day, of a CSV file with two columns: the day (YYYY-MM-DD) and the rate.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    Series
        By day, in order.

    Raises
    ------
    ValueError
        For a file, day or rate that is missing or cannot be; names file and row.

    Notes
    -----
    Home chapter: BIST30: the article's numbers (notebooks/05_bist30).
    """
    table = _table(path, _csv(path, _bytes(path)))
    return table.iloc[:, 0].dropna().sort_index()


def _day(name, value):
    try:
        return pd.Timestamp(value)
    except ValueError:
        raise ValueError(f"{name} must be a day such as 2025-07-31; it is {value!r}.") from None


def _bytes(path):
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(
            f"{path} cannot be read ({error.strerror}); the layout is in data/README.md."
        ) from None


def _csv(path, content, **form):
    try:
        return pd.read_csv(io.BytesIO(content), dtype=str, **form)
    except (UnicodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"{path} is not a table in CSV: {error}. Compare it with data/README.md.") from None


def _table(path, text, form="%Y-%m-%d"):
    """Numbers by day from a table of strings whose first column is the day."""
    days = pd.to_datetime(text.iloc[:, 0], format=form, errors="coerce")
    twice = days.duplicated()
    for bad, what in ((days.isna(), "a day as YYYY-MM-DD"), (twice, "a day that comes once")):
        if bad.any():
            i = int(np.flatnonzero(bad)[0])
            raise ValueError(
                f"{path}, row {i + 2}: {text.iat[i, 0]!r} is not {what}. Correct or delete the row."
            )
    body = text.iloc[:, 1:]
    numbers = body.apply(pd.to_numeric, errors="coerce").astype(float)
    bad = (numbers.isna() & body.notna()) | np.isinf(numbers)
    if bad.to_numpy().any():
        i, j = np.argwhere(bad.to_numpy())[0]
        raise ValueError(
            f"{path}, row {i + 2}: {body.iat[i, j]!r} in column {body.columns[j]} is not a number. "
            "Correct it or leave the cell empty."
        )
    return numbers.set_axis(pd.DatetimeIndex(days, name="Date"))


def _statistics(name):
    """A bundled file whose checksum holds."""
    sums = dict(line.split()[::-1] for line in _bytes(BUNDLED / "SHA256SUMS").decode().splitlines())
    content = _bytes(BUNDLED / name)
    if hashlib.sha256(content).hexdigest() != sums.get(name):
        raise ValueError(
            f"{BUNDLED / name} differs from its checksum in SHA256SUMS; restore it with git checkout -- data."
        )
    return json.loads(content)


def _generated(name):
    """Days generated from a bundled file, (rows, days on which prices were used)."""
    file = _statistics(name)
    days = pd.DatetimeIndex(file["days"], name="Date")
    columns, rows = file["columns"], []
    for k, month in enumerate(file["months"].values()):
        n = len(columns)
        cov = np.zeros((n, n))
        cov[np.tril_indices(n)] = month["covariance"]
        cov += np.tril(cov, -1).T
        seen = pd.DataFrame([last["weights"] for last in month["last"]], columns=columns).fillna(0.0)
        returns = [last["return"] for last in month["last"]]
        rng = np.random.default_rng([30, k])
        rows.append(_rows(month["rows"], np.array(month["mean"]), cov, seen.to_numpy(float), returns, rng))
    return pd.DataFrame(np.vstack(rows), days[:-2], columns), days


def _rows(T, mean, cov, A, last, rng):
    """Rows X (T, n) with mean `mean`, covariance `cov` (ddof 1) and A @ X[-1] == last.

    X = mean + sqrt(T - 1) H O L' with L L' = cov, H orthonormal and orthogonal to 1, O orthogonal. The last
    row of H O must be some q with A L q sqrt(T - 1) = last - A mean and the length of h, the last row of H; O
    is the reflection that takes h to q. Signs are fixed, so that another machine generates the same rows.
    """
    n = len(mean)
    value, V = np.linalg.eigh(cov)
    V *= np.sign(V[abs(V).argmax(0), range(n)])
    L = np.zeros((n, max(T - 1, n)))
    L[:, :n] = (V * np.sqrt(np.maximum(value, 0.0)))[:, ::-1]
    L = L[:, : T - 1]
    H, triangle = np.linalg.qr(np.column_stack([np.ones(T), rng.standard_normal((T, T - 1))]))
    H = (H * np.sign(np.diag(triangle)))[:, 1:]
    M = np.sqrt(T - 1) * A @ L
    inverse = np.linalg.pinv(M, rcond=1e-10)
    q, free = inverse @ (np.asarray(last) - A @ mean), rng.standard_normal(T - 1)
    free -= inverse @ (M @ free)  # what A does not see
    h = H[-1]
    q = q + np.sqrt(max(h @ h - q @ q, 0.0)) * free / np.linalg.norm(free)
    u = h - q
    Q = H - np.outer(H @ u, u) * (2 / (u @ u))
    return mean + np.sqrt(T - 1) * Q @ L.T


def _bundled(vintage, start, end):
    """The market of the bundled statistics."""
    (stocks, days), (index, own) = _generated(f"bist30_{vintage}.json"), _generated("xu030.json")
    used, used_own = (d[(d >= start) & (d < end)] for d in (days, own))
    if len(used) < 3:
        raise ValueError(
            f"The bundled days run from {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}; widen start and end."
        )
    stocks, index = stocks.loc[used[:-2]], index.loc[used_own[:-2]]
    note = (
        "Days are generated: each month has its real mean and covariance, but no path, week or day is real."
    )
    return Market(stocks.drop(columns="r"), stocks["r"], index, (note,))
