"""Rows to frames, frames to figures; pure. Every interval's formula is in `clusters`; docs/statistics.md has the rest."""
