"""Run the demo twice and check that the second run makes no row: what CI does besides the tests."""

import subprocess
import sys
import time
from pathlib import Path

TABLES = ("answers", "reviews")


def rows() -> dict[str, int]:
    """The number of lines of each table that the demo fills, less the canaries, which each comparison tries anew."""
    return {
        str(path): path.read_bytes().count(b"\n")
        for table in TABLES
        for path in sorted(Path("demo", table).glob("[!.]*/*.jsonl"))
    }


def timed() -> float:
    """Run the demo; the seconds that it took."""
    started = time.monotonic()
    subprocess.run([sys.executable, str(Path(__file__).with_name("demo.py"))], check=True)
    return time.monotonic() - started


def main() -> None:
    """Two runs, and what they left."""
    first = timed()
    made = rows()
    again = timed()
    if rows() != made or sorted(made.values()) != [24, 24, 96]:
        sys.exit(f"the demo left {made}, and then {rows()}")
    for made_of_them in ("demo/report.txt", "demo/webpage/index.html"):
        if not Path(made_of_them).is_file():
            sys.exit(f"the demo made no {made_of_them}")
    print(f"demo: {first:.0f} s, and {again:.0f} s when all was there; {sum(made.values())} rows")


if __name__ == "__main__":
    main()
