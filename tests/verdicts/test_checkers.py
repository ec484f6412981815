"""An answer is right or wrong by rule; no answer is too hostile for a rule."""

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.waiting import little_work

from judgebench.verdicts import checkers
from judgebench.verdicts.checkers import READ, READ_BY_REGEX, check, problem

SCORERS = {"exact": "Paris", "regex": r"\bParis\b", "numeric": "12..15"}


@pytest.mark.parametrize(
    "answer",
    [
        "Paris",
        "  paris \n",
        "PARIS.",
        '"Paris"',
        "“Paris”.",
        "**Paris**",
        '**"Paris."**',
        "`Paris`",
        "Ｐａｒｉｓ",
        "Pa\u200bris",
        "Answer: Paris",
        "The answer is Paris.",
        "**Answer:** Paris",
        "**Final answer**: Paris",
        "So, the final answer is: **Paris**",
        "It is where the Seine flows, and not London.\n\nAnswer: Paris",
        "Reasons come first.\nAnswer:\nParis",
        "Answer: Paris\nLet me look at it again.\nAnswer: Paris",
    ],
)
def test_exact_admits_one_claim_in_any_wrapping(answer: str) -> None:
    """Case, width, white space, quotes, emphasis, final punctuation and a lead are no difference."""
    assert check("exact", "Paris", answer).right


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "   ",
        ".",
        "London",
        "Paris, London, Rome",
        "Rome\nLondon\nParis",
        "Answer: Rome\nAnswer: London\nAnswer: Paris",
        "The answer is Rome.\nThe answer is Paris.",
        "Answer: Paris or London",
        "Answer: Paris\nAlthough it may as well be London.",
        "It is not Paris",
        "Answer: not Paris",
        "The answer isParis",
        "My question is whether the answer is Paris",
        "Paris Paris",
        "Answer:",
        "London" + " " * READ + "Paris",
        "London " * READ + "\nIt may be that the answer is Paris",
    ],
)
def test_exact_refuses_what_hedges_or_says_more(answer: str) -> None:
    """An answer that lists the candidates is wrong, wherever the right one stands."""
    assert not check("exact", "Paris", answer).right


