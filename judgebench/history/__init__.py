"""What comparisons and gates came to, over time: each is kept as a row, and read as lines that may be joined."""
