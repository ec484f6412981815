"""`report --power`: what the questions at hand detect, how many more it takes, and what these would cost."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from judgebench import embedded
from judgebench.errors import UsageError
from judgebench.models import Spec, parse_spec
from judgebench.money.prices import FREE, Price, parse_prices, price_of
from judgebench.report.build import Options, Report, reviews_of
from judgebench.statistics.frames import matches_frame, scores_frame
from judgebench.statistics.power import DIFFERENCES, plan
from judgebench.statistics.repeats import matches_over_repeats, scores_over_repeats
from judgebench.tables.records import Usage
from judgebench.verdicts import checkers
from judgebench.workspace import Workspace

_LEAST = 1e-4  # of a win rate or a score: less takes millions of questions
_FREE = (embedded.NAME, checkers.NAME)


def build_plan(
    workspace: Workspace, options: Options, differences: Sequence[float] = (), prices: Sequence[str] = ()
) -> Report:
    """The plan as data, {"power": entries of `statistics.power.plan`}; `prices` as of `--price`.

    Raises UsageError where there are no reviews, or for a difference or a price that is none.
    """
    reviews, own = reviews_of(workspace, options), parse_prices(prices)
    if not all(_LEAST <= difference < math.inf for difference in differences):
        raise UsageError(f"--detect takes a difference of at least {_LEAST:g}, as in 0.05")
    wanted = {figure: differences or usual for figure, usual in DIFFERENCES.items()}
    matches, scores = matches_over_repeats(matches_frame(reviews)), scores_over_repeats(scores_frame(reviews))
    planned = plan(matches, scores, reviews, wanted, cost_per_call=_cost_by(own))
    if not planned:
        raise UsageError(
            "--power plans win rates and mean scores of two models, and no review here is of either; of scores by"
            " rubrics the report's intervals say what so many questions tell"
        )
    return {"power": planned}


def _cost_by(own: Mapping[str, Price]) -> Callable[[Mapping[str, Any]], float | None]:
    """Dollars for a call such as an entry's judge made, None where its price or its tokens aren't known."""

    def cost(entry: Mapping[str, Any]) -> float | None:
        price = FREE if entry["judge"] in _FREE else price_of(_spec(entry["judge"]), own)
        if price == FREE:
            return 0.0
        if price is None or entry["prompt_tokens"] is None:
            return None
        return float(price.of(Usage(round(entry["prompt_tokens"]), round(entry["completion_tokens"]))))

    return cost


def _spec(judge: str) -> Spec:
    """A judge is called by its spec, or by a name that may be its model's."""
    try:
        return parse_spec(judge)
    except UsageError:
        return Spec(judge, "openai", judge)
