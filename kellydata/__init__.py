"""Sources -> prices and rates -> simple returns. The only module that opens a file or a socket."""

import hashlib
import http.client
import io
import json
import os
import time
import urllib.request
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from kellydata.checks import frame, numbers

BIST30 = (
    "AEFES AKBNK ASELS ASTOR BIMAS CIMSA EKGYO ENKAI EREGL FROTO GARAN GUBRF ISCTR KCHOL KOZAL "
    "KRDMD MGROS PETKM PGSUS SAHOL SASA SISE TAVHL TCELL THYAO TOASO TTKOM TUPRS ULKER YKBNK"
).split()
RENAMED = {"KOZAL": "TRALT"}  # the article's ticker -> the exchange's of today; add yours
TLREF_URL = "https://www.borsaistanbul.com/datum/TLREFORANI_D.zip"
_INSTALLED = Path(__file__).parent / "bundled"  # where an installation keeps the repository's folder data
BUNDLED = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[1] / "data"
CACHE = Path(os.environ.get("KELLYLIB_CACHE", Path.home() / ".cache" / "kellylib"))
TIMEOUT, WAITS, LIMIT = 20, (1, 4), 30_000_000  # seconds, seconds before a second and third try, bytes


@dataclass(frozen=True, eq=False)
class Market:
    """Simple returns (row t: from day t to the day of the next row) and notes on what was left out."""

    returns: pd.DataFrame
    rate: pd.Series  # return of cash, r
    benchmark: pd.DataFrame  # the benchmark's return and r, on its own trading days
    notes: tuple


def load_bist30(source="bundled", start="2022-11-05", end="2025-08-01", *, vintage="seed"):
    """Market of the article's 30 BIST30 stocks with TLREF as cash and XU030 as benchmark.

    Generated days have each month's real mean and covariance, r among the columns, and on its last day the
    real r and return of the portfolios that the article's rule holds. Infer nothing else from them.

    Parameters:
        source (str or path): ``"bundled"``: days generated from the bundled statistics of each month.
            ``"yahoo"``: a download, once a day, kept in `CACHE`. A folder:
            ``bist30_prices_<vintage>_vintage.csv``, ``xu030.csv`` and ``tlref.csv``. A CSV file: ``Date``,
            prices of any stocks, and, if you like, ``rate`` (percent a year, else 0) and ``benchmark`` (else
            the mean of the stocks).
        start (str or date): First day on which prices are used.
        end (str or date): The day after the last one.
        vintage (str): When Yahoo served the prices: ``"seed"``, August 2025; ``"2026"``, July 2026; the day
            of a download.
    Returns:
        Market
    Raises:
        ValueError, RuntimeError: For a file, day, price or rate that is missing or cannot be; for a download
            that fails or cannot be stored (what was stored before stays).
    Examples:
        >>> market = load_bist30("bundled")
        >>> market.returns.shape, f"{market.rate.mean():.6f}"
        ((627, 30), '0.001508')
    """
    if not isinstance(source, str | os.PathLike):
        raise ValueError(f'source must be "bundled", "yahoo" or a path; it is {source!r}.')
    start, end, path, vintage = _day("start", start), _day("end", end), Path(source), str(vintage)
    if source == "bundled":
        return _bundled(vintage, start, end)
    if source == "yahoo":
        return _yahoo(start, end)
    notes, files = (), path
    if path.is_file():
        prices = read_prices(path)
        rate, index = (prices.pop(name) if name in prices else None for name in ("rate", "benchmark"))
        if rate is None:
            rate, notes = pd.Series(0.0, prices.index), ("No column rate: cash earns nothing.",)
        if index is None:
            index = (1 + prices.ffill().pct_change().mean(axis=1)).cumprod().fillna(1.0).rename("mean")
            notes = (*notes, "No column benchmark: it is the mean of the stocks.")
    else:
        prices = read_prices(path / f"bist30_prices_{vintage}_vintage.csv", BIST30)
        index = read_prices(path / "xu030.csv", ["XU030"])["XU030"]
        rate, files = read_rate(path / "tlref.csv"), f"{path / 'tlref.csv'} with the {vintage} prices"
    prices, index = (table[(table.index >= start) & (table.index < end)] for table in (prices, index))
    try:
        m = market(prices, rate, index)
    except ValueError as error:
        raise ValueError(f"{files}: {error}") from None
    return replace(m, notes=notes + m.notes)


