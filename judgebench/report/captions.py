"""What a table means, in sentences; pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]
_REASONS = 3  # why rows of an import are missing
_EACH = 6  # more pairs than that are not told one by one


def percent(share: float | None, digits: int = 1) -> str:
    """A share as a percentage, `-` where it isn't known."""
    return "-" if share is None else f"{100 * share:z.{digits}f} %"


def number(value: float | None, digits: int = 2) -> str:
    """A number, `-` where it isn't known."""
    return "-" if value is None else f"{value:z.{digits}f}"


def signed(value: float, digits: int = 2) -> str:
    """A difference, with its sign where it has one."""
    return f"{value:z.{digits}f}" if round(value, digits) == 0 else f"{value:+.{digits}f}"


def between(interval: Sequence[float] | None, factor: float = 1, digits: int = 2) -> str:
    """An interval without its unit, "" where there is none."""
    return "" if interval is None else " to ".join(f"{factor * end:z.{digits}f}" for end in interval)


def with_interval(shown: str, interval: Sequence[float] | None, factor: float = 1, digits: int = 2) -> str:
    """A figure as a cell of a table, with its interval."""
    return shown if interval is None else f"{shown} ({between(interval, factor, digits)})"


def of_pairs(pairs: Sequence[Entry]) -> list[str]:
    """One sentence or two on each pair with a verdict, or one on all of them where they are many."""
    if not pairs:
        return ["No match has a verdict in each order that was asked for, so nothing can be said of these pairs."]
    if len(pairs) <= _EACH:
        return [" ".join(_pair(pair)) for pair in pairs]
    told = [pair for pair in pairs if leader(pair) is not None]
    turned = sum(pair["open"] for pair in told)
    those = "it is" if turned == 1 else "these are"
    doubt = f" In {turned} of them the missing verdicts could turn that round: {those} open." if turned else ""
    return [
        f"In {len(told)} of {len(pairs)} pairs one model is better: the win rate's interval leaves out 50 %.{doubt} "
        "Of such intervals one in 20 misses by chance alone."
    ]


def leader(pair: Entry) -> str | None:
    """The model that is better, where the win rate's interval leaves out one half."""
    interval = pair["win_rate_interval"]
    if interval is None or interval[0] <= 0.5 <= interval[1]:
        return None
    return str(pair["models"][interval[0] > 0.5])


def _pair(pair: Entry) -> Iterator[str]:
    a, b = pair["models"]
    if pair["ratio"] is not None:
        reach = between(pair["ratio_interval"], 100, 1)
        shown = f" (95 % interval {reach} %)" if reach else ""
        yield f"{b} has {percent(pair['ratio'])} of {a}'s total score{shown}."
    yield outcomes(pair)
    yield _conclusion(pair)


def outcomes(pair: Entry) -> str:
    """How often which of the two is better, the one with more wins first."""
    a, b = pair["models"]
    wins_a, wins_b = pair["wins"]
    first, second = ((a, wins_a), (b, wins_b)) if wins_a > wins_b else ((b, wins_b), (a, wins_a))
    noun = ("question", "questions") if pair["matches"] == pair["questions"] else ("match", "matches")
    left = "".join(f", {counted(pair[name], *said)}" for name, said in _OTHERS.items() if pair[name])
    matches = counted(pair["matches"], *noun)
    return f"{first[0]} is better on {first[1]} of {matches}, {second[0]} on {second[1]}{left}."


_OTHERS = {
    "ties": ("tie", "ties"),
    "inconsistent": ("changes with the order", "change with the order"),
    "incomplete": ("has no verdict", "have no verdict"),
}


def counted(count: int, one: str, many: str) -> str:
    """So many of something."""
    return f"{count} {one if count == 1 else many}"


def _conclusion(pair: Entry) -> str:
    better, reach = leader(pair), between(pair["win_rate_interval"], 100, 1)
    rate = f"{pair['models'][1]}'s win rate is {percent(pair['win_rate'])}"
    if not reach:
        return "" if pair["win_rate"] is None else f"{rate}; there are too few questions for an interval."
    if better is None:
        return f"{rate} ({reach} %): these questions don't tell which is better."
    if pair["open"]:
        return f"{rate} ({reach} %), but the missing verdicts could turn that round: it is open."
    return f"{rate} ({reach} %): {better} is better on questions like these."


def of_leaderboard(ranked: Sequence[Entry], differences: Sequence[Entry]) -> list[str]:
    """Who is first, and whether that is beyond chance."""
    if not ranked or ranked[0]["mean"] is None:
        return ["No review has a score, so nothing can be said of these models."]
    first, second = ranked[0], ranked[1] if len(ranked) > 1 else None
    reach = between(first["interval"])
    said = f"{first['model']} has the mean score {number(first['mean'])}"
    said = f"{said} (95 % interval {reach})" if reach else said
    if second is None or second["mean"] is None:
        return [f"{said}."]
    gap = next((one for one in differences if set(one["models"]) == {first["model"], second["model"]}), None)
    return [f"{said}, the highest{_lead(gap, first['model'], second['model']) if gap else ''}."]


