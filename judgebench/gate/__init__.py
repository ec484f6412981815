"""May this checkpoint be shipped? Several sets and guardrails, one verdict, one error rate."""
