"""Votes of people and battles of the Arena: which become reviews, once each, and which are refused."""

import json
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench import question_sets
from judgebench.errors import DataError, UsageError
from judgebench.interchange.answers import import_answers
from judgebench.interchange.fastchat import import_fastchat
from judgebench.interchange.votes import import_votes
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.statistics.frames import matches_frame, reviews_frame
from judgebench.statistics.repeats import matches_over_repeats
from judgebench.tables.records import Question, Review, Verdict
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

Row = dict[str, Any]
MODELS = ("koala-13b", "vicuna-13b", "alpaca-13b", "dolly-v2-12b")
WINNERS = ("model_a", "model_b", "tie", "tie (bothbad)")
START = 1682351591.1322


def battles(number: int, seed: int = 0, **fields: Any) -> list[Row]:
    """Battles as LMSYS published those of the Arena's first weeks, every fourth with the models' names shown."""
    rng = random.Random(seed)
    made = []
    for place in range(number):
        model_a, model_b = rng.sample(MODELS, 2)
        about = {"model_a": model_a, "model_b": model_b, "winner": rng.choice(WINNERS)}
        about |= {"judge": f"arena_user_{rng.randrange(50)}", "turn": rng.randint(1, 4), "anony": place % 4 != 3}
        made.append(about | {"language": "English", "tstamp": START + 7.25 * place} | fields)
    return made


def vote(**fields: Any) -> Row:
    """A vote for the model shown first, as in MT-bench's human judgments."""
    row: Row = {"question_id": 81, "model_a": "m", "model_b": "n", "winner": "model_a", "judge": "expert_1", "turn": 1}
    return {name: said for name, said in (row | fields).items() if said is not ...}


def listed(path: Path, rows: list[Row], indent: int | None = 2) -> Path:
    """A file that is one JSON list."""
    path.write_text(json.dumps(rows, indent=indent), encoding="utf-8")
    return path


def lined(path: Path, *rows: Row | str) -> Path:
    """A file with a JSON object a line; text is written as it is."""
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), "utf-8")
    return path


def counting(workspace: Workspace) -> list[Review]:
    """The reviews in force."""
    return list(in_force(workspace.all_reviews()).values())


@pytest.fixture
def known(workspace: Workspace) -> Workspace:
    """A workspace with a set of the questions 81 and 5, and answers of two models."""
    answered(workspace, "v")
    return workspace


def answered(workspace: Workspace, *names: str) -> None:
    """Give the workspace question sets, and answers of two models to each."""
    for name in names:
        with_set(workspace, name, "81", "5")
        for model in ("m", "n"):
            import_answers(workspace, name, model, {"81": ["Yes."]}, Path("answers"))


def with_set(workspace: Workspace, name: str, *ids: str, turns: int = 1) -> None:
    """Give the workspace a question set."""
    questions = tuple(Question(id=one, category="writing", turns=("Write.",) * turns) for one in ids)
    head = SetHead(name, categories={"writing": Category()})
    question_sets.save(QuestionSet(head, questions), workspace.question_set_folder(name))


