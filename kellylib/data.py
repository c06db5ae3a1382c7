"""Sources -> prices and rates -> simple returns. The only module that opens a file or a socket."""

import hashlib
import http.client
import io
import json
import os
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

BIST30 = (
    "AEFES AKBNK ASELS ASTOR BIMAS CIMSA EKGYO ENKAI EREGL FROTO GARAN GUBRF ISCTR KCHOL KOZAL "
    "KRDMD MGROS PETKM PGSUS SAHOL SASA SISE TAVHL TCELL THYAO TOASO TTKOM TUPRS ULKER YKBNK"
).split()
RENAMED = {"KOZAL": "TRALT"}  # the article's ticker -> the exchange's of today; add yours
TLREF_URL = "https://www.borsaistanbul.com/datum/TLREFORANI_D.zip"
BUNDLED = Path(__file__).parents[1] / "data"
CACHE = Path(os.environ.get("KELLYLIB_CACHE", Path.home() / ".cache" / "kellylib"))
TIMEOUT, WAITS, LIMIT = 20, (1, 4), 30_000_000  # seconds, seconds before a second and third try, bytes


@dataclass(frozen=True, eq=False)
class Market:
    """Simple returns by day, of the stocks, of cash and of a benchmark, and notes on what was left out.

    Row t runs from day t to the day of the next row. `rate` is the return of cash, r; `benchmark` has
    the benchmark's return and r on the benchmark's own trading days.
    """

    returns: pd.DataFrame
    rate: pd.Series
    benchmark: pd.DataFrame
    notes: tuple


def load_bist30(source="bundled", start="2022-11-05", end="2025-08-01", *, vintage="seed"):
    """Market of the article's 30 BIST30 stocks with TLREF as cash and XU030 as benchmark.

    Parameters
    ----------
    source : str or path
        ``"bundled"``: days generated from the bundled statistics of each month. ``"yahoo"``: a download, once
        a day, kept in `CACHE`. A folder: ``bist30_prices_<vintage>_vintage.csv``, ``xu030.csv`` and
        ``tlref.csv``. A CSV file: ``Date``, prices of any stocks, and, if you like, ``rate`` (percent a year,
        else 0) and ``benchmark`` (else the mean of the stocks).
    start, end : str or date
        First day, and the day after the last one, on which prices are used.
    vintage : str
        When Yahoo served the prices: ``"seed"``, August 2025, or ``"2026"``, July 2026 with dividends
        repaired, or the date of a download.

    Returns
    -------
    Market

    Raises
    ------
    ValueError
        For a file, day or price that is missing or cannot be, or rates that do not cover the returns.
    RuntimeError
        If a download fails; what was downloaded before stays.

    Examples
    --------
    >>> market = load_bist30("bundled")
    >>> market.returns.shape, f"{market.rate.mean():.6f}"
    ((627, 30), '0.001508')

    Notes
    -----
    Generated days have each month's real mean and covariance, r among the columns, and on its last day the
    real r and return of the portfolios that the article's rule holds. Infer nothing else from them.
    Home chapter: BIST30: the article's numbers (notebooks/05_bist30).
    """
    start, end, path, vintage = _day("start", start), _day("end", end), Path(source), str(vintage)
    if source == "bundled":
        return _bundled(vintage, start, end)
    if source == "yahoo":
        return _yahoo(start, end)
    if path.is_file():
        prices, notes = read_prices(path), ()
        rate, index = (prices.pop(name) if name in prices else None for name in ("rate", "benchmark"))
        if rate is None:
            rate, notes = pd.Series(0.0, prices.index), ("No column rate: cash earns nothing.",)
        if index is None:
            level = (1 + prices.ffill().pct_change().mean(axis=1)).cumprod().fillna(1.0)
            index, notes = (
                level.rename("mean"),
                (*notes, "No column benchmark: it is the mean of the stocks."),
            )
    else:
        prices = read_prices(path / f"bist30_prices_{vintage}_vintage.csv", BIST30)
        index = read_prices(path / "xu030.csv", ["XU030"])["XU030"]
        rate, notes = read_rate(path / "tlref.csv"), ()
    prices, index = (table[(table.index >= start) & (table.index < end)] for table in (prices, index))
    try:
        m = market(prices, rate, index)
    except ValueError as error:
        files = path if path.is_file() else f"{path / 'tlref.csv'} with the {vintage} prices"
        raise ValueError(f"{files}: {error}") from None
    return replace(m, notes=notes + m.notes)


