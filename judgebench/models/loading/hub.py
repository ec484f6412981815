"""Checkpoints of the Hugging Face Hub: from its cache, or downloaded into it."""

from functools import lru_cache
from pathlib import Path

from judgebench.errors import JudgebenchError, UsageError
from judgebench.models.loading.files import CODE, SETTINGS, WEIGHTS
from judgebench.models.loading.telling import first_line


def fetch(repo: str, revision: str | None, *, allow_pickle: bool, code: bool) -> Path:
    """The folder of a repository at a revision (main if None), whose name is the commit.

    JudgebenchError or UsageError, with what to do, where it can't be had.
    """
    patterns = tuple(f"*{suffix}" for suffix in WEIGHTS + SETTINGS + (CODE if code else ()))
    folder = snapshot(repo, revision, patterns)
    if allow_pickle and not any(folder.glob("*.safetensors")):
        folder = snapshot(repo, revision, (*patterns, "*.bin"))
    return folder


def fetch_file(repo: str, revision: str | None, name: str) -> Path:
    """The folder that holds one file of a repository (a GGUF among many); errors as of `fetch`."""
    folder = snapshot(repo, revision, (name,))
    if not (folder / name).is_file():
        raise UsageError(f"{repo} on the Hub has no file {name}")
    return folder


def commit(folder: Path) -> str | None:
    """The commit that a folder of the Hub's cache holds; None for any other folder."""
    return folder.name if folder.parent.name == "snapshots" else None


@lru_cache(maxsize=64)
def snapshot(repo: str, revision: str | None, patterns: tuple[str, ...]) -> Path:
    """The files of a revision that match; looked up once per process, so that a branch can't move under a run."""
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise JudgebenchError("hf: models need transformers: pip install 'judgebench[local]'") from error
    try:
        return Path(snapshot_download(repo, revision=revision, allow_patterns=list(patterns), ignore_patterns=["*/*"]))
    except Exception as error:  # connections, proxies, full disks, refusals: all that the Hub's client may raise
        raise _explained(repo, revision, error) from error


def _explained(repo: str, revision: str | None, error: Exception) -> JudgebenchError:
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return JudgebenchError(f"{repo} is gated: accept its terms at https://huggingface.co/{repo} and set HF_TOKEN")
    if isinstance(error, errors.RevisionNotFoundError):
        return UsageError(f"{repo} on the Hub has no revision {revision}")
    if isinstance(error, errors.RepositoryNotFoundError):
        return UsageError(f"{repo} is neither a folder nor on the Hub; if it is private there, set HF_TOKEN")
    if isinstance(error, errors.HFValidationError):
        return UsageError(f"{repo} is neither a folder nor a Hub id, ORG/NAME[@REVISION]")
    if isinstance(error, errors.LocalEntryNotFoundError):
        at = f" --revision {revision}" if revision else ""
        return JudgebenchError(
            f"{repo} is neither a folder nor whole in the Hub's cache, and the Hub can't be reached: where it can, run"
            f" `hf download {repo}{at} --local-dir FOLDER`, copy FOLDER here and write hf:./FOLDER"
        )
    return JudgebenchError(f"{repo} can't be had from the Hub ({first_line(error)})")
