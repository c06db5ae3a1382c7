"""Growth-optimal (Kelly) bets and portfolios, every answer certified in nats."""

from kellylib.games import bet_growth, kelly_fraction

__all__ = ["bet_growth", "kelly_fraction"]
