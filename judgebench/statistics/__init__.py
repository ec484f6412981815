"""Rows to frames, frames to figures, pure; an interval's formula is in `clusters`, all else in docs/statistics.md."""
