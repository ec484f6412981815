"""Trackio: to the server or Space that TRACKIO_SERVER_URL or TRACKIO_SPACE_ID names, else to its own local folder."""

import os
import warnings

from judgebench.errors import JudgebenchError
from judgebench.trackers import PROJECT, Run


def log(run: Run) -> str:
    """Log a run, into the project `judgebench`; where it is."""
    import trackio

    with warnings.catch_warnings(record=True) as said, run.files() as files:
        warnings.simplefilter("always")
        about = {**run.params, **run.tags}
        logged = trackio.init(PROJECT, run.name, config=about, embed=False, auto_log_gpu=False, auto_log_cpu=False)
        try:
            logged.log(dict(run.figures))
            artifact = trackio.Artifact(f"judgebench-{logged.id}", "judgebench")
            for name, path in files.items():
                (artifact.add_dir if path.is_dir() else artifact.add_file)(str(path), name)
            logged.log_artifact(artifact)
        finally:
            trackio.finish()
    elsewhere = os.environ.get("TRACKIO_SPACE_ID") or os.environ.get("TRACKIO_SERVER_URL")
    if elsewhere and said:  # a server that can't be reached is a warning there
        raise JudgebenchError(str(said[-1].message))
    return elsewhere or f"{trackio.utils.TRACKIO_DIR}: `trackio show --project {PROJECT}` shows it"
