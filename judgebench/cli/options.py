"""Options that several commands take, and the object that each group of them makes: built here and nowhere else."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli.base import made, options

if TYPE_CHECKING:
    from judgebench.models import Options
    from judgebench.money.spending import Spending
    from judgebench.question_sets import Selection

DTYPES = ("auto", "float32", "bfloat16", "float16")  # models.loading's, which would import more
QUANTIZE = ("8bit", "4bit")
ENGINES = ("local", "vllm", "ray")
MODES = ("single", "pairwise")  # tables.records'
ORDERS = ("both", "named", "random", "adaptive")  # judging.matches'
WAYS = ("text", "schema", "logprobs")  # judging.asking's


def _text_or_file(_: click.Context, option: click.Parameter, given: str | None) -> str | None:
    """The text, or what stands in the file named behind an @."""
    if given is None or not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{given[1:]!r} can't be read ({error})", param=option) from error


def _some_text(_: click.Context, option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    if "" in given:
        raise click.BadParameter("an empty text stops everything: leave it out", param=option)
    return given


def _calls(given: Mapping[str, Any]) -> "Options":
    from judgebench.models import Options

    return Options.given(given)


def _chosen(given: Mapping[str, Any]) -> "Selection":
    from judgebench.question_sets import Selection

    return Selection(given["questions"], given["chosen"], given["limit"])


def _spending(given: Mapping[str, Any]) -> "Spending":
    from judgebench.money.spending import Spending

    return Spending(given["prices"], given["max_cost"], given["batch"])


questions = click.option("--questions", required=True, metavar="SET", help="A question set of the workspace.")
selection = options(
    click.option("--category", "chosen", multiple=True, help="Only questions of this category (repeatable)."),
    click.option("--limit", type=click.IntRange(1), help="Only the first N questions of each category."),
)
sampling = options(
    click.option(
        "--max-tokens", "--max-new-tokens", type=click.IntRange(1), help="Of an answer's turn (default: by category)."
    ),
    click.option("--temperature", type=click.FloatRange(0), help="Of answers (default: by category)."),
    click.option("--system", metavar="TEXT|@FILE", callback=_text_or_file, help="A system prompt for all questions."),
    click.option(
        "--stop", multiple=True, metavar="TEXT", callback=_some_text, help="Answers end before this text (repeatable)."
    ),
)
dry_run = click.option(
    "--dry-run", is_flag=True, help="Print what would be asked and what it would cost, and ask nothing."
)
max_cost = click.option("--max-cost", metavar="DOLLARS", help="Make no call that could take the run past this.")
price = click.option(
    "--price", "prices", multiple=True, metavar="[NAME=]IN/OUT",
    help="Dollars per million tokens, where they aren't known (repeatable).",
)  # fmt: skip
batch = click.option("--batch", is_flag=True, help="openai: the Batch API: half the price, within a day.")
judge_max_tokens = click.option(
    "--judge-max-tokens", type=click.IntRange(1), metavar="N",
    help="Of a judge's reply, its thinking included (default: 2048).",
)  # fmt: skip
any_language = click.option(
    "--any-language", is_flag=True, help="embedded: texts that aren't English too, of which it knows nothing."
)
judge_prompt = click.option("--prompt", metavar="NAME|FILE.j2", help="In place of the categories' own judge prompts.")
baseline = click.option(
    "--baseline", required=True, metavar="SPEC|NAME", help="What is in use: a model, or one with answers."
)
pair = options(
    baseline,
    click.option("--candidate", required=True, metavar="SPEC|NAME", help="What would take its place."),
)
judging = options(
    click.option(
        "--judge", required=True, metavar="JUDGE",
        help="embedded, [NAME=]embedded:FILE, checker, reward:PATH, or a model: openai:ID?effort=high (docs/models.md)",
    ),
    judge_prompt,
    judge_max_tokens,
    any_language,
    click.option(
        "--verdict-by", type=click.Choice(WAYS), default="text", show_default=True,
        help="How verdicts are read; see review.",
    ),
    click.option(
        "--orders", type=click.Choice(ORDERS), default="both", show_default=True,
        help="In which orders the two answers are shown; see review.",
    ),
    click.option("--repeats", type=click.IntRange(1), default=1, show_default=True, help="Judge each match N times."),
    click.option("--canaries/--no-canaries", default=True, show_default=True, help="Try the judge first."),
    click.option(
        "--bridge", type=click.IntRange(0), is_flag=False, flag_value=0, metavar="[N]",
        help="Where the judge has changed since: judge N questions again (default: as many as the margin takes), and "
        "report the shift.",
    ),
)  # fmt: skip
stopping = options(
    click.option("--look", type=click.IntRange(1), metavar="N", help="Questions from look to look (default: 8+)."),
    click.option(
        "--futility", type=click.FloatRange(0, 1), default=0.05, show_default=True,
        help="Stop as INCONCLUSIVE where the chance to decide is below.",
    ),
    click.option(
        "--seed", type=int, default=0, show_default=True,
        help="Draws the order of the questions, once for a comparison: another is refused.",
    ),
)  # fmt: skip
inconclusive = click.option("--inconclusive", type=click.Choice(["pass", "fail"]), help="Exit with 0 or 3, not 4.")
cost_dry_run = click.option(
    "--dry-run", is_flag=True, help="Print what it could take at most, all judged, and ask nothing."
)
_PATH = click.Path(path_type=Path, dir_okay=False)
result_files = (
    click.option("--markdown", type=_PATH, metavar="FILE", help="$GITHUB_STEP_SUMMARY, where set, gets it anyway."),
    click.option("--junit", type=_PATH, metavar="FILE", help="JUnit XML: verdict, categories, canaries."),
    click.option("--json", "json_file", type=_PATH, metavar="FILE", help="All of it as data."),
)


def asked_files(given: Mapping[str, Any]) -> Mapping[str, Path | None]:
    """Where a verdict is to be written, by form."""
    return {"markdown": given["markdown"], "junit": given["junit"], "json": given["json_file"]}


calls = options(
    click.option("--parallel", type=click.IntRange(1), default=8, show_default=True, help="openai: calls at a time."),
    click.option("--timeout", type=float, default=300.0, show_default=True, help="openai: seconds for a call."),
    click.option("--tries", type=click.IntRange(1), default=5, show_default=True, help="openai: tries for one call."),
    click.option(
        "--give-up",
        type=click.FloatRange(0),
        default=900.0,
        show_default=True,
        metavar="SECONDS",
        help="openai: wait so long for an endpoint that is busy or down.",
    ),
    click.option("--rpm", type=click.FloatRange(0, min_open=True), help="openai: requests a minute per endpoint."),
    click.option("--tpm", type=click.FloatRange(0, min_open=True), help="openai: tokens a minute per endpoint."),
    click.option("--batch-size", type=click.IntRange(1), help="hf: at a time (default: what memory has room for)."),
    click.option("--dtype", type=click.Choice(DTYPES), default="auto", show_default=True, help="hf: arithmetic."),
    click.option(
        "--device",
        default="auto",
        show_default=True,
        help="hf: cpu, mps, cuda, cuda:1, or spread: one model over all GPUs.",
    ),
    click.option("--quantize", type=click.Choice(QUANTIZE), help="hf: through bitsandbytes, on an NVIDIA GPU."),
    click.option(
        "--chat-template", metavar="NAME|FILE", help="hf: in place of the checkpoint's (docs/checkpoints.md)."
    ),
    click.option("--tokenizer", metavar="PATH_OR_REPO", help="hf: where the checkpoint has none."),
    click.option("--allow-pickle", is_flag=True, help="hf: weights as .bin, which may run code when opened."),
    click.option("--trust-remote-code", is_flag=True, help="hf: run Python files that come with it."),
    click.option(
        "--template-arg",
        multiple=True,
        metavar="NAME=VALUE",
        help="hf: for the chat template, as enable_thinking=false; may be repeated.",
    ),
    click.option(
        "--generation-config", is_flag=True, help="hf: heed its own (penalties, beams, ...), one prompt at a time."
    ),
    click.option("--strict-weights", is_flag=True, help="hf: refuse weights that its config has no place for."),
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default="local",
        show_default=True,
        help="hf: what runs it: our own engine, vLLM in this process, or copies over the GPUs of this machine or a Ray "
        "cluster (docs/checkpoints.md, docs/ray.md).",
    ),
    click.option(
        "--vllm-arg",
        multiple=True,
        metavar="NAME=VALUE",
        help="vllm: its own options, as tensor_parallel_size=2 or max_model_len=8192; may be repeated.",
    ),
    click.option(
        "--address", metavar="HOST:PORT|auto", help="ray: the cluster's (default: Ray on this machine, for this run)."
    ),
    click.option(
        "--replicas", type=click.IntRange(1), help="ray: copies (default: one a GPU; without any, one a node)."
    ),
)

# What a command gets of these: the object, under this name.
a_selection = made("selection", _chosen, selection, also=("questions",))
a_spending = made("spending", _spending, max_cost, price, batch)
some_calls = made("calls", _calls, calls)
