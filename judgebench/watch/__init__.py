"""A training as it goes: each checkpoint that it saves, against a baseline, with one band over all steps."""