class TestBattles:
    """LMSYS' first-week format: one JSON list."""

    def test_anonymous_battles_count(self, workspace: Workspace, tmp_path: Path) -> None:
        """As the Arena did; a note says how many were left out."""
        imported = import_votes(listed(tmp_path / "first-week.json", battles(40)), workspace)
        assert (imported.question_set, imported.counts, imported.new) == ("first-week", {"votes": 30}, {"votes": 30})
        assert "10 battles whose models were named (not anonymous) were left out." in imported.notes
        assert all(row.extra["anony"] for row in counting(workspace))

    def test_everyone(self, workspace: Workspace, tmp_path: Path) -> None:
        """All battles count on request, and asking later adds those that were left out."""
        file = listed(tmp_path / "b.json", battles(40))
        import_votes(file, workspace)
        assert import_votes(file, workspace, everyone=True).new == {"votes": 10}
        assert len(counting(workspace)) == 40

    def test_what_becomes_of_a_battle(self, workspace: Workspace, tmp_path: Path) -> None:
        """Each is its own question; a tie of two bad answers is a tie, and its label is kept."""
        (row,) = battles(1, winner="tie (bothbad)", judge="arena_user_7", turn=3)
        import_votes(listed(tmp_path / "b.json", [row]), workspace)
        (review,) = counting(workspace)
        assert review.models == (row["model_a"], row["model_b"])
        assert (review.mode, review.kind, review.verdict) == ("pairwise", "choice", Verdict(winner="tie"))
        assert (review.verdict_source, review.reply, review.prompt) == ("voted", None, "vote")
        assert (review.judge, review.turn, review.answer_ids, review.swapped) == ("people", 3, (), False)
        assert review.question_id.startswith("battle-")
        assert review.created == "2023-04-24T15:53:11.132200+00:00"
        expected = {"voter": "arena_user_7", "label": "tie (bothbad)", "language": "English", "anony": True}
        expected |= {"imported_from": "b.json"}
        assert review.extra == expected

    def test_who_won(self, workspace: Workspace, tmp_path: Path) -> None:
        """The first model is A, and a win is never turned round."""
        rows = battles(200, anony=True)
        import_votes(listed(tmp_path / "b.json", rows), workspace)
        by_time = sorted(counting(workspace), key=lambda review: review.created or "")
        said = {"model_a": "A", "model_b": "B", "tie": "tie", "tie (bothbad)": "tie"}
        wanted = [((row["model_a"], row["model_b"]), said[row["winner"]]) for row in rows]
        assert [(review.models, review.verdict and review.verdict.winner) for review in by_time] == wanted

    def test_conversations_stay_out(self, workspace: Workspace, tmp_path: Path) -> None:
        """Votes are imported, not what was talked about; a null is no conversation. A note says so."""
        talk = [{"role": "user", "content": "Half a \ud83d"}]
        rows = battles(2, conversation_a=talk, conversation_b=None, anony=True)
        imported = import_votes(listed(tmp_path / "b.json", rows), workspace)
        assert "2 votes carry their conversations, which are not imported." in imported.notes
        assert not any("conversation_a" in row.extra or "conversation_b" in row.extra for row in counting(workspace))

    def test_thirty_three_thousand(self, workspace: Workspace, tmp_path: Path) -> None:
        """As many as the Arena published in its first months, and none twice."""
        file = listed(tmp_path / "b.json", battles(33_000, anony=True))
        assert import_votes(file, workspace).new == {"votes": 33_000}
        assert import_votes(file, workspace).new == {"votes": 0}

    @pytest.mark.parametrize("indent", [None, 2])
    def test_a_faulty_battle_stops_the_import(self, workspace: Workspace, tmp_path: Path, indent: int | None) -> None:
        """The error names the file and the line on which the battle begins, and nothing is imported."""
        rows = battles(5)
        rows[2] |= {"winner": "model_c"}
        rows[4].pop("model_a")
        file = listed(tmp_path / "b.json", rows, indent)
        line = 2 + 2 * (len(rows[0]) + 2) if indent else 1
        with pytest.raises(DataError, match=rf"b.json:{line}: this vote has a winner .* and 1 more can't be used"):
            import_votes(file, workspace)
        assert list(workspace.all_reviews()) == []

    def test_a_broken_list(self, workspace: Workspace, tmp_path: Path) -> None:
        """A file that was cut off is refused with the line where it breaks off."""
        file = listed(tmp_path / "b.json", battles(3))
        file.write_text(file.read_text("utf-8")[:-20], "utf-8")
        with pytest.raises(DataError, match=r"b.json:\d+: is not JSON"):
            import_votes(file, workspace)

    @pytest.mark.parametrize("content", ["[" * 100_000, '["a"]', "[1]", "[\xff]"])
    def test_lists_of_something_else(self, workspace: Workspace, tmp_path: Path, content: str) -> None:
        """They are refused, whatever they hold."""
        (tmp_path / "b.json").write_bytes(content.encode("latin-1"))
        with pytest.raises(DataError, match=r"b\.json"):
            import_votes(tmp_path / "b.json", workspace)


