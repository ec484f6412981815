"""Which of several candidates are better than the baseline, and which is best, at one error rate for all of that."""
