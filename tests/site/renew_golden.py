"""Write the golden files of tests/site/test_golden.py anew: `python tests/site/renew_golden.py`."""

import os
import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    os.environ["JUDGEBENCH_RENEW_GOLDEN"] = "1"
    tests = Path(__file__).with_name("test_golden.py")
    sys.exit(pytest.main(["-q", "--rootdir", str(tests.parents[2]), str(tests)]))
