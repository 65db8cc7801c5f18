"""How commands show a latency model and the figures of a run."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwnas.cli.output import Output
from hwnas.cli.show_status import show_status
from hwnas.report.pick_rows import pick_header, pick_rows, pick_sentences
from hwnas.report.rows import (
    PREDICTOR_HEADER,
    VALIDATION_HEADER,
    budgets_text,
    closing_sentences,
    contribution_header,
    contribution_rows,
    front_header,
    front_notes,
    front_rows,
    predictor_rows,
    reference_text,
    summary_header,
    summary_rows,
    validation_rows,
)

if TYPE_CHECKING:
    from hwnas.estimators.scores import ScoreInfo
    from hwnas.latency.family import AnyLatency, AnyModel
    from hwnas.runs.searching import RunSearch
    from hwnas.runs.summary_form import ExportSummary, Summary
    from hwnas.spaces import Space


def show_model(output: Output, path: Path, space: "Space", model: "AnyLatency") -> dict[str, Any]:
    """Prints a model's error beside the noise of measuring, and returns the same as JSON."""
    from hwnas.runs.latencies import scope_text

    what = scope_text(space) if len(space.members) == 1 else space.name
    estimated = [one for one in model.members.values() if one.basis == "networks"]
    how = ""
    if estimated:  # no block was timed
        networks = sum(len(one.fit_networks) for one in estimated)
        how = f", estimated from {networks} whole networks alone"
    output.line(f"{path}: {block_counts(space)} of {what} ({space.size:.3g} networks){how}")
    show_validation(output, model)
    return model_document(path, space, model)


def block_counts(space: "Space") -> str:
    """How many distinct blocks a space has, and its reference network beyond them."""
    from hwnas.networks.blocks import distinct_blocks
    from hwnas.spaces.references.of_space import reference_member, reference_of

    blocks = space.blocks()
    reference = reference_of(space)
    more = {*distinct_blocks([reference])} - {*blocks} if reference else ()
    name = reference_member(space).reference
    beside = f" (and {len(more)} of its reference {name})" if more else ""
    return f"{len(blocks)} distinct blocks{beside}"


def model_document(path: Path, space: "Space", model: "AnyLatency") -> dict[str, Any]:
    """A latency model of a space as JSON."""
    from hwnas.runs.latencies import scope_text

    blocks = space.blocks()
    return {
        "table": str(path),
        "scope": scope_text(space),
        "distinct_blocks": len(blocks),
        "space_size": space.size,
        **model.to_dict(),
    }


def show_validation(output: Output, model: "AnyModel", of: str = "") -> None:
    """Prints the error of predictions beside that of measuring twice, and what to think of it.

    `of` names one of several models of one quantity; those of a family are named by its members.
    """
    from hwnas.runs.model_warnings import warn_of_model

    for member, one in model.members.items():
        validation = one.validation
        if validation is not None:
            title = (
                f"{one.quantity.name} model ({one.correction.name}) on "
                f"{validation.prediction.networks} unseen networks"
            )
            named = ": ".join(filter(None, (of, member, title)))
            output.table(named, VALIDATION_HEADER, validation_rows(validation))
    warn_of_model(output, model, of)


def show_predictor(output: Output, score_info: "ScoreInfo") -> None:
    """Prints how right the forms of a predictor are, where scores are predicted."""
    if score_info.errors:
        output.table(
            f"accuracy predictor: {score_info.chosen}", PREDICTOR_HEADER, predictor_rows(score_info)
        )


def show_front(output: Output, result: "RunSearch", space: "Space") -> list[dict[str, Any]]:
    """Prints the joined front and returns the same as JSON."""
    from hwnas.runs.front_points import front_points
    from hwnas.search.front import knee

    points = front_points(result, space)
    bend = knee(result.front)
    output.table(
        f"front of {len(result.scores)} judged networks ({result.score_info.label})",
        front_header(result),
        front_rows(points, bend, result.score_info),
    )
    for note in front_notes(result):
        output.line(note)
    documents = [
        point.to_dict() | {"knee": index == bend, **interval_of(result, point.accuracy)}
        for index, point in enumerate(points)
    ]
    if not result.score_info.is_accuracy:
        return [{"id": one.pop("id"), "score": one.pop("accuracy"), **one} for one in documents]
    return documents


def interval_of(result: "RunSearch", accuracy: float) -> dict[str, Any]:
    """The 95 % interval of an accuracy of a front, for a JSON document; none where unknown."""
    interval = result.score_info.interval(accuracy)
    return {} if interval is None else {"accuracy_interval": list(interval)}


def show_contributions(output: Output, result: "RunSearch") -> list[dict[str, Any]]:
    """Prints which searcher found how much of the front and returns the same as JSON."""
    from hwnas.report.contributions import contributions

    found = contributions(result)
    output.table(
        "what each searcher found of it",
        contribution_header(result.score_info),
        contribution_rows(found, result.score_info),
    )
    return [asdict(one) for one in found]


def show_summary(output: Output, summary: "ExportSummary") -> None:
    """Prints what was exported, the winner, picks or both, or the figures as JSON."""
    from hwnas.runs.summary_form import Summary

    if isinstance(summary, Summary):
        _show_winner(output, summary)
    if summary.picks:
        title = "picked networks" if summary.winner is not None else budgets_text(summary)
        output.table(title, pick_header(summary), pick_rows(summary))
        for sentence in pick_sentences(summary):
            output.line(sentence)
    for name, status in summary.status.items():
        show_status(output, name, status)
    output.document(summary.model_dump(mode="json"))


def _show_winner(output: Output, summary: "Summary") -> None:
    """Prints the winner next to the reference network."""
    output.table(budgets_text(summary), summary_header(summary), summary_rows(summary))
    for doubt in summary.doubtful:
        output.line(f"not known to be within its budget: {doubt}")
    if whose := reference_text(summary):
        output.line(whose)
    for sentence in closing_sentences(summary):
        output.line(sentence)
    what = "differs" if summary.precision == "fp32" else "before its conversion it differed"
    output.line(
        f"exported: {summary.model} ({what} from PyTorch by at most "
        f"{summary.onnx_max_abs_diff:.1e})"
    )
    if summary.engine:
        output.line(
            f"built and measured: {summary.engine}, which runs only on this GPU with this version "
            "of its runtime"
        )