def market(prices, rate, benchmark):
    """Market of any prices (NaN: none), yearly rates in percent (act/365) and a benchmark's prices, by day.

    Days on which a stock or the benchmark has no price are left out and noted. As in the article the last row
    of the returns is lost, because r is accrued between rows of returns. data/README.md has an example.
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
    own = benchmark.dropna().sort_index()[prices.index[0] : prices.index[-1]]
    asked = gaps.index.union(benchmark.index)
    asked = asked[(asked >= prices.index[0]) & (asked <= prices.index[-1])]
    if len(days := asked.difference(own.index)):
        span = f"{len(days)} of {len(asked)} days, {days[0].date()} to {days[-1].date()}"
        notes = (*notes, f"Left out of the benchmark: {span}, where it has no price.")
    if len(own) < 3:
        raise ValueError(f"The benchmark has a price on {len(own)} days, 3 are needed; give more. {notes}")
    own = simple_returns(own.to_frame())
    return Market(returns.loc[r.index], r, own.assign(r=accrued(rate, own.index)).dropna(), notes)


def simple_returns(prices):
    r"""Simple returns :math:`P_{t+1} / P_t - 1`, in the row of day t; the last day has none.

    Parameters:
        prices (DataFrame, shape (D, n)): Prices by day, all > 0; each day once, in any order.
    Returns:
        DataFrame, shape (D - 1, n)
    Examples:
        >>> simple_returns(pd.DataFrame({"A": [1.0, 1.25, 2.5]}))["A"].tolist()
        [0.25, 1.0]
    """
    prices = frame("prices", prices)
    if not prices.index.is_unique:
        raise ValueError(f"Days must come once; {prices.index[prices.index.duplicated()][0]} comes twice.")
    X = prices.to_numpy()
    if not (X.min(initial=1) > 0 and X.max(initial=1) < np.inf):
        i, j = np.argwhere(~((X > 0) & (X < np.inf)))[0]
        what = f"{prices.columns[j]} on {prices.index[i]} is {prices.iat[i, j]}"
        raise ValueError(f"prices must be > 0; {what}. Correct it or leave the day out.")
    return pd.DataFrame(X[1:] / X[:-1] - 1, prices.index[:-1], prices.columns)


def accrued(rate, days):
    r"""Return of cash, :math:`r_t = \text{rate}_t / 100 \times \text{calendar days to the next row} / 365`.

    Parameters:
        rate (Series): Simple yearly rate by day, percent, act/365.
        days (DatetimeIndex, shape (D,)): The days between which cash accrues, in order.
    Returns:
        Series, shape (D - 1,), named ``"r"``
    Examples:
        >>> days = pd.to_datetime(["2025-01-03", "2025-01-06"])  # over a weekend
        >>> accrued(pd.Series(36.5, days), days).to_list()
        [0.003]
    """
    if not isinstance(rate, pd.Series) or not isinstance(days, pd.DatetimeIndex):
        raise ValueError("rate must be a Series by day, and days must be a DatetimeIndex.")
    rate = rate[np.isfinite(numbers("rate", rate))].astype(float)
    if len(missing := days[:-1].difference(rate.index)):
        lack = f"{len(missing)} of {len(days) - 1} days have none, first {missing[0].date()}"
        have = f"There are {len(rate)} rates, the last is {str(rate.index.max())[:10]}"
        raise ValueError(f"rate must cover the days; {lack}. {have}; add some or narrow the dates.")
    spans = np.diff(days) / np.timedelta64(1, "D")
    return pd.Series(rate.loc[days[:-1]].to_numpy() / 100 * spans / 365, days[:-1], name="r")


def read_prices(path, tickers=None):
    """Prices by day of a CSV file, first column the day (YYYY-MM-DD); only of `tickers`, if given."""
    table = _csv(path, _bytes(path))
    if missing := [name for name in tickers or () if name not in table]:
        raise ValueError(f"{path} must have a column for each ticker; {missing} are missing. Add them.")
    table = table[[table.columns[0], *tickers]] if tickers else table
    return _table(path, table, prices=True).sort_index()


def read_rate(path):
    """Yearly rates in percent, by day, of a CSV (day, rate), Borsa Istanbul's zip or the CSV inside, or the
    article's .xlsx, in which day and month are swapped."""
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
    """Adjusted closing prices by day from Yahoo, a column for each ticker; `RENAMED` has new names.

    A terminal shows progress; a notebook or a log does not.
    """
    import yfinance
    from tqdm import tqdm

    yfinance.config.debug.hide_exceptions = False
    found, failed = {}, {}
    for name in tqdm(tickers, "Yahoo", disable=None):
        symbol = RENAMED.get(name, name) + suffix
        failed[name] = f"{name} as {symbol}: no prices"
        for wait in (0, *WAITS):
            time.sleep(wait)
            try:
                history = yfinance.Ticker(symbol).history(start=start, end=end, timeout=TIMEOUT)
                if len(close := history["Close"].dropna()):
                    found[name] = close.set_axis(close.index.tz_localize(None).normalize())
                    break
            except Exception as error:  # yfinance passes on whatever its HTTP library raises
                failed[name] = f"{name} as {symbol}: {str(error) or type(error).__name__}"
        if not found and len(failed) == 3 < len(tickers):  # not the tickers
            raise RuntimeError(f"Yahoo cannot be reached ({failed[name]}); try again later.")
    if lost := [failed[name] for name in tickers if name not in found]:
        what = f"{len(lost)} of {len(tickers)} tickers ({'; '.join(lost)})"
        cure = "If one was renamed, set kellydata.RENAMED[old] = new"
        raise RuntimeError(f"Yahoo has no prices for {what}. {cure}.")
    return pd.DataFrame(found).rename_axis("Date").sort_index()


