"""What callers pass, checked: a ValueError names what must hold, where it does not, and the cure."""

import numpy as np
import pandas as pd

GROSS = "If these are simple returns, pass 1 + returns."
TINY, HUGE = np.finfo(float).tiny, np.finfo(float).max
CHANCE = 0.0, 1.0, "a probability between 0 and 1 (divide percentages by 100)"
INSIDE = TINY, 1 - 2**-53, "a probability between 0 and 1, neither included (divide percentages by 100)"
STAKE = 0.0, 1.0, "a fraction of wealth between 0 and 1 (nobody stakes more than there is)"
NET = TINY, HUGE, "net odds, finite and > 0 (decimal odds minus 1)"
NET_GAMES = 1e-12, 1e12, "net odds, from 1e-12 to 1e12 (decimal odds minus 1)"
ODDS = 1.0, 1e12, "decimal odds, from 1 to 1e12 (net odds plus 1)"


def numbers(name, values):
    """Return `values` as an array of floats, or say that they are something else."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biufO":
            raise TypeError(f"{array.dtype} such as {array.ravel()[:1]}")
        return array.astype(float, copy=False)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must hold numbers only: {error}.") from None


def number(name, value, low, high, rule):
    """Return `value` as a finite float from low to high, or say what it must do."""
    array = numbers(name, value)
    if array.shape or not low <= array <= high or np.isinf(array):
        raise ValueError(f"{name} must {rule}; it is {value}.")
    return float(array)


def frame(name, table):
    """Return a DataFrame of floats in the order of its days, or say that `table` is none."""
    if not isinstance(table, pd.DataFrame) or table.columns.empty:
        raise ValueError(f"{name} must be a DataFrame with columns; it is {table!r:.60}.")
    return pd.DataFrame(numbers(name, table), table.index, table.columns, copy=False).sort_index()


# ---- bets


def ranged(*checks, one_shape=True):
    """Return the values of checks (name, value, (low, high, rule)) as arrays, or say what is wrong."""
    arrays = [numbers(name, value) for name, value, _ in checks]
    for (name, _, (low, high, rule)), array in zip(checks, arrays, strict=True):
        for at in np.argwhere(~((array >= low) & (array <= high)))[:1].tolist():
            raise ValueError(f"{name} must be {rule}; {name}{at or ''} is {array[tuple(at)]:.10g}.")
    try:
        return np.broadcast_arrays(*arrays) if one_shape else arrays
    except ValueError:
        names, shapes = ", ".join(c[0] for c in checks), ", ".join(str(a.shape) for a in arrays)
        raise ValueError(f"{names} must be numbers or arrays of one shape; theirs are {shapes}.") from None


def check_bet(**values):
    """Return f, p, b of single bets in one shape, or say what is wrong."""
    limits = {"f": STAKE, "p": CHANCE, "b": NET}
    return ranged(*((name, value, limits[name]) for name, value in values.items()))


def check_games(p, b):
    """Return the chances and net odds of games, a list each, or say what is wrong."""
    p, b = np.atleast_1d(*ranged(("p", p, INSIDE), ("b", b, NET_GAMES)))
    if p.ndim != 1 or not p.size:
        raise ValueError(f"p, b must be a list, not empty; its shape is {p.shape}.")
    return p, b


def check_mixture(weight, p, b):
    """Return the weights of causes, a row of chances for each, and net odds, or say what is wrong."""
    limits = ("weight", weight, CHANCE), ("p", p, CHANCE), ("b", b, NET_GAMES)
    weight, p, b = ranged(*limits, one_shape=False)
    table = p.ndim == 2 and p.size and p.shape[:1] == weight.shape and b.shape in ((), (1,), p.shape[1:])
    if not table or abs(weight.sum() - 1) > 1e-9:
        rule = "weight must be a list with sum 1 (divide by its sum), p one row a weight, b one number or row"
        given = f"their shapes are {weight.shape}, {p.shape}, {b.shape}, sum(weight) is {weight.sum():.10g}"
        raise ValueError(f"{rule}; {given}.")
    return weight / weight.sum(), p, np.full(p.shape[1], b)


def check_events(p, odds):
    """Return for each event its probabilities and decimal odds, or say what is wrong."""
    p, odds = ([*lists] if np.iterable(lists) else [] for lists in (p, odds))
    if len(p) != len(odds) or not p:
        raise ValueError(f"p and odds must list the same events; they list {len(p)} and {len(odds)}.")
    return [check_event(*event, f"[{i}]") for i, event in enumerate(zip(p, odds, strict=True))]


def check_event(p, odds, i=""):
    """Return the probabilities and decimal odds of one event's outcomes, or say what is wrong."""
    p, odds = ranged((f"p{i}", p, INSIDE), (f"odds{i}", odds, ODDS), one_shape=False)
    if p.ndim != 1 or abs(p.sum() - 1) > 1e-9 or odds.shape != p.shape:
        given = f"their shapes are {p.shape}, {odds.shape}, sum(p{i}) is {p.sum():.10g}"
        raise ValueError(f"p{i} must be a list with sum 1 (divide by its sum), odds{i} as long; {given}.")
    return p / p.sum(), odds


