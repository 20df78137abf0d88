"""A backtest as a page that opens offline, and two beside each other."""
