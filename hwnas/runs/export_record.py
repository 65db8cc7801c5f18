"""What a run has exported of its present front, and how earlier winners are kept."""

import json
import shutil
from pathlib import Path
from typing import Any

from hwnas.core.errors import RunError
from hwnas.core.files import advice, reason, write_atomically
from hwnas.core.listener import Listener
from hwnas.export.layout import STALE
from hwnas.networks.blocks import block_from_dict
from hwnas.networks.ids import LENGTH, may_begin_id, network_id
from hwnas.runs.export_config import ExportConfig
from hwnas.runs.folder import RunFolder
from hwnas.runs.latency_check import WINNER
from hwnas.runs.picks import Pick
from hwnas.runs.searching import RunSearch
from hwnas.runs.stored_summary import is_whole, stored_export
from hwnas.runs.summary_form import ExportSummary, Figures, Picked, Reference, Summary


class ExportRecord:
    """The `summary.json` of a run's present front, while an export adds to it.

    Attributes:
        summary: what it says; None before anything was exported.
    """

    def __init__(
        self,
        folder: RunFolder,
        result: RunSearch,
        listener: Listener,
        settings: ExportConfig | None = None,
    ) -> None:
        """Reads what is there. A damaged file counts as none: the export writes another one.

        What was exported by other settings than these (None for the usual ones) is not done.
        """
        self._folder, self._listener = folder, listener
        self._settings = settings or ExportConfig()
        self._row_of_winner: Picked | None = None
        try:
            self.summary: ExportSummary | None = stored_export(folder, result)
        except RunError:
            self.summary = None

    @property
    def winner(self) -> Summary | None:
        """The same where there is a winner."""
        return self.summary if isinstance(self.summary, Summary) else None

    @property
    def has_winner(self) -> bool:
        """Whether there is one that needs no further export."""
        found = self.winner
        return found is not None and not found.doubtful and self._as_wanted(found.winner)

    @property
    def reference(self) -> Reference | None:
        """The figures of the reference, where it was exported."""
        whole = is_whole(self._folder.export_folder("reference"))
        return self.summary.reference if self.summary is not None and whole else None

    def row(self, pick: Pick) -> Picked | None:
        """What is known of a pick that is exported; None where it has to be (again).

        A network whose latency is doubtful is measured again, but for the winner: an export of that
        does it. One that was made by other settings is made again, beside a winner of these.
        """
        found = self.winner
        if found is not None:
            # Summaries of earlier versions do not know it.
            name = found.winner.id or exported_id(self._folder.export_folder(WINNER))
            if name == pick.id and self._as_wanted(found.winner):
                return _winning(found, pick.id, pick.asked, pick.numbers, pick.score)
        rows = () if self.summary is None else self.summary.picks
        known = next((row for row in rows if row.id == pick.id), None)
        done = known is not None and not known.doubtful and self._as_wanted(known.figures)
        return known if done else None

    def put_winner(self, summary: Summary) -> None:
        """Makes this the run's summary, with the picks that are known."""
        rows = () if self.summary is None else self.summary.picks
        if self._row_of_winner is not None:
            row = self._row_of_winner
            rows = (*rows, _winning(summary, row.id, row.asked, row.architecture, row.score))
        self._put(summary.model_copy(update={"picks": rows}))

    def put_row(self, row: Picked, summary: ExportSummary | None = None) -> None:
        """Adds a pick, or replaces what was known of it.

        Args:
            row: the pick.
            summary: what the run's is where there is none yet, and its reference.
        """
        found = self.summary or summary
        assert found is not None
        if found.reference is None and summary is not None:
            found = found.model_copy(update={"reference": summary.reference})
        known = next((one for one in found.picks if one.id == row.id), None)
        if known is not None:
            asked = tuple(dict.fromkeys((*known.asked, *row.asked)))
            row = row.model_copy(update={"asked": asked})
        if row != known:
            others = [one for one in found.picks if one is not known]
            self._put(found.model_copy(update={"picks": (*others, row)}))

    def make_way(self, network: str) -> None:
        """Has the folder of the winner free for a network, by its id.

        The files of another network move to a folder of its own, unless that is there and whole.
        The summary says nothing of a winner until there is one again.

        Raises:
            RunError: the folder cannot be moved.
        """
        earlier = exported_id(self._folder.export_folder(WINNER))
        self._forget_winner(network)
        if earlier is None or earlier == network:
            return
        kept = self._folder.export_folder(earlier)
        if not is_whole(kept):
            _move(self._folder.export_folder(WINNER), kept)
            self._listener.say(f"the earlier winner is another network and is kept in {kept}")

    def _as_wanted(self, made: Figures) -> bool:
        """Whether a network was exported by the present settings."""
        return (made.settings or ExportConfig().digest) == self._settings.digest

    def _put(self, summary: ExportSummary) -> None:
        self.summary = summary
        write_atomically(self._folder.summary_file, summary.to_json())

    def _forget_winner(self, network: str) -> None:
        """Until the new one is written, the summary would speak of other files."""
        found = self.summary
        if isinstance(found, Summary):
            found = found.without_winner()
        rows = []
        for row in () if found is None else found.picks:
            if row.id == network:
                self._row_of_winner = row
            else:  # what was the winner until now moves
                moved = {"folder": row.id} if row.folder == WINNER else {}
                rows.append(row.model_copy(update=moved))
        if found is None or not rows:
            self.summary = None
            self._folder.summary_file.unlink(missing_ok=True)
        else:
            self._put(found.model_copy(update={"picks": tuple(rows)}))


def exported_id(folder: Path) -> str | None:
    """The id of the network in an export folder; None where there is no whole one."""
    if not is_whole(folder):
        return None
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if "id" not in config:  # of an earlier version
            return network_id(tuple(map(block_from_dict, config["blocks"])))
        found = config["id"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    valid = isinstance(found, str) and len(found) == LENGTH and may_begin_id(found)
    return found if valid else None


def _move(folder: Path, place: Path) -> None:
    try:
        if place.is_dir():  # the remains of an export that was killed
            shutil.rmtree(place)
        folder.rename(place)
        (place / STALE).unlink(missing_ok=True)
    except OSError as error:
        raise RunError(
            f"cannot move the earlier winner from {folder} to {place}: {reason(error)}; "
            f"{advice(error)}, then run the same command again"
        ) from error


def _winning(
    summary: Summary,
    name: str,
    asked: tuple[str, ...],
    architecture: tuple[int, ...],
    score: float | None,
) -> Picked:
    """The row of a pick that is the winner; `name` is its id."""
    return Picked(
        id=name,
        asked=asked,
        architecture=architecture,
        folder=WINNER,
        score=score,
        doubtful=summary.doubtful,
        verdict=summary.verdict,
        weights_chosen=summary.weights_chosen,
        reference_ms=None if summary.reference is None else summary.reference.measured_ms,
        onnx_max_abs_diff=summary.onnx_max_abs_diff,
        figures=summary.winner.model_copy(update={"id": name}),
    )
