"""What reviews add up to: pure functions on DataFrames. `frames` makes the DataFrames."""
