"""The article's numbers: every cell that it prints, from the bundled statistics and from real prices."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from papermill import PapermillExecutionError, execute_notebook
from scipy.optimize import minimize

from kellydata import BIST30
from kellylib import add_cash, empirical, kelly_mean_variance, load_bist30

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
REAL = SHARED / "data"
ARTICLE = sorted(SHARED.glob("seeds/001_*"))
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="needs the real prices in ../shared/data")
needs_article = pytest.mark.skipif(not ARTICLE, reason="needs the article's text in ../shared/seeds")
MONTH = pd.Grouper(freq="ME")
SOURCES = ["bundled", pytest.param(REAL, marks=needs_real, id="real")]
VINTAGES = pytest.mark.parametrize("vintage", ["seed", "2026"])


def monthly(source, vintage="seed"):
    """Means with r, covariances and f* of each month."""
    m = load_bist30(source, vintage=vintage)
    frame = m.returns.assign(r=m.rate)
    means = frame.groupby(MONTH).mean()
    covariances = {month: rows[BIST30].cov() for month, rows in frame.groupby(MONTH)}
    f = {d: kelly_mean_variance(means.loc[d, BIST30], covariances[d], means.loc[d, "r"]) for d in means.index}
    return m, means, covariances, pd.DataFrame(f, BIST30).T


@pytest.fixture(scope="module")
def article():
    return ARTICLE[0].read_text()


# ---- what the article prints


@needs_real
@pytest.mark.parametrize("source", ["bundled", REAL], ids=["bundled", "real"])
def test_all_620_printed_weights(source):
    printed = pd.read_csv(REAL / "printed_f.csv", index_col=0, parse_dates=True)
    assert printed.shape == (31, 20)
    weights = monthly(source)[3]
    ours = weights.iloc[:, printed.columns.astype(int)].round(4)
    assert ours.index.equals(printed.index)
    differs = [
        (f"{printed.index[i]:%F}", ours.columns[j])
        for i, j in np.argwhere(ours.to_numpy() != printed.to_numpy())
    ]
    assert differs == [("2024-08-31", "CIMSA")]
    exact = weights.at[pd.Timestamp("2024-08-31"), "CIMSA"]
    assert printed.at[pd.Timestamp("2024-08-31"), "5"] == 0.0678 and 0 < exact - 0.06785 < 1e-6


@needs_article
@pytest.mark.parametrize("source", SOURCES)
def test_the_printed_corners_of_weights_means_and_covariances(article, source):
    _, means, covariances, weights = monthly(source)
    block = article[article.rindex("k = 30") :].splitlines()[2:14]
    cells = [(i, j, float(x)) for i, line in enumerate(block) for j, x in enumerate(line.split()[1:])]
    assert len(cells) == 112 and cells[-1][:2] == (11, 1), "the copy is cut off in the cell after these"
    assert all(round(weights.iat[i, j], 4) == x for i, j, x in cells[:-1])
    assert weights.iat[11, 0] == pytest.approx(1) and round(weights.iat[11, 1], 4) == 0
    block = re.findall(r"^2025-0\d-\d\d +(.*)$", article[article.index("In [3]") :], re.M)[:5]
    printed = np.array([line.split() for line in block], float)
    assert printed.shape == (5, 5) and (means.iloc[-5:, -5:].round(6).to_numpy() == printed).all()
    block = re.findall(
        r"^([A-Z]{5})\.IS +(.*)$", article[article.index("Covariance matrix for the last") :], re.M
    )
    july = covariances[means.index[-1]].round(4)
    printed = [(stock, BIST30[j], float(x)) for stock, line in block for j, x in enumerate(line.split())]
    printed = printed[:-1]  # the last cell is cut off
    assert len(printed) == 71 and all(july.at[i, j] == x for i, j, x in printed)


@needs_real
@needs_article
def test_the_printed_prices_returns_and_accruals(article):
    m = load_bist30(REAL)
    prices = pd.read_csv(REAL / "bist30_prices_seed_vintage.csv", index_col=0)
    columns = BIST30[:10] + BIST30[20:]
    lines = re.findall(r"^(20\d\d-\d\d-\d\d),(.*)$", article, re.M)
    levels = {
        day: line for day, line in lines if line.split(",")[-1].count(".") and len(line.split(",")) == 21
    }
    counts = {"prices": 0, "returns": 0, "r": 0}
    for day, line in lines:
        values = [float(x) for x in line.split(",") if x != "..."]
        if min(values) > 0.5:  # prices
            assert values == pytest.approx(prices.loc[day, columns].tolist(), rel=3e-7)
            counts["prices"] += 20
        else:
            returns = m.returns.loc[day, columns[:10] + columns[11:]]
            assert values[:-1] == pytest.approx(returns.tolist(), abs=2e-6), day
            assert values[-1] == round(m.rate[day], 6)
            counts["returns"] += 19
            counts["r"] += 1
    assert levels and counts == {"prices": 180, "returns": 171, "r": 9}


# ---- bundled and real agree


@needs_real
@VINTAGES
def test_bundled_and_real_runs_have_the_same_weights(vintage):
    bundled, real = (monthly(source, vintage) for source in ("bundled", REAL))
    assert bundled[3].shape == (31, 30)
    np.testing.assert_allclose(bundled[1], real[1], rtol=0, atol=1e-15)
    np.testing.assert_allclose(bundled[3], real[3], rtol=0, atol=1e-8)


def figures(r_P, r):
    """Annual mean, volatility, and the Sharpe ratios without cash, with it, and of excess returns."""
    excess = r_P - r
    return [
        r_P.mean() * 252,
        r_P.std() * 252**0.5,
        r_P.mean() / r_P.std(),
        (r_P.mean() - r.mean()) / r_P.std(),
        excess.mean() / excess.std(),
    ]


def held(weights, days, article_rule):
    """Weights by row: a month's f* from its calendar end, or from the next month's first row; cash before."""
    known = weights.copy()
    if not article_rule:
        known.index += pd.Timedelta(days=1)
    return known.reindex(days, method="ffill").fillna(0.0)


@needs_real
@VINTAGES
@pytest.mark.parametrize("article_rule", [True, False], ids=["article", "honest"])
@pytest.mark.parametrize("fraction", [0.5, 1.0, 2.0])
def test_annual_figures_of_monthly_strategies_are_the_real_ones(vintage, article_rule, fraction):
    found = []
    for source in ("bundled", REAL):
        m, _, _, weights = monthly(source, vintage)
        f = fraction * held(weights, m.returns.index, article_rule)
        r_P = m.rate + (f * m.returns.sub(m.rate, axis=0)).sum(axis=1)
        found.append(figures(r_P, m.rate))
    np.testing.assert_allclose(*found, rtol=0, atol=1e-10)


@needs_real
def test_annual_figures_of_any_weights_constant_in_a_month_and_of_the_index_are_the_real_ones():
    rng = np.random.default_rng(5)
    months = pd.date_range("2023-01-31", periods=31, freq="ME")
    f = pd.DataFrame(rng.dirichlet(np.ones(31), 31)[:, :30], months, BIST30)
    found = []
    for m in (load_bist30(), load_bist30(REAL)):
        w = f.set_axis(months.to_period("M")).loc[m.returns.index.to_period("M")].set_axis(m.returns.index)
        r_P = m.rate + (w * m.returns.sub(m.rate, axis=0)).sum(axis=1)
        found.append(figures(r_P, m.rate) + figures(m.benchmark["XU030"], m.benchmark["r"]))
    np.testing.assert_allclose(*found, rtol=0, atol=1e-10)


def test_the_spurious_dividend_of_aefes():
    may = pd.Timestamp("2024-05-31")
    assert round(monthly("bundled")[3].at[may, "AEFES"], 4) == 0.4546
    assert monthly("bundled", "2026")[3].at[may, "AEFES"] == 0


# ---- the article's problem


def problem(seed, T, n):
    rng = np.random.default_rng(seed)
    X = 0.02 * rng.standard_normal((T, n)) + 0.01 * rng.standard_normal((T, 1)) + rng.normal(0, 0.002, n)
    return X.mean(0), np.cov(X.T).reshape(n, n), 0.0005


def value(f, mean, cov, rate):
    return rate + f @ (mean - rate) - f @ cov @ f / 2


@pytest.mark.parametrize(("T", "n"), [(3, 1), (4, 8), (20, 30), (60, 30), (40, 120)])
@pytest.mark.parametrize(
    "bounds", [{}, {"upper": 0.3}, {"lower": -0.02, "upper": 0.5}, {"lower": 0.004, "upper": 0.1}]
)
def test_weights_are_feasible_and_no_portfolio_is_better(T, n, bounds):
    mean, cov, rate = problem(T * n, T, n)
    f = kelly_mean_variance(mean, cov, rate, **bounds)
    lower, upper = bounds.get("lower", 0.0), bounds.get("upper", 1.0)
    assert f.min() >= lower and f.max() <= upper and f.sum() <= 1 + 1e-12
    rng = np.random.default_rng(1)
    for v in lower + (upper - lower) * rng.dirichlet(np.full(n, 0.2), 200):
        v = lower + (v - lower) * min(1, max(0, 1 - n * lower) / max(1e-9, (v - lower).sum()))
        for step in (1e-3, 1.0):
            w = f + step * (v - f)
            assert value(w, mean, cov, rate) <= value(f, mean, cov, rate) + 1e-14


@pytest.mark.parametrize("seed", range(4))
def test_slsqp_finds_the_same_weights(seed):
    mean, cov, rate = problem(seed, 60, 8)
    theirs = minimize(
        lambda f: -value(f, mean, cov, rate) * 1e3,
        np.full(8, 1 / 8),
        jac=lambda f: -(mean - rate - cov @ f) * 1e3,
        constraints={"type": "ineq", "fun": lambda f: 1 - f.sum()},
        bounds=[(0, 1)] * 8,
        options={"ftol": 1e-15, "maxiter": 500},
    ).x
    np.testing.assert_allclose(kelly_mean_variance(mean, cov, rate), theirs, atol=1e-6)


def test_closed_forms():
    f = kelly_mean_variance([0.03, 0.02, 0.005], np.diag([0.1, 0.1, 0.1]), 0.01)
    np.testing.assert_allclose(f, [0.2, 0.1, 0], atol=1e-12)
    assert f[2] == 0.0
    np.testing.assert_allclose(kelly_mean_variance([0.5, 0.3], np.eye(2) * 0.1, 0.0), [1, 0], atol=1e-12)
    np.testing.assert_allclose(kelly_mean_variance([-0.1, -0.2], np.eye(2), 0.0), [0, 0], atol=0)
    np.testing.assert_allclose(kelly_mean_variance([0.1, 0.1], np.ones((2, 2)), 0.0).sum(), 0.1, atol=1e-12)
    np.testing.assert_allclose(kelly_mean_variance([0.1, 0.2], np.zeros((2, 2)), 0.0), [0, 1], atol=1e-12)
    np.testing.assert_allclose(kelly_mean_variance([-0.1], [[0.1]], 0.0, lower=-2.0), [-1], atol=1e-12)


def test_permuting_and_rescaling_assets_permutes_weights():
    mean, cov, rate = problem(7, 20, 12)
    f = kelly_mean_variance(mean, cov, rate)
    order = np.random.default_rng(0).permutation(12)
    g = kelly_mean_variance(mean[order], cov[np.ix_(order, order)], rate)
    np.testing.assert_allclose(g, f[order], atol=1e-9)
    np.testing.assert_allclose(kelly_mean_variance(100 * mean, 100 * cov, 100 * rate), f, atol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "bounds", "message"),
    [
        (
            ([0.1], np.eye(2), 0.0),
            {},
            r"mean, cov, .* with n >= 1; they have \[\(1,\), \(2, 2\), ",
        ),
        (([], np.zeros((0, 0)), 0.0), {}, "with n >= 1"),
        (([np.nan], [[1.0]], 0.0), {}, "must be finite"),
        (([0.1], [[np.inf]], 0.0), {}, "must be finite"),
        (([0.1], [[1.0]], np.nan), {}, "must be finite"),
        (([0.1, 0.1], [[1.0, 0.5], [0.2, 1.0]], 0.0), {}, "cov must be symmetric"),
        (([0.1, 0.1], [[1.0, 2.0], [2.0, 1.0]], 0.0), {}, "no negative eigenvalue"),
        (
            ([0.1, 0.1], np.eye(2), 0.0),
            {"lower": 0.6},
            "finite sum <= 1; its sum is 1.2",
        ),
        (([0.1, 0.1], np.eye(2), 0.0), {"lower": 0.2, "upper": 0.1}, "lower must be <= upper"),
        (([0.1, 0.1], np.eye(2), 0.0), {"lower": -np.inf}, "have a finite sum"),
        (([0.1, 0.1], np.eye(2), 0.0), {"upper": np.nan}, "lower must be <= upper"),
    ],
)
def test_impossible_moments_and_bounds_are_named(arguments, bounds, message):
    with pytest.raises(ValueError, match=message):
        kelly_mean_variance(*arguments, **bounds)


# ---- scenarios


def test_cash_is_the_last_column_and_scenarios_are_gross():
    days = pd.bdate_range("2024-01-01", periods=3)
    returns, rate = pd.DataFrame({"A": [0.1, -0.1, 0.0]}, days), pd.Series([0.001, 0.002, 0.003], days)
    frame = add_cash(returns, rate)
    assert list(frame) == ["A", "cash"] and frame["cash"].tolist() == [0.001, 0.002, 0.003]
    np.testing.assert_array_equal(add_cash(returns.to_numpy(), rate.to_numpy()), frame)
    R, p = empirical(frame)
    assert R.equals(1 + frame) and p.tolist() == [1 / 3] * 3
    assert list(returns) == ["A"], "the input is left as it was"


def test_bad_scenarios_are_named():
    days = pd.bdate_range("2024-01-01", periods=3)
    returns = pd.DataFrame({"A": [0.1, -0.1, 0.0]}, days)
    with pytest.raises(ValueError, match="rate must have the dates of returns"):
        add_cash(returns, pd.Series([0.0, 0.0, 0.0], days + pd.Timedelta(days=1)))
    with pytest.raises(ValueError, match="one for each of the 3 rows"):
        add_cash(returns, [0.0, 0.0])
    with pytest.raises(ValueError, match="at least one period"):
        empirical(returns.iloc[:0])


# ---- the chapter with other parameters


def run_chapter(tmp_path, **parameters):
    """All that the chapter prints."""
    source, out = ROOT / "notebooks" / "05_bist30.ipynb", tmp_path / "out.ipynb"
    notebook = execute_notebook(str(source), str(out), parameters, progress_bar=False, cwd=str(tmp_path))
    return "".join(o.text for c in notebook.cells for o in c.get("outputs", []) if o.output_type == "stream")


def test_the_chapter_runs_on_a_readers_own_prices(tmp_path):
    rng = np.random.default_rng(12)
    days = pd.bdate_range("2024-01-01", periods=70, name="Date")
    prices = pd.DataFrame(np.exp(rng.normal(0.001, 0.02, (70, 3)).cumsum(0)), days, ["X", "Y", "Z"])
    prices.assign(rate=5.0).to_csv(tmp_path / "mine.csv")
    text = run_chapter(tmp_path, source="mine.csv", start="2024-01-01", end="2025-01-01")
    assert "68 rows, 2024-01-01 to 2024-04-03, 4 columns" in text and "it is the mean of the stocks" in text
    assert "4 months: gap below 1e-15: True" in text and "equal weights" not in text


def test_the_chapter_runs_on_another_vintage_window_and_universe(tmp_path):
    text = run_chapter(
        tmp_path, vintage=2026, start="2024-01-01", end="2024-08-01", universe="AEFES GARAN ULKER"
    )
    assert re.search(r"2024-05-31   GARAN 0.8511   ULKER 0.1489\n", text), text


@needs_real
def test_the_chapter_runs_on_the_real_folder(tmp_path):
    text = run_chapter(tmp_path, source=str(REAL))
    assert "All 9 printed accruals agree: True" in text and "equal weights: 112 of 112" in text
    assert "53 of 682 days" in text


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"source": "nowhere"}, r"nowhere/bist30_prices_seed_vintage.csv cannot be read"),
        ({"vintage": "1999"}, r"vintage must be \"seed\" or \"2026\""),
        ({"start": "2025-09-01"}, r"bundled days are 2023-01-18 to 2025-07-31; widen start and end"),
        (
            {"universe": "AEFES APPLE"},
            r"universe must name stocks of the data; \['APPLE'\] are not among them",
        ),
    ],
)
def test_a_parameter_out_of_range_is_one_sentence(tmp_path, parameters, message):
    with pytest.raises(PapermillExecutionError, match=message) as caught:
        run_chapter(tmp_path, **parameters)
    assert caught.value.ename == "ValueError"
