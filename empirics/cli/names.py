"""What there is to choose from: names, how they are used, and a sentence each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


def listing(kinds: Sequence[Any], *, json_: bool = False) -> str:
    """A line for every name of these kinds: the keys it needs, in () those it may have."""
    from empirics.specify import usage
    from empirics.summary import table

    if json_:
        page = {kind.noun: {name: kind.about(name) for name in kind.table} for kind in kinds}
        return json.dumps(page, indent=2)
    lines = [
        "NAME:key=value,key=value gives numbers to a name, NAME:value to its first key; keys in ()",
        "need not be given. One within another goes in brackets: key=[NAME:key=value].",
        "",
    ]
    for kind in kinds:
        if not kind.table:
            continue
        lines.append(f"{kind.noun}s:".replace("ys:", "ies:"))
        rows = [(usage(name, maker), kind.about(name)) for name, maker in kind.table.items()]
        lines += [f"  {line}" for line in table(rows)] + [""]
    return "\n".join(lines).rstrip()
