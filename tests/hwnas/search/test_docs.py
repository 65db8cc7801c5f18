import re
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs/search.md"


def test_the_example_of_exact_search_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)  # our own documentation
    assert names["certain"] is True
