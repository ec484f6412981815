"""Rows and the JSONL tables that hold them."""