def _lead(gap: Entry, first: str, second: str) -> str:
    """How far the first model is ahead of the second on the questions that both have scores on."""
    if gap["interval"] is None:
        shared = counted(gap["questions"], "question", "questions")
        return f"; it shares {shared} with {second}, too few to say how far it is ahead on the same ones"
    sign = 1 if gap["models"][1] == first else -1
    ends, lead = sorted(sign * end for end in gap["interval"]), sign * gap["difference"]
    sure = "more than chance would explain" if ends[0] > 0 or ends[1] < 0 else "no more than chance would explain"
    where = f"on the {gap['questions']} questions that both have scores on"
    if lead < 0:
        return f"; but {where} {second} is ahead by {-lead:.2f} ({between([-end for end in reversed(ends)])}), {sure}"
    return f"; {where} its lead over {second} is {lead:.2f} ({between(ends)}), {sure}"


def of_turns(turns: Sequence[Entry]) -> list[str]:
    """Which model drops most after the first turn."""
    if not turns:
        return []
    worst = min(turns, key=lambda entry: entry["difference"])
    reach = between(worst["interval"])
    shown = f" (95 % interval {reach})" if reach else ""
    drop = "is the largest drop" if worst["difference"] < 0 else "is the least gain"
    most = f"{drop} of {len(turns)}; each interval is of one by itself" if len(turns) > 1 else "is the change"
    return [f"{worst['model']}'s {signed(worst['difference'])}{shown} from turn 1 to turn {worst['turn']} {most}."]


def of_ratings(entries: Sequence[Entry]) -> list[str]:
    """Who is first, and who might be."""
    rated = [entry for entry in entries if entry["rating"] is not None]
    if not rated:
        return ["No model has a finite rating: see the notes in the table."]
    if rated[0]["rank"] is None:
        return ["No model has been judged on enough questions to be ranked."]
    might = [entry["model"] for entry in rated if entry["rank_range"] and entry["rank_range"][0] == 1]
    first = f"{rated[0]['model']} is rated highest"
    if not might:
        return [f"{first}."]
    if might == [rated[0]["model"]]:
        return [f"{first}, and first in at least 95 % of resamples of the questions."]
    return [f"{first}; any of {', '.join(might)} could be first, as far as these questions tell."]


def of_win_rates(pairs: Sequence[Entry]) -> list[str]:
    """What brackets hold, what the figures at equal length and style are, and where they would change who is better."""
    said = ["Ties and what the orders disagree about count as half; brackets hold 95 % intervals over questions."]
    if any(pair.get(name) is not None for pair in pairs for name in _HELD):
        said.append(_MEANS)
    for told, such in (("another model would be ahead", _turned), ("it would be open which is better", _opened)):
        names = [_against(pair) for pair in pairs if leader(pair) and any(such(pair, name) for name in _HELD)]
        if names:
            said.append(f"At equal length or style {told}: {', '.join(names)}.")
    return [" ".join([*said, *_unsaid(pairs)])]


_HELD = ("length_controlled_win_rate", "style_controlled_win_rate")
_MEANS = (
    "At equal length and style is an estimate of what the judge would say if b's answers looked like a's: what it likes"
    " of length and Markdown is taken out, as its matches of comparable length tell, and where those are few as other"
    " judges do. It doesn't say whose answers are better."
)


def _against(pair: Entry) -> str:
    return f"{pair['models'][1]} against {pair['models'][0]}"


def _turned(pair: Entry, name: str) -> bool:
    """Whether the model that is better isn't the one whose interval at equal length or style leaves out one half."""
    held = {"models": pair["models"], "win_rate_interval": pair.get(f"{name}_interval")}
    return leader(held) not in (None, leader(pair))


def _opened(pair: Entry, name: str) -> bool:
    """Whether that interval holds one half."""
    ends = pair.get(f"{name}_interval")
    return ends is not None and bool(ends[0] <= 0.5 <= ends[1])


def _unsaid(pairs: Sequence[Entry]) -> Iterator[str]:
    """Why figures at equal length or style are missing, and of which pairs."""
    lacking: dict[tuple[str, str], list[str]] = {}
    for pair in pairs:
        if note := pair.get("control_note"):
            what = "length or style" if pair["length_controlled_win_rate"] is None else "style"
            lacking.setdefault((what, note), []).append(_against(pair))
    for (what, note), names in lacking.items():
        whom = ", ".join(names) if len(names) <= _EACH else f"{len(names)} pairs"
        yield f"Nothing can be said at equal {what} of {whom}: {note}."


