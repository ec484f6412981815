"""What endpoints do, by name: scripts for chat_server.py and judge_server.py, from the table in endpoints.toml.

`with chat_server(folder, **ENDPOINTS["a restart"]) as server:` plays one; `judge_server(folder, **...)` as a judge that
knows its prompts.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

Script: TypeAlias = dict[str, Any]

_TABLE = Path(__file__).with_name("endpoints.toml")


def script_of(entry: Mapping[str, Any], **changes: Any) -> Script:
    """The script of an entry of the table; `changes` are made to its fault."""
    fault = {name: value for name, value in entry.items() if name != "script"} | changes
    return {"faults": [{"do": "answer", **fault}], **entry.get("script", {})}


def changed(name: str, **changes: Any) -> Script:
    """The script of that name with another fault: other times, other calls."""
    script = ENDPOINTS[name]
    return script | {"faults": [script["faults"][0] | changes]}


FAMILIES: Mapping[str, Mapping[str, Script]] = {
    family: {name: script_of(entry) for name, entry in entries.items()}
    for family, entries in tomllib.loads(_TABLE.read_text(encoding="utf-8")).items()
}
ENDPOINTS: Mapping[str, Script] = {name: script for family in FAMILIES.values() for name, script in family.items()}