def market(prices, rate, benchmark):
    """Market of any prices (NaN: none), yearly rates in percent (act/365) and a benchmark's prices, by day.

    Days on which a stock has no price are left out and noted. The row of day t holds the returns to the next
    day; as in the article the last row is lost, because r is accrued between the rows of the returns.

    >>> days = pd.date_range("2025-01-06", periods=4)
    >>> prices = pd.DataFrame({"A": [1.0, 2.0, 1.0, 3.0]}, days)
    >>> m = market(prices, pd.Series(36.5, days), prices["A"])
    >>> print(m.returns["A"].tolist(), m.rate.tolist())
    [1.0, -0.5] [0.001, 0.001]
    """
    gaps, notes = prices.sort_index().isna(), ()
    if len(days := gaps.index[gaps.any(axis=1)]):
        lacking = ", ".join(f"{name} {count}" for name, count in gaps.sum().items() if count)
        span = f"{len(days)} of {len(prices)} days, {days[0].date()} to {days[-1].date()}"
        notes = (f"Left out: {span}, where a price is missing ({lacking}).",)
    prices = prices.dropna().sort_index()
    if len(prices) < 3:
        raise ValueError(f"Only {len(prices)} days have all prices, 3 are needed; widen the dates. {notes}")
    returns = simple_returns(prices)
    r = accrued(rate, returns.index)
    own = simple_returns(benchmark.dropna().sort_index()[prices.index[0] : prices.index[-1]].to_frame())
    return Market(returns.loc[r.index], r, own.assign(r=accrued(rate, own.index)).dropna(), notes)


def simple_returns(prices):
    r"""Simple returns :math:`P_{t+1} / P_t - 1`, in the row of day t.

    Parameters
    ----------
    prices : DataFrame, shape (D, n)
        Prices by day, all > 0; each day once.

    Returns
    -------
    DataFrame, shape (D - 1, n)
        In the order of days; the last has no return.

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
    if (bad := ~((prices > 0) & (prices < np.inf)).to_numpy()).any():
        i, j = np.argwhere(bad)[0]
        what = f"{prices.columns[j]} on {prices.index[i]} is {prices.iat[i, j]}"
        raise ValueError(f"Prices must be > 0; {what}. Correct it or leave the day out.")
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

    Examples
    --------
    >>> days = pd.to_datetime(["2025-01-03", "2025-01-06"])  # over a weekend
    >>> accrued(pd.Series(36.5, days), days).to_list()
    [0.003]

    Notes
    -----
    Home chapter: BIST30: the article's numbers (notebooks/05_bist30).
    """
    rate = rate.dropna()
    if len(missing := days[:-1].difference(rate.index)):
        lack = f"{len(missing)} of {len(days) - 1} days have none, first {missing[0].date()}"
        have = f"There are {len(rate)} rates, the last is {str(rate.index.max())[:10]}"
        raise ValueError(f"The rates must cover the returns; {lack}. {have}; add some or narrow the dates.")
    spans = np.diff(days) / np.timedelta64(1, "D")
    return pd.Series(rate.loc[days[:-1]].to_numpy() / 100 * spans / 365, days[:-1], name="r")


def read_prices(path, tickers=None):
    """Prices by day of a CSV file, first column the day (YYYY-MM-DD); only of `tickers`, if given."""
    table = _table(path, _csv(path, _bytes(path)))
    if tickers is not None:
        if missing := [name for name in tickers if name not in table]:
            raise ValueError(f"{path} must have a column for each ticker; {missing} are missing. Add them.")
        table = table[list(tickers)]
    if (bad := (table <= 0).to_numpy()).any():
        i, j = np.argwhere(bad)[0]
        what = f"{table.columns[j]} on {table.index[i].date()} is {table.iat[i, j]}"
        raise ValueError(f"{path}, row {i + 2}: prices must be > 0; {what}. Correct it or leave it empty.")
    return table.sort_index()


def read_rate(path):
    """Yearly rates in percent, by day, of a CSV file (day, rate), or of Borsa Istanbul's own file of TLREF.

    Known are its zip, the UTF-16 CSV inside, and the article's .xlsx, in which day and month are swapped.
    """
    return _rates(path, _bytes(path))


def download_rate(url=TLREF_URL):
    """Official history of TLREF: yearly rates in percent, by day."""
    body = _fetch(url)
    try:
        if body[:2] != b"PK":
            raise ValueError(f"{url} must be a zip; it starts with {body[:40]!r}.")
        return _rates(url, body)
    except ValueError as error:
        raise RuntimeError(f"The source has changed or failed: {error}") from None


