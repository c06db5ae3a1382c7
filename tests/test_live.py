"""The live loader against a local server with every fault, an invented Yahoo, and the real TLREF files."""

import ast
import binascii
import errno
import io
import re
import shutil
import struct
import subprocess
import sys
import threading
import tracemalloc
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import openpyxl
import pandas as pd
import pytest

import kellydata as data
from kellydata import BIST30, download_prices, download_rate, load_bist30, read_rate

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="needs the real files in ../shared/data")
DAYS = pd.bdate_range("2023-01-02", periods=40, name="Date")
OFFICIAL = "TARIH/DATE;AD/NAME;INGILIZCE ADI/NAME IN ENGLISH;KOD/CODE;DEGER/VALUE;REPO AOF /VWAP REPO RATE\n"


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(data, "WAITS", (0.01, 0.01))
    monkeypatch.setattr(data, "TIMEOUT", 0.5)


def official(rows=None, notes='DIPNOTLAR\nKOD/CODE;Bir; iki; "\n', header=OFFICIAL):
    """A small file as Borsa Istanbul publishes it."""
    rows = [(f"{day:%d/%m/%Y}", 36.5) for day in DAYS] if rows is None else rows
    lines = [f"{day};FAİZ ORANI;REFERENCE RATE;TLREF;{value};1,234,000" for day, value in rows]
    return (header + "\n".join(lines) + "\n" + notes.replace('"', "")).encode("utf-16")