class TestVotes:
    """JSON lines, a vote each."""

    def test_real_votes(self, workspace: Workspace, tmp_path: Path, shared_data: Path) -> None:
        """LLMBar's 200 majority votes: 101 for the first model, none twice, and two on each of five matches."""
        file = shared_data / "human" / "llmbar_mt-bench_votes.jsonl"
        import_fastchat(shared_data / "mt-bench", workspace)
        imported = import_votes(file, workspace, questions="mt-bench", judge="llmbar", new_models=True)
        assert (imported.counts, imported.new, imported.refused) == ({"votes": 200}, {"votes": 200}, ())
        again = import_votes(file, workspace, questions="mt-bench", judge="llmbar")
        assert (again.new, again.refused) == ({"votes": 0}, ())
        rows = workspace.reviews("mt-bench", "llmbar").read()
        assert sum(row.verdict == Verdict(winner="A") for row in rows) == 101
        assert sum(row.repeat for row in rows) == 5
        assert {row.question_id for row in rows} <= {str(number) for number in range(81, 161)}

    def test_judges_are_voters(self, known: Workspace, tmp_path: Path) -> None:
        """`judge` of a human judgment says who voted; where `voter` does, `judge` is kept beside it."""
        import_votes(lined(tmp_path / "v.jsonl", vote(), vote(voter="eve", judge="people")), known)
        assert [row.extra for row in counting(known)] == [
            {"voter": "expert_1", "imported_from": "v.jsonl"},
            {"judge": "people", "voter": "eve", "imported_from": "v.jsonl"},
        ]

    def test_positions_as_winners(self, known: Workspace, tmp_path: Path) -> None:
        """A and B are the models by position."""
        rows = [vote(winner=winner) for winner in ("A", "B", "tie")]
        import_votes(lined(tmp_path / "v.jsonl", *rows), known, "v")
        assert [row.verdict for row in counting(known)] == [Verdict(winner=one) for one in ("A", "B", "tie")]

    def test_several_votes_on_a_match(self, known: Workspace, tmp_path: Path) -> None:
        """Each is a repeat of the match, in either order; the majority over repeats is that of the votes."""
        shown = [vote(judge=f"v{place}") for place in range(2)]
        turned = [vote(model_a="n", model_b="m", winner="model_b", judge="v2"), vote(winner="model_b", judge="v3")]
        import_votes(lined(tmp_path / "v.jsonl", *shown, *turned), known)
        assert [row.repeat for row in counting(known)] == [0, 1, 2, 3]
        matches = matches_over_repeats(matches_frame(reviews_frame(known.all_reviews(), {})))
        assert matches[["model_a", "model_b", "outcome", "reviews"]].to_numpy().tolist() == [["m", "n", "a", 4]]

    def test_votes_of_our_own_page(self, known: Workspace, tmp_path: Path) -> None:
        """They name the question set, the voter, the time and the answers; several sets may be in one file."""
        page = {"judge": ..., "voter": "w1", "tstamp": START, "answer_ids": ["a1", "b1"]}
        rows = [vote(question_set=name, **page) for name in ("core-80", "turns-80")]
        answered(known, "core-80", "turns-80")
        imported = import_votes(lined(tmp_path / "v.jsonl", *rows), known)
        assert imported.question_set == "core-80, turns-80"
        (row,) = known.reviews("core-80", "people").read()
        assert (row.answer_ids, row.extra) == (("a1", "b1"), {"voter": "w1", "imported_from": "v.jsonl"})

    def test_one_set_of_several(self, known: Workspace, tmp_path: Path) -> None:
        """Asked for one question set, votes that name another are left out; those that name none belong to it."""
        rows = [vote(question_set="core-80"), vote(question_set="turns-80"), vote(question_id=5)]
        answered(known, "core-80", "turns-80")
        imported = import_votes(lined(tmp_path / "v.jsonl", *rows), known, questions="core-80")
        assert {row.question_set for row in counting(known)} == {"core-80"}
        assert imported.new == {"votes": 2}
        assert "1 votes on other question sets than core-80 were left out." in imported.notes

    def test_a_voter_who_votes_again(self, known: Workspace, tmp_path: Path) -> None:
        """Both votes count, and a note says so."""
        imported = import_votes(lined(tmp_path / "v.jsonl", vote(), vote(winner="tie")), known)
        assert len(counting(known)) == 2
        assert any(note.startswith("1 votes are by somebody who had voted") for note in imported.notes)

    def test_a_model_against_itself(self, known: Workspace, tmp_path: Path) -> None:
        """Such a vote says nothing, and is left out."""
        imported = import_votes(lined(tmp_path / "v.jsonl", vote(model_b="m"), vote()), known)
        assert imported.new == {"votes": 1}
        assert "1 votes on a model against itself were left out." in imported.notes

    def test_questions_that_are_not_there(self, known: Workspace, tmp_path: Path) -> None:
        """A vote on a question that the set doesn't hold is refused, with its line; the others are imported."""
        file = lined(tmp_path / "v.jsonl", vote(), vote(question_id="x"))
        imported = import_votes(file, known, questions="v")
        assert (imported.new, imported.vain) == ({"votes": 1}, ())
        assert [(one.line, one.reason) for one in imported.refused] == [
            (2, "is about question 'x', which v does not hold")
        ]

    def test_turns_that_are_not_there(self, known: Workspace, tmp_path: Path) -> None:
        """A question of one turn has no second."""
        imported = import_votes(lined(tmp_path / "v.jsonl", vote(), vote(turn=2)), known)
        assert [one.reason for one in imported.refused] == ["is about turn 2, where question '81' has 1"]

    def test_models_that_are_not_there(self, known: Workspace, tmp_path: Path) -> None:
        """A misspelt model is no new one, unless that is asked for; of none taken the import has failed."""
        file = lined(tmp_path / "v.jsonl", vote(model_a="mm"))
        imported = import_votes(file, known)
        assert (imported.new, imported.vain) == ({"votes": 0}, ("no vote was taken",))
        assert imported.refused[0].reason.startswith(
            "names model 'mm', of which v has neither answers nor reviews (did"
        )
        assert import_votes(file, known, new_models=True).new == {"votes": 1}

    def test_no_set_is_invented(self, known: Workspace, tmp_path: Path) -> None:
        """Without --questions the set is the one that holds all that was voted on; none and several are errors."""
        for name in ("nope", 81):
            if name == 81:
                answered(known, "w")
            with pytest.raises(UsageError, match="say which by --questions NAME"):
                import_votes(lined(tmp_path / "x.jsonl", vote(question_id=name)), known)
        with pytest.raises(UsageError, match="no question set 'u'"):
            import_votes(lined(tmp_path / "x.jsonl", vote()), known, "u")
        assert list(known.all_reviews()) == []

    def test_windows_files(self, known: Workspace, tmp_path: Path) -> None:
        """Byte order mark, CRLF and blank lines, in either format."""
        lined(tmp_path / "v.jsonl", vote(), "", vote(judge="e"))
        listed(tmp_path / "b.json", battles(2))
        for name, number in (("v.jsonl", 2), ("b.json", 2)):
            path = tmp_path / name
            path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
            assert import_votes(path, known).new == {"votes": number}