# ---- markets: scenarios, weights, bounds


def check_market(R, p, lower, upper):
    """Return (R, p, lower, upper) as arrays without the scenarios of probability 0, or say what is wrong."""
    table, R = R, numbers("R", R)
    if R.ndim != 2 or not R.size:
        raise ValueError(f"R must be a table of scenarios by assets, none empty; its shape is {R.shape}.")
    K, n = R.shape
    p = np.full(K, 1 / K) if p is None else numbers("p", p)
    if p.shape != (K,):
        raise ValueError(f"p must hold one probability a row of R, {K} in all; its shape is {p.shape}.")
    if not (p.min() >= 0 and abs(p.sum() - 1) <= 1e-9):
        given = f"the least is {p.min():g}, the sum {p.sum():g}"
        raise ValueError(f"p must be probabilities, all >= 0 with sum 1; {given}. Pass p / p.sum().")
    high = R.view(np.uint64).max().view(float) or R.max()  # one pass: by their bits, floats >= 0 are in order
    if not 0 <= high < 1e150:  # the squares are numbers too
        k, j = np.argwhere(~((R >= 0) & (R < 1e150)))[0]
        labels = isinstance(table, pd.DataFrame)
        name = f"R.loc[{table.index[k]!r}, {table.columns[j]!r}]" if labels else f"R[{k}, {j}]"
        cure = "Drop or fill what is missing." if not R[k, j] < 0 else GROSS
        raise ValueError(f"R must hold gross returns, >= 0 and below 1e150; {name} is {R[k, j]:g}. {cure}")
    if high < 0.5:
        raise ValueError(f"R must hold gross returns, but no entry exceeds {high:g}. {GROSS}")
    lower, upper = _bound("lower", lower, n), _bound("upper", upper, n)
    if not (lower <= upper).all():
        j = np.flatnonzero(~(lower <= upper))[0]
        raise ValueError(f"lower must not exceed upper; lower[{j}] is {lower[j]}, upper[{j}] is {upper[j]}.")
    if not lower.sum() - 1e-12 <= 1 <= upper.sum() + 1e-12:
        sums = f"sum(lower) is {lower.sum():g} and sum(upper) is {upper.sum():g}"
        raise ValueError(f"No weights sum to 1 within the bounds: {sums}. Widen the bounds.")
    if not p.all():
        R, p = R[p > 0], p[p > 0]
    return R, p / p.sum(), lower, upper


def _bound(name, x, n):
    x = numbers(name, x)
    if x.shape not in ((), (n,)):
        raise ValueError(f"{name} must hold one number or {n}, one a column of R; its shape is {x.shape}.")
    if np.isnan(x).any() or (name == "lower" and np.isinf(x).any()):
        raise ValueError(f"{name} must hold {'finite ' * (name == 'lower')}numbers; it holds {x}.")
    return np.full(n, x)


def check_weights(R, w):
    """Return weights of the columns of R as an array, or say what is wrong."""
    if isinstance(w, pd.Series) and isinstance(R, pd.DataFrame) and not w.index.equals(R.columns):
        raise ValueError("The labels of w must be the columns of R, in order; pass w.reindex(R.columns).")
    w, n = numbers("w", w), np.shape(R)[1]
    if w.shape != (n,):
        raise ValueError(f"w must hold {n} weights, one a column of R; its shape is {w.shape}.")
    for j in np.flatnonzero(~np.isfinite(w)):
        raise ValueError(f"w must be finite; w[{j}] is {w[j]}. Drop or fill what is missing.")
    return w


def check_weighed(R, p):
    """Return what `check_market` does of long-only weights, if no probability is too small to be weighed."""
    market = check_market(R, p, 0.0, 1.0)
    weigh(market[1])
    return market


def weigh(p):
    """Refuse probabilities beside which wealth would be as small as rounding, or a power of it too great."""
    if p.min() < 1e-12:
        raise ValueError(f"p must be 0 or at least 1e-12; one is {p.min():g}. Leave that scenario out.")


