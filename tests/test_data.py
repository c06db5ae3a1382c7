"""Files -> prices and rates -> simple returns: bundled statistics, folders of CSVs, and every bad input."""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kellydata as data
from kellydata import (
    BIST30,
    BUNDLED,
    accrued,
    load_bist30,
    market,
    read_prices,
    read_rate,
    simple_returns,
)

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="needs the real prices in ../shared/data")
FILES = ["bist30_seed.json", "bist30_2026.json", "xu030.json"]


def load_script():
    spec = importlib.util.spec_from_file_location("make_bundled", ROOT / "data" / "make_bundled.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def covariance(month, n):
    C = np.zeros((n, n))
    C[np.tril_indices(n)] = month["covariance"]
    return C + np.tril(C, -1).T


def leaves(node):
    """All numbers of a JSON tree."""
    if isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from leaves(child)
    elif isinstance(node, float):
        yield node


# ---- the generated days have the bundled statistics


@pytest.mark.parametrize("name", FILES)
def test_generated_days_match_the_statistics(name):
    file = json.loads((BUNDLED / name).read_text())
    frame, _ = data._generated(name)
    by_month = {f"{month:%Y-%m}": rows for month, rows in frame.groupby(pd.Grouper(freq="ME"))}
    assert list(by_month) == list(file["months"])
    for month, rows in by_month.items():
        want = file["months"][month]
        assert len(rows) == want["rows"]
        np.testing.assert_allclose(rows.mean(), want["mean"], rtol=0, atol=1e-16)
        np.testing.assert_allclose(rows.cov(), covariance(want, rows.shape[1]), rtol=0, atol=1e-16)
        for last in want["last"]:
            value = sum(weight * rows[stock].iloc[-1] for stock, weight in last["weights"].items())
            assert value == pytest.approx(last["return"], abs=1e-14)


@pytest.mark.parametrize(
    ("T", "n", "m"), [(2, 1, 0), (4, 6, 1), (10, 31, 3), (23, 31, 3), (24, 4, 2), (60, 2, 0)]
)
def test_rows_match_any_moments_and_last_row(T, n, m):
    rng = np.random.default_rng(T * n)
    X, A = rng.normal(size=(T, n)), rng.normal(size=(m, n))
    made = data._rows(T, X.mean(0), np.cov(X.T).reshape(n, n), A, A @ X[-1], rng)
    np.testing.assert_allclose(made.mean(0), X.mean(0), atol=1e-13)
    np.testing.assert_allclose(np.cov(made.T).reshape(n, n), np.cov(X.T).reshape(n, n), atol=1e-12)
    np.testing.assert_allclose(A @ made[-1], A @ X[-1], atol=1e-12)
    assert T == 2 or np.abs(made - X).max() > 0.1


def test_generated_days_do_not_depend_on_the_signs_that_lapack_returns(monkeypatch):
    want = load_bist30().returns
    eigh, qr = np.linalg.eigh, np.linalg.qr

    def other_eigh(A):
        value, V = eigh(A)
        return value, V * np.where(np.arange(len(value)) % 2, 1, -1)

    def other_qr(A):
        Q, triangle = qr(A)
        sign = np.where(np.arange(len(triangle)) % 3, 1, -1)
        return Q * sign, triangle * sign[:, None]

    monkeypatch.setattr(np.linalg, "eigh", other_eigh)
    monkeypatch.setattr(np.linalg, "qr", other_qr)
    np.testing.assert_allclose(load_bist30().returns, want, rtol=0, atol=1e-11)


def test_bundled_market_has_the_articles_shape():
    for vintage in ("seed", "2026", 2026):
        m = load_bist30("bundled", vintage=vintage)
        assert m.returns.shape == (627, 30) and list(m.returns) == BIST30 and m.rate.name == "r"
        assert f"{m.returns.index[0]:%F} {m.returns.index[-1]:%F}" == "2023-01-18 2025-07-29"
        assert m.rate.index.equals(m.returns.index) and (m.returns > -1).all(axis=None)
        assert list(m.benchmark) == ["XU030", "r"] and len(m.benchmark) == 625
        assert "generated" in m.notes[0]


def test_bundled_dates_narrow_as_prices_would():
    narrow = load_bist30("bundled", "2023-02-01", "2023-05-01").returns
    everything = load_bist30("bundled").returns
    assert narrow.equals(everything["2023-02-01":"2023-04-26"])  # prices to 28 April; two days are lost
    with pytest.raises(ValueError, match="bundled days are 2023-01-18 to 2025-07-31; widen"):
        load_bist30("bundled", "2026-01-01", "2026-05-01")
    with pytest.raises(ValueError, match='vintage must be "seed" or "2026" for the bundled data; it is'):
        load_bist30("bundled", vintage="2024")


@pytest.mark.parametrize(
    ("start", "end", "cut"),
    [
        ("2024-03-11", "2024-08-01", "2024-03 and 2024-07"),
        ("2024-03-01", "2024-08-01", "2024-07"),
        ("2024-03-11", "2024-08-03", "2024-03"),
        ("2024-03-11", "2024-03-29", "2024-03"),
        ("2024-03-01", "2024-08-03", None),
        ("2022-11-05", "2025-08-01", None),
        ("2022-11-05", "2025-07-31", "2025-07"),
    ],
)
def test_months_that_are_cut_are_named(start, end, cut):
    """And only those: of all others every mean is the real one."""
    m = load_bist30("bundled", start, end)
    but = f" but {cut}" if cut else ""
    note = f"Days are generated: each month{but} has its real mean and covariance, no day or path is real."
    assert m.notes[0] == note and len(m.notes) == (2 if cut else 1)
    assert not cut or f"two last rows, which are lost: {cut}. What is left of such a month has" in m.notes[1]
    for table, name in ((m.returns.assign(r=m.rate), "bist30_seed.json"), (m.benchmark, "xu030.json")):
        months = json.loads((BUNDLED / name).read_text())["months"]
        for month, rows in table.groupby(pd.Grouper(freq="ME")):
            month = f"{month:%Y-%m}"
            real = np.allclose(rows.mean(), months[month]["mean"], rtol=0, atol=1e-16)
            assert real == (month not in but), month


# ---- statistics, no prices


@pytest.mark.parametrize("name", FILES)
def test_bundled_files_hold_statistics_only(name):
    text = (BUNDLED / name).read_text()
    file = json.loads(text)
    n, T = len(file["columns"]), [month["rows"] for month in file["months"].values()]
    assert len(text) < 600_000 and set(file) == {"columns", "days", "inputs", "months"}
    assert (
        all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in file["days"]) and sum(T) == len(file["days"]) - 2
    )
    assert min(T) >= 10, "the mean of a month of one row would be that row"
    for month in file["months"].values():
        assert set(month) == {"rows", "mean", "covariance", "last"}
        assert len(month["mean"]) == n and len(month["covariance"]) == n * (n + 1) // 2
        assert len(month["last"]) == (0 if name == "xu030.json" else 3)
        assert all(set(last) == {"weights", "return"} for last in month["last"])
        assert all(isinstance(last["return"], float) for last in month["last"])


