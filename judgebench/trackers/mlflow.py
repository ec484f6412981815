"""MLflow: to the server that MLFLOW_TRACKING_URI names, else to its own local store; nothing goes to its makers."""

import logging
import os
from pathlib import PurePosixPath

from judgebench.trackers import PROJECT, Run

_HERE = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # of a server that is down: half a minute, not the five of its seven
}


def log(run: Run) -> str:
    """Log a run, into the experiment that the environment names, else `judgebench`; where it is."""
    for name, value in _HERE.items():
        os.environ.setdefault(name, value)
    import mlflow

    for loud in ("mlflow", "alembic"):
        logging.getLogger(loud).setLevel(logging.WARNING)
    if not {"MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID"} & set(os.environ):
        mlflow.set_experiment(PROJECT)
    source = {"mlflow.source.name": "judgebench", "mlflow.source.git.commit": run.params.get("git_commit")}
    tags = {**run.tags, **{name: value for name, value in source.items() if value}}
    with mlflow.start_run(run_name=run.name, tags=tags) as started, run.files() as files:
        mlflow.log_params(dict(run.params))
        mlflow.log_metrics(dict(run.figures))
        for name, path in files.items():
            if path.is_dir():
                mlflow.log_artifacts(str(path), name)
            else:
                mlflow.log_artifact(str(path), _folder(name))
    return f"run {started.info.run_id} at {mlflow.get_tracking_uri()}"


def _folder(name: str) -> str | None:
    above = PurePosixPath(name).parent.as_posix()
    return None if above == "." else above
