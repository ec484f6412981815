"""Of every family that has one, a classifier scores in a batch what it scores alone."""

import pytest

pytest.importorskip("torch", reason="reward: models need the extra `local`")

from models import families

from judgebench.models.engine.scoring import Scorer

LENGTHS = (5, 30, 33, 50, 31, 7)
APART = {"xlnet"}  # its memory of what stands before depends on the longest


@pytest.mark.parametrize("name", families.scorers())
def test_scores_are_those_of_each_text_alone(name: str) -> None:
    """As transformers computes them, whatever the longest of a batch, and across the limits of positions."""
    import torch

    model, prompts = families.scorer(name), families.prompts(LENGTHS)
    scorer = Scorer(model, families.Letters())
    found = {one.index: one.score for one in scorer.scores(prompts)}
    assert (scorer.apart is not None) == (name in APART)
    for place, prompt in enumerate(prompts):
        with torch.inference_mode():
            model(torch.tensor([prompt[:1]]))  # so that dynamic positions are those of this text
            alone = float(model(torch.tensor([prompt])).logits[0, 0])
        assert found[place] == pytest.approx(alone, rel=1e-3, abs=1e-3), place
