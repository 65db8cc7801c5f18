"""What a person gets who installs hwnas from the package index."""

import json
from pathlib import Path

from tests.dist.distribution import ROOT
from tests.dist.environments import Environment
from tests.dist.pythons import THIS

TINY = ("resolution=16", "data.limit=300", "train.epochs=1", "train.warmup_epochs=0",
        "profile.fit_networks=4", "profile.check_networks=2", "search.evaluations=5",
        "search.searchers=[random]", "fine_tune.epochs=1", "fine_tune.warmup_epochs=0",
        "search.budgets={latency: 1 s}")


def test_site_packages_gain_one_name(installed: Environment) -> None:
    assert installed.names() == {"hwnas"}


def test_wheel_from_sdist_works(installed_from_sdist: Environment, outside: Path) -> None:
    assert installed_from_sdist.names() == {"hwnas"}
    assert "mobilenet_v3_small" in installed_from_sdist.hwnas(
        "space", "show", "mobilenet_v3_small", cwd=outside
    )


def test_version(installed: Environment, outside: Path) -> None:
    printed = installed.hwnas("--version", cwd=outside)

    name = next(installed.packages.glob("hwnas-*.dist-info")).name
    assert name == f"hwnas-{printed.split()[1]}.dist-info"


def test_help(installed: Environment, outside: Path) -> None:
    assert "quickstart" in installed.hwnas("--help", cwd=outside)


def test_devices(installed: Environment, outside: Path) -> None:
    assert "local_cpu" in installed.hwnas("devices", "list", cwd=outside)


def test_space(installed: Environment, outside: Path) -> None:
    printed = installed.hwnas("space", "show", "mobilenet_v3_small", "--json", cwd=outside)

    assert json.loads(printed)["space"] == "mobilenet_v3_small"


def test_sources_warn_of_nothing(installed: Environment, outside: Path) -> None:
    python = str(installed.python)

    installed.run(
        python, "-W", "error", "-m", "compileall", "-q", "-f", str(installed.packages / "hwnas"),
        cwd=outside,
    )


def test_files_beside_a_person_break_nothing(installed: Environment, outside: Path) -> None:
    for name in ("latency", "devices", "objectives", "configs", "search"):
        (outside / f"{name}.py").write_text("raise ImportError('the file of a person')\n")

    printed = installed.run(str(installed.python), "-m", "hwnas", "devices", "list", cwd=outside)

    assert "local_cpu" in printed


def test_the_first_search_of_the_tutorial(installed: Environment, outside: Path) -> None:
    example = (ROOT / "examples" / "first_search.py").read_text(encoding="utf-8")
    example = example.replace("0.3 ms", "30 ms")  # which a busy machine keeps, too

    printed = installed.run(str(installed.python), "-c", example, cwd=outside)

    assert "Front of" in printed
    assert {path.name for path in outside.iterdir()} == {"front.png", "best.onnx"}


def test_every_stage_of_an_experiment(installed: Environment, outside: Path) -> None:
    """The quick start: as it is, for minutes, on the Python of the tests; on others a tiny one."""
    settings = [] if installed.version == THIS else [f"--set={setting}" for setting in TINY]

    printed = json.loads(installed.hwnas("quickstart", *settings, "--json", cwd=outside))

    assert list((outside / "runs" / "quickstart" / "export").glob("*/model.onnx"))
    assert printed["winner"]["measured_ms"] > 0
    assert printed["winner"]["accuracy"] > (50 if installed.version == THIS else 0)
