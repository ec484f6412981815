"""What several test files share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that is kept beside the repository; tests that read it skip where it is absent."""
    folder = Path(os.environ.get("JUDGEBENCH_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"real data is kept beside the repository, and {folder} is absent")
    return folder
