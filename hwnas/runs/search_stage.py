"""The search stage: every searcher of a run, and the front in a file."""

from hwnas.core.listener import Listener
from hwnas.estimators.scores import ScoreInfo, Scores
from hwnas.latency.family import AnyLatency
from hwnas.objectives.objective import amount
from hwnas.runs.candidate_figures import candidate_plan
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.front_points import write_front
from hwnas.runs.keeping import keep_inputs
from hwnas.runs.model_warnings import warn_of_models
from hwnas.runs.scores import bind_scores
from hwnas.runs.search_lines import search_lines
from hwnas.runs.search_state import SearchState
from hwnas.runs.searching import RunSearch, search
from hwnas.runs.short_supernet import short_supernet
from hwnas.runs.stale import note_front
from hwnas.runs.trained_within import beyond_training
from hwnas.search.executors import Executor
from hwnas.search.journal import Journal
from hwnas.search.mode import mode_sentence
from hwnas.search.problem import SearchProblem
from hwnas.search.run_search import try_again


def search_stage(
    experiment: Experiment,
    folder: RunFolder,
    latency: AnyLatency,
    problem: SearchProblem,
    scores: Scores,
    listener: Listener,
    executor: Executor | None = None,
) -> RunSearch:
    """Runs the searchers and writes the front.

    Args:
        experiment: of the run, whose config becomes the run's own.
        folder: of the run, open.
        latency: of its device.
        problem: `experiment.problem(latency)`.
        scores: of the estimator.
        listener: gets progress, sentences and warnings.
        executor: where networks are judged, ready for use; None for here, one after another.

    Raises:
        RunError: scores of another estimator are there, or the journal cannot be written.
    """
    with Journal(folder.journal_file) as journal:
        bind_scores(journal, scores)
        _say_what_comes(experiment, folder, latency, problem, scores, listener)
        if executor is not None and scores.exact is not None:
            listener.say("scores cost nothing to compute: workers are not used")
        if said := mode_sentence(experiment.config.search.mode, workers=executor is not None):
            listener.say(said)
        if again := try_again(journal, executor):
            listener.say(
                f"evaluations that search.limits ended, and would not now: {again:,}, tried again"
            )
        keep_inputs(folder, experiment, searched=True)
        folder.adopt(experiment.config)
        with listener.progress("judging networks", "networks") as update:

            def show(state: SearchState) -> None:
                (now,) = (one for one in state.searchers if one.name == state.asking)
                # Scores that cost nothing come by the thousand: there is no more to say of them.
                below = search_lines(state) if scores.exact is None else ()
                update(now.done, now.limit, now.name, below)

            result = search(experiment, folder, journal, problem, scores, show, executor)
    if result.candidates is not None:
        listener.say(result.candidates.sentence)
    for sentence in note_front(folder, result.digest):
        listener.say(sentence)
    write_front(result, experiment.space, folder.front_file)
    return result


def _say_what_comes(
    experiment: Experiment,
    folder: RunFolder,
    latency: AnyLatency,
    problem: SearchProblem,
    scores: Scores,
    listener: Listener,
) -> None:
    """Says by what networks are judged and within which budgets, and warns of what is doubtful."""
    warn_of_models(listener, experiment, latency)
    if text := scores_text(scores.info):
        listener.say(text)
    for sentence in scores.info.stated(experiment.space.resolutions):
        say_or_warn(listener, sentence)
    if plan := candidate_plan(experiment.config):
        listener.say(plan)
    if short := short_supernet(experiment, folder):
        listener.warn(short)
    if beyond := beyond_training(experiment, problem):
        listener.warn(beyond)
    for limit in problem.every_limit:
        listener.say(f"budget: {limit.name} ≤ {amount(limit.bound)} {limit.unit}")


def scores_text(score_info: ScoreInfo) -> str:
    """Where scores that are not the supernet's come from, in one line; "" for the supernet's."""
    if score_info.file is None:
        if score_info.is_accuracy:
            return ""
        return f"networks are judged by {score_info.axis}, which is not an accuracy"
    joined = f"; {score_info.rows:,} rows, those of one network averaged"
    averaged = joined if score_info.rows != score_info.networks else ""
    how = ""
    if score_info.errors:
        how = f"; predicted from them: {score_info.chosen}, its error cross-validated"
    return f"accuracies of {score_info.networks:,} networks from {score_info.file}{averaged}{how}"


def say_or_warn(listener: Listener, sentence: str) -> None:
    """Says a sentence, or warns by it where it begins with "warning: "."""
    warning = sentence.removeprefix("warning: ")
    if warning != sentence:
        listener.warn(warning)
    else:
        listener.say(sentence)
