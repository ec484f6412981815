"""How good the guess of tokens in a quote is, against the one tokenizer that is at hand (SmolLM2's, 49,152 tokens).

    python benchmarks/token_estimate.py [--data ../shared/data] [--checkpoint FOLDER] [--tokenizer FILE ...]

Prints guessed tokens / counted tokens for whole groups of texts, and the 5th and 95th percentile over single texts.
Then, by each tokenizer (further ones are files `tokenizer.json`), the least counted / fewest tokens of a text: what
a server counts below a share of the fewest was cut (models/prompt_cut.py).
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

from tokenizers import Tokenizer

from judgebench.models.prompt_cut import fewest_tokens
from judgebench.money.cost import tokens_in

ROOT = Path(__file__).resolve().parents[1]
CHINESE = "请比较下面两个回答，并说明哪一个更好。回答应当准确、完整、清楚，不要编造事实，也不要重复问题。"  # noqa: RUF001
RUSSIAN = "Сравните два ответа ниже и объясните, какой из них лучше. Ответ должен быть точным, полным и ясным."


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSONL file; none where there is no file."""
    if path.is_file():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def groups(data: Path) -> dict[str, list[str]]:
    """The texts by what they are."""
    sets = sorted((ROOT / "question_sets").glob("*/questions.jsonl"))
    answers = sorted((data / "mt-bench" / "model_answer").glob("*.jsonl"))
    judged = sorted((data / "mt-bench" / "model_judgment").glob("*.jsonl"))
    return {
        "questions of ours": [turn for path in sets for row in rows(path) for turn in row["turns"]],
        "answers (MT-bench)": [
            turn for path in answers for row in rows(path) for choice in row["choices"] for turn in choice["turns"]
        ],
        "judge prompts (MT-bench)": [
            row[name] for path in judged for row in rows(path) for name in ("user_prompt", "g1_user_prompt")
            if name in row
        ][::8],
        "Chinese": [CHINESE],
        "Russian": [RUSSIAN],
    }  # fmt: skip


def others() -> dict[str, list[str]]:
    """What has few words, or few letters: code, tables, blanks, and writing without spaces."""
    return {
        "Python (this package)": [path.read_text("utf-8") for path in sorted((ROOT / "judgebench").rglob("*.py"))],
        "Markdown (docs)": [path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md"))],
        "JavaScript, CSS": [path.read_text("utf-8") for path in sorted((ROOT / "judgebench/site/static").glob("*.*s"))],
        "JSON, indented": [json.dumps([{"n": n, "deep": {"er": [n] * 3}} for n in range(99)], indent=8)],
        "tables": ["\n".join(f"| {'name':<40} | {n:>20} |\n|{'-' * 42}|{'-' * 22}|" for n in range(99))],
        "rules and blanks": [("=" * 79 + "\n" + " " * 79 + "\n") * 99, "\n" * 9000, "- " * 5000],
    }


def fewest(texts: Mapping[str, Sequence[str]], tokenizers: Mapping[str, Tokenizer]) -> None:
    """Print a line per group, a column per tokenizer."""
    print(f"\n| counted / fewest, the least | number | {' | '.join(tokenizers)} |\n|---|---|{'---|' * len(tokenizers)}")
    for name, group in texts.items():
        long = [text for text in group if len(text) >= 100] or [group[0] * 50] if group else []
        least = [
            min(len(one.encode(text).ids) / max(1, fewest_tokens(text)) for text in long) for one in tokenizers.values()
        ]
        print(f"| {name} | {len(long):,} | {' | '.join(f'{figure:.2f}' for figure in least)} |")


def main() -> None:
    """Print a line of a Markdown table per group."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    checkpoint = Path.home() / ".cache" / "judgebench" / "smollm2-135m-instruct"
    options.add_argument("--checkpoint", type=Path, default=checkpoint)
    options.add_argument("--tokenizer", type=Path, nargs="*", default=[])
    given = options.parse_args()
    tokenizer = Tokenizer.from_file(str(given.checkpoint / "tokenizer.json"))
    print("| texts | number | guessed / counted | single texts, 5th to 95th percentile |\n|---|---|---|---|")
    for name, texts in groups(given.data).items():
        pairs = [(tokens_in(text), len(tokenizer.encode(text).ids)) for text in texts if text.strip()]
        if not pairs:
            continue
        ratios = [guessed / counted for guessed, counted in pairs]
        cuts = quantiles(ratios, n=20) if len(ratios) > 1 else ratios
        whole = sum(guessed for guessed, _ in pairs) / sum(counted for _, counted in pairs)
        print(f"| {name} | {len(pairs):,} | {whole:.2f} | {cuts[0]:.2f} to {cuts[-1]:.2f} |")
    more = {path.stem: Tokenizer.from_file(str(path)) for path in given.tokenizer}
    known = {name: group for name, group in groups(given.data).items() if group}
    fewest(known | others(), {"SmolLM2": tokenizer} | more)


if __name__ == "__main__":
    main()
