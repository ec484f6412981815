"""What a finding says, and what to do about it; pure."""

from collections.abc import Callable, Mapping
from typing import Any

from judgebench.attacks import ATTACKS
from judgebench.report.captions import between, number, percent
from judgebench.statistics.ppi import FEWEST

Finding = Mapping[str, Any]
Told = tuple[str, str]  # what it says, and what to do: "" where there is nothing to do
TITLES: Mapping[str, str] = {
    "position": "Position",
    "length": "Length",
    "self-preference": "Own models",
    "repeats": "Repeats",
    "missing": "Missing verdicts",
    "people": "People",
    "calibration": "Calibration",
    "canaries": "Canaries",
    "attack": "Attack",
}
SAYS: Mapping[str, str] = {
    "broken": "don't use its verdicts before this is mended or evened out",
    "beware": "usable, with what is said here in mind",
    "fine": "nothing that need worry",
    "not known": "the data says nothing of it",
}
_ABOUT = {attack.name: attack.about for attack in ATTACKS}


def title(finding: Finding) -> str:
    """What a finding is about, in a word or two."""
    about = finding["about"]
    if finding["aspect"] == "attack" and "attack" in about:
        return f"Attack: {about['attack']}"
    if "models" in about:
        return f"Calibration: {about['models'][1]} against {about['models'][0]}"
    return TITLES[finding["aspect"]]


def told(finding: Finding) -> Told:
    """A sentence or two with the figures, and one on what to do."""
    return _TOLD[finding["aspect"]](finding)


def shown(figure: Mapping[str, Any]) -> str:
    """A figure in its unit, with its interval and over how many: `62.0 % (50.1 to 72.6 %, 30 votes)`."""
    if figure["unit"] == "share":
        value, ends, per = percent(figure["value"]), between(figure["interval"], 100, 1), " %"
    else:
        unit = f" {figure['unit']}" if figure["unit"] in ("wins", "points") else ""
        value, ends, per = f"{figure['value']:+.2f}{unit}", between(figure["interval"]), ""
    reach = f"{ends}{per}, " if ends else ""
    return f"{value} ({reach}{figure['n']} {figure['of']})"


def named(found: Mapping[str, Any], spell: Callable[[str], str]) -> dict[str, Any]:
    """The same audit with every name spelled as an output can bear it; all other words are ours."""
    return {
        **found,
        "judge": spell(found["judge"]),
        "question_set": spell(found["question_set"]),
        "findings": [{**one, "about": _spelled(one["about"], spell)} for one in found["findings"]],
    }


def _spelled(about: Mapping[str, Any], spell: Callable[[str], str]) -> dict[str, Any]:
    return {**about, "models": [spell(name) for name in about["models"]]} if "models" in about else {**about}


def _figure(finding: Finding, name: str) -> Mapping[str, Any] | None:
    return next((one for one in finding["figures"] if one["name"] == name), None)


def _position(finding: Finding) -> Told:
    agree, gain = (_figure(finding, name) for name in ("orders agree", "gain of being first"))
    if not agree or not gain:
        return "No match was judged in both orders.", "Run `judgebench review --orders both`, or `adaptive`."
    said = f"Both orders give the same verdict in {shown(agree)}; being shown first gains {shown(gain)}."
    todo = {
        "broken": "Judge both orders and trust only where they agree, or take another judge.",
        "beware": "Always judge both orders, and read the win rate as the mean of orders.",
        "not known": "Judge more matches in both orders: the interval has room for no bias and for a grave one.",
    }
    return said, todo.get(finding["grade"], "")


def _length(finding: Finding) -> Told:
    won, beyond, within = (
        _figure(finding, name) for name in ("the longer answer won", "more than with people", "score and length")
    )
    said = [f"The longer answer won {shown(won)}." if won else ""]
    said.append(f"Less what people show on the same matches, that is {shown(beyond)}." if beyond else "")
    said.append(f"Scores go with length, between answers to one question: {shown(within)}." if within else "")
    if not won and not within:
        return "Nothing is known of length.", "It takes verdicts, and the answers themselves in the workspace."
    alone = "Longer can be better: ask people about some of these matches, and look at the win rate at equal length."
    against = "Read the win rate at equal length, or limit the length of answers."
    todo = {
        "broken": against,
        "beware": against if beyond else alone,
        "not known": "Judge more matches with answers of different length.",
    }
    return " ".join(filter(None, said)), todo.get(finding["grade"], "")


def _own(finding: Finding) -> Told:
    gain = _figure(finding, "own models' gain")
    if not gain:
        return (
            "Nothing is known of models of its own maker.",
            "Name them with --own, and have another judge review the same pairs.",
        )
    said = f"Models of its maker gain {shown(gain)} by it, beside other judges on the same matches."
    todo = {
        "broken": "Let another judge decide on these models.",
        "beware": "Let another judge decide on these models, or a panel.",
        "not known": "Have both judges review more of these pairs.",
    }
    return said, todo.get(finding["grade"], "")


def _repeats(finding: Finding) -> Told:
    flips, scores = (_figure(finding, name) for name in ("verdicts differ", "scores differ"))
    if finding["about"]["computed"]:
        return "Its verdicts are computed: the same answers always get the same.", ""
    if not flips and not scores:
        return "Nothing was judged twice.", "Run `judgebench review --repeats 3`, on a few questions at least."
    said = [f"Asked again, its verdict differs in {shown(flips)}." if flips else ""]
    said.append(f"Asked again, its score differs in {shown(scores)}." if scores else "")
    todo = {
        "broken": "Judge each match several times, or take another judge: one verdict says little.",
        "beware": "Judge each match several times where it is close.",
        "not known": "Repeat more matches.",
    }
    return " ".join(filter(None, said)), todo.get(finding["grade"], "")


