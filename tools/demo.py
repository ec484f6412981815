"""The demo: two local checkpoints answer core-80, the embedded judge reviews them, and the site shows it.

Each step is a command that a user would type; it is printed before it runs. Run again, it finds everything done.
"""

import os
import subprocess
import sys
from pathlib import Path

import checkpoint

FOLDER = Path("demo")
QUESTIONS = "core-80"
MAX_TOKENS = 96
REGRESS = 3
SCREEN = f"""
judgebench demo: is this checkpoint better than that one?

  The checkpoints   smollm2-135m, SmolLM2-135M-Instruct (Apache-2.0), and a copy of it with damaged weights,
                    as a fine-tune that went wrong would look. A model of 135 million parameters answers badly:
                    these answers are for seeing the tool work, cut at {MAX_TOKENS} tokens to save your time.
  The judge         `embedded`, an offline surrogate for GPT-4: a small regression on features of question and
                    answer, distilled from real GPT-4 gradings. It costs nothing and needs no key. For a verdict
                    that counts, name a real judge: --judge openai:MODEL.
  What is paid      nothing; what leaves this machine: nothing, once the weights are here.
"""


def main() -> None:
    """Run the steps, each as the command that a user would type."""
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_DISABLE", "1")
    say(SCREEN)
    checkpoints = {"smollm2-135m": checkpoint.base(say), "smollm2-135m-damaged": checkpoint.damaged(say)}
    if not (FOLDER / "question_sets").is_dir():
        judgebench("init", str(FOLDER), workspace=False)
    models = [f"--model={name}=hf:{linked(name, folder)}" for name, folder in checkpoints.items()]
    judgebench("get-answers", f"--questions={QUESTIONS}", f"--max-tokens={MAX_TOKENS}", *models)
    modes = ("--mode=single", "--mode=pairwise", "--baseline=smollm2-135m")
    judgebench("review", f"--questions={QUESTIONS}", "--judge=embedded", *modes)
    judgebench("report")
    pair = [f"--{side}={name}" for side, name in zip(("baseline", "candidate"), checkpoints, strict=True)]
    judgebench("compare", f"--questions={QUESTIONS}", "--judge=embedded", *pair, status=REGRESS)
    judgebench("build-site")
    say(f"\nLook at it:  python -m http.server --directory {FOLDER}/webpage   or   judgebench -C {FOLDER} serve")


def linked(name: str, folder: Path) -> Path:
    """A link to a checkpoint inside the demo's workspace, so that its rows name no folder of this machine."""
    link = FOLDER / "checkpoints" / name
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(folder)
    return link


def judgebench(*arguments: str, workspace: bool = True, status: int = 0) -> None:
    """Print a judgebench command and run it; that it ends otherwise than expected is our failure."""
    command = [*(("-C", str(FOLDER)) if workspace else ()), *arguments]
    say(f"\n$ judgebench {' '.join(command)}")
    ended = subprocess.run([sys.executable, "-m", "judgebench", *command], check=False).returncode
    if ended != status:
        raise SystemExit(ended or 1)


def say(line: str) -> None:
    """Print at once, so that our lines and the commands' stay in order."""
    print(line, flush=True)


if __name__ == "__main__":
    main()
