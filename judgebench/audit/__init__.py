"""Can this judge be trusted, and where not? Findings from reviews, votes and trials, each with its figures."""

from judgebench.audit.build import build
from judgebench.audit.procedure import Audit, Options, Part
from judgebench.audit.stored import Trial, stored

__all__ = ["Audit", "Options", "Part", "Trial", "build", "stored"]
