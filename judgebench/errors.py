"""The errors that judgebench raises on purpose: each is one clear line that says what to do."""


class JudgebenchError(Exception):
    """Something failed and the message says what to do about it; the command exits with status 1."""


class UsageError(JudgebenchError):
    """The request itself makes no sense (an unknown name, a bad spec); the command exits with status 2."""


class DataError(JudgebenchError):
    """A file holds something that can't be read; the message names the file and, where it can, the line."""


class EndpointError(JudgebenchError):
    """An endpoint refuses every call alike (a bad key, an unknown model, nobody listening): stop the run."""


class OutageError(JudgebenchError):
    """Calls failed that may succeed when they are made again: what was done is kept, and the same command goes on."""
