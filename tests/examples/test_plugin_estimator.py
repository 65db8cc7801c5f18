"""The example of an estimator of one's own: known by name, searched by, held to its contract."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import ConfigError
from hwnas.data import load_dataset
from hwnas.estimators import ESTIMATORS, find_estimator
from hwnas.estimators.loading import load_estimator
from hwnas.runs.config import RunConfig
from hwnas.spaces import load_space
from hwnas.testing.estimators import EstimatorContract
from tests.examples.plugins import install
from tests.hwnas.cli.conftest import Terminal
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401

CONFIG = """
space: tiny_space.yaml
data: {source: digits, limit: 60}
accuracy: {estimator: grad_norm}
device: npu.yaml
table: table.sqlite
search: {budgets: {}, evaluations: 4, searchers: [random]}
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return install("estimator", tmp_path / "site", monkeypatch)


@pytest.mark.usefixtures("package")
def test_a_config_names_it_and_a_search_goes_by_it(npu: Path, terminal: Terminal) -> None:
    (npu / "own.yaml").write_text(CONFIG)
    assert ESTIMATORS.origin("grad_norm") == "hwnas_grad_norm:GradNorm of hwnas-grad-norm 0.1.0"
    answer = terminal("search", "own.yaml", "--json")
    assert answer.code == 0, answer.stderr
    assert "gradient norm (log norm)" in answer.stderr
    assert answer.document["accuracy"]["estimator"] == "grad_norm"
    assert answer.document["evaluations"] == 4
    assert (npu / "runs/own/front.csv").read_text().startswith("id,grad_norm,")


@pytest.mark.usefixtures("package")
def test_an_object_is_taken_in_place_of_a_name() -> None:
    from hwnas_grad_norm import GradNorm

    space = load_space("nas_bench_macro", resolution=16, classes=10)
    digits = load_dataset("digits", resolution=16, limit=60)
    few, more = (load_estimator(GradNorm(count), space, data=digits) for count in (2, 8))
    named = load_estimator("grad_norm", space, data=digits)
    row = space.sample(np.random.default_rng(0), 1)
    assert few.evaluate_architectures(row) != more.evaluate_architectures(row)
    assert len({str(one.identity) for one in (few, more, named)}) == 3


class TestContract(EstimatorContract):
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def named(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as monkeypatch:
            install("estimator", tmp_path_factory.mktemp("installed") / "site", monkeypatch)
            cls.estimator = find_estimator("grad_norm")
            yield


def test_without_the_package_its_name_is_not_known() -> None:
    content = {"space": "nas_bench_macro", "accuracy": {"estimator": "grad_norm"}}
    with pytest.raises(ValueError, match="there is no estimator 'grad_norm'"):
        RunConfig.model_validate(content | {"search": {"budgets": {}}})
    with pytest.raises(ConfigError, match="there is no estimator 'grad_norm'"):
        find_estimator("grad_norm")
