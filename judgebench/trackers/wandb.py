"""Weights & Biases: as WANDB_MODE says, else to its server where the user is logged in, and to a folder if not."""

import netrc
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from judgebench.trackers import PROJECT, Run

_QUIET = {
    **{"silent": True, "console": "off", "save_code": False, "disable_code": True, "disable_git": True},
    **{"x_disable_meta": True, "x_disable_stats": True, "x_disable_machine_info": True, "x_save_requirements": False},
}


def log(run: Run) -> str:
    """Log a run, into the project that the user's settings name, else `judgebench`; where it is."""
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    import wandb

    own = wandb.setup().settings
    mode: Any = None if _decided(own) else "offline"  # a Literal of theirs
    settings = wandb.Settings(**_QUIET)
    with (
        run.files() as files,
        wandb.init(
            project=own.project or PROJECT, name=run.name, config=dict(run.params), mode=mode, settings=settings
        ) as logged,
    ):
        logged.log(dict(run.figures))
        logged.summary.update(dict(run.tags))
        artifact = wandb.Artifact(f"judgebench-{logged.id}", "judgebench")
        for name, path in files.items():
            (artifact.add_dir if path.is_dir() else artifact.add_file)(str(path), name)
        logged.log_artifact(artifact)
    return _where(logged)


def _decided(own: Any) -> bool:
    """Whether the user's settings say where runs go: a mode, or a key or token to log in with."""
    if "WANDB_MODE" in os.environ or own.mode != "online":
        return True
    return bool(own.api_key or own.identity_token_file or _in_netrc(urlsplit(own.base_url).hostname or ""))


def _in_netrc(host: str) -> bool:
    given = os.environ.get("NETRC")
    for path in [Path(given)] if given else [Path.home() / ".netrc", Path.home() / "_netrc"]:
        try:
            if netrc.netrc(path).authenticators(host):
                return True
        except (OSError, netrc.NetrcParseError):
            continue
    return False


def _where(logged: Any) -> str:
    if logged.disabled:
        return "nowhere: WANDB_MODE says so"
    if logged.offline:
        folder = Path(logged.dir).parent
        return f"{folder} alone: `wandb sync {folder}` sends it"
    return str(logged.url)