def _yahoo(start, end):
    """Market of a download of today. Each day's is a folder of its own, made by one renaming."""
    today, window = f"{pd.Timestamp.now().date()}", (f"{start.date()}", f"{end.date()}")
    folder = CACHE / "_".join(("bist30", *window)) / today
    if not folder.exists():
        try:
            rate, prices = download_rate(), download_prices([*BIST30, "XU030"], start, end)
            market(prices[BIST30], rate, prices["XU030"])  # refuses what cannot be before anything is stored
        except (RuntimeError, ValueError) as error:
            old = max(folder.parent.glob("????-??-??"), default=None)
            call = f'{str(old)!r}, {window[0]!r}, {window[1]!r}, vintage="{old.name}"' if old else "'bundled'"
            raise RuntimeError(f"The download failed: {error} Go on with load_bist30({call}).") from None
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=folder.parent) as temporary:
                (new := Path(temporary) / today).mkdir()
                prices[BIST30].to_csv(new / f"bist30_prices_{today}_vintage.csv")
                prices["XU030"].to_csv(new / "xu030.csv")
                rate.rename("TLREF").to_csv(new / "tlref.csv")
                new.rename(folder)
        except OSError as error:
            if not folder.exists():  # else another process stored its download first
                cure = "set kellydata.CACHE to a folder with room that you may write to"
                raise RuntimeError(f"The download cannot be stored ({error}); {cure}.") from None
    m = load_bist30(folder, start, end, vintage=today)
    return replace(m, notes=(f"Prices as Yahoo served them on {today}, stored in {folder}.", *m.notes))


