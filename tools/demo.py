"""The demo: is a damaged copy of a small checkpoint as good as the checkpoint? A verdict, a report and a site.

Each step is a command that a user would type; it is printed before it runs. Run again, it finds everything done.
"""

import argparse
import os
import shlex
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

import checkpoint

from judgebench.workspace import Workspace

FOLDER = Path("demo")
QUESTIONS = "core-80"
ABOUT = (f"--questions={QUESTIONS}", "--limit=3")
DRAWN = ("--temperature=0", "--max-tokens=96")
JUDGE = "embedded"
BASE, DAMAGED = "smollm2-135m", "smollm2-135m-damaged"
REGRESS = 3
COLUMNS = 77  # of a terminal with 80, a space and a backslash left
SCREEN = """
judgebench demo: is this checkpoint better than that one?

  Checkpoints  smollm2-135m, SmolLM2-135M-Instruct (Apache-2.0), and a copy of
               it with noise on its weights, as a fine-tune that went wrong
               would look. A model of 135 million parameters answers badly:
               these answers, cut at 96 tokens, are for seeing the tool work.
  Questions    24 of our set core-80, the first three of each category. So few
               tell little of others like them: the verdict is about these.
  Judge        `embedded`, an offline surrogate for GPT-4: a small regression
               on features of question and answer, distilled from real GPT-4
               gradings. For a verdict that counts, name a real judge:
               --judge=openai:MODEL.
  Time         on two CPU cores, once the weights are here: a first win rate
               after half a minute, all of it after a minute.
  Paid         nothing. Once the weights are here, nothing leaves this machine.
"""


def main() -> None:
    """Run the steps, and say how long it took until there was what."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=checkpoint.SEED, help="draws the damage (default: %(default)s)")
    asked, started = parser.parse_args(), time.time()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_DISABLE", "1")
    say(SCREEN)
    decide(checkpoint.base(say), checkpoint.damaged(say, asked.seed))
    decided = time.time()
    show()
    there = {"a first win rate": first_verdict(started), "the verdict": decided, "all of it": time.time()}
    told = ", ".join(f"{what} after {at - started:.0f} s" for what, at in there.items() if at > started)
    say(
        f"\n{told[0].upper()}{told[1:]}.\nLook at it:  python -m http.server --directory {FOLDER}/webpage"
        f"\n        or:  judgebench -C {FOLDER} serve"
    )


def decide(base: Path, damaged: Path) -> None:
    """The verdict, with answers and reviews made as questions are drawn."""
    if not (FOLDER / "question_sets").is_dir():
        judgebench("init", str(FOLDER), workspace=False)
    sides = (f"--baseline={spec(BASE, base)}", f"--candidate={spec(DAMAGED, damaged)}")
    judgebench("compare", *ABOUT, "--population=set", "--look=8", *DRAWN, f"--judge={JUDGE}", *sides, status=REGRESS)


def show() -> None:
    """What is left of the questions, so that no figure depends on where the comparison stopped; report and site."""
    models = (f"--model={spec(name)}" for name in (BASE, DAMAGED))
    judgebench("get-answers", *ABOUT, *DRAWN, *models)
    modes = ("--mode=single", "--mode=pairwise", f"--baseline={BASE}")
    judgebench("review", *ABOUT, f"--judge={JUDGE}", *modes)
    judgebench("report", into=FOLDER / "report.txt")
    judgebench("build-site")


def spec(name: str, folder: Path | None = None) -> str:
    """A checkpoint under its name, by a link inside the workspace, so that rows name no folder of this machine."""
    link = FOLDER / "checkpoints" / name
    if folder:
        link.parent.mkdir(exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(folder)
    return f"{name}=hf:{link}"


def judgebench(*arguments: str, workspace: bool = True, status: int = 0, into: Path | None = None) -> None:
    """Print a judgebench command and run it; that it ends otherwise than expected is our failure."""
    command = [*(("-C", str(FOLDER)) if workspace else ()), *arguments]
    say(f"\n{typed(['judgebench', *command])}{f' > {into}' if into else ''}")
    with into.open("w") if into else nullcontext() as out:
        ended = subprocess.run([sys.executable, "-m", "judgebench", *command], check=False, stdout=out).returncode
    if ended != status:
        raise SystemExit(ended or 1)


def typed(command: Sequence[str]) -> str:
    """A command as it is typed, in lines that a terminal shows whole."""
    whole = {"break_long_words": False, "break_on_hyphens": False}
    return " \\\n".join(textwrap.wrap(f"$ {shlex.join(command)}", COLUMNS, subsequent_indent="    ", **whole))


def first_verdict(since: float) -> float:
    """When the first review was made; `since` itself where there were all before."""
    rows = Workspace(FOLDER).reviews(QUESTIONS, JUDGE).read()
    made = (datetime.fromisoformat(row.created).timestamp() for row in rows)
    return min((at for at in made if at > since), default=since)


def say(line: str) -> None:
    """Print at once, so that our lines and the commands' stay in order."""
    print(line, flush=True)


if __name__ == "__main__":
    main()