@needs_real
@pytest.mark.parametrize("name", FILES)
def test_no_bundled_number_is_a_real_price_or_return(name):
    """But for the three of each month's last row that data/README.md names."""
    file = json.loads((BUNDLED / name).read_text())
    for month in file["months"].values():
        del month["last"]
    held = np.array(sorted(set(leaves(file["months"]))))
    tables = [read_prices(REAL / f"bist30_prices_{v}_vintage.csv") for v in ("seed", "2026")]
    tables += [read_prices(REAL / "xu030.csv"), read_rate(REAL / "tlref.csv").to_frame()]
    real = [t.to_numpy().ravel() for t in tables]
    real += [(t.shift(-1) / t - 1).to_numpy().ravel() for t in tables[:3]]
    real += [np.log(t.shift(-1) / t).to_numpy().ravel() for t in tables[:3]]
    m = load_bist30(REAL)
    real += [m.rate.to_numpy(), m.benchmark["r"].to_numpy()]
    real = np.concatenate(real)
    real = real[np.isfinite(real) & (real != 0)]
    near = np.searchsorted(held, real).clip(1, len(held) - 1)
    distance = np.minimum(abs(held[near] - real), abs(held[near - 1] - real))
    assert (distance > 1e-13 * abs(real)).all()


@needs_real
def test_the_script_makes_the_bundled_files_byte_for_byte(tmp_path, capsys):
    load_script().main(REAL, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*FILES, "SHA256SUMS"])
    for name in [*FILES, "SHA256SUMS"]:
        assert (tmp_path / name).read_bytes() == (BUNDLED / name).read_bytes(), name
    assert "xu030.json: 14551 bytes" in capsys.readouterr().out