@pytest.mark.parametrize(
    ("reference", "answer", "right"),
    [
        ("bread baking", "Bread\n  baking", True),
        ("Straße", "STRASSE", True),
        ("café", "cafe\u0301", True),
        ("Newton's laws", "Newton’s laws", True),
        ("12:30", "12:30", True),
        ("12:30", "30", False),
        ("C++", "C++.", True),
        ("C++", "C", False),
        ("(b)", "b", True),
        ("?", "!", False),
        ("?", "?", True),
        ("answer: 42", "Answer: 42", True),
        ("-5", "−5", True),
        ("-5", "5", False),
    ],
)
def test_exact_folds_both_sides_alike(reference: str, answer: str, right: bool) -> None:
    """What is folded away in an answer is folded away in the reference; what is left has to be the same."""
    assert check("exact", reference, answer).right is right


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ("42", "42"),
        ("42", "First 7, then 6: it is 42."),
        ("42", "**42**"),
        ("42", "_42_"),
        ("42", r"\boxed{42}"),
        ("42", "$42"),
        ("42", "42 km²"),
        ("42", "42m2"),
        ("42", "042"),
        ("42", "４２"),
        ("42", "٤٢"),
        ("42", "答案是42。"),
        ("42", "1. six times seven\n2. makes 42"),
        ("42", "The pages 40-42"),
        ("1234567", "1,234,567"),
        ("1,234,567", "1234567"),
        ("1234567", "12,34,567"),
        ("1234567", "1'234’567"),
        ("1234567", "1_234_567"),
        ("1234567", "1\u202f234\u00a0567"),
        ("1234567", r"1{,}234{,}567"),
        ("1234.5", "1.234,5"),
        ("1234567", "1.234.567"),
        ("1234.50", "1,234.5"),
        ("0.5", ".5"),
        ("-5", "-5"),
        ("-5", "−5"),
        ("-5", "x=-5"),
        ("-5", "$-5"),
        ("-5", "-$5"),
        ("5", "+5"),
        ("3", "x-3"),
        ("1200", "1.2e3"),
        ("1200", "1.2E+03 m"),
        ("1200", "1.2 × 10³"),
        ("1200", "1.2*10^3"),
        ("1200", r"1.2 \times 10^{3}"),
        ("0.0012", "1.2×10⁻³"),
        ("1e6", "10^6"),
        ("8", "2**3"),
        ("0.5", "1/2"),
        ("0.5", "½"),
        ("1.5", "1½"),
        ("1.5", "1 1/2"),
        ("-0.5", r"-\frac{1}{2}"),
        ("1/3", "2/6"),
        ("45%", "45 %"),
        ("45%", "45"),
        ("45%", "0.45"),
        ("0.45", "45%"),
        ("45", "45 percent"),
        ("3.14 ± 0.01", "3.15"),
        ("3.14 +/- 0.01", "3.13"),
        ("3.14", "3.14 ± 0.2"),
        ("12..15", "12"),
        ("12..15", "14.99"),
        ("-3..-1", "-2"),
        ("40%..50%", "0.45"),
        ("5 m2", "5"),
    ],
)
def test_numeric_reads_a_number_as_a_person_does(reference: str, answer: str) -> None:
    """Separators, signs, fractions, powers, percentages, units and other scripts' digits."""
    assert check("numeric", reference, answer).right


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ("42", ""),
        ("42", "forty-two"),
        ("42", "42 or 43"),
        ("42", "-42"),
        ("42", "4.2"),
        ("42", "142"),
        ("42", "x42"),
        ("42", "42" + " " * READ),
        ("42", "12" + "3" * (READ - 2) + "42"),
        ("2", "5 m2"),
        ("2", "5 m²"),
        ("2", "m^{-2}"),
        ("14", "3,14"),
        ("3.14", "3,14"),
        ("3", "1,2,3"),
        ("3", "1.2.3"),
        ("123", "0,123"),
        ("2024", "1/1/2024"),
        ("12..15", "11.99"),
        ("12..15", "15.01"),
        ("3.14 ± 0.01", "3.151"),
        ("0", "1/0"),
        ("0", "0^-1"),
        ("1", "nan"),
        ("1", "1e999999999"),
        ("1", "9^999999999"),
    ],
)
def test_numeric_refuses_what_is_another_number_or_none(reference: str, answer: str) -> None:
    """The last number counts, and one that can be read in two ways is wrong in both."""
    assert not check("numeric", reference, answer).right


def test_a_number_that_is_cut_is_not_read_as_its_end() -> None:
    """Of 1042, of which only the last two digits lie in what is read, 42 is nobody's answer."""
    assert not check("numeric", "42", "1042" + " " * (READ - 2)).right


def test_regex_searches_the_end_of_the_answer_as_written() -> None:
    """Anchors mean the answer's own beginning and end, not those of what is read."""
    assert check("regex", r"(?i)\bparis\W*\Z", "It must be Paris.").right
    assert not check("regex", r"(?i)\bparis\W*\Z", "Paris or London").right
    assert not check("regex", "Paris", "Paris" + " " * READ_BY_REGEX).right
    assert not check("regex", r"\A\s*Paris", "London" + " " * READ_BY_REGEX + "Paris").right


def test_the_explanation_says_what_was_found_and_what_was_expected() -> None:
    """One sentence for a person, whichever way it went."""
    assert check("numeric", "42", "It is 41.").explanation == 'The last number is "41"; expected "42".'
    assert check("numeric", "42", "Nobody knows").explanation == 'Found no number; expected "42".'
    assert check("exact", "Paris", "London").explanation == 'Found "London"; expected "Paris".'
    assert check("exact", "Paris", "paris").explanation == 'The answer is "Paris", as expected.'
    several = check("exact", "Paris", "Answer: Rome\nAnswer: Paris").explanation
    assert several == 'The answer gives several final answers ("paris", "rome"); expected "Paris".'
    assert 'in "it\'s London"' in check("regex", "Paris", "it's London").explanation


