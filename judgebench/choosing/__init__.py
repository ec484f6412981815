"""Which judge? Several on the same votes of people, chosen by one half of the questions and confirmed by the other."""

from judgebench.choosing.procedure import Choosing, Options

__all__ = ["Choosing", "Options"]
