"""Several samples of an answer on a question's page."""

from dataclasses import replace

from report.reviewing import review

from judgebench.site.parts.pieces import About, comparisons
from judgebench.statistics.frames import matches_frame, reviews_frame
from judgebench.tables.records import Answer, Question, Verdict


def test_samples_are_told_apart() -> None:
    """A review of a further sample says of which, and all verdicts together are counted as such."""
    question = Question(id="1", category="a", turns=("?",))
    drawn = [
        Answer(
            id=f"{model}{choice}", question_set="s", question_id="1", question_digest=question.digest, model=model,
            turns=(f"{model} says {choice}",), choice=choice,
        )
        for model in ("m", "n") for choice in (0, 1)
    ]  # fmt: skip
    judged = [
        review(
            1, ("m", "n"), Verdict(winner="A"), id=str(choice), choice=choice, answer_ids=(f"m{choice}", f"n{choice}")
        )
        for choice in (0, 1)
    ]
    matches = matches_frame(reviews_frame(judged, {})).to_dict("records")
    about = About(question, ("m", "n"), drawn, [replace(row, question_id="1") for row in judged], matches)
    (compared,) = comparisons(about, ("m", "n"))
    assert [one.order for one in compared.judges[0].reviews] == ["m shown first", "sample 2, m shown first"]
    assert compared.judges[0].told == "of 2 verdicts, m wins in 2"
    assert not any("earlier answer" in note for one in compared.judges[0].reviews for note in one.notes)
