"""Models behind an endpoint: how a call is made, tried again and held back, and what a response says."""