class TestOnce:
    """No vote counts twice, however often and with whatever else it is imported."""

    def test_lines_that_stand_twice(self, known: Workspace, tmp_path: Path) -> None:
        """Word for word the same is one vote; votes that differ only in an index, without a voter, are several."""
        rows = [vote(judge=..., index=place) for place in (0, 1, 1)]
        imported = import_votes(lined(tmp_path / "v.jsonl", vote(), vote(), *rows), known)
        assert (imported.counts, imported.new) == ({"votes": 5}, {"votes": 3})
        assert any(note.startswith("2 votes stand more than once") for note in imported.notes)

    def test_a_file_that_grew(self, known: Workspace, tmp_path: Path) -> None:
        """Only what is new is added, and what was there keeps its slot, wherever the new votes stand."""
        rows = [vote(judge=f"v{place}", tstamp=START + place) for place in range(20)]
        import_votes(lined(tmp_path / "v.jsonl", *rows[5:15]), known)
        before = {row.id: row.slot for row in counting(known)}
        random.Random(1).shuffle(rows)
        assert import_votes(lined(tmp_path / "v.jsonl", *rows), known).new == {"votes": 10}
        after = {row.id: row.slot for row in counting(known)}
        assert before.items() <= after.items()
        assert sorted(row.repeat for row in counting(known)) == list(range(20))

    def test_what_a_file_says_beside(self, known: Workspace, tmp_path: Path) -> None:
        """A field more is no other vote where a voter or a time tells votes apart, nor is 1 another time than 1.0."""
        import_votes(lined(tmp_path / "v.jsonl", vote(tstamp=1682351591)), known)
        more = vote(tstamp=1682351591.0, language="English")
        assert import_votes(lined(tmp_path / "v.jsonl", more), known).new == {"votes": 0}

    def test_the_same_votes_under_another_name(self, known: Workspace, tmp_path: Path) -> None:
        """They would count twice: the error says what they are called in the workspace."""
        rows = [vote(judge=f"v{place}") for place in range(3)]
        import_votes(lined(tmp_path / "v.jsonl", *rows), known)
        again = lined(tmp_path / "copy.jsonl", *reversed(rows))
        with pytest.raises(DataError, match="all 3 votes are in the workspace already, by 'people' on 'v'"):
            import_votes(again, known, judge="experts")
        assert import_votes(again, known).new == {"votes": 0}
        assert import_votes(lined(again, *rows, vote(judge="w")), known, judge="experts").new == {"votes": 4}

    def test_other_judges_and_sets(self, known: Workspace, tmp_path: Path) -> None:
        """A vote on another set, or by others of whom it isn't said who they are, is another vote."""
        answered(known, "s")
        files = [lined(tmp_path / f"{name}.jsonl", vote(judge=...)) for name in "ab"]
        names = [("v", "people"), ("v", "experts"), ("s", "people")]
        assert [import_votes(files[0], known, *name).new["votes"] for name in names] == [1, 1, 1]
        assert len({row.id for row in known.all_reviews()}) == 3


