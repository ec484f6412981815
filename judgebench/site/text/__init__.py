"""Text of models made fit for a page: Markdown, code, languages."""