def _missing(finding: Finding) -> Told:
    snapshots = finding["about"]["snapshots"]
    if not finding["figures"]:
        if by_rubrics := finding["about"].get("by_rubrics"):
            graded = f"It graded {by_rubrics} answers by rubrics, which this doesn't look at."
            return graded, "The report says how many of these have no score."
        return "It has reviewed nothing here.", "Run `judgebench review`."
    said = "; ".join(f"{one['name']} in {shown(one)}" for one in finding["figures"])
    changed = f" Its verdicts are by {snapshots} snapshots of the model." if snapshots > 1 else ""
    todo = {
        "broken": "Run `review` again, which asks for these alone; `report` has what the gaps leave open.",
        "beware": "Run `review` again, which asks for these alone.",
        "not known": "Judge more, and look again.",
    }
    pinned = "Review anew under one pinned snapshot." if snapshots > 1 else todo.get(finding["grade"], "")
    return f"{said[0].upper()}{said[1:]}.{changed}", pinned


def _people(finding: Finding) -> Told:
    mine, theirs = (_figure(finding, name) for name in ("agree with people", "people agree with each other"))
    if not mine:
        return "Nobody voted on what it judged.", "Vote on the site's vote page and `judgebench import votes`."
    said = f"Where both decide, it agrees with people in {shown(mine)}; chance gives 50 %."
    said += f" People agree with each other in {shown(theirs)}." if theirs else ""
    todo = {
        "broken": "Take a stronger judge: this one knows little of what people want.",
        "beware": "Read some of the matches in which they differ; a stronger judge, or a panel, agrees more.",
        "not known": "Get more votes: 50 tell 75 % from 60 %.",
    }
    return said, todo.get(finding["grade"], "")


def _calibration(finding: Finding) -> Told:
    about = finding["about"]
    if "models" not in about:
        few = "1 pair has" if about["pairs"] == 1 else f"{about['pairs']} pairs have"
        where = f"{few} votes on fewer than {FEWEST} questions" if about["pairs"] else "No votes"
        said = f"{where}: what people would say can't be calibrated."
        return said, "Vote on 20 to 50 questions of a pair, drawn at random, and `judgebench import votes`."
    judge, votes, both = finding["figures"]
    worth = "" if about["worth"] is None else f", worth {number(about['worth'], 0)} votes by themselves"
    said = (
        f"The judge gives {about['models'][1]} {shown(judge)} against {about['models'][0]}; the votes alone say"
        f" {shown(votes)}. Together they say {percent(both['value'])} ({between(both['interval'], 100, 1)} %){worth}."
    )
    todo = {
        "broken": "The judge prefers the other model than people do: believe the calibrated figure.",
        "beware": "The judge is off by more than chance: believe the calibrated figure.",
        "not known": "Vote on more questions of this pair, drawn at random.",
    }
    return said, todo.get(finding["grade"], "")


def _canaries(finding: Finding) -> Told:
    about, held = finding["about"], _figure(finding, "held")
    if not held:
        return "It was not tried on the canaries.", "Run `judgebench audit` with a judge that can be called."
    said = f"It held {shown(held)} on frozen pairs with a known answer"
    said += f" ({about['made']})." if about["made"] else "."
    said += f" Not expected of it, and not held: {', '.join(about['waived'])}." if about["waived"] else ""
    if about["failed"]:
        return f"{said} It failed {', '.join(about['failed'])}.", "Take another judge or prompt: see docs/canaries.md."
    return said, "Don't let it grade texts that were made to please it." if about["waived"] else ""


def _attack(finding: Finding) -> Told:
    about = finding["about"]
    gain, over, preferred = (_figure(finding, name) for name in ("gain", "over the answer", "preferred"))
    if not gain and not preferred:
        run = "Run `judgebench audit` with a judge that can be called, and answers in the workspace."
        return "It was not tried with manipulated answers.", run
    low, high = (f"{end:g}" for end in about["scale"])
    than = "a plain non-answer" if about["against"] == "baseline" else "the answer as it was"
    said = [_ABOUT[about["attack"]]]
    on = (
        f"where answers as they were have from {low} to {high}" if about["open"] else f"on a scale from {low} to {high}"
    )
    said.append(f"It gains {shown(gain)} over {than}, {on}." if gain else "")
    said.append(f"Over the real answers it gains {shown(over)}." if over else "")
    said.append(f"In pairs with {than} it is preferred in {shown(preferred)}." if preferred else "")
    said.append(f"{about['missing']} answers are left out for want of a score." if about["missing"] else "")
    todo = {
        "broken": "Don't grade texts by it whose authors could know this; check for it before.",
        "beware": "Look at answers of this kind yourself, where much depends on them.",
        "not known": "Try it on more answers: --sample 40.",
    }
    return " ".join(filter(None, said)), todo.get(finding["grade"], "")


_TOLD: Mapping[str, Callable[[Finding], Told]] = {
    "position": _position,
    "length": _length,
    "self-preference": _own,
    "repeats": _repeats,
    "missing": _missing,
    "people": _people,
    "calibration": _calibration,
    "canaries": _canaries,
    "attack": _attack,
}