@pytest.mark.parametrize("scorer", SCORERS)
@pytest.mark.parametrize("reference", [None, "", "  \n"])
def test_without_a_reference_nothing_can_be_checked(scorer: str, reference: str | None) -> None:
    """The problem is of the set, not of the answer."""
    found = problem(scorer, reference)
    assert found is not None
    assert found.kind == "no_reference"


@pytest.mark.parametrize(
    ("scorer", "reference"),
    [
        ("exact", "x" * (READ + 1)),
        ("regex", "(a"),
        ("regex", "colou?r{e<=1}"),
        ("regex", r"\p{L}"),
        ("regex", "[[:alpha:]]"),
        ("regex", "a" * 5_000),
        ("regex", "(" * 2_000 + ")" * 2_000),
        ("regex", "a{99999999999999999999}"),
        ("numeric", "many"),
        ("numeric", "3,14"),
        ("numeric", "5 and 6"),
        ("numeric", "5 ± few"),
        ("numeric", "15..12"),
        ("numeric", "12.."),
    ],
)
def test_a_reference_that_is_none_for_its_scorer_is_a_problem_and_not_a_wrong_answer(
    scorer: str, reference: str
) -> None:
    """No answer could be right, so none is called wrong."""
    found = problem(scorer, reference)
    assert found is not None
    assert found.kind == "bad_reference"
    with pytest.raises(ValueError, match="is no reference for"):
        check(scorer, reference, "anything")


@pytest.mark.parametrize("scorer", SCORERS)
@given(answer=st.text() | st.text("0123456789.,'_^*/{}()[]%$±×·eE+- \n\\answer:⁰²½٣", max_size=200))
def test_no_answer_makes_a_checker_raise(scorer: str, answer: str) -> None:
    """Whatever a model says is right or wrong, with an explanation."""
    assert check(scorer, SCORERS[scorer], answer).explanation


@given(
    st.integers() | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4)
)
def test_every_number_equals_itself_in_words_around_it(number: object) -> None:
    """As a reference and, with thousands separated, as an answer."""
    assert check("numeric", str(number), f"I get 17, so it is {number:,} units.").right


@pytest.mark.parametrize(
    "piece",
    [
        "9",
        "1,",
        "9^",
        "1e9",
        "1/",
        "a",
        "'",
        "1 ",
        ".",
        "\u0301\u0316",
        "ﷺ",
        "⒛",
        " ",
        "answer:",
        "answer:\n",
        '"(*',
        "²",
    ],
)
def test_no_answer_takes_long(piece: str) -> None:
    """However long an answer is and whatever it repeats."""
    with little_work():
        for scorer, reference in SCORERS.items():
            check(scorer, reference, piece * 100_000)


@pytest.mark.parametrize(
    "expression", [r"^(a|a)*$", r"^(([a-z])+.)+[A-Z]$", r"(?=(a+)+$)x?a", r"(?:a?){1000}a{1000}\Z"]
)
def test_an_expression_that_never_ends_is_given_up(expression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is nobody's wrong answer: the row has an error that says what to do."""
    monkeypatch.setattr(checkers, "REGEX_SECONDS", 0.1)
    with pytest.raises(checkers.Broken, match="nested repetition"):
        check("regex", expression, "a" * 1_900 + "!")


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        (r"\bПариж\b", "Это Париж."),
        (r"(?i)\bparis\b\W*\Z", "So it is PARIS."),
        (r"^\d+$", "1\n٤٢\n"),
        (r"(?m)^(?P<x>\w+) (?P=x)$", "no\nyes yes"),
        (r"(?<!not )(?:Paris|Rome)(?!\w)", "not Paris, Rome"),
        (r"[[x]", "x]"),
        (r"\{\s*\"name\"\s*\}", 'is { "name" }'),
        (r"a{2,3}", "caaat"),
    ],
)
def test_an_expression_means_what_it_means_to_python(expression: str, answer: str) -> None:
    """The engine that can be stopped finds what `re` finds."""
    with warnings.catch_warnings(action="ignore"):
        assert check("regex", expression, answer).right is bool(re.search(expression, answer))


def test_the_rules_have_a_version() -> None:
    """Reviews are identified by it."""
    assert checkers.VERSION.startswith(checkers.NAME)
