"""`hwnas search`: the front of a run, by every searcher of its config."""

from hwnas.cli import options
from hwnas.cli.next_step import after_search, show_next
from hwnas.cli.output import Output


@options.shared(
    "config",
    "run",
    "data",
    "strict",
    "resolution",
    "from_ofa",
    "pretrained",
    "pretrained_network",
    "budget",
    "device",
    "table",
    "settings",
)
def search(
    given: options.Given,
    as_json: options.Json = False,
) -> None:
    """Search for the most accurate networks within the budgets.

    Needs a latency table ('hwnas profile') and what accuracy.estimator names: a supernet ('hwnas
    train'), a CSV of accuracies, or a score that needs neither; 'trained' trains every network. Run
    it again to resume; a search with another budget starts from the networks judged before.
    """
    from hwnas.cli.show import show_contributions, show_front, show_predictor

    output = Output(as_json)
    opened = given.open(output)
    result = opened.search()
    folder = opened.folder
    show_predictor(output, result.score_info)
    points = show_front(output, result, opened.experiment.space)
    found = show_contributions(output, result)
    output.line(f"front: {folder.front_file}")
    output.document(
        {
            "front": points,
            "searchers": found,
            "accuracy": result.score_info.to_dict(),
            "how": dict(result.how),
            "evaluations": len(result.scores),
            **({} if result.candidates is None else {"candidates": result.candidates.to_dict()}),
            "budgets": {
                b.name: {"bound": b.bound, "unit": b.unit} for b in result.problem.every_limit
            },
            "front_csv": str(folder.front_file),
        }
    )
    show_next(output, after_search(opened))