def test_checksums_are_those_of_the_files():
    sums = dict(line.split()[::-1] for line in (BUNDLED / "SHA256SUMS").read_text().splitlines())
    assert sums == {name: hashlib.sha256((BUNDLED / name).read_bytes()).hexdigest() for name in FILES}


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    shutil.copytree(BUNDLED, tmp_path / "data")
    monkeypatch.setattr(data, "BUNDLED", tmp_path / "data")
    return tmp_path / "data"


def test_a_changed_bundled_file_is_refused(bundle):
    file = bundle / "bist30_seed.json"
    file.write_text(file.read_text().replace("0.0", "0.1", 1))
    with pytest.raises(
        ValueError, match=r"bist30_seed.json differs from SHA256SUMS; git checkout -- data, or .* restores it"
    ):
        load_bist30()
    assert load_bist30(vintage="2026").returns.shape == (627, 30)


def test_a_plain_installation_has_what_the_chapters_read(tmp_path):
    """Installed from a copy, not editable, and used from an empty folder."""
    source, site, empty = tmp_path / "source", tmp_path / "site", tmp_path / "empty"
    for folder in ("kellylib", "kellydata", "data", "benchmarks"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source / file)
    empty.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(site), str(source)], check=True, capture_output=True, timeout=120)
    code = """import kellylib, json; from kellydata import BUNDLED
print(kellylib.__file__, kellylib.load_bist30().returns.to_numpy().sum())
for folder in (BUNDLED, BUNDLED.parent / "benchmarks"):
    print(*sorted(path.name for path in folder.glob("*.json") if json.loads(path.read_text())))"""
    run = [sys.executable, "-W", "error", "-c", code]
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(run, cwd=empty, env=environment, capture_output=True, text=True, timeout=120)
    stored = [sorted(p.name for p in (ROOT / f).glob("*.json")) for f in ("data", "benchmarks")]
    want = f"{site / 'kellylib/__init__.py'} {load_bist30().returns.to_numpy().sum()}"
    assert done.stdout.splitlines() == [want, *map(" ".join, stored)], done.stderr


@pytest.mark.parametrize("name", ["bist30_seed.json", "xu030.json", "SHA256SUMS"])
def test_a_missing_bundled_file_is_named(bundle, name):
    (bundle / name).unlink()
    with pytest.raises(ValueError, match=f"{name} cannot be read .*No such file"):
        load_bist30()


# ---- a folder of CSV files


@pytest.fixture
def folder(tmp_path):
    """A folder in the layout of the real one: 40 invented days in two months."""
    rng = np.random.default_rng(8)
    days = pd.bdate_range("2023-01-02", periods=40, name="Date")
    prices = pd.DataFrame(np.exp(rng.normal(0, 0.02, (40, 30)).cumsum(0)), days, BIST30)
    for vintage in ("seed", "2026"):
        prices.to_csv(tmp_path / f"bist30_prices_{vintage}_vintage.csv")
    (prices[["AEFES"]] * 1000).rename(columns={"AEFES": "XU030"}).to_csv(tmp_path / "xu030.csv")
    pd.DataFrame({"TLREF": 36.5}, days).to_csv(tmp_path / "tlref.csv")
    return tmp_path