def zipped(content, name="TLREFORANI_D.csv"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in [name] if isinstance(name, str) else name:
            archive.writestr(member, content)
    return buffer.getvalue()


def lying(archive, size, crc):
    """The same zip, whose headers say that its only member has `size` bytes and, if given, a checksum."""
    archive, central = bytearray(archive), archive.index(b"PK\x01\x02")
    for header, place in ((0, 14), (central, 16)):
        struct.pack_into("<I", archive, header + place + 8, size)
        if crc is not None:
            struct.pack_into("<I", archive, header + place, crc)
    return bytes(archive)


def sheet(cells):
    """An .xlsx as the article's: column Date, column TLREF."""
    book = openpyxl.Workbook()
    for row in [("Date", "TLREF"), *cells]:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.fixture
def server():
    """Serves, one after the other, what is put into server.answers: (status, body, announced length)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            serving.asked += 1
            status, body, length = serving.answers.pop(0) if len(serving.answers) > 1 else serving.answers[0]
            if status is None:
                serving.done.wait(5)  # says nothing
                return
            if status == "drip":
                self.send_response(200)
                self.end_headers()
                while not serving.done.wait(0.02):
                    try:
                        self.wfile.write(b"P")
                    except OSError:  # the reader gave up
                        return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = SimpleNamespace(answers=[], asked=0, done=threading.Event())
    serving.url = f"http://127.0.0.1:{httpd.server_port}/TLREFORANI_D.zip"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield serving
    serving.done.set()
    httpd.shutdown()
    thread.join()
    httpd.server_close()


GOOD = zipped(official())


# ---- the formats of TLREF


@needs_real
def test_the_real_tlref_files_agree():
    plain, official, article = (
        read_rate(REAL / f) for f in ("tlref.csv", "TLREFORANI_D.csv", "TLREFORANI_D.xlsx")
    )
    assert (len(plain), len(official), len(article)) == (730, 1693, 1651)
    assert official.index.is_monotonic_increasing and f"{official.index[0]:%F}" == "2018-12-28"
    assert plain.equals(official[plain.index].rename("TLREF"))
    assert article.tolist() == official[article.index].tolist() and f"{article.index[-1]:%F}" == "2025-08-01"


@needs_real
def test_the_real_official_file_is_read_from_a_zip(tmp_path):
    (tmp_path / "t.zip").write_bytes(zipped((REAL / "TLREFORANI_D.csv").read_bytes()))
    assert read_rate(tmp_path / "t.zip").equals(read_rate(REAL / "TLREFORANI_D.csv"))


def test_official_files_lose_their_footnotes(tmp_path):
    (tmp_path / "t.csv").write_bytes(official())
    rate = read_rate(tmp_path / "t.csv")
    assert rate.index.equals(DAYS) and (rate == 36.5).all()


def test_the_articles_sheet_has_day_and_month_swapped(tmp_path):
    days = pd.to_datetime(["2025-07-30", "2025-07-31", "2025-08-01", "2025-08-04"])
    cells = [
        (f"{d:%d/%m/%Y}" if d.day > 12 else d.replace(month=d.day, day=d.month).to_pydatetime(), 40.0)
        for d in days
    ]
    (tmp_path / "t.xlsx").write_bytes(sheet(cells))
    assert read_rate(tmp_path / "t.xlsx").index.tolist() == days.tolist()


def test_a_sheet_with_true_dates_is_refused_not_misread(tmp_path):
    days = pd.to_datetime(["2025-01-02", "2025-01-03", "2025-02-01"])
    (tmp_path / "t.xlsx").write_bytes(sheet([(d.to_pydatetime(), 40.0) for d in days]))
    with pytest.raises(ValueError, match="t.xlsx must have day and month swapped"):
        read_rate(tmp_path / "t.xlsx")


BAD_FILES = {
    "renamed columns": (
        official(header=OFFICIAL.replace("VALUE", "RATE")),
        "one column /DATE and one /VALUE; it has",
    ),
    "two values": (official(header=OFFICIAL.replace("NAME;", "VALUE;")), "one column /DATE and one /VALUE"),
    "bad day": (official([("02/01/2023", 1), ("soon", 2), ("04/01/2023", 3)]), "row 3: 'soon' is not a day"),
    "same day": (
        official([("02/01/2023", 1), ("02/01/2023", 2)]),
        "row 3: '02/01/2023' is not a day that comes once",
    ),
    "bad value": (
        official([("02/01/2023", "n/a!")]),
        "row 2: 'n/a!' in column DEGER/VALUE is not a number[.]",
    ),
    "two members": (
        zipped(official(), ["a.csv", "b.csv"]),
        r"must hold one CSV file; it holds \['a.csv', 'b.csv'\]",
    ),
    "no member": (zipped(b"", []), r"must hold one CSV file; it holds \[\]"),
    "traversal": (
        zipped(official(), "../../evil.csv"),
        r"must hold one CSV file; it holds \['../../evil.csv'\]",
    ),
    "bomb": (
        zipped(b"0" * 40_000_000),
        r"cannot be unpacked \(40000000 bytes are in it, 30000000 are the most\)",
    ),
    "cut zip": (GOOD[:-30], "cannot be unpacked"),
    "damaged zip": (GOOD[:60] + bytes(20) + GOOD[80:], "cannot be unpacked|not a table"),
    "half a character": (official() + b"x", "is not a table in CSV"),
    "one column": (b"Date\n2023-01-02\n", "must have a column of days and one of numbers"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_rate_files_are_named(tmp_path, case):
    content, message = BAD_FILES[case]
    (tmp_path / "rate.file").write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_rate(tmp_path / "rate.file")
    assert "rate.file" in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["rate.file"], "nothing was extracted"


@pytest.mark.parametrize("crc", [None, binascii.crc32(b"0" * 100)], ids=["true checksum", "made to fit"])
@pytest.mark.parametrize("member", ["a.csv", "xl/workbook.xml"])
def test_a_bomb_that_hides_its_size_is_not_inflated(tmp_path, member, crc):
    bomb = zipped(b"0" * 20_000_000, member)
    (tmp_path / "t.zip").write_bytes(lying(bomb, 100, crc))
    with pytest.raises(ValueError, match="t.zip cannot be unpacked|t.zip is a damaged sheet|t.zip must have"):
        read_rate(tmp_path / "t.zip")  # once more below: what is imported late has its own memory
    tracemalloc.start()
    with pytest.raises(ValueError, match="t.zip"):
        read_rate(tmp_path / "t.zip")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zips_that_could_be_inflated_without_limit_are_refused(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "t.zip", "w", method) as archive:
        archive.writestr("t.csv", official())
    with pytest.raises(ValueError, match=r"t.zip cannot be unpacked \(neither stored nor deflated\)"):
        read_rate(tmp_path / "t.zip")


def test_damaged_files_are_rates_or_one_sentence(tmp_path):
    """Bytes changed, cut out and repeated at random: never another exception or a warning."""
    days = [(f"{day:%d/%m/%Y}" if day.day > 12 else day.strftime("%m/%d/%Y"), 36.5) for day in DAYS]
    plain = pd.DataFrame({"TLREF": 36.5}, DAYS).to_csv().encode()
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("t.csv", official())
    rng, outcomes = np.random.default_rng(11), {True: 0, False: 0}
    for content in [GOOD, official(), plain, sheet(days), stored.getvalue()] * 40:
        content = bytearray(content)
        i, j = sorted(rng.integers(2, len(content), 2))
        match rng.integers(3):
            case 0:
                content[i] = rng.integers(256)
            case 1:
                del content[i : min(j, i + 40)]
            case 2:
                content[i:i] = content[i:j]
        (tmp_path / "t.file").write_bytes(content)
        try:
            assert isinstance(read_rate(tmp_path / "t.file"), pd.Series)
            outcomes[True] += 1
        except ValueError as error:
            assert str(error).startswith(str(tmp_path / "t.file")), str(error)
            outcomes[False] += 1
    assert min(outcomes.values()) > 10


def test_a_file_without_rates_is_empty_not_wrong(tmp_path):
    (tmp_path / "t.csv").write_bytes(official([]))
    assert len(read_rate(tmp_path / "t.csv")) == 0


# ---- the download of TLREF


def test_the_rate_is_downloaded(server):
    server.answers = [(200, GOOD, None)]
    assert download_rate(server.url).index.equals(DAYS) and server.asked == 1


@pytest.mark.parametrize("fault", [429, 500, 502, 503, 504])
def test_a_passing_fault_is_tried_again(server, fault):
    server.answers = [(fault, b"", None), (fault, b"", None), (200, GOOD, None)]
    assert len(download_rate(server.url)) == 40 and server.asked == 3


def test_a_cut_body_is_tried_again(server):
    server.answers = [(200, GOOD[:100], len(GOOD)), (200, GOOD, None)]
    assert len(download_rate(server.url)) == 40 and server.asked == 2


FAULTS = {
    "429": ((429, b"", None), 3, r"HTTP Error 429.*; try again later"),
    "500": ((500, b"", None), 3, r"HTTP Error 500"),
    "404": ((404, b"", None), 1, r"HTTP Error 404"),
    "cut": ((200, GOOD[:100], len(GOOD)), 3, r"100 bytes came in time, \d+ were announced"),
    "silence": ((None, b"", None), 3, r"timed out"),
    "html": ((200, b"<html>Maintenance</html>", None), 1, r"must be a zip; it starts with b'<html>"),
    "nothing": ((200, b"", None), 1, r"must be a zip; it starts with b''"),
    "empty zip": ((200, zipped(b"", []), None), 1, r"must hold one CSV file; it holds \[\]"),
    "bomb": ((200, zipped(b"0" * 40_000_000), None), 1, "cannot be unpacked .40000000 bytes are in it"),
    "traversal": ((200, zipped(official(), "/etc/x.csv"), None), 1, r"it holds \['/etc/x.csv'\]"),
    "columns": ((200, zipped(official(header=OFFICIAL.replace("DATE", "DAY"))), None), 1, "one column /DATE"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_lasting_fault_is_one_sentence(server, case):
    answer, asked, message = FAULTS[case]
    server.answers = [answer]
    with pytest.raises(RuntimeError, match=message):
        download_rate(server.url)
    assert server.asked == asked


def test_a_body_without_end_is_cut_off(server, monkeypatch):
    monkeypatch.setattr(data, "LIMIT", 1000)
    server.answers = [(200, b"PK" + bytes(5000), None)]
    with pytest.raises(RuntimeError, match="1001 bytes came in time, 5002 were announced, 1000 are the most"):
        download_rate(server.url)


def test_an_announced_length_that_is_no_number_does_not_matter(server):
    server.answers = [(200, GOOD, "many")]
    assert len(download_rate(server.url)) == 40


def test_a_body_that_drips_is_given_up(server, monkeypatch):
    monkeypatch.setattr(data, "TIMEOUT", 0.05)
    server.answers = [("drip", b"", None)]
    with pytest.raises(RuntimeError, match=r"cannot be had \(\d+ bytes came in time, None were announced"):
        download_rate(server.url)
    assert server.asked == 3


def test_no_server_at_all(server):
    with pytest.raises(
        RuntimeError, match=r"cannot be had .*refused.*; try again later or check your network"
    ):
        download_rate("http://127.0.0.1:9/x.zip")


# ---- an invented Yahoo


@pytest.fixture
def yahoo(monkeypatch):
    """Prices for every symbol; a symbol in `faults` fails so often, or gives the frame that is named."""
    import yfinance

    rng = np.random.default_rng(3)
    market = SimpleNamespace(asked=[], faults={}, frames={})
    index = DAYS.tz_localize("Europe/Istanbul")

    class Ticker:
        def __init__(self, symbol):
            self.symbol = symbol

        def history(self, start, end, timeout):
            market.asked.append(self.symbol)
            if market.faults.get(self.symbol, 0) > 0:
                market.faults[self.symbol] -= 1
                raise ConnectionError("reset by peer")
            if self.symbol in market.frames:
                return market.frames[self.symbol]
            return pd.DataFrame({"Close": np.exp(rng.normal(0, 0.02, 40).cumsum())}, index)

    monkeypatch.setattr(yfinance, "Ticker", Ticker)
    market.index = index
    return market


def test_prices_of_any_tickers(yahoo):
    prices = download_prices(["AAPL", "MSFT"], "2023-01-01", "2023-03-01", suffix="")
    assert yahoo.asked == ["AAPL", "MSFT"] and list(prices) == ["AAPL", "MSFT"] and prices.index.equals(DAYS)


def test_renamed_tickers_are_asked_for_by_their_new_name(yahoo, monkeypatch):
    monkeypatch.setitem(data.RENAMED, "SASA", "SASB")
    prices = download_prices(["KOZAL", "SASA"], "2023-01-01", "2023-03-01")
    assert yahoo.asked == ["TRALT.IS", "SASB.IS"] and list(prices) == ["KOZAL", "SASA"]


def test_a_ticker_that_fails_twice_is_tried_again(yahoo):
    yahoo.faults["SASA.IS"] = 2
    assert list(download_prices(["GARAN", "SASA"], "2023-01-01", "2023-03-01")) == ["GARAN", "SASA"]
    assert yahoo.asked == ["GARAN.IS"] + ["SASA.IS"] * 3


def test_missing_tickers_are_named(yahoo):
    yahoo.faults["SASA.IS"] = 99
    yahoo.frames["AEFES.IS"] = pd.DataFrame({"Close": []}, pd.DatetimeIndex([], tz="UTC"))
    yahoo.frames["SISE.IS"] = pd.DataFrame({"Close": [np.nan] * 40}, yahoo.index)
    with pytest.raises(RuntimeError) as caught:
        download_prices(["AEFES", "GARAN", "SASA", "SISE"], "2023-01-01", "2023-03-01")
    assert str(caught.value) == (
        "Yahoo has no prices for 3 of 4 tickers (AEFES as AEFES.IS: no prices; SASA as SASA.IS: reset by "
        "peer; SISE as SISE.IS: no prices). If one was renamed, set kellydata.RENAMED[old] = new."
    )


def test_a_yahoo_that_renames_its_columns_is_named(yahoo):
    yahoo.frames["SASA.IS"] = pd.DataFrame({"Last": [1.0] * 40}, yahoo.index)
    with pytest.raises(RuntimeError, match=r"no prices for 1 of 2 tickers \(SASA as SASA.IS: 'Close'\)"):
        download_prices(["GARAN", "SASA"], "2023-01-01", "2023-03-01")


def test_three_wrong_tickers_are_not_a_dead_yahoo(yahoo):
    yahoo.faults = {"A": 99, "B": 99, "C": 99}
    with pytest.raises(RuntimeError, match=r"no prices for 3 of 3 tickers \(A as A: .*; B as B: .*; C as C"):
        download_prices(["A", "B", "C"], "2023-01-01", "2023-03-01", suffix="")


def test_a_dead_yahoo_is_given_up_after_three_tickers(yahoo):
    yahoo.faults = {f"{name}.IS": 99 for name in BIST30}
    with pytest.raises(
        RuntimeError, match=r"Yahoo cannot be reached \(ASELS as ASELS.IS: reset by peer\); try"
    ):
        download_prices(BIST30, "2023-01-01", "2023-03-01")
    assert len(yahoo.asked) == 9


# ---- the whole loader


@pytest.fixture
def live(yahoo, server, monkeypatch):
    server.answers = [(200, GOOD, None)]
    monkeypatch.setattr(data, "download_rate", lambda: download_rate(server.url))
    yahoo.server = server
    return yahoo


def stored():
    return sorted(p.relative_to(data.CACHE).as_posix() for p in data.CACHE.rglob("*") if p.is_file())


def load(end="2023-04-01"):
    return load_bist30("yahoo", "2023-01-01", end)


def test_a_download_is_stored_with_its_date_and_used_all_day(live):
    first = load()
    today = f"{pd.Timestamp.now():%Y-%m-%d}"
    folder = f"bist30_2023-01-01_2023-04-01/{today}"
    names = [f"bist30_prices_{today}_vintage.csv", "tlref.csv", "xu030.csv"]
    assert stored() == [f"{folder}/{name}" for name in names]
    assert first.returns.shape == (38, 30) and list(first.benchmark) == ["XU030", "r"]
    assert first.notes[0].startswith(f"Prices as Yahoo served them on {today}, stored in ")
    asked = len(live.asked)
    again = load()
    assert len(live.asked) == asked == 31 and again.returns.equals(first.returns)
    byhand = load_bist30(data.CACHE / folder, "2023-01-01", "2023-04-01", vintage=today)
    assert byhand.returns.equals(first.returns) and byhand.rate.equals(first.rate)


def test_stored_prices_are_exact(live):
    prices = download_prices(["SASA"], "2023-01-01", "2023-04-01")["SASA"]
    live.frames["SASA.IS"] = pd.DataFrame({"Close": prices.to_numpy()}, live.index)
    assert load().returns["SASA"].tolist() == (prices.shift(-1) / prices - 1).iloc[:38].tolist()


def on(monkeypatch, day):
    monkeypatch.setattr(pd.Timestamp, "now", lambda: pd.Timestamp(day), raising=False)


def cached():
    return {name: (data.CACHE / name).read_bytes() for name in stored()}


@pytest.mark.parametrize("broken", ["rate", "ticker", "price", "cover"])
def test_a_failed_download_leaves_the_old_one_and_says_how_to_go_on(live, monkeypatch, broken):
    on(monkeypatch, "2026-01-05")
    old = load("2023-02-10")
    before = cached()
    on(monkeypatch, "2026-01-06")
    if broken == "rate":
        live.server.answers = [(500, b"", None)]
    elif broken == "cover":
        live.server.answers = [(200, zipped(official([("02/01/2023", 40)])), None)]
    elif broken == "ticker":
        live.faults["SASA.IS"] = 99
    else:
        live.frames["SASA.IS"] = pd.DataFrame({"Close": [-1.0] * 40}, live.index)
    with pytest.raises(
        RuntimeError, match=r"^The download failed: .* Go on with load_bist30\(.*\)\.$"
    ) as caught:
        load("2023-02-10")
    assert cached() == before
    call = ast.parse(str(caught.value).split("Go on with ")[1].rstrip("."), mode="eval").body
    arguments = [ast.literal_eval(argument) for argument in call.args]
    named = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    assert named == {"vintage": "2026-01-05"} and load_bist30(*arguments, **named).returns.equals(old.returns)


def test_no_network_and_no_old_download_is_one_sentence(live):
    live.server.answers = [(500, b"", None)]
    with pytest.raises(RuntimeError) as caught:
        load()
    assert re.fullmatch(
        r"The download failed: http://\S+ cannot be had \(HTTP Error 500: .*\); try again later or check "
        r"your network\. Go on with load_bist30\('bundled'\)\.",
        str(caught.value),
    )
    assert not live.asked and not data.CACHE.exists()


def fails(number, kind):
    """A function that fails as the system does, after half a file."""
    write = kind.to_csv

    def to_csv(self, path, **form):
        if number in path.name:
            path.write_text("Date,half a fi")
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write(self, path, **form)

    return to_csv


@pytest.mark.parametrize("fault", ["tlref", "xu030", "prices", "read-only", "no folder"])
def test_what_cannot_be_stored_is_one_sentence_and_loses_nothing(live, monkeypatch, fault):
    """Simulated, for every system; the real faults of Linux follow."""
    on(monkeypatch, "2026-01-05")
    load()
    before = cached()
    on(monkeypatch, "2026-01-06")
    with monkeypatch.context() as patch:
        if fault == "no folder":
            patch.setattr(data, "CACHE", data.CACHE / "bist30_2023-01-01_2023-04-01/2026-01-05/tlref.csv")
        elif fault == "read-only":

            def refuse(**_):
                raise OSError(errno.EROFS, "Read-only file system", str(data.CACHE))

            patch.setattr(data, "TemporaryDirectory", refuse)
        else:
            for kind in (pd.DataFrame, pd.Series):
                patch.setattr(kind, "to_csv", fails(fault, kind))
        with pytest.raises(RuntimeError, match=r"cannot be stored \(.*\); set kellydata.CACHE to a folder"):
            load()
    assert cached() == before
    assert load().returns.shape == (38, 30) and len(stored()) == 6


# Arguments: folder of the cache, seed of the invented prices, what happens. Prints the market's fingerprint.
PROCESS = """
import os, signal, subprocess, sys, time
from pathlib import Path
import numpy as np, pandas as pd
import kellydata as data

cache, seed, fault = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
days = pd.bdate_range("2023-01-02", periods=40, name="Date")
rng, rename, write = np.random.default_rng(seed), Path.rename, pd.DataFrame.to_csv
data.CACHE = cache
data.download_rate = lambda: pd.Series(36.5, days)
prices = np.exp(rng.normal(0, 0.02, (40, 31)))
data.download_prices = lambda names, start, end: pd.DataFrame(prices, days, names)

def load(day):
    pd.Timestamp.now = lambda: pd.Timestamp(day)
    return data.load_bist30("yahoo", "2023-01-01", "2023-04-01").returns.to_numpy().sum()

def files():
    return {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()}

def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def half(self, path, **form):
    path.write_text("Date,half a fi")
    killed()

def together(self, target):
    (cache / f"ready{seed}").touch()
    while len(list(cache.glob("ready*"))) < 2:
        time.sleep(0.01)
    return rename(self, target)

if fault == "killed in mid-write":
    pd.DataFrame.to_csv = half
elif fault == "killed before the renaming":
    Path.rename = killed
elif fault == "two at once":
    Path.rename = together
if fault in ("full", "read-only"):
    load("2026-01-05")
    before = files()
    if fault == "read-only":
        subprocess.run(["mount", "-o", "remount,ro", str(cache)], check=True)
    try:
        load("2026-01-06")
    except RuntimeError as error:
        print(error)
    assert files() == before
    load("2026-01-05")
else:
    print(load("2026-01-06"))
"""


def process(cache, seed, fault, *before):
    command = [*before, sys.executable, "-c", PROCESS, str(cache), str(seed), fault]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("fault", ["killed in mid-write", "killed before the renaming"])
def test_a_process_killed_while_it_stores_leaves_the_cache_whole(live, monkeypatch, fault):
    on(monkeypatch, "2026-01-05")
    load()
    before = cached()
    with process(data.CACHE, 1, fault) as killed:
        _, said = killed.communicate(timeout=120)
    assert killed.returncode == -9, said
    assert before.items() <= cached().items() and not list(data.CACHE.glob("*/2026-01-06"))
    on(monkeypatch, "2026-01-06")
    assert load().returns.shape == (38, 30)


def test_two_processes_fill_the_cache_at_once(monkeypatch):
    data.CACHE.mkdir()
    with process(data.CACHE, 1, "two at once") as one, process(data.CACHE, 2, "two at once") as two:
        told = [each.communicate(timeout=120) for each in (one, two)]
    assert one.returncode == two.returncode == 0, told
    assert told[0] == told[1], "both use the download that was stored first"
    assert [name for name in stored() if "/" in name] == [
        f"bist30_2023-01-01_2023-04-01/2026-01-06/{name}"
        for name in ("bist30_prices_2026-01-06_vintage.csv", "tlref.csv", "xu030.csv")
    ]
    on(monkeypatch, "2026-01-06")
    assert load().returns.to_numpy().sum() == float(told[0][0])


@pytest.mark.parametrize(
    ("fault", "size", "message"),
    [("full", "48k", "No space left on device"), ("read-only", "1m", "Read-only file system")],
)
def test_a_real_disk_that_takes_nothing_loses_nothing(tmp_path, fault, size, message):
    """On a small tmpfs that only the process sees; even root cannot write to one that is read-only."""
    alone = ["unshare", "-rm"]
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(tmp_path)]
    if not shutil.which("unshare") or subprocess.run([*alone, *mount], capture_output=True).returncode:
        pytest.skip("no mount namespace may be made here (unshare -rm); the simulated faults remain")
    shell = ["sh", "-c", f'{" ".join(mount)} && exec "$@"', "sh"]
    with process(tmp_path, 1, fault, *alone, *shell) as run:
        out, said = run.communicate(timeout=120)
    assert run.returncode == 0, said
    assert re.fullmatch(rf"The download cannot be stored \(.*{message}.*\); set kellydata.CACHE .*\n", out)


def test_days_that_a_stock_lacks_are_noted(live):
    close = np.linspace(1, 2, 40)
    close[20] = np.nan
    live.frames["SASA.IS"] = pd.DataFrame({"Close": close}, live.index)
    live.frames["ASTOR.IS"] = pd.DataFrame({"Close": np.linspace(1, 2, 30)}, live.index[10:])
    m = load()
    assert (
        "11 of 40 days, 2023-01-02 to 2023-01-30, where a price is missing (ASTOR 10, SASA 1)" in m.notes[1]
    )


def test_days_that_the_index_lacks_are_noted_on_the_day_and_from_the_cache(live):
    close = np.linspace(1, 2, 40)
    close[5:25] = np.nan
    live.frames["XU030.IS"] = pd.DataFrame({"Close": close}, live.index)
    for m in (load(), load()):
        assert m.notes[1:] == (
            "Left out of the benchmark: 20 of 40 days, 2023-01-09 to 2023-02-03, where it has no price.",
        )
        assert len(m.benchmark) == 18


# ---- another market


def test_the_example_of_another_market(yahoo, monkeypatch, tmp_path):
    """The lines of data/README.md, word for word."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(data, "RENAMED", {})
    yahoo.frames["^IRX"] = pd.DataFrame({"Close": np.full(40, 4.0)}, yahoo.index).drop(yahoo.index[7])
    yahoo.frames["^SP500TR"] = pd.DataFrame({"Close": np.linspace(4, 5, 39)}, yahoo.index.delete(20))
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    found = {}
    exec(example, found)
    us, prices = found["us"], found["prices"]
    assert yahoo.asked == ["META", "MSFT", "^SP500TR", "^IRX"] and list(prices) == ["FB", "MSFT"]
    assert us.returns.equals((prices.shift(-1) / prices - 1).iloc[:38])
    nights = np.diff(DAYS[:39]) / np.timedelta64(1, "D")
    bill = 100 / (100 - 4 * 91 / 360) - 1  # interest of 91 days on the price of a bill
    assert us.rate.to_numpy() == pytest.approx(bill * nights / 91, abs=1e-15)
    assert list(us.benchmark) == ["^SP500TR", "r"] and len(us.benchmark) == 37
    assert us.notes == (
        "Left out of the benchmark: 1 of 40 days, 2023-01-30 to 2023-01-30, where it has no price.",
    )
    again = load_bist30("us.csv", "2020-01-01", "2025-01-01")
    for kept, read in ((us.returns, again.returns), (us.rate, again.rate)):
        assert np.array_equal(kept, read)
    assert np.array_equal(us.benchmark, again.benchmark) and again.notes == us.notes


# ---- progress


@pytest.mark.parametrize("terminal", [True, False])
def test_a_download_shows_its_progress_on_a_terminal_only(yahoo, monkeypatch, terminal):
    screen = io.StringIO()
    screen.isatty = lambda: terminal
    monkeypatch.setattr(sys, "stderr", screen)
    download_prices(["AAPL", "MSFT", "XOM"], "2023-01-01", "2023-03-01", suffix="")
    shown = screen.getvalue()
    assert ("Yahoo: 100%" in shown and "3/3" in shown) if terminal else shown == ""


# ---- a reader's own file


def test_a_csv_file_of_any_stocks_is_a_market(tmp_path):
    table = pd.DataFrame({"X": [1.0, 1.1, 1.21, 1.1], "Y": [2.0, 2.0, 1.0, 2.0]}, DAYS[:4])
    table.assign(rate=36.5, benchmark=[1.0, 2.0, 1.0, 2.0]).to_csv(tmp_path / "mine.csv")
    m = load_bist30(tmp_path / "mine.csv", "2023-01-01", "2024-01-01")
    assert m.returns["X"].tolist() == pytest.approx([0.1, 0.1]) and m.rate.tolist() == pytest.approx(
        [0.001] * 2
    )
    assert m.benchmark["benchmark"].tolist() == [1.0, -0.5] and m.notes == ()


def test_a_csv_file_without_rate_and_benchmark_says_what_is_used(tmp_path):
    table = pd.DataFrame({"X": [1.0, 1.1, 1.21, 1.1], "Y": [2.0, 2.0, 1.0, 2.0]}, DAYS[:4])
    table.to_csv(tmp_path / "mine.csv")
    m = load_bist30(str(tmp_path / "mine.csv"), "2023-01-01", "2024-01-01")
    assert (m.rate == 0).all() and m.benchmark["mean"].tolist() == pytest.approx([0.05, -0.2])
    assert m.notes == (
        "No column rate: cash earns nothing.",
        "No column benchmark: it is the mean of the stocks.",
    )


def test_errors_in_a_readers_file_name_it(tmp_path):
    table = pd.DataFrame({"X": [1.0, 1.1, 1.2], "rate": [np.nan, 1.0, 1.0]}, DAYS[:3])
    table.to_csv(tmp_path / "mine.csv")
    with pytest.raises(ValueError, match=r"mine.csv: rate must cover the days; 1 of 1 days have none"):
        load_bist30(tmp_path / "mine.csv", "2023-01-01", "2024-01-01")
    with pytest.raises(ValueError, match=r"mine.csv: Only 0 days have all prices, 3 are needed; widen"):
        load_bist30(tmp_path / "mine.csv", "2024-01-01")


# ---- what is downloaded is data, never code


SOURCES = [
    path
    for folder in ("kellylib", "kellydata", "notebooks", "data")
    for path in sorted((ROOT / folder).glob("*.py"))
]
EVALUATES = {"eval", "exec", "compile", "__import__", "pickle", "cloudpickle", "marshal", "shelve", "dill"}
EVALUATES |= {"read_pickle", "to_pickle", "allow_pickle", "sympify", "parse_expr", "import_module", "runpy"}
EVALUATES |= {"extract", "extractall", "os.system", "popen", "subprocess", "unpack_archive"}
SOCKETS = {
    "socket",
    "urllib",
    "urlopen",
    "http",
    "requests",
    "yfinance",
    "curl_cffi",
    "urlretrieve",
    "read_html",
}


def names(path):
    """Every name, attribute, keyword and import of a source; of attributes, `re.compile` is harmless."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Attribute(value=ast.Name(id="re"), attr="compile"):
                continue
            case ast.Attribute(value=ast.Name(id="os"), attr=name):
                yield f"os.{name}"
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                yield name
            case ast.Import(names=found):
                yield from (part for alias in found for part in alias.name.split("."))
            case ast.ImportFrom(module=module, names=found):
                yield from (module or "").split(".")
                yield from (alias.name for alias in found)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_nothing_evaluates_what_it_reads(path):
    found = set(names(path))
    assert found & EVALUATES == set()
    assert path.parent.name == "kellydata" or not found & SOCKETS, "only kellydata opens a socket"


def test_the_search_for_evaluation_finds_it(tmp_path):
    text = "import pickle\nfrom urllib import request\nnp.load(f, allow_pickle=True)\npd.read_pickle(f)\n"
    (tmp_path / "x.py").write_text(text)
    want = {"pickle", "urllib", "allow_pickle", "read_pickle"}
    assert want <= set(names(tmp_path / "x.py")) & (EVALUATES | SOCKETS)