FAULTS: list[tuple[Row, str]] = [
    ({"winner": "model_c"}, "has a winner that is none of"),
    ({"winner": ...}, "has no winner"),
    ({"winner": 1}, "has a winner that is not text"),
    ({"model_a": ...}, "has no model_a"),
    ({"model_b": ""}, "has a model_b that is not an id"),
    ({"question_id": ...}, "has no question_id"),
    ({"question_id": ..., "anony": True}, "has neither a question_id nor a tstamp"),
    ({"question_id": 1.5}, "has a question_id that is not an id"),
    ({"question_set": ""}, "has a question_set that is not an id"),
    ({"judge": ["gpt-4", "pair-v2"]}, "has a judge that is not an id"),
    ({"turn": 0}, "has a turn that is not a number from 1 on"),
    ({"turn": True}, "has a turn that is not a number from 1 on"),
    ({"tstamp": "yesterday"}, "has a tstamp that is not a time"),
    ({"tstamp": 1682351591132}, "has a tstamp that is not a time"),
    ({"tstamp": float("nan")}, "has a tstamp that is not a time"),
    ({"anony": "false"}, "has an anony that is neither true nor false"),
    ({"answer_ids": ["a"]}, "has answer_ids that are not two texts"),
    ({"answer_ids": "ab"}, "has answer_ids that are not two texts"),
]


