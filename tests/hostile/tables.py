"""Latency tables: their SQLite files, their JSON, and CSV of people."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from tests.hostile import mutations
from tests.hostile.bench import Bench, check_numbers


def accuracies(bench: Bench) -> None:
    """A CSV of accuracies."""
    from hwnas.estimators.csv_file import read_accuracies
    from tests.hostile.material import space

    bench.material.move_in(bench.folder)
    path = _csv(bench, bench.material.home / "accuracies.csv")

    def use() -> None:
        known = read_accuracies(path, space())
        values = known.accuracies
        if not ((values >= 0) & (values <= 100)).all():
            bench.wrong(f"accuracies {values.min()} to {values.max()}")

    bench.call(use)


def timings(bench: Bench) -> None:
    """A CSV of timings, imported and shown."""
    bench.material.move_in(bench.folder)
    path = _csv(bench, bench.material.home / "blocks.csv")
    answer = bench.command("table", "import", path, "new.sqlite", "--device", "npu.yaml")
    if answer.done:
        _show(bench, bench.folder / "new.sqlite")
    elif (bench.folder / "new.sqlite").exists():
        bench.wrong("a refused CSV left a table")


def networks(bench: Bench) -> None:
    """A CSV of whole networks that were timed by hand, imported and shown."""
    bench.material.move_in(bench.folder)
    path = _csv(bench, bench.material.home / "networks.csv")
    prior = bench.random.choice(((), ("--prior", "measured.sqlite")))
    words = ("--device", "npu.yaml", "--config", "known.yaml", *prior)
    answer = bench.command("table", "import", path, "new.sqlite", *words)
    if answer.done:
        _show(bench, bench.folder / "new.sqlite")
    elif (bench.folder / "new.sqlite").exists():
        bench.wrong("a refused CSV left a table")


def _csv(bench: Bench, path: Path) -> Path:
    text, random = path.read_text(), bench.random
    way = random.random()
    if way < 0.5:
        changed = mutations.cells(text, random).encode("utf-8", "surrogatepass")
    elif way < 0.7:
        changed = mutations.lines(text, random).encode("utf-8", "surrogatepass")
    else:
        changed = mutations.raw(text.encode(), random)
    bench.note(changed[:300])
    to = bench.folder / f"mutated-{path.name}"
    to.write_bytes(changed)
    return to


def documents(bench: Bench) -> None:
    """A table in JSON, imported and shown."""
    random = bench.random
    name = random.choice(("measured.json", "table.json"))
    content = json.loads((bench.material.home / name).read_text())
    (bench.folder / "t.json").write_text(mutations.json_text(_shorter(content, random), random))
    answer = bench.command("table", "import", "t.json", "new.sqlite")
    if answer.done:
        _show(bench, bench.folder / "new.sqlite")
    elif (bench.folder / "new.sqlite").exists():
        bench.wrong("a refused document left a table")


def _shorter(content: Any, random: Any) -> Any:
    """With fewer visits, so that a change is more likely to meet something else."""
    content["visits"] = content["visits"][:: random.choice((1, 3))]
    return content


def _show(bench: Bench, path: Path) -> None:
    shown = bench.command("table", "show", path, "--json")
    if shown.done:
        check_table(bench, shown.document)


def check_table(bench: Bench, document: Any) -> None:
    """Refuses impossible latencies."""
    check_numbers(document)
    for key, block in document["blocks"].items():
        if not (block["ms"] > 0 and block["min"] > 0 and block["samples"] > 0):
            bench.wrong(f"{key}: {block}")
    for scope, model in document["models"].items():
        if not all(ms > 0 for ms in model["blocks"].values()):
            bench.wrong(f"{scope} holds a latency of 0 or less")


NEVER = {
    "visits": {
        "samples": (
            "[]",
            "[0.0]",
            "[-1.0]",
            "[NaN]",
            "[Infinity]",
            '["1"]',
            "{}",
            "null",
            "1",
            "[",
            "[true]",
            "[null]",
            "[[1.0]]",
            "x",
            b"[1.0]",
            1,
            "[1e308]",
            "[1e-320]",
        ),
        "reference_ms": (-1.0, float("inf"), "x", b"1", 1e300, "nan"),
        "session": (-1, 0.5, "x", b"0", 2**40),
        "round": (-1, "x", 1.5, b"0"),
        "graph": (b"x",),
        "date": ("yesterday", b"x", 7, ""),
    },
    "conditions": {
        "content": (
            "[]",
            "{",
            '{"mhz": "x"}',
            "7",
            '{"mhz": NaN}',
            b"{}",
            "null",
            '{"mhz": null}',
            '{"mhz": Infinity}',
            '{"mhz": [1]}',
        )
    },
    "provenance": {"content": ("[1]", "{", "{}", "7", "null", b"{}", '"x"', "NaN")},
    "models": {
        "content": ("[]", "{", "{}", "null", b"{}", "7"),
        "scope": (b"x",),
        "quantity": ("x", b"energy", 7, ""),
    },
    "energies": {
        "millijoules": (-1.0, 0.0, float("inf"), "x"),
        "inferences": (0, -1, "x"),
        "ms": (-1.0, 0.0, float("inf"), "x"),
    },
    "graphs": {
        "blocks": ("[]", "{}", "[{}]", "null", "x", '["conv"]', "7", b"[]"),
        "finished": ("x", -1, 0.5, b"1"),
        "kind": ("x", b"block", ""),
    },
    "warnings": {"names": ("invented", b"unstable")},
}
"""Impossible cells: what reads them has to refuse the table."""


def impossible(bench: Bench) -> None:
    """An impossible cell of a table: whoever reads it refuses the table."""
    path, random = bench.copy(bench.material.measured_table), bench.random
    table = random.choice(list(NEVER))
    column = random.choice(list(NEVER[table]))
    value = random.choice(NEVER[table][column])
    where = ""
    if table == "provenance":
        where = f"WHERE name = '{random.choice(('fingerprint', 'uncontrolled'))}'"
    else:
        where = f"WHERE rowid = (SELECT rowid FROM {table} ORDER BY random() LIMIT 1)"
        with closing(sqlite3.connect(path)) as database:
            rows = [row for (row,) in database.execute(f"SELECT rowid FROM {table}")]
        where = f"WHERE rowid = {random.choice(rows)}"
    bench.note(f"UPDATE {table} SET {column} = {value!r} {where}")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.execute(f"UPDATE {table} SET {column} = ? {where}", (value,))
    whole = bench.command("table", "export", path, "out.json")
    if whole.done:
        bench.wrong("the table was exported")
    if (bench.folder / "out.json").exists():
        bench.wrong("a refused export left a file")
    shown = bench.command("table", "show", path, "--json")
    if shown.done and table not in ("graphs", "energies", "warnings"):
        bench.wrong("the table was shown")


def tables(bench: Bench) -> None:
    """A table whose cells, rows, schema or bytes changed, by every command that reads one."""
    material, random = bench.material, bench.random
    name = random.choice(("measured.sqlite", "measured.sqlite", "table.sqlite"))
    path = bench.copy(material.home / name)
    damage(bench, path)
    way = random.random()
    if way < 0.35:
        _show(bench, path)
    elif way < 0.6:
        out = f"out.{random.choice(('json', 'csv'))}"
        if bench.command("table", "export", path, out).done and out.endswith("json"):
            again = bench.command("table", "import", out, "again.sqlite")
            if not again.done:
                bench.wrong(f"what was exported is refused: {again.stderr}")
    elif way < 0.75:
        bench.command("table", "diff", path, material.home / name, "--json")
    elif way < 0.85:
        bench.command("table", "merge", path, material.home / name, "--into", "merged.sqlite")
    else:
        material.move_in(bench.folder)
        path.replace(bench.folder / "table.sqlite")
        _model(bench)


def _model(bench: Bench) -> None:
    import numpy as np

    from hwnas.runs.config import load_run_config
    from hwnas.runs.experiment import Experiment

    def use() -> None:
        experiment = Experiment(load_run_config("known.yaml"))
        space = experiment.space
        model = experiment.latency_model()
        rows = space.sample(np.random.default_rng(0), 5)
        values = model.predict(space.networks(rows))
        if not (np.isfinite(values).all() and (values > 0).all()):
            bench.wrong(f"predicted {values}")
        experiment.problem(model)

    bench.call(use)


def damage(bench: Bench, path: Path) -> None:
    """Changes a SQLite file somewhere."""
    random = bench.random
    if random.random() < 0.15:
        path.write_bytes(mutations.raw(path.read_bytes(), random))
        bench.note("bytes")
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        names = [
            n
            for (n,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            )
        ]
        for _ in range(random.choice((1, 1, 3))):
            ways = (_cell, _cell, _cell, _cell, _cell, _row, _schema)
            with suppress(sqlite3.Error, IndexError):
                statement, values = random.choice(ways)(random, database, random.choice(names))
                bench.note(f"{statement} {str(values)[:200]}")
                database.execute(statement, values)
                if statement.startswith("CREATE VIEW"):
                    break  # another change would look into it, and perhaps never come back


Statement = tuple[str, tuple[Any, ...]]


def _cell(random: Any, database: sqlite3.Connection, table: str) -> Statement:
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    rows = [row for (row,) in database.execute(f"SELECT rowid FROM {table}")]
    column, row = random.choice(columns), random.choice(rows)
    old = database.execute(f"SELECT {column} FROM {table} WHERE rowid = {row}").fetchone()[0]
    return f"UPDATE {table} SET {column} = ? WHERE rowid = {row}", (_value(random, old),)


def _value(random: Any, old: Any) -> Any:
    if isinstance(old, str) and old[:1] in "[{" and random.random() < 0.7:
        with suppress(ValueError):
            return mutations.json_text(json.loads(old), random)
    new = mutations.value(random)
    if isinstance(new, bool | int):
        return int(new) if abs(new) < 2**63 else float(new)
    if isinstance(new, float | str | None):
        return new.encode() if isinstance(new, str) and random.random() < 0.1 else new
    return random.choice((json.dumps(str(new)), b"\0\xff", str(new)))


def _row(random: Any, database: sqlite3.Connection, table: str) -> Statement:
    rows = [row for (row,) in database.execute(f"SELECT rowid FROM {table}")]
    if random.random() < 0.5:
        return f"DELETE FROM {table} WHERE rowid = {random.choice(rows)}", ()
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    marks = ", ".join("?" for _ in columns)
    return f"INSERT INTO {table} VALUES ({marks})", tuple(_value(random, "x") for _ in columns)


def _schema(random: Any, database: sqlite3.Connection, table: str) -> Statement:
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT x FROM c"
    statement = random.choice(
        (
            f"DROP TABLE {table}",
            f"DELETE FROM {table}",
            f"ALTER TABLE {table} RENAME TO other",
            f"ALTER TABLE {table} RENAME COLUMN {random.choice(columns)} TO other",
            f"ALTER TABLE {table} ADD COLUMN other TEXT",
            f"CREATE TRIGGER t BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, '\x1b[31m'); END",
            f"CREATE TRIGGER t BEFORE INSERT ON {table} BEGIN SELECT RAISE(IGNORE); END",
            f"CREATE VIEW v AS SELECT * FROM {table}",
            f"CREATE VIEW endless AS {endless}",
            "UPDATE format SET name = '\x1b[31mother'",
            "INSERT INTO format VALUES ('latency table of hwnas 9')",
            "PRAGMA user_version = 7",
        )
    )
    if statement.startswith("CREATE VIEW endless"):
        database.execute(f"DROP TABLE {table}")
        statement = statement.replace("VIEW endless", f"VIEW {table}")
    return statement, ()


Way = Callable[[Bench], None]
