"""Model output as HTML."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.waiting import little_work

from judgebench.site.text import highlight, markdown
from judgebench.site.text.languages import language
from judgebench.site.text.markdown import LIMIT, plain, render
from judgebench.tables.records import valid_text


def test_markdown_is_rendered() -> None:
    """Emphasis, code with its language, tables and lists."""
    html = render("**b**\n\n```text\nx < 1\n```\n\n|a|\n|-|\n|1|\n\n3. c").html
    assert "<strong>b</strong>" in html
    assert '<code class="language-text">x &lt; 1\n</code>' in html
    assert "<td>1</td>" in html
    assert '<ol start="3">' in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>x</script>",
        "<img src=x onerror=y>",
        "[a](javascript:x)",
        "[a](data:text/html,x)",
        "[a](//evil.invalid)",
        "![a](https://evil.invalid/x.png)",
        "<svg/onload=x>",
        "<javascript:x>",
        '```js" onclick="x\ny\n```',
    ],
)
def test_nothing_that_acts_is_left(text: str) -> None:
    """No element or attribute beyond the allow-list, whatever the text holds."""
    tags = re.findall(r"<[^>]*", render(text).html)
    assert set(tags) <= {"<p", "</p", "<pre", "</pre", "<code", "</code"}


def test_links_go_to_the_web_and_say_nothing_of_us() -> None:
    """Only absolute addresses, and without a way back."""
    assert render("[a](https://x.invalid/)").html == (
        '<p><a href="https://x.invalid/" rel="noopener nofollow">a</a></p>\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        "[hidden]: https://x.invalid",
        "```js hidden\n```",
        "> " * 60 + "hidden",
        "- " * 60 + "hidden",
        "![hidden](x)",
        "[a](hidden)",
        "<!-- hidden -->",
        "# hidden",
    ],
)
def test_what_a_judge_could_read_is_shown(text: str) -> None:
    """Markdown swallows some texts; a reader has to see what the judge saw."""
    assert "hidden" in render(text).html


def test_headings_dont_break_the_outline_of_the_page() -> None:
    """They are bold paragraphs."""
    assert render("# A").html == "<p><strong>A</strong></p>\n"


def test_a_long_text_is_cut_and_says_so() -> None:
    """The count is of the characters that are left out."""
    assert render("x" * (LIMIT + 5)).cut == 5
    assert plain("<" * 10, limit=4).html == "&lt;" * 4
    assert render("short").cut == 0


def test_a_lone_surrogate_can_be_written() -> None:
    """It becomes the replacement character."""
    assert "\ufffd" in render("a\ud800b").html


@pytest.mark.parametrize("unit", ["[", "![", "*a_ ", "`", "> ", "<a ", "|", "[a](", "* ", "&amp"])
def test_no_text_takes_long(unit: str) -> None:
    """Repeated openings, on which parsers are slow."""
    with little_work():
        assert render(unit * LIMIT).cut > 0 or unit in "[`|"


def test_the_second_wall_holds_alone() -> None:
    """Whatever the Markdown parser might let through one day."""
    html = (
        '<p class="x" style="y" id="z" onclick="w"><script>s</script><img src=x onerror=y><a href="javascript:z">t</a>'
    )
    assert markdown._clean(html) == '<p><a rel="noopener nofollow">t</a></p>'
    assert markdown._clean('<code class="language-c evil">a</code>') == "<code>a</code>"
    assert markdown._clean('<span class="hl-keyword">a</span><span class="unseen">b</span>') == (
        '<span class="hl-keyword">a</span><span>b</span>'
    )


def test_line_ends_are_kept() -> None:
    """The scores on a judge's first line don't run into its words."""
    assert render("8 9\nBoth").html == "<p>8 9<br>\nBoth</p>\n"


@given(st.text(alphabet=st.sampled_from("ab1.-+ \n\n\"'#:()[]!;=\x0b\u00a0\u2028\u0085é") | st.characters()))
def test_a_text_without_marks_is_rendered_as_markdown_would(text: str) -> None:
    """Most explanations hold none, and are not parsed; the result is the same."""
    shown = valid_text(text)
    if not markdown._MARKED.search(shown):
        assert markdown._paragraphs(shown) == markdown._clean(markdown._html(shown))


@pytest.mark.parametrize(
    "formula",
    [
        r"\(x_1 = \frac{a}{b} * y_2\)",
        r"\[ a_1 * b_2 * \{c\} \]",
        "$$\n\\alpha_1 * \\beta_2\n$$",
        r"$a_i * \{b_i\}$",
        "$x^2 * y^2 * z$",
    ],
)
def test_a_formula_stays_as_it_was_written(formula: str) -> None:
    """Backslashes, underscores and stars: Markdown reads none of them."""
    assert render(f"So {formula} is *it*.").html == f"<p>So {formula} is <em>it</em>.</p>\n"


def test_sums_of_money_are_no_formula() -> None:
    """Dollars before figures are money, and an escaped sign is that sign."""
    assert render(r"$5 and *$6* \*").html == "<p>$5 and <em>$6</em> *</p>\n"


@pytest.mark.parametrize("unit", [r"\(", r"\[", "$$a", "$a_", "$\\"])
def test_no_formula_that_never_ends_takes_long(unit: str) -> None:
    """Each is looked for over a bounded distance."""
    with little_work():
        render(unit * (LIMIT // len(unit)))


def test_code_is_marked_by_classes_alone() -> None:
    """Comments, strings, numbers and keywords; no inline style."""
    html = render("```python\ndef f(x=1): return 'a' # b\n```").html
    for kind, text in {"keyword": "def", "number": "1", "string": "'a'", "comment": "# b"}.items():
        assert f'<span class="hl-{kind}">{text}</span>' in html
    assert "style=" not in html
    assert "<span" not in render("```unheard-of\ndef f(): pass\n```").html


@given(st.text(max_size=200), st.sampled_from(["python", "js", "sql", "html", "css", "json", "c++", "none"]))
def test_marks_never_change_code(code: str, name: str) -> None:
    """What is between the tags is the code, to the letter."""
    from html import unescape

    assert unescape(re.sub(r"</?span[^>]*>", "", highlight.html(code, name))) == code


@pytest.mark.parametrize("unit", ['"', "'", "/*", "<!--", '"""', "\\", "1.", "a", "# "])
def test_no_code_takes_long(unit: str) -> None:
    """Openings that never close."""
    with little_work():
        for name in ("python", "js", "html"):
            assert highlight.html((unit * highlight.LONGEST)[: highlight.LONGEST], name)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("What is the capital of France, and why is it that?", "en"),
        ("Wie ist das Wetter, und was soll ich mit der Karte?", "de"),
        ("日本の首都はどこですか", "ja"),
        ("中国的首都是哪里", "zh"),
        ("한국의 수도는 어디입니까", "ko"),
        ("Столица России", "und-Cyrl"),
        ("ما هي عاصمة مصر", "und-Arab"),
        ("מהי בירת ישראל", "he"),
        ("Ποια είναι η πρωτεύουσα", "el"),
        ("x = 1", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_text_is_marked(text: str, tag: str) -> None:
    """By its script or its frequent words; where neither tells, the language is unknown, not the page's English."""
    assert (language(text), render(text).lang, plain(text).lang) == (tag, tag, tag)
