"""Growth-optimal (Kelly) bets and portfolios, every answer certified in nats."""
