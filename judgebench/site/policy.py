"""What a page of the site may load and do: our files beside it, and nothing else."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'none';"
    " base-uri 'none'; form-action 'none'"
)
