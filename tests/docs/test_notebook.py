"""The notebook of examples/: its cells run, and what it shows is what they show."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.docs.blocks import ROOT

NOTEBOOK = ROOT / "examples/first_search.ipynb"
SMALLER = {
    "evaluations=24": "evaluations=2",
    "epochs=3": "epochs=1",
    "epochs=15": "epochs=1",
    # Within reach of a machine that is slow, or busy.
    '"latency": "0.25 ms"': '"latency": "5 ms"',
    'load_dataset("digits", ': 'load_dataset("digits", limit=150, ',
}


def cells(kind: str) -> list[Any]:
    content = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return [cell for cell in content["cells"] if cell["cell_type"] == kind]


def last_value(code: str, names: dict[str, Any]) -> Any:
    """Runs a cell; the value of its last line, if that is an expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, NOTEBOOK.name, "exec"), names)  # our own notebook
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names)


@pytest.mark.usefixtures("quicker", "one_thread")
@pytest.mark.filterwarnings("ignore::UserWarning")  # timings of a busy machine
def test_every_cell_runs_and_shows_what_the_notebook_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "notebook"}
    for cell in cells("code"):
        code = "".join(cell["source"])
        for old, new in SMALLER.items():
            code = code.replace(old, new)
        value = last_value(code, names)
        shown = [out for out in cell["outputs"] if out["output_type"] == "execute_result"]
        assert bool(shown) == (value is not None), code
        for kind in {kind for out in shown for kind in out["data"]}:
            assert kind in SHOWS, kind
            assert SHOWS[kind](value), f"{kind} of:\n{code}"
    assert (tmp_path / "best.onnx").is_file()


SHOWS = {
    "text/plain": lambda value: repr(value),
    "text/html": lambda value: value._repr_html_(),
    "image/png": lambda value: type(value).__name__ == "Figure",
}


def test_it_was_run_from_top_to_bottom_without_an_error() -> None:
    code = cells("code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [out for cell in code for out in cell["outputs"]]
    assert {out["output_type"] for out in outputs} <= {"execute_result", "stream"}
    kinds = {kind for out in outputs for kind in out.get("data", {})}
    assert {"text/html", "image/png"} <= kinds
    assert "/tmp" not in json.dumps(outputs)


def test_its_links_lead_somewhere() -> None:
    for cell in cells("markdown"):
        for target in re.findall(r"\]\(([^)#]+)\)", "".join(cell["source"])):
            assert (NOTEBOOK.parent / target).is_file(), target
