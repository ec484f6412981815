"""What calls cost: prices, quotes before a run, bills after it, and a limit that holds."""