def test_a_folder_is_read_in_the_articles_alignment(folder):
    m = load_bist30(folder)
    prices = pd.read_csv(folder / "bist30_prices_seed_vintage.csv", index_col=0, parse_dates=True)
    assert m.returns.shape == (38, 30) and m.notes == ()
    assert m.returns.index[0] == prices.index[0] and m.returns.index[-1] == prices.index[-3]
    assert m.returns["SASA"].iloc[5] == pytest.approx(prices["SASA"].iloc[6] / prices["SASA"].iloc[5] - 1)
    assert m.rate.iloc[:5].tolist() == pytest.approx([0.001] * 4 + [0.003])  # Friday to Monday
    assert m.benchmark["XU030"].to_numpy() == pytest.approx(m.returns["AEFES"].to_numpy())


def test_the_order_of_rows_and_columns_does_not_matter(folder):
    want = load_bist30(folder)
    file = folder / "bist30_prices_seed_vintage.csv"
    table = pd.read_csv(file, index_col=0)
    table.sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2).to_csv(file)
    assert load_bist30(folder).returns.equals(want.returns)


def test_days_without_a_price_are_left_out_and_noted(folder):
    file = folder / "bist30_prices_seed_vintage.csv"
    table = pd.read_csv(file, index_col=0)
    table.loc[:"2023-01-04", "ASTOR"] = np.nan
    table.loc["2023-01-20", "SASA"] = np.nan
    table.to_csv(file)
    m = load_bist30(folder)
    assert m.returns.shape == (34, 30) and m.returns.index[0] == pd.Timestamp("2023-01-05")
    assert m.notes == (
        "Left out: 4 of 40 days, 2023-01-02 to 2023-01-20, where a price is missing (ASTOR 3, SASA 1).",
    )
    assert m.benchmark.index[0] == pd.Timestamp("2023-01-05") and len(m.benchmark) == 35


def test_days_without_a_price_of_the_benchmark_are_noted(folder):
    """Empty cells and days that are not in its file alike; the stocks lose nothing."""
    table = pd.read_csv(folder / "xu030.csv", index_col=0)
    table.iloc[3:22] = np.nan
    table.drop(table.index[22]).to_csv(folder / "xu030.csv")
    m = load_bist30(folder)
    span = "20 of 40 days, 2023-01-05 to 2023-02-01"
    assert m.notes == (f"Left out of the benchmark: {span}, where it has no price.",)
    assert m.returns.shape == (38, 30) and len(m.benchmark) == 18


def test_days_without_a_price_count_between_the_first_and_the_last_of_all_stocks(folder):
    for name, rows in ((PRICES, [0, 39, 10]), ("xu030.csv", [0, 39, 10, 20])):
        table = pd.read_csv(folder / name, index_col=0)
        table.iloc[rows, 0] = np.nan
        table.to_csv(folder / name)
    m = load_bist30(folder)
    assert m.notes == (
        "Left out: 3 of 40 days, 2023-01-02 to 2023-02-24, where a price is missing (AEFES 3).",
        "Left out of the benchmark: 2 of 38 days, 2023-01-16 to 2023-01-30, where it has no price.",
    )


def test_a_benchmark_of_two_days_is_refused(folder):
    table = pd.read_csv(folder / "xu030.csv", index_col=0)
    table.iloc[1:39] = np.nan
    table.to_csv(folder / "xu030.csv")
    with pytest.raises(ValueError, match=r"tlref.csv .*: The benchmark has a price on 2 days, 3 are needed;"):
        load_bist30(folder)


def edit(row, column, value):
    def change(file):
        lines = [line.split(",") for line in file.read_text().splitlines()]
        lines[row - 1][column] = value
        file.write_text("\n".join(map(",".join, lines)))

    return change


def drop_column(file):
    pd.read_csv(file, index_col=0).drop(columns="SASA").to_csv(file)


def drop_rows(file):
    pd.read_csv(file, index_col=0).iloc[:-5].to_csv(file)


