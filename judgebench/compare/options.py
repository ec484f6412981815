"""What a comparison is asked: which models, questions and judge, and how sure to be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from judgebench import models
from judgebench.answers import overrides
from judgebench.errors import UsageError
from judgebench.judging.asking import VerdictBy
from judgebench.judging.matches import Orders
from judgebench.judging.reviews import Manner

_FIRST, _LARGEST, _LOOKS = 8, 8, 50  # questions to the first look, and from look to look: 8, or a 50th of a larger set


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`baseline` and `candidate` are specs, or names of models whose answers are in the tables.

    `margin`: the candidate may win so much less than half of the points. `alpha`: the chance of a wrong verdict.
    `fixed`: judge all questions, and look once. `population`: is the verdict about questions like these (`alike`) or
    about just this set (`set`)? `predictions`: a judge, or `none`; all answers are made first, and what that judge
    says of them is a control variate and chooses the order (`set`), or tells what is to come (`alike`: when to give
    up). `max_questions`: no more than so many, drawn at random. `look`: questions between two looks. `futility`: stop
    where the chance to decide is below. `bridge`: so many questions (0: as many as the margin takes) are judged again
    where the judge has changed.
    """

    baseline: str
    candidate: str
    questions: str
    judge: str
    margin: float = 0.05
    alpha: float = 0.05
    fixed: bool = False
    population: Literal["alike", "set"] = "alike"
    predictions: str = "none"
    look: int | None = None
    futility: float = 0.05
    seed: int = 0
    orders: Orders = "both"
    repeats: int = 1
    categories: tuple[str, ...] = ()
    limit: int | None = None
    max_questions: int | None = None
    canaries: bool = True
    bridge: int | None = None
    max_cost: str | None = None
    prices: tuple[str, ...] = ()
    max_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    system: str | None = None
    prompt: str | None = None
    verdict_by: VerdictBy = "text"
    repair: bool = True
    judge_max_tokens: int | None = None
    any_language: bool = False
    calls: models.Options = field(default_factory=lambda: models.Options(keep=True))
    candidate_calls: models.Options | None = None  # how the candidate is run, where otherwise than the others are

    def __post_init__(self) -> None:
        if not 0 <= self.margin < 0.5:
            raise UsageError(f"--margin is a share of the points, from 0 up to 0.5; {self.margin} isn't")
        if not 0 < self.alpha < 0.5:
            raise UsageError(f"--alpha is the chance of a wrong verdict, between 0 and 0.5; {self.alpha} isn't")
        if self.predictions != "none" and self.fixed:
            raise UsageError(
                "--predictions needs a test that may stop, and --fixed judges all questions: leave one out"
            )
        if self.predictions == self.judge:
            raise UsageError(
                f"--predictions takes another judge than --judge: {self.judge} can't be cheaper than itself"
            )

    @classmethod
    def given(cls, parameters: Mapping[str, Any]) -> "Options":
        """From the parameters of the command `compare`, by name; others among them are left alone."""
        asked = {one.name: parameters[one.name] for one in fields(cls) if one.name in parameters}
        return cls(**asked, categories=parameters["chosen"], calls=models.Options.given(parameters, keep=True))

    def looks(self, questions: int) -> Iterator[int]:
        """After how many questions a look is taken: more often at first, where a clear case shows.

        A look is free in evidence; but what is asked between two is asked at the same time.
        """
        most = max(_LARGEST, -(-questions // _LOOKS))
        known = questions if self.fixed else self.look or _FIRST
        while known < questions:
            yield known
            known += self.look or min(max(known // 4, 2), most)
        yield questions

    @property
    def manner(self) -> Manner:
        """How the judge is asked."""
        return Manner(self.prompt, self.verdict_by, self.repair, self.judge_max_tokens, self.any_language)

    @property
    def overrides(self) -> dict[str, Any]:
        """What replaces the categories' own sampling."""
        return overrides({one: getattr(self, one) for one in ("max_tokens", "temperature", "stop", "system")})
