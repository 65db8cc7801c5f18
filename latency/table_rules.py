"""What the cells of a latency table may hold, see `hwnas.core.stored_rows`."""

from hwnas.core.stored_rows import BLOB, COUNT, DATE, TEXT, Rules, above_zero, between
from hwnas.devices.answers import MOST_MJ, MOST_MS
from hwnas.latency.quantity import QUANTITIES

_VISIT = {"graph": TEXT, "session": COUNT, "round": COUNT}
RULES: Rules = {
    "provenance": {"name": TEXT, "content": TEXT},
    "graphs": {
        "key": TEXT,
        "kind": "{} IN ('block', 'chain', 'network')",
        "blocks": TEXT,
        "finished": "typeof({}) = 'integer' AND {} IN (0, 1)",
    },
    "visits": {**_VISIT, "samples": TEXT, "reference_ms": between(0.0, MOST_MS), "date": DATE},
    "conditions": {"session": COUNT, "round": COUNT, "content": TEXT, "date": DATE},
    "warnings": {**_VISIT, "names": TEXT},
    "caches": {"sha256": TEXT, "content": BLOB},
    "models": {
        "quantity": "{} IN (" + ", ".join(f"'{name}'" for name in QUANTITIES) + ")",
        "scope": TEXT,
        "content": TEXT,
        "date": DATE,
    },
    "energies": {
        **_VISIT,
        "millijoules": above_zero(MOST_MJ),
        "inferences": f"{COUNT} AND {{}} > 0",
        "ms": above_zero(MOST_MS),
        "date": DATE,
    },
}
