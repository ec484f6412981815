"""A server with every kind of fault at once: each review is made in the end, once, with the right verdict."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from servers.running import chat_server, make_workspace

from judgebench.judging.judge import ModelJudge, review
from judgebench.judging.matches import samples, single
from judgebench.models import Options, load_model, parse_spec
from judgebench.models.http import runner
from judgebench.prompts import find_prompt
from judgebench.tables.records import Question, Review
from judgebench.tables.store import Table, in_force

NUMBER = 300
FAULTS: tuple[dict[str, Any], ...] = (
    {"do": "status", "status": 429, "retry_after": 0.05},
    {"do": "status", "status": 500},
    {"do": "status", "status": 503, "retry_after": 0.05},
    {"do": "reset"},
    {"do": "cut"},
    {"do": "not_json"},
    {"do": "no_choices"},
    {"do": "slow", "seconds": 60},
    {"do": "wrong", "text": "I would rather not say."},
)
UNREAD = {"cut", "not_json", "no_choices", "slow"}  # the endpoint's own count has them; no client can


def _score(number: int) -> int:
    return number % 10 + 1


def _rate(place: int, share: float = 0.3) -> float:
    """The chance of a fault, given that none before it in the list happened, so that all are equally likely."""
    each = share / len(FAULTS)
    return each / (1 - place * each)


@pytest.mark.parametrize("seed", [1])
def test_all_reviews_are_made_whatever_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """300 reviews, 32 at a time, 30 % faults: none lost, none twice, no wrong verdict, usage as the server counts."""
    monkeypatch.setattr(runner, "_backoff", lambda state: 0.05 * state.attempt_number)
    questions = [Question(id=str(number), category="small", turns=(f"<{number}>?",)) for number in range(NUMBER)]
    workspace = make_workspace(tmp_path / "workspace", questions, {"m": [(f"It is {n}.",) for n in range(NUMBER)]})
    answers = samples(workspace.all_answers("small"))
    table = Table(tmp_path / "reviews.jsonl", Review)
    script = {
        "seed": seed,
        "latency": 0.05,
        "replies": [[f"<{number}>?", f"Well.\nRating: [[{_score(number)}]]"] for number in range(NUMBER)],
        "faults": [{**fault, "rate": _rate(place)} for place, fault in enumerate(FAULTS)],
    }
    prompt = find_prompt("rating", [])
    with chat_server(tmp_path / "server", **script) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        for _ in range(20):  # what was unparsed or failed in the end is asked again, as by running the command again
            options = Options(parallel=32, timeout=5.0, tries=8)
            judge = ModelJudge("judge", load_model(parse_spec("openai:m"), options), lambda _: prompt)
            stage = review(single(questions, answers, ["m"]), judge, "small", table)
            if not len(stage):
                break
            for _ in stage:
                pass
        done, read = Counter(server.did()), server.usage()
    rows = table.read()
    final = in_force(rows).values()
    assert {int(row.question_id): row.verdict.scores if row.verdict else None for row in final} == {
        number: (float(_score(number)),) for number in range(NUMBER)
    }
    assert Counter(row.id for row in rows if row.error is None).most_common(1)[0][1] == 1
    counted = [row.usage for row in rows if row.usage]
    assert (sum(u.prompt_tokens for u in counted), sum(u.completion_tokens for u in counted)) == read
    assert len(counted) == done["reply"] + done["wrong"]
    assert set(done) >= UNREAD | {"status 429", "status 500", "status 503", "reset", "wrong"}
    assert sum(done.values()) - done["reply"] > 0.2 * sum(done.values())