def of_judges(judges: Sequence[Entry]) -> list[str]:
    """Which judge minds the order most."""
    if not any(entry["pairwise"] for entry in judges):
        return ["Each answer was graded by itself, so no order could sway the judge."]
    known = [
        (entry["pairwise"]["position"]["consistency"]["value"], entry)
        for entry in judges
        if entry["pairwise"] and entry["pairwise"]["position"]
    ]
    if not known:
        return ["No match was judged in both orders, so nothing is known of what the order does to the verdicts."]
    consistency, entry = min(known, key=lambda found: found[0])
    gain = entry["pairwise"]["position"]["net_first"]["value"]
    side = "first" if gain > 0 else "second"
    favour = f"; the answer shown {side} gains {abs(gain):.2f} of a win" if gain else ""
    return [f"{entry['judge']} says the same in both orders in {percent(consistency)} of the matches{favour}."]


def of_agreement(agreement: Sequence[Entry]) -> list[str]:
    """How the best judge does against people, and people against each other."""
    decided = [entry for entry in agreement if entry["setup"] == "S2" and entry["turn"] is None and entry["votes"]]
    human = [entry for entry in decided if "vote" in entry["kinds"]]
    said = "S1 counts ties, S2 only votes for one of the two."
    if not human:
        return [said]
    best = max(human, key=lambda entry: entry["agreement"])
    reach = between(best["interval"], 100, 1)
    who = " and ".join(dict.fromkeys(best["raters"]))
    shown = f" (95 % interval {reach} %)" if reach else ""
    return [f"{said} Of two votes for one side, {who} agree in {percent(best['agreement'])}{shown}; chance gives 50 %."]


def of_answers(entries: Sequence[Entry]) -> list[str]:
    """A sentence on each model of whose answers some are missing, failed, are empty or were cut off."""
    lacks = [(entry, _lack(entry)) for entry in entries]
    return [f"{entry['model']} on {entry['question_set']}: {lack}." for entry, lack in lacks if lack]


def _lack(entry: Entry) -> str:
    failed = f"{entry['failed']} of {counted(entry['answers'], 'answer', 'answers')} failed"
    of_turns = f"of {counted(entry['turns'], 'text', 'texts')}"
    cut = f"{entry['cut']} {of_turns} stopped at the token limit, and were judged as they are"
    empty = f"{entry['empty']} {of_turns} are empty"
    prompt = f"{entry['prompt_cut']} {of_turns} answer prompts that the server cut, by its own count of tokens"
    lacking = f"no answer to {counted(entry['missing'], 'question', 'questions')} that another model answered"
    lacks = {"missing": lacking, "failed": failed, "cut": cut, "empty": empty, "prompt_cut": prompt}
    return "; ".join(told for name, told in lacks.items() if entry[name])


def of_imports(entries: Sequence[Entry]) -> list[str]:
    """A sentence on each import of which rows are missing, with the reasons for the most of them."""
    return [_missing(entry) for entry in entries]


def _missing(entry: Entry) -> str:
    shown = [f"{one['count']}: {one['reason']}" for one in entry["reasons"][:_REASONS]]
    rest = "; others for other reasons" if len(entry["reasons"]) > _REASONS else ""
    rows = counted(entry["refused"], "row", "rows")
    why = f" ({'; '.join(shown)}{rest})" if shown else ""
    return f"The import of {entry['import']} into {entry['question_set']} lacks {rows}{why}."


def of_cut_prompts(note: Entry) -> str:
    """That a judge did not see all of what it was asked about."""
    these = f"{note['cut']} of {counted(note['reviews'], 'review', 'reviews')}"
    return (
        f"The server cut the prompts of {these} on {note['question_set']} by {note['judge']}: it counted fewer tokens"
        " than they can have, so that the judge saw a part of them"
    )


def of_other_languages(note: Entry) -> str:
    """That a judge has no verdict on what it was not measured on."""
    these = f"{note['left_out']} of {counted(note['reviews'], 'review', 'reviews')} on {note['question_set']}"
    return (
        f"{these} by {note['judge']} have no verdict: a text isn't in English, and this judge was measured on no"
        " other language (name another judge, or give --any-language)"
    )


def of_calibration(entries: Sequence[Entry]) -> list[str]:
    """What the votes and the judge say together, of the pair with the most votes."""
    known = [entry for entry in entries if entry["win_rate"] is not None]
    if not known:
        return []
    best = max(known, key=lambda entry: entry["votes"])
    worth = "" if best["worth"] is None else f", worth about {best['worth']:.0f} votes by themselves"
    return [
        f"People would let {best['models'][1]} win {percent(best['win_rate'])} of the matches with {best['models'][0]}"
        f" ({between(best['win_rate_interval'], 100, 1)} %): {best['votes']} votes and {best['judge']}'s verdicts on"
        f" {best['questions']} questions together{worth}. The questions voted on must be a random part of all."
    ]