def _fetch(url):
    """Body of an address, tried three times."""
    request = urllib.request.Request(url, headers={"User-Agent": "Mozilla/5.0 (kellylib)"})
    for wait in (0, *WAITS):
        time.sleep(wait)
        body, deadline = bytearray(), time.monotonic() + 6 * TIMEOUT
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                length = answer.length
                while time.monotonic() < deadline and (part := answer.read1(LIMIT + 1 - len(body))):
                    body += part
            if time.monotonic() < deadline and len(body) == (length or len(body)) <= LIMIT:
                return bytes(body)
            problem = f"{len(body)} bytes came in time, {length} were announced, {LIMIT} are the most"
        except (OSError, http.client.HTTPException) as error:
            problem = str(error) or type(error).__name__
            if getattr(error, "code", 500) not in (429, 500, 502, 503, 504):  # an answer that will not change
                break
    raise RuntimeError(f"{url} cannot be had ({problem}); try again later or check your network.")


def _rates(name, content):
    """Rates of a file in any of the formats of `read_rate`."""
    if content[:2] == b"PK":
        files = _unzip(name, content)
        if "xl/workbook.xml" in files:
            return _sheet(name, files)
        if len(files) != 1 or Path(*files).name != min(files):
            raise ValueError(f"{name} must hold one CSV file; it holds {list(files)}.")
        content = files.popitem()[1]
    if content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return _table(name, _csv(name, content)).iloc[:, 0].dropna().sort_index()
    table, form = _csv(name, content, sep=";", encoding="utf-16"), "%d/%m/%Y"
    wanted = [[c for c in table if c.strip().endswith(end)] for end in ("/DATE", "/VALUE")]
    if [len(found) for found in wanted] != [1, 1]:
        raise ValueError(f"{name} must have one column /DATE and one /VALUE; it has {list(table)}.")
    table = table[wanted[0] + wanted[1]]
    last = pd.to_datetime(table.iloc[:, 0], format=form, errors="coerce").last_valid_index()
    table = table.iloc[: 0 if last is None else last + 1]  # footnotes follow
    return _table(name, table, form).iloc[:, 0].dropna().sort_index()


def _unzip(name, content):
    """Files of an archive, in memory; none is inflated beyond the size that the archive names for it."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = archive.infolist()
        if (size := sum(member.file_size for member in members)) > LIMIT:
            raise ValueError(f"{size} bytes are in it, {LIMIT} are the most")
        if not {member.compress_type for member in members} <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ValueError("neither stored nor deflated")  # zipfile inflates others without limit
        return {member.filename: archive.open(member).read(member.file_size) for member in members}
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise ValueError(f"{name} cannot be unpacked ({error}); look what it is, get it again.") from None


def _sheet(name, files):
    """Rates of the article's .xlsx, packed anew, since openpyxl inflates without limit."""
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as archive:
        for file, content in files.items():
            archive.writestr(file, content)
    try:
        table = pd.read_excel(packed, dtype=object).iloc[:, :2].astype(object)
    except Exception as error:  # openpyxl passes on whatever its XML parser raises
        raise ValueError(f"{name} is a damaged sheet ({error}); download it again.") from None
    days = [f"{d:%m/%d/%Y}" if hasattr(d, "month") else str(d) for d in table.iloc[:, 0]]
    rate = _table(name, table.assign(**{table.columns[0]: days}), "%d/%m/%Y").iloc[:, 0].dropna()
    if not rate.index.is_monotonic_increasing:
        raise ValueError(f"{name} must have day and month swapped, as the article's has.")
    return rate


def _day(name, value):
    with suppress(ValueError):
        if isinstance(value, str | date | np.datetime64) and (day := pd.Timestamp(value)) is not pd.NaT:
            return day
    raise ValueError(f"{name} must be a day such as 2025-07-31; it is {value!r}.")


def _bytes(path):
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); see data/README.md.") from None


def _csv(name, content, **form):
    try:
        return pd.read_csv(io.BytesIO(content), dtype=str, **form)
    except (UnicodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"{name} is not a table in CSV: {error}. Compare it with data/README.md.") from None


