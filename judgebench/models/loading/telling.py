"""Other people's errors in one line."""


def first_line(error: BaseException, width: int = 200) -> str:
    """The first line of an error's text, cut at `width`, or its type where it has none."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line[:width] for line in lines if line), type(error).__name__)
