"""Every decoder family of transformers: four conversations in a batch say what each says alone, or why they don't."""

import copy
from dataclasses import replace
from typing import Any

import pytest
from models import families

from judgebench.models.engine import Done, Engine, Job
from judgebench.models.engine.proof import prove

torch = pytest.importorskip("torch", reason="hf: models need the extra `local`")
pytest.importorskip("transformers", reason="hf: models need the extra `local`")

LENGTHS = (17, 60, 21, 50)


def held(engine: Engine) -> tuple[dict[int, Job], dict[int, Done]]:
    """Four prompts, half of which have a later turn: the jobs, and what became of each."""
    asked = {place: Job(place, prompt, 8) for place, prompt in enumerate(families.prompts(LENGTHS))}

    def follow(done: Done) -> Job | None:
        if done.failure or done.index not in (0, 1):
            return None
        prompt = (*asked[done.index].prompt, *done.tokens, 7, 8, 9)
        return asked.setdefault(done.index + 100, Job(done.index + 100, prompt, 8))

    return asked, {done.index: done for done in engine.run(list(asked.values()), follow)}


def engine(model: Any) -> Engine:
    """One that was tried, and ends at several tokens."""
    made = Engine(model, families.Letters(), batch_size=4)
    prove(made)
    made.endings = replace(made.endings, tokens=families.ENDS)
    return made


def is_alone(name: str, model: Any, job: Job) -> bool:
    """Whether a prompt of that family is held by its own `generate`."""
    beyond = families.BEYOND.get(name)
    most = getattr(model.config, beyond) if beyond else 1000
    return name in families.ALONE or len(job.prompt) + job.max_tokens > most


@pytest.mark.slow
@pytest.mark.parametrize("name", families.CASES)
def test_a_family_says_in_a_batch_what_it_says_alone(name: str) -> None:
    """Greedy, in float32, token for token; where its positions end, what is cut or refused says so."""
    torch.set_num_threads(1)
    model = families.model(name)
    fresh = copy.deepcopy(model)  # a dynamic scaling remembers the longest prompt
    made = engine(model)
    asked, done = held(made)
    assert len(done) >= len(LENGTHS)
    room = made.endings.limits.whole or 1000
    for place, one in done.items():
        job = asked[place]
        if one.failure:
            assert "leave no room" in one.failure
            assert len(job.prompt) + 1 >= room, one.failure
        else:
            assert bool(one.way) == is_alone(name, model, job), one.way
            job = replace(job, max_tokens=min(job.max_tokens, room - len(job.prompt)))
            assert one.tokens == families.alone(copy.deepcopy(fresh), job)