class TestFaults:
    """Nothing is guessed: a file with a vote that can't be used is not imported."""

    @pytest.mark.parametrize(("fields", "reason"), FAULTS)
    def test_a_faulty_vote(self, workspace: Workspace, tmp_path: Path, fields: Row, reason: str) -> None:
        """The error names the file, the line and the field."""
        file = lined(tmp_path / "v.jsonl", vote(), "", vote(**fields))
        with pytest.raises(DataError, match=rf"v\.jsonl:3: this vote {reason}.*; nothing was imported"):
            import_votes(file, workspace)
        assert list(workspace.all_reviews()) == []

    @pytest.mark.parametrize("line", ["not json", '"text"', '{"question_id": 81'])
    def test_what_is_no_row(self, workspace: Workspace, tmp_path: Path, line: str) -> None:
        """A line that is no JSON object is refused like a faulty vote."""
        with pytest.raises(DataError, match=r"v\.jsonl:2: this vote is not"):
            import_votes(lined(tmp_path / "v.jsonl", vote(), line), workspace)

    @pytest.mark.parametrize("content", ["", "\n\n", "[]"])
    def test_no_votes(self, workspace: Workspace, tmp_path: Path, content: str) -> None:
        """A file without votes is an error, not a success."""
        (tmp_path / "v.jsonl").write_text(content, "utf-8")
        with pytest.raises(DataError, match="holds no votes"):
            import_votes(tmp_path / "v.jsonl", workspace)

    def test_no_file(self, workspace: Workspace, tmp_path: Path) -> None:
        """A file that isn't there is a mistake in the request."""
        with pytest.raises(UsageError, match="no file at"):
            import_votes(tmp_path / "v.jsonl", workspace)

    def test_hostile_names(self, workspace: Workspace, tmp_path: Path) -> None:
        """Names that are paths stay inside the workspace, half characters are mended, and our own fields are ours."""
        hostile = {"model_a": "../../x", "model_b": "\ud83d\x1b[31m", "judge": "a/b", "question_set": "../up"}
        row = vote(**hostile, label="x", chance="?", logprobs=[float("nan")])
        with_set(workspace, "../up", "81")
        for file in (lined(tmp_path / "v.jsonl", row), listed(tmp_path / "v.json", [row])):
            import_votes(file, workspace, judge="../../people", new_models=True)
        (review,) = counting(workspace)
        assert review.models == ("../../x", "\ufffd\x1b[31m")
        assert review.extra["voter"] == "a/b"
        assert {"file_label": "x", "file_chance": "?"}.items() <= review.extra.items()
        assert [path.parent.parent.name for path in tmp_path.rglob("*people.jsonl")] == ["reviews"]
        assert len(reviews_frame([review], {})) == 1

    def test_names_too_long_for_a_file(self, known: Workspace, tmp_path: Path) -> None:
        """A set that no file can be named after stops the import before anything is written."""
        rows = [vote(), vote(question_set="s" * 300)]
        with pytest.raises(UsageError, match="can't name a file"):
            import_votes(lined(tmp_path / "v.jsonl", *rows), known)
        assert list(known.all_reviews()) == []


names = st.text(min_size=1, max_size=8)
votes = st.builds(
    vote,
    question_id=st.integers(0, 3) | names,
    turn=st.integers(1, 3),
    model_a=st.sampled_from(["m", "n", "\u202e"]) | names,
    model_b=st.sampled_from(["o", "p"]),
    winner=st.sampled_from([*WINNERS, "A", "B"]),
    judge=names | st.none(),
    tstamp=st.none() | st.floats(0, 2e9),
    language=st.none() | names,
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(votes, min_size=1, max_size=12), cut=st.integers(0, 12), as_list=st.booleans())
def test_every_vote_comes_back(rows: list[Row], cut: int, as_list: bool) -> None:
    """The rows say what was voted, each vote is in force once, and a part imported first changes nothing."""
    rows = [row for row in rows if row["model_a"] != row["model_b"]]
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        (workspace.root / "question_sets").mkdir()
        with_set(workspace, "v", *{str(row["question_id"]) for row in rows} | {"81"}, turns=3)
        for part in (rows[:cut], rows, rows):
            path = workspace.root / "v"
            if part:
                import_votes(listed(path, part) if as_list else lined(path, *part), workspace, new_models=True)
        found = counting(workspace)
        assert len(found) == len(list(workspace.all_reviews())) == len({row.id for row in found})
    said = {"model_a": "A", "model_b": "B", "tie (bothbad)": "tie"}

    def told(voter: object, when: object, row: Row) -> tuple[object, ...]:
        beside = None if (voter, when) != (None, None) else row.get("language")
        return (voter, when is None, beside)

    wanted = {
        (
            *(str(row["question_id"]), row["turn"], row["model_a"], row["model_b"]),
            *(said.get(row["winner"], row["winner"]), row["winner"] == "tie (bothbad)"),
            *told(row["judge"], row["tstamp"], row),
        )
        for row in rows
    }
    assert {
        (
            *(review.question_id, review.turn, *review.models),
            *(review.verdict and review.verdict.winner, "label" in review.extra),
            *told(review.extra.get("voter"), review.created, dict(review.extra)),
        )
        for review in found
    } == wanted
