"""The interactive figure as it stands on paper, and where a browser runs no JavaScript."""


def draw(path):
    """Write the figure at its first setting (p = 0.6, even money, the Kelly stake) as a PNG."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    import numpy as np
    from scipy.stats import binom

    from kellylib import bet_growth, kelly_fraction

    p, b, bets, paths = 0.6, 1.0, 200, 16
    best = kelly_fraction(p, b)
    stakes = np.linspace(0, 0.6, 200)
    n = np.arange(bets + 1)
    wins = np.random.default_rng(1956).random((paths, bets)) < p
    won = np.hstack([np.zeros((paths, 1)), wins.cumsum(axis=1)])

    def wealth(x, n):
        return (1 + b * best) ** x * (1 - best) ** (n - x)

    with plt.style.context("kellylib.kelly"):
        fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.2))
        left.plot(stakes, bet_growth(stakes, p, b))
        left.axhline(0, color="k", lw=0.6)
        left.axvline(best, color="k", ls="--", lw=1)
        left.text(best + 0.01, -0.05, f"best {best:.3f}")
        left.set(xlabel="stake, share of wealth", ylabel="growth, nats per bet", ylim=(-0.06, 0.03))
        right.plot(n, wealth(won, n).T, color="k", lw=0.6, alpha=0.4)
        low, middle, high = (wealth(binom.ppf(level, n[::5], p), n[::5]) for level in (0.1, 0.5, 0.9))
        right.fill_between(n[::5], low, high, alpha=0.18)
        right.plot(n[::5], middle, color="C0")
        right.set(xlabel="bets", ylabel="wealth, start = 1", yscale="log")
        fig.savefig(path, dpi=150, metadata={"Software": None})
        plt.close(fig)