PRICES = "bist30_prices_seed_vintage.csv"
BAD = {
    "missing file": (PRICES, Path.unlink, r"seed_vintage.csv cannot be read \(No such file"),
    "missing index": ("xu030.csv", Path.unlink, r"xu030.csv cannot be read"),
    "missing rate": ("tlref.csv", Path.unlink, r"tlref.csv cannot be read"),
    "missing ticker": (PRICES, drop_column, r"seed_vintage.csv must have .* \['SASA'\] are missing"),
    "bad date": (PRICES, edit(7, 0, "2023-13-09"), r"seed_vintage.csv, row 7: '2023-13-09' is not a day"),
    "other date": ("tlref.csv", edit(3, 0, "03/01/2023"), r"tlref.csv, row 3: '03/01/2023' is not a day as"),
    "same date": (
        PRICES,
        edit(9, 0, "2023-01-10"),
        r"seed_vintage.csv, row 9: '2023-01-10' is not a day that comes",
    ),
    "zero price": (
        PRICES,
        edit(5, 3, "0"),
        r"seed_vintage.csv, row 5: '0' in column ASELS is not a price",
    ),
    "negative": (
        "xu030.csv",
        edit(6, 1, "-3"),
        r"xu030.csv, row 6: '-3' in column XU030 is not a price",
    ),
    "words": (PRICES, edit(4, 2, "n.a."), r"seed_vintage.csv, row 4: 'n.a.' in column AKBNK is not a price"),
    "infinite": (PRICES, edit(4, 2, "inf"), r"row 4: 'inf' in column AKBNK is not a price"),
    "short rates": (
        "tlref.csv",
        drop_rows,
        r"3 of 38 days .* first 2023-02-20. There are 35 rates, the last is 2023-02-17",
    ),
    "hole in rates": (
        "tlref.csv",
        edit(8, 1, ""),
        r"rate must cover the days; 1 of 38 .* first 2023-01-10",
    ),
    "empty file": ("tlref.csv", lambda file: file.write_text(""), r"tlref.csv is not a table in CSV"),
    "binary": (
        PRICES,
        lambda file: file.write_bytes(b"\xff\xfe\x00\x81"),
        r"seed_vintage.csv is not a table in CSV",
    ),
    "ragged": (
        PRICES,
        lambda file: file.write_text("Date,A\n2023-01-02,1,2,3\n2023-01-03,1,2,3,4\n"),
        "not a table",
    ),
    "no rates": ("tlref.csv", lambda file: file.write_text("Date,TLREF\n"), r"rate must cover"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_named_with_row_and_cure(folder, case):
    name, harm, message = BAD[case]
    harm(folder / name)
    with pytest.raises(ValueError, match=message) as caught:
        load_bist30(folder)
    assert str(folder) in str(caught.value), "the file is named"


@pytest.mark.parametrize("case", BAD)
def test_the_script_writes_nothing_from_a_bad_folder(folder, tmp_path_factory, case):
    out = tmp_path_factory.mktemp("out")
    (out / "xu030.json").write_text("before")
    name, harm, message = BAD[case]
    harm(folder / name)
    with pytest.raises(ValueError, match=message):
        load_script().main(folder, out)
    assert [p.name for p in out.iterdir()] == ["xu030.json"] and (out / "xu030.json").read_text() == "before"


def test_the_script_writes_all_or_nothing(folder, tmp_path_factory, monkeypatch):
    out = tmp_path_factory.mktemp("out")
    script = load_script()
    script.main(folder, out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    pd.DataFrame({"TLREF": 20.0}, pd.bdate_range("2023-01-02", periods=40, name="Date")).to_csv(
        folder / "tlref.csv"
    )
    write, written = Path.write_text, []

    def full_disk(self, text):
        written.append(self.name)
        if len(written) == 3:
            raise OSError("no space left on device")
        return write(self, text)

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(OSError, match="no space"):
        script.main(folder, out)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vintage": "2024"}, "bist30_prices_2024_vintage.csv cannot be read (No such file"),
        ({"start": "soon"}, "start must be a day such as 2025-07-31; it is 'soon'"),
        ({"end": "2023-01-04"}, "Only 2 days have all prices, 3 are needed; widen the dates"),
        ({"start": "2024-01-01"}, "Only 0 days have all prices"),
    ],
)
def test_bad_arguments_are_named(folder, arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        load_bist30(folder, **arguments)


def test_a_rate_may_be_zero_or_negative_a_price_may_not(tmp_path):
    days = pd.bdate_range("2023-01-02", periods=4, name="Date")
    table = pd.DataFrame({"X": [1.0, 2.0, 1.0, 2.0], "rate": [36.5, 0.0, -36.5, 1.0]}, days)
    table.to_csv(tmp_path / "mine.csv")
    assert load_bist30(tmp_path / "mine.csv").rate.tolist() == [0.001, 0.0]
    table.assign(rate="low").to_csv(tmp_path / "mine.csv")
    with pytest.raises(ValueError, match="row 2: 'low' in column rate is not a number"):
        load_bist30(tmp_path / "mine.csv")
    table.assign(X=[1.0, 2.0, 0.0, 1.0]).to_csv(tmp_path / "mine.csv")
    with pytest.raises(ValueError, match="row 4: '0.0' in column X is not a price"):
        load_bist30(tmp_path / "mine.csv")


def test_columns_that_are_not_asked_for_may_hold_anything(tmp_path):
    (tmp_path / "x.csv").write_text("Date,volume,A,note\n2023-01-02,0,1.5,first\n2023-01-03,0,2.5,\n")
    assert read_prices(tmp_path / "x.csv", ["A"])["A"].tolist() == [1.5, 2.5]


# ---- the functions under it


def test_returns_and_accruals_by_hand():
    days = pd.to_datetime(["2024-12-30", "2024-12-31", "2025-01-02"])
    prices = pd.DataFrame({"A": [100.0, 110.0, 99.0]}, days)
    assert simple_returns(prices[::-1])["A"].tolist() == pytest.approx([0.1, -0.1])
    r = accrued(pd.Series([36.5, 73.0, 50.0], days), days)
    assert r.tolist() == pytest.approx([0.001, 0.004]) and r.index.equals(days[:2])


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_simple_returns_refuse_what_is_no_price(value):
    prices = pd.DataFrame({"A": [1.0, 2.0], "B": [1.0, value]}, ["monday", "tuesday"])
    with pytest.raises(ValueError, match=rf"prices must be > 0; B on tuesday is {value}"):
        simple_returns(prices)


def test_simple_returns_refuse_a_day_that_comes_twice():
    with pytest.raises(ValueError, match="monday comes twice"):
        simple_returns(pd.DataFrame({"A": [1.0, 2.0]}, ["monday", "monday"]))


def test_constant_prices_give_zero_returns_and_the_compounded_rate():
    days = pd.bdate_range("2024-01-01", periods=30)
    m = market(pd.DataFrame(5.0, days, ["A", "B"]), pd.Series(36.5, days), pd.Series(7.0, days, name="I"))
    assert (m.returns == 0).all(axis=None) and (m.benchmark["I"] == 0).all()
    assert m.rate.sum() == pytest.approx(0.001 * (m.rate.index[-1] - days[0]).days + 0.001 * 1)


@needs_real
def test_real_prices_are_read_as_published():
    for vintage in ("seed", "2026"):
        m = load_bist30(REAL, vintage=vintage)
        assert m.returns.shape == (627, 30) and m.returns.index.equals(
            load_bist30(vintage=vintage).returns.index
        )
        assert m.benchmark.index.equals(load_bist30(vintage=vintage).benchmark.index)
        assert "53 of 682 days" in m.notes[0] and "ASTOR 53" in m.notes[0]
        assert "benchmark: 3 of 630 days, 2023-12-25 to 2024-12-25, where it has no price" in m.notes[1]
        assert m.returns.abs().max(axis=None) < 0.25 and m.rate.between(0.0002, 0.02).all()


@needs_real
def test_rates_that_end_before_the_prices_are_refused():
    with pytest.raises(
        ValueError,
        match=r"tlref.csv with the 2026 prices: rate must cover the days; .* first 2025-10-01",
    ):
        load_bist30(REAL, end="2026-06-01", vintage="2026")
