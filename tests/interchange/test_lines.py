"""Rows of files: each once, with its line, whatever the file holds."""

import contextlib
import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from judgebench.errors import DataError
from judgebench.interchange.formats import FORMATS, Look
from judgebench.interchange.lines import Log, objects

texts = st.text(st.characters(codec="utf-8"), max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts, lambda inner: st.lists(inner, max_size=3), max_leaves=5
)
rows = st.lists(st.dictionaries(texts, values, max_size=4), min_size=1, max_size=6)


@given(rows=rows, indent=st.sampled_from([None, 1]), as_list=st.booleans())
def test_every_row_comes_back(rows: list[dict[str, object]], indent: int | None, as_list: bool) -> None:
    """As a JSON list of any layout, and as JSON lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        whole = json.dumps(rows, indent=indent) if as_list else "\n".join(map(json.dumps, rows))
        path.write_text(whole, encoding="utf-8")
        log = Log()
        found = list(objects(path, log))
        assert ([line.row for line in found], log.refused) == (rows, [])
        if not as_list:
            assert [line.number for line in found] == list(range(1, len(rows) + 1))


@given(data=st.binary(max_size=200) | texts.map(str.encode))
def test_any_bytes_are_rows_or_an_error(data: bytes) -> None:
    """Nothing but DataError comes of them, and no format is taken for another by a crash."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.json"
        path.write_bytes(data)
        with contextlib.suppress(DataError):
            list(objects(path, Log()))
        assert [known.name for known in FORMATS if known.fits(Look(path))] == []