def download_prices(tickers, start, end, suffix=".IS"):
    """Adjusted closing prices by day from Yahoo, a column for each ticker; `RENAMED` has new names."""
    import yfinance
    from tqdm import tqdm

    yfinance.config.debug.hide_exceptions = False
    found, failed = {}, {}
    for name in tqdm(tickers, "Yahoo", disable=None):
        symbol = RENAMED.get(name, name) + suffix
        for wait in (*WAITS, None):
            try:
                history = yfinance.Ticker(symbol).history(start=start, end=end, timeout=TIMEOUT)
                close = history["Close"].dropna()
                found[name] = close.set_axis(close.index.tz_localize(None).normalize())
            except Exception as error:  # yfinance passes on whatever its HTTP library raises
                failed[name] = f"{name} as {symbol}: {str(error) or type(error).__name__}"
            if len(found.get(name, ())) or wait is None:
                break
            time.sleep(wait)
        if not len(found.get(name, ())):
            failed.setdefault(name, f"{name} as {symbol}: no prices")
        if len(failed) == 3 < len(tickers) and not any(map(len, found.values())):  # not the tickers
            raise RuntimeError(f"Yahoo cannot be reached ({failed[name]}); try again later.")
    if lost := [text for name, text in failed.items() if not len(found.get(name, ()))]:
        what = f"{len(lost)} of {len(tickers)} tickers ({'; '.join(lost)})"
        cure = "If one was renamed, set kellylib.data.RENAMED[old] = new."
        raise RuntimeError(f"Yahoo has no prices for {what}. {cure}")
    return pd.DataFrame(found).rename_axis("Date").sort_index()


def _yahoo(start, end):
    """Market of a download of today; the folder keeps one vintage a day."""
    folder, today = CACHE / f"bist30_{start.date()}_{end.date()}", f"{pd.Timestamp.now().date()}"
    name = "bist30_prices_{}_vintage.csv"
    if not (folder / name.format(today)).exists():
        try:
            rate, prices = download_rate(), download_prices([*BIST30, "XU030"], start, end)
            market(prices[BIST30], rate, prices["XU030"])  # refuses what cannot be before anything is stored
        except (RuntimeError, ValueError) as error:
            old = sorted(folder.glob(name.format("*")))
            last = f', vintage="{old[-1].name[14:-12]}"' if old else ""
            cure = f"load_bist30({str(folder) if old else 'bundled'!r}{last})"
            raise RuntimeError(f"The download failed: {error} Go on with {cure}.") from None
        tables = {"tlref.csv": rate.to_frame("TLREF"), "xu030.csv": prices[["XU030"]].dropna()}
        tables[name.format(today)] = prices[BIST30]
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as new:
            for file, table in tables.items():
                table.to_csv(Path(new) / file, index_label="Date")
            for file in tables:
                os.replace(Path(new) / file, folder / file)  # the prices last: they mark the day as done
    m = load_bist30(folder, start, end, vintage=today)
    return replace(m, notes=(f"Prices as Yahoo served them on {today}, stored in {folder}.", *m.notes))


def _fetch(url):
    """Body of an address, tried three times."""
    request = urllib.request.Request(url, headers={"User-Agent": "Mozilla/5.0 (kellylib)"})
    for wait in (*WAITS, None):
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                body, length = answer.read(LIMIT + 1), answer.headers.get("Content-Length")
            if len(body) <= LIMIT and len(body) == int(length or len(body)):
                return body
            problem = f"{len(body)} bytes came, {length} were announced, {LIMIT} are the most"
        except urllib.error.HTTPError as error:
            problem = str(error)
            error.close()
            if error.code not in (429, 500, 502, 503, 504):
                break
        except (OSError, http.client.HTTPException) as error:
            problem = str(error) or type(error).__name__
        time.sleep(wait or 0)
    raise RuntimeError(f"{url} cannot be had ({problem}); try again later or check your network.")