def _table(name, text, form="%Y-%m-%d", prices=False):
    """Numbers by day from a table of strings whose first column is the day; prices (not `rate`) are > 0."""
    if text.shape[1] < 2:
        raise ValueError(f"{name} must have a column of days and one of numbers; it has {list(text)}.")
    days, body = pd.to_datetime(text.iloc[:, 0], format=form, errors="coerce"), text.iloc[:, 1:]
    for bad, what in ((days.isna(), f"a day as {form}"), (days.duplicated(), "a day that comes once")):
        if bad.any():
            i = int(np.flatnonzero(bad)[0])
            raise ValueError(f"{name}, row {i + 2}: {text.iat[i, 0]!r} is not {what}. Correct or delete it.")
    values = body.apply(pd.to_numeric, errors="coerce").astype(float)
    least = np.where(body.columns == "rate", -np.inf, 0.0 if prices else -np.inf)
    if (bad := body.notna().to_numpy() & ~((values > least) & (values < np.inf)).to_numpy()).any():
        i, j = np.argwhere(bad)[0]
        cell, kind = f"{body.iat[i, j]!r} in column {body.columns[j]}", "price" if least[j] == 0 else "number"
        raise ValueError(f"{name}, row {i + 2}: {cell} is not a {kind}. Correct it or leave it empty.")
    return values.set_axis(pd.DatetimeIndex(days, name="Date"))


def _bundled(vintage, start, end):
    """Market of the bundled statistics."""
    if vintage not in ("seed", "2026"):
        raise ValueError(f'vintage must be "seed" or "2026" for the bundled data; it is {vintage!r}.')
    frames, cut = [], set()
    for table, days in (_generated(f"bist30_{vintage}.json"), _generated("xu030.json")):
        used = days[(days >= start) & (days < end)]
        if len(used) < 3:
            span = f"{days[0].date()} to {days[-1].date()}"
            raise ValueError(f"The bundled days are {span}; widen start and end.")
        frames.append(table.loc[used[:-2]])
        cut |= {*table.index.difference(used[:-2]).to_period("M")} & {*used[:-2].to_period("M")}
    cut = " and ".join(map(str, sorted(cut)))
    but, notes = f" but {cut}" if cut else "", ()
    if cut:
        what = f"Cut by start, by end or by the two last rows, which are lost: {cut}"
        why = "What is left of such a month has neither its real mean nor its real covariance"
        cure = "start on or before a month's first day, end after the second trading day of another"
        notes = (f"{what}. {why}: infer nothing from its weights. To keep months whole, {cure}.",)
    note = f"Days are generated: each month{but} has its real mean and covariance, no day or path is real."
    return Market(frames[0].drop(columns="r"), frames[0]["r"], frames[1], (note, *notes))


def _generated(name):
    """Rows generated from a bundled file whose checksum holds, and the days on which prices were used."""
    content = _bytes(BUNDLED / name)
    sums = dict(line.split()[::-1] for line in _bytes(BUNDLED / "SHA256SUMS").decode().splitlines())
    if hashlib.sha256(content).hexdigest() != sums.get(name):
        cure = "git checkout -- data, or installing kellylib again, restores it"
        raise ValueError(f"{BUNDLED / name} differs from SHA256SUMS; {cure}.")
    file, rows = json.loads(content), []
    columns, n = file["columns"], len(file["columns"])
    for k, month in enumerate(file["months"].values()):
        cov = np.zeros((n, n))
        cov[np.tril_indices(n)] = month["covariance"]
        cov += np.tril(cov, -1).T
        A = [[last["weights"].get(column, 0.0) for column in columns] for last in month["last"]]
        last, rng = [last["return"] for last in month["last"]], np.random.default_rng([30, k])
        rows.append(_rows(month["rows"], np.array(month["mean"]), cov, np.reshape(A, (-1, n)), last, rng))
    days = pd.DatetimeIndex(file["days"], name="Date")
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
    return mean + np.sqrt(T - 1) * (H - np.outer(H @ u, u) * (2 / (u @ u))) @ L.T
