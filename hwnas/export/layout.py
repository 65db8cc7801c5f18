"""The files of an export folder by their names, and where they are looked for.

What uses an exported network reads these, without PyTorch and pydantic.
"""

from pathlib import Path

from hwnas.core.errors import RunError
from hwnas.core.files import check_name
from hwnas.core.foreign_text import shown

MODEL = "model.onnx"
OPEN_BATCH = "model.dynamic.onnx"
CONFIG = "config.json"
VERIFICATION = "verification.json"
STATUS = "status.json"
"""Where an export was made in further formats, see `hwnas.runs.status_form`."""
ENSEMBLE = "ensemble.json"
"""In the folder of an ensemble: what is known of it, see `hwnas.runs.ensembles.form`."""
STALE = "STALE.txt"
"""In the folder of a winner or an ensemble, while it is of an earlier front."""
WINNER = Path("export", "winner")
"""Of a run."""
_EXAMPLE = "runs/quickstart/export/winner"


def find_model(named: Path) -> Path:
    """The ONNX file that a person means.

    Args:
        named: the file itself, an export folder, or a run folder, which stands for its winner.

    Raises:
        RunError: there is none.
    """
    check_name(named, RunError, "rename it")
    if named.is_dir():
        for folder in (named, named / WINNER):
            if (folder / MODEL).is_file():
                return folder / MODEL
        if (named / "config.yaml").is_file():
            raise RunError(
                f"the run {shown(named)} has no exported winner; run 'hwnas export {shown(named)}'"
            )
        raise RunError(
            f"{shown(named)} is no exported network (it has no {MODEL}); name a folder such as "
            f"{_EXAMPLE}, or a run"
        )
    if not named.exists():
        raise RunError(
            f"there is no file or folder {shown(named)}; name an exported network such as "
            f"{_EXAMPLE}, a run, or an ONNX file"
        )
    if named.suffix != ".onnx":
        raise RunError(f"{shown(named)} is no ONNX file; name {MODEL} in the folder of an export")
    return named
