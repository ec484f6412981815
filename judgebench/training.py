"""A callback for transformers' Trainer (and so TRL): what it saves is judged beside it, by a process of its own."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from transformers import Trainer, TrainerCallback

from judgebench.tables.records import Watched
from judgebench.workspace import Workspace

_SAYING = logging.getLogger(__name__)
_SECONDS = 1.0  # between two looks at what came back
_RANKS = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")  # of the training's processes, of which it is none


class Callback(TrainerCallback):  # type: ignore[misc]
    """Hands what is saved to a `judgebench watch`, and logs what came back at each checkpoint's own step.

    `arguments` are further ones of that command. It gets so many `threads`, the lowest priority, and no GPU unless
    they name a --device. `wait`: at the end of training for what isn't judged yet; else that goes on by itself.
    Training goes on whatever becomes of it: what goes wrong is a warning.
    """

    def __init__(
        self, trainer: Trainer, *, baseline: str, judge: str, questions: str, workspace: str | Path = ".",
        arguments: Sequence[str] = (), wait: bool = True, threads: int = 1,
    ) -> None:  # fmt: skip
        about = ("--baseline", baseline, "--judge", judge, "--questions", questions, "--until-eof", *arguments)
        self._arguments = about if "--device" in arguments else (*about, "--device", "cpu")
        self._trainer, self._workspace, self._wait = trainer, Workspace(Path(workspace)), wait
        self._environment = {name: value for name, value in os.environ.items() if name not in _RANKS}
        self._environment["OMP_NUM_THREADS"] = str(threads)
        self._process: subprocess.Popen[bytes] | None = None
        self._known, self._size, self._looked = 0, 0, 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the watch, from the first of all processes; loggers end their runs after we have logged the last."""
        if state.is_world_process_zero:
            handler = self._trainer.callback_handler
            handler.callbacks = [self, *(other for other in handler.callbacks if other is not self)]
            self._safely(lambda: self._start(Path(args.output_dir).absolute()))

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Log what came back: now, since logging makes the Trainer forget what of its own is due to be logged."""
        if self._process and time.monotonic() - self._looked > _SECONDS:
            self._looked = time.monotonic()
            self._safely(self._look)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Tell the watch that no more will come."""
        if self._process:
            self._safely(self._end)

    def _start(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._said = str(folder), folder / "judgebench-watch.log"
        self._known = len(self._workspace.check().watched().read())
        command = (sys.executable, "-m", "judgebench", "-C", str(self._workspace.root), "watch", self._folder)
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(  # noqa: S603
                [*command, *self._arguments], stdin=subprocess.PIPE, stdout=said, stderr=said, env=self._environment,
                process_group=0,  # Ctrl-C isn't for it; nor a session of its own, in which priorities count apart
            )  # fmt: skip
        os.setpriority(os.PRIO_PROCESS, self._process.pid, 19)

    def _look(self) -> None:
        table = self._workspace.watched()
        size = table.path.stat().st_size if table.path.exists() else 0
        if size != self._size:
            rows = table.read()
            for row in rows[self._known :]:
                if row.folder == self._folder:
                    self._log(row)
            self._known, self._size = len(rows), size
        if self._process and self._process.poll():
            raise RuntimeError((self._said.read_text(errors="replace").splitlines() or ["it ended"])[-1])

    def _log(self, row: Watched) -> None:
        if row.error:
            _SAYING.warning("judgebench watch: step %d: %s: %s", row.step, row.error.kind, row.error.message)
        if row.rate is None or row.band is None:
            return
        found = {"win_rate": row.rate, "win_rate_low": row.band[0], "win_rate_high": row.band[1], "judged": row.judged}
        state = self._trainer.state
        now = state.global_step, state.epoch
        try:
            state.global_step, state.epoch = row.step, None
            Trainer.log(
                self._trainer, {f"judgebench/{name}": value for name, value in found.items()}
            )  # not a subclass's
        finally:
            state.global_step, state.epoch = now

    def _end(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
        if self._process and self._wait:
            self._process.wait()
            self._look()

    def _safely(self, do: Callable[[], None]) -> None:
        try:
            do()
        except Exception as error:  # whatever it is, training goes on, without a watch
            self._process = None
            _SAYING.warning("judgebench watch: %s", error)