def check_moments(mean, cov, rate, lower, upper):
    """Return mean, cov, rate, the smallest eigenvalue of cov, the bounds (n,), or say what is wrong."""
    names = "mean", "cov", "rate", "lower", "upper"
    arrays = mean, cov, rate, lower, upper = [*map(numbers, names, (mean, cov, rate, lower, upper))]
    n, shapes = mean.size, [array.shape for array in arrays]
    if not n or shapes[:3] != [(n,), (n, n), ()] or not {*shapes[3:]} <= {(), (n,)}:
        rule = "(n,), (n, n), (), and () or (n,) with n >= 1"
        raise ValueError(f"{', '.join(names)} must have the shapes {rule}; they have {shapes}.")
    if not all(np.isfinite(array).all() for array in arrays[:3]):
        raise ValueError("mean, cov and rate must be finite; drop what is missing before you estimate.")
    scale = np.trace(cov) / n or abs(cov).max()
    if abs(cov - cov.T).max() > 1e-10 * scale or (least := np.linalg.eigvalsh(cov)[0]) < -1e-10 * scale:
        raise ValueError("cov must be symmetric with no negative eigenvalue; that of complete rows is.")
    lower, upper, _ = np.broadcast_arrays(lower, upper, mean)
    if not (lower <= upper).all() or not -np.inf < lower.sum() <= 1:
        raise ValueError(f"lower must be <= upper and have a finite sum <= 1; its sum is {lower.sum():g}.")
    return mean, cov, rate, least, lower, upper


def check_fall(alpha, beta):
    """Return log(beta) / log(alpha), the power of wealth that bounds a fall, or say what is wrong."""
    alpha, beta = (
        number(name, value, 5e-324, 1 - 2**-53, "lie strictly between 0 and 1")
        for name, value in (("alpha", alpha), ("beta", beta))
    )
    if (power := np.log(beta) / np.log(alpha)) > 1e6:  # rounding of wealth would count
        raise ValueError(f"alpha, beta must give lambda <= 1e6, not {power:.1e}: lower alpha or raise beta.")
    return power


def refuse_fall(power, least, doubt):
    """Say that no weights keep to the bound on falls or, in doubt, that none were found."""
    moment = f"sum(p * (R @ w)**-{power:.6g})"
    if doubt:
        raise RuntimeError(f"No weights with {moment} <= 1 found. Lower beta less.")
    what = f"the logarithm of {moment} is at least {least:.3g}, not 0"
    cure = "Add a riskless column (add_cash), lower alpha or raise beta"
    raise ValueError(f"No weights satisfy alpha and beta: {what}. {cure}.")


def check_radius(radius):
    """Return the radius of a ball of probabilities as a float, or say what is wrong."""
    return number("radius", radius, 0.0, np.inf, "be a divergence in nats, finite and >= 0")


# ---- days: returns, strategies, reports


def simple(name, returns):
    """Return the values of a table of simple returns, or say where they are none."""
    X = numbers(name, returns)
    if X.ndim != 2 or not X.size:
        raise ValueError(f"{name} must hold at least one period and column; its shape is {X.shape}.")
    if not (X.min() >= -1 and X.max() < np.inf):
        i, j = np.argwhere(~((X >= -1) & (X < np.inf)))[0]
        raise ValueError(f"{name} must be finite and >= -1; in row {i}, column {j} it is {X[i, j]}.")
    return X


def check_cash(rate, returns):
    """Return the rate of cash for each of the rows of returns, or say what is wrong."""
    cash, rows = numbers("rate", rate), len(returns)
    labelled = isinstance(returns, pd.DataFrame) and isinstance(rate, pd.Series)
    if labelled and not rate.index.equals(returns.index):
        raise ValueError("rate must have the dates of returns; pass rate.reindex(returns.index).")
    if cash.shape not in ((), (rows,)) or not np.isfinite(cash).all():
        given = f"its shape is {cash.shape}, its sum {cash.sum():g}"
        raise ValueError(f"rate must be one number or one for each of the {rows} rows of returns; {given}.")
    return np.broadcast_to(cash, rows)


def check_returns(returns):
    """Values, days and columns of returns in the order of days, if they make a market."""
    returns = frame("returns", returns)
    if returns.empty:
        raise ValueError("returns must be a DataFrame with rows and columns, the last of which is cash.")
    for labels in returns.axes:
        if labels.has_duplicates:
            raise ValueError(
                f"Days and columns must come once; not {show_day(labels[labels.duplicated()][0])}."
            )
    X = returns.to_numpy()
    if not (X.min() >= -1 and X.max() < np.inf):
        i, j = np.argwhere(~((X >= -1) & (X < np.inf)))[0]
        known = returns.iloc[:, j].dropna().index
        what = f"{returns.columns[j]} on {show_day(returns.index[i])} is {X[i, j]}"
        span = f"Known from {show_day(known.min())} to {show_day(known.max())}"
        rule, cure = "returns must be numbers >= -1", "leave it out, or the days it lacks"
        raise ValueError(f"{rule}; {what}. {span}: {cure}.")
    return X, returns.index, returns.columns


