"""What is graded, and what of it is looked at beside the answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from judgebench.embedded.text import Text, known, lately


@dataclass(frozen=True, slots=True)
class Case:
    """What is graded: the answer to a question, what was said before, and the reference if there is one."""

    question: Text
    answer: Text
    earlier_answer: Text
    reference: Text
    conclusion: Text  # the reference's last sentence
    turn: int  # 1 for the first

    @property
    def companions(self) -> tuple[Text, ...]:
        """The texts that the answer is compared with."""
        return self.question, self.earlier_answer, self.reference, self.conclusion


def make_case(turns: Sequence[str], answers: Sequence[str], reference: str | None) -> Case:
    """The case of answers[-1], the answer to turns[len(answers) - 1]."""
    n = len(answers)
    ideal = known(reference or "")
    return Case(
        question=known(turns[n - 1]),
        answer=lately(answers[-1]),
        earlier_answer=lately(answers[-2] if n > 1 else ""),
        reference=ideal,
        conclusion=known((ideal.sentences or [""])[-1]),
        turn=n,
    )
