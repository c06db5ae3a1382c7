"""Growth-optimal (Kelly) bets and portfolios, every answer certified in nats."""

from kellydata import accrued, load_bist30, simple_returns
from kellylib.backtest import Backtest, hold, sweep, walk_forward
from kellylib.expcone import kelly_expcone
from kellylib.full import kelly_full
from kellylib.games import (
    bet_growth,
    kelly_events,
    kelly_fraction,
    kelly_games,
    kelly_games_mixture,
    kelly_race,
)
from kellylib.growth import Solution, certify, growth_rate
from kellylib.metrics import summary
from kellylib.order2 import kelly_mean_variance, kelly_order2
from kellylib.risk import kelly_drawdown, kelly_robust, worst_case
from kellylib.scenarios import add_cash, empirical

__all__ = [
    "load_bist30", "simple_returns", "accrued", "add_cash", "empirical", "Solution", "growth_rate", "certify",
    "kelly_full", "kelly_expcone", "kelly_order2", "kelly_mean_variance", "kelly_drawdown", "kelly_robust",
    "worst_case", "bet_growth", "kelly_fraction", "kelly_games", "kelly_games_mixture", "kelly_events",
    "kelly_race", "Backtest", "walk_forward", "hold", "sweep", "summary",
]  # fmt: skip