def check_strategy(strategy):
    """Say that a strategy cannot be asked, if so."""
    if not callable(strategy):
        raise ValueError(f"strategy must be callable: strategy(past) -> weights; it is {strategy!r}.")


def check_asked(asked, days, window):
    """Say that a strategy is never asked, if so."""
    if not len(asked):
        rows = f"the {len(days)} rows from {show_day(days[0])} to {show_day(days[-1])}"
        raise ValueError(
            f"No decision falls within {rows}: shorten the window, {window!r}, or give more data."
        )


def check_answer(w, columns, day):
    """Return the weights that a strategy gives to the columns as an array, or say what is wrong."""
    what = f"strategy must return {len(columns)} weights, cash the last; on {show_day(day)}: "
    w = w.reindex(columns) if isinstance(w, pd.Series) and len(w) == len(columns) else w
    if (w := numbers(what + "they", w)).shape != columns.shape:
        raise ValueError(f"{what}shape {w.shape}.")
    return w


def check_targets(targets, days, columns, cost, borrow):
    """The weights to hold from some rows on, by row, their rounding put into cash, if they can be held."""
    targets = frame("targets", targets)
    if not targets.columns.equals(columns):
        raise ValueError(f"targets must have the columns of returns, {[*columns]}; it has {[*targets]}.")
    W = np.where(np.isfinite(W := targets.to_numpy()), W, np.nan)
    total, cash, price = W.sum(1), W[:, -1], cost * abs(W[:, :-1]).sum(1)
    for good, rule, value in (
        (abs(total - 1) <= 1e-8, "be finite with sum 1; their sum is", total),
        (cash >= -borrow - 1e-8, f"owe at most borrow={borrow:g} of cash; they hold", cash),
        (price < 1, "leave wealth after cost; they cost", price),
    ):
        if not good.all():
            i = good.argmin()
            raise ValueError(f"Weights must {rule} {value[i]:.6g} on {show_day(targets.index[i])}.")
    W[:, -1] = 1 - W[:, :-1].sum(1)
    return dict(zip(days.searchsorted(targets.index), W, strict=True))  # of several for one row, the last


def check_costs(**values):
    """Return cost, band and borrow as floats, or say what is wrong."""
    return [number(name, value, 0, np.inf, "be a number >= 0") for name, value in values.items()]


def whole(name, value, least):
    """Return a whole number, but for more than there are rows, or say what it must be."""
    if not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} must be a whole number >= {least} or a calendar; it is {value!r}.")
    return min(value, 2**31)  # more than there are rows


def check_grid(evaluate, grid, jobs):
    """Say what is wrong with a sweep, if anything is."""
    if not (callable(evaluate) and isinstance(grid, dict) and grid and all(map(np.iterable, grid.values()))):
        raise ValueError(f"evaluate must be callable, grid a dict of lists; they are {evaluate!r}, {grid!r}.")
    if not (jobs is None or isinstance(jobs, int) and jobs):
        raise ValueError(f"jobs must be None or a whole number but 0; it is {jobs!r}.")


def check_runs(runs, periods_per_year, kind):
    """Return the number of periods as a float, if `runs` is a dict of that kind, or say what is wrong."""
    if not isinstance(runs, dict) or not all(isinstance(run, kind) for run in runs.values()):
        raise ValueError("runs must be a dict of Backtest, by name.")
    return number("periods_per_year", periods_per_year, 5e-324, np.inf, "be a finite number > 0")


def check_shares(weights, prices, capital):
    """Return the prices of the weights' stocks, or say what is wrong."""
    prices = prices.reindex(weights.index)
    if not ((weights >= 0).all() and weights.sum() <= 1 + 1e-9 and capital >= 0):
        raise ValueError(f"weights must be >= 0 with sum <= 1, capital >= 0; {weights.sum():g}, {capital!r}.")
    for name, price in prices[~(prices > 0)].items():
        raise ValueError(f"prices must be > 0, one for each stock; {name} has {price}.")
    return prices


def check_draws(T, block, draws):
    """Say what is wrong with the sizes of a bootstrap, if anything is."""
    if not (T >= 1 and block >= 1 and draws >= 1):
        raise ValueError(f"T, block and draws must be >= 1; they are {T}, {block}, {draws}.")


def show_day(value):
    """A day as text, without the clock of a midnight."""
    return str(value).removesuffix(" 00:00:00")
