"""No template takes long, or much: it is filled in, or an error names it in a line."""

from pathlib import Path

import pytest
from servers.waiting import little_work

from judgebench.errors import DataError, UsageError
from judgebench.prompts import BUILT_IN, Prompt, load_prompt, render

SINGLE = {"question": "Why?", "reference": None, "answer": "Because. " * 10_000}

GREEDY = {
    "loops within loops": "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "many numbers": "{% for a in range(99999) %}x{% endfor %}",
    "items passed over": "{% for a in range(9999) %}{% for b in range(9999) if false %}{% endfor %}{% endfor %}",
    "a recursive loop": "{% for a in range(99) recursive %}{{ loop(range(99)) }}{% endfor %}",
    "a low recursive loop": "{% for a in range(9999) recursive %}{{ loop(range(9)) if loop.depth < 9 }}{% endfor %}",
    "a long repetition": "{{ 'a' * 10**10 }}",
    "a long repetition, turned": "{{ (10**10) * 'a' }}",
    "a long list": "{{ [0] * 10**9 }}",
    "a tower": "{{ 9**(9**(9**9)) }}",
    "a large square": "{% set n = namespace(x=9**64) %}{% for a in range(999) %}{% set n.x = n.x * n.x %}{% endfor %}",
    "a doubling": "{% set n = namespace(x='aa') %}{% for a in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "a doubling sum": "{% set n = namespace(x='aa') %}{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "a doubling list": "{% set n = namespace(x=[1]) %}{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "a nested list": "{% set n = namespace(x=1) %}{% for a in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}",
    "a wide line": "{{ 'a'|center(10**9) }}",
    "a wide line by a constant": "{{ 'a'|center(1000000000) }}",
    "a wide line by its method": "{{ 'a'.ljust(1000000000) }}",
    "zeros": "{{ 'a'.zfill(1000000000) }}",
    "tabs": "{{ '\\t'.expandtabs(1000000000) }}",
    "a format": "{{ '%1000000000d' % 1 }}",
    "a format by a value": "{{ '%*d' % (1000000000, 1) }}",
    "a format by its filter": "{{ '%1000000000d'|format(1) }}",
    "a format by its method": "{{ '{:1000000000}'.format(1) }}",
    "a format of a format": "{{ '{:{w}}'.format(1, w=1000000000) }}",
    "a replacement": "{{ answer|replace('e', answer) }}",
    "a replacement by its method": "{{ answer.replace('e', answer) }}",
    "a long glue": "{{ range(9999)|join(answer) }}",
    "a long glue by its method": "{{ answer.join(answer) }}",
    "a deep indent": "{{ answer|replace(' ', '\n')|indent(10**9) }}",
    "deep JSON": "{{ [1]|tojson(indent=1000000000) }}",
    "long lists of nothing": "{{ [1]|batch(10**9, 'a')|list }}",
    "much of an answer": "{% for a in range(9999) %}{{ answer }}{% endfor %}",
    "much of an answer kept": "{% set x %}{% for a in range(9999) %}{{ answer }}{% endfor %}{% endset %}",
    "much of an answer read": "{% for a in range(9999) %}{% if answer|upper == answer|lower %}{% endif %}{% endfor %}",
    "much of its own": "{% for a in range(9999) %}" + "words " * 10_000 + "{% endfor %}",
    "much of its own, kept": "{% set x %}{% for a in range(9999) %}" + "words " * 10_000 + "{% endfor %}{% endset %}",
    "much of its own, by calls": "{% macro a() %}"
    + "words " * 10_000
    + "{% endmacro %}{% for b in range(9999) %}{% set c = a() %}{% endfor %}",
    "a long constant": "{% for a in range(9999) %}{{ '" + "words " * 10_000 + "' }}{% endfor %}",
    "a call of a block": "{% macro a() %}{% for b in range(9999) %}{{ caller() }}{% endfor %}{% endmacro %}"
    "{% call a() %}" + "words " * 10_000 + "{% endcall %}",
    "a macro without an end": "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "a macro that branches": "{% macro a(n) %}{% if n %}{{ a(n-1) ~ a(n-1) }}{% endif %}{% endmacro %}{{ a(99) }}",
    "a nested dict": "{% set n = namespace(x=1) %}{% for a in range(99) %}{% set n.x = {1: n.x, 2: n.x} %}{% endfor %}",
    "another language": "{{ ''.__class__.__mro__ }}{{ lipsum.__globals__ }}",
    "another file": "{% include '/etc/passwd' %}",
    "a fault": "{{ 1 / 0 }}",
}


@pytest.mark.parametrize("what", GREEDY)
def test_a_greedy_template_is_an_error_in_a_line(what: str) -> None:
    """It names the prompt, and comes before much was done."""
    with little_work(), pytest.raises(UsageError) as caught:
        render(Prompt("greedy", "rating", GREEDY[what]), [SINGLE])
    assert "'greedy'" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("{% for item in conversation %}{{ loop.index }}/{{ loop.length }} {% endfor %}", "1/1 "),
        ("{% for n in range(5) if n % 2 %}{{ n }}{% else %}none{% endfor %}", "13"),
        ("{% for n in [] %}{% else %}none{% endfor %}", "none"),
        ("{{ question ~ '!' ~ 2 }}", "Why?!2"),
        ("{{ (answer|trim|length) > 3 and 2 * 3 }}", "6"),
        ("{{ question|replace('W', 'Th')|upper|center(8) }}", " THHY?  "),
        ("{{ ['a', 'b']|join(', ') }} {{ ', '.join(['a']) }} {{ '-' * 3 }}", "a, b a ---"),
        ("{% macro bold(x) %}<b>{{ x }}</b>{% endmacro %}{{ bold(question) }}", "<b>Why?</b>"),
        ("{{ '%.2f' % 0.5 }} {{ '{:>4}'.format(1) }} {{ 2 ** 10 }}", "0.50    1 1024"),
        ("{{ conversation|map(attribute='question')|list|tojson }}", '["Why?"]'),
        ("{{ reference }} {{ question|indent(2, true) }} {{ answer is string }}", "None   Why? True"),
        ("{% set n = namespace(x=0) %}{% for i in range(100) %}{% set n.x = n.x + i %}{% endfor %}{{ n.x }}", "4950"),
    ],
)
def test_what_prompts_do_they_still_do(body: str, text: str) -> None:
    """Loops, filters, operators and macros."""
    assert render(Prompt("mine", "rating", body), [SINGLE])[-1].content == text


def test_a_long_conversation_is_far_within_the_bounds() -> None:
    """A hundred turns of long answers, by our own prompts."""
    item = {"question": "Why? " * 100, "reference": "So. " * 100, "answer": "Because. " * 1_000}
    for prompt in map(load_prompt, BUILT_IN.glob("*.j2")):
        names = {"answer": item["answer"], "answer_a": item["answer"], "answer_b": item["answer"]}
        assert render(prompt, [item | names] * 100)[-1].content


@pytest.mark.parametrize("body", ["(" * 5_000 + "1" + ")" * 5_000, "-" * 20_000 + "1", "[" * 900 + "]" * 900])
def test_a_template_that_is_nested_too_deeply_is_none(body: str, tmp_path: Path) -> None:
    """Found when it is read."""
    path = tmp_path / "deep.j2"
    path.write_text(f'+++\nkind = "rating"\n+++\n{{{{ {body} }}}}', encoding="utf-8")
    with pytest.raises(DataError, match=r"deep\.j2.*(nested too deeply|longer than)"):
        load_prompt(path)