def _rates(name, content):
    """Rates of a file in any of the formats of `read_rate`."""
    form = "%Y-%m-%d"
    if content[:2] == b"PK":
        try:
            archive = zipfile.ZipFile(io.BytesIO(content))
            members = archive.infolist()
            if sum(m.file_size for m in members) > LIMIT:
                raise ValueError(f"{name} must hold at most {LIMIT} bytes; look at what it is.")
            if any(m.filename == "xl/workbook.xml" for m in members):
                table = pd.read_excel(io.BytesIO(content), dtype=object).iloc[:, :2].astype(object)
                days = [f"{d:%m/%d/%Y}" if hasattr(d, "month") else str(d) for d in table.iloc[:, 0]]
                rate = _table(name, table.assign(**{table.columns[0]: days}), "%d/%m/%Y").iloc[:, 0].dropna()
                if not rate.index.is_monotonic_increasing:
                    raise ValueError(f"{name} must have day and month swapped, as the article's has.")
                return rate
            if len(members) != 1 or Path(members[0].filename).name != members[0].filename:
                raise ValueError(f"{name} must hold one CSV file; it holds {[m.filename for m in members]}.")
            content = archive.read(members[0])
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise ValueError(f"{name} is a damaged zip ({error}); download it again.") from None
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        table, form = _csv(name, content, sep=";", encoding="utf-16"), "%d/%m/%Y"
        wanted = [[c for c in table if c.strip().endswith(end)] for end in ("/DATE", "/VALUE")]
        if [len(found) for found in wanted] != [1, 1]:
            raise ValueError(f"{name} must have one column /DATE and one /VALUE; it has {list(table)}.")
        table = table[wanted[0] + wanted[1]]
        last = pd.to_datetime(table.iloc[:, 0], format=form, errors="coerce").last_valid_index()
        table = table.iloc[: 0 if last is None else last + 1]  # footnotes follow
    else:
        table = _csv(name, content)
    return _table(name, table, form).iloc[:, 0].dropna().sort_index()


def _day(name, value):
    try:
        return pd.Timestamp(value)
    except ValueError:
        raise ValueError(f"{name} must be a day such as 2025-07-31; it is {value!r}.") from None


def _bytes(path):
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); see data/README.md.") from None


def _csv(name, content, **form):
    try:
        table = pd.read_csv(io.BytesIO(content), dtype=str, **form)
    except (UnicodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"{name} is not a table in CSV: {error}. Compare it with data/README.md.") from None
    if table.shape[1] < 2:
        raise ValueError(f"{name} must have a column of days and one of numbers; it has {list(table)}.")
    return table


def _table(name, text, form="%Y-%m-%d"):
    """Numbers by day from a table of strings whose first column is the day."""
    days = pd.to_datetime(text.iloc[:, 0], format=form, errors="coerce")
    for bad, what in ((days.isna(), f"a day as {form}"), (days.duplicated(), "a day that comes once")):
        if bad.any():
            i = int(np.flatnonzero(bad)[0])
            raise ValueError(f"{name}, row {i + 2}: {text.iat[i, 0]!r} is not {what}. Correct or delete it.")
    body = text.iloc[:, 1:]
    numbers = body.apply(pd.to_numeric, errors="coerce").astype(float)
    if (bad := ((numbers.isna() & body.notna()) | np.isinf(numbers)).to_numpy()).any():
        i, j = np.argwhere(bad)[0]
        what = f"{body.iat[i, j]!r} in column {body.columns[j]}"
        raise ValueError(f"{name}, row {i + 2}: {what} is not a number. Correct it or leave it empty.")
    return numbers.set_axis(pd.DatetimeIndex(days, name="Date"))


def _bundled(vintage, start, end):
    """Market of the bundled statistics."""
    if vintage not in ("seed", "2026"):
        raise ValueError(f'vintage must be "seed" or "2026" for the bundled data; it is {vintage!r}.')
    frames = []
    for name in (f"bist30_{vintage}.json", "xu030.json"):
        frame, days = _generated(name)
        used = days[(days >= start) & (days < end)]
        if len(used) < 3:
            raise ValueError(
                f"The bundled days are {days[0].date()} to {days[-1].date()}; widen start and end."
            )
        frames.append(frame.loc[used[:-2]])
    note = "Days are generated: each month has its real mean and covariance, no day or path is real."
    return Market(frames[0].drop(columns="r"), frames[0]["r"], frames[1], (note,))


def _generated(name):
    """Rows generated from a bundled file whose checksum holds, and the days on which prices were used."""
    content = _bytes(BUNDLED / name)
    sums = dict(line.split()[::-1] for line in _bytes(BUNDLED / "SHA256SUMS").decode().splitlines())
    if hashlib.sha256(content).hexdigest() != sums.get(name):
        raise ValueError(f"{BUNDLED / name} differs from SHA256SUMS; git checkout -- data restores it.")
    file, rows = json.loads(content), []
    days, columns = pd.DatetimeIndex(file["days"], name="Date"), file["columns"]
    n = len(columns)
    for k, month in enumerate(file["months"].values()):
        cov = np.zeros((n, n))
        cov[np.tril_indices(n)] = month["covariance"]
        cov += np.tril(cov, -1).T
        A = [[last["weights"].get(column, 0.0) for column in columns] for last in month["last"]]
        last = [last["return"] for last in month["last"]]
        rng = np.random.default_rng([30, k])
        rows.append(_rows(month["rows"], np.array(month["mean"]), cov, np.reshape(A, (-1, n)), last, rng))
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
