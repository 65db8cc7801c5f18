"""The search stage of a run: every searcher under one journal, and the joined front."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.digests import digest as digest_of
from hwnas.core.errors import RunError
from hwnas.core.yaml_text import to_yaml
from hwnas.estimators import SUPERNET
from hwnas.estimators.scores import ScoreInfo, Scores
from hwnas.objectives.budgets import ENERGY, device_of
from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.relaxation.settings import RelaxationSettings
from hwnas.runs.candidate_figures import CandidateFigures, candidate_figures
from hwnas.runs.config import SearchConfig
from hwnas.runs.corrected import note_corrected, noted_corrected
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.noted_values import note_learnt, note_values, noted_learnt, noted_values
from hwnas.runs.profile_config import FIT_BESIDE_BLOCKS
from hwnas.runs.scores import check_scores, identity_of, info_of
from hwnas.runs.search_state import SearchState
from hwnas.runs.search_watch import SearchWatch
from hwnas.search.exact.effects import ChoiceEffects
from hwnas.search.executors import Executor, InProcess
from hwnas.search.front import Front
from hwnas.search.given import GivenNetworks
from hwnas.search.journal import Journal
from hwnas.search.mode import SYNCHRONOUS
from hwnas.search.policies.history import ValueHistory
from hwnas.search.problem import AnyCost, SearchProblem
from hwnas.search.run_search import run_searcher, settings_digest
from hwnas.search.searchers import make_searcher
from hwnas.spaces import Architectures
from hwnas.training.train_config import LATER

# The settings of the trials of networks that no searcher proposed.
_GIVEN = "given"


@dataclass(frozen=True)
class RunSearch:
    """The joined front of all searchers, all that was judged, and who asked for what.

    Attributes:
        problem: that was searched.
        architectures: (N, L) every judged network, feasible or not.
        scores: (N,) theirs.
        on_front: which of them are the front, cheapest first.
        asked: searcher → (N,) which of them it asked for with the run's present settings.
        score_info: where the scores come from.
        digest: changes with anything that an export of this front depends on, but for the `export`
            of the config.
        how: how searchers have searched, where they say so.
        corrected: scores of the front by a second opinion, where there is one: those that a search
            has chosen for their scores are too good to be true (see
            `hwnas.objectives.statistics.gaussian`).
        candidates: the figures of an estimator that trains networks.
        seconds: that judging took, searchers aside.
        asked_for: the costs that budgets are on, and that settings of searchers name.
        effects: the values of choices that a score is a sum of; None of other scores.
        value_history: of these, where it is known.
        learnt: what searchers have held of each choice, by their names.
    """

    problem: SearchProblem
    architectures: Architectures
    scores: NDArray[np.float64]
    on_front: NDArray[np.int64]
    asked: Mapping[str, NDArray[np.bool_]]
    score_info: ScoreInfo
    digest: str
    how: Mapping[str, str] = field(default_factory=dict)
    corrected: NDArray[np.float64] | None = None
    candidates: CandidateFigures | None = None
    seconds: float = 0.0
    asked_for: tuple[str, ...] = ()
    effects: ChoiceEffects | None = None
    value_history: ValueHistory | None = None
    learnt: Mapping[str, ValueHistory] = field(default_factory=dict)

    def __repr__(self) -> str:
        front = self.front.scores
        best = f", best score {front[-1]:.5g}" if len(front) else ""
        return f"RunSearch({len(self.scores)} networks judged, {len(front)} on the front{best})"

    @cached_property
    def front(self) -> Front:
        """Of all searchers."""
        return self.problem.front(self.architectures[self.on_front], self.scores[self.on_front])

    @property
    def further(self) -> dict[str, AnyCost]:
        """The predicted latency on each further device that was asked for, by that device."""
        found = {}
        for name in self.problem.costs_known:
            device = device_of(name)
            if device is not None:
                found[device] = self.problem.cost_of(name)
        return found

    @property
    def chosen(self) -> bool:
        """Whether resolution and width were chosen too."""
        return len(getattr(self.problem.space, "members", ())) > 1

    @property
    def energy(self) -> AnyCost | None:
        """The predicted energy in mJ, where it was asked for."""
        asked = ENERGY in self.problem.costs_known
        return self.problem.cost_of(ENERGY) if asked else None

    @property
    def other_costs(self) -> dict[str, AnyCost]:
        """The costs that were asked for and that no front has by itself, by name."""
        shown = {self.problem.cost.name, MACS.name, PARAMETERS.name, ENERGY}
        return {
            name: self.problem.cost_of(name)
            for name in self.asked_for
            if name not in shown and device_of(name) is None
        }


def search(
    experiment: Experiment,
    folder: RunFolder,
    journal: Journal,
    problem: SearchProblem,
    scores: Scores,
    show: Callable[[SearchState], None] | None = None,
    executor: Executor | None = None,
) -> RunSearch:
    """Runs every searcher of the config and joins what they found.

    Where networks inherit from a pretrained one, that is judged first, at every resolution, beside
    the evaluations of the searchers.

    Every judged network is in the journal before the next is judged, or with all of its question
    where scores cost nothing; searchers share it. The journal was bound to the scores before, see
    `hwnas.runs.scores.bind_scores`. The executor says where networks are judged, by default one
    after another here. While it runs, its state is in the folder, and is given to `show`, from
    another thread: see `SearchWatch`.

    Raises:
        BudgetError: a budget is out of reach.
        RunError: the journal cannot be written.
    """
    config = experiment.config.search
    scored = replace(problem, score=scores.exact)
    score = scores.staged or scores.evaluate_architectures
    searchers = [(name, config.evaluations) for name in config.searchers]
    executor = executor or InProcess()
    watch = SearchWatch(folder, problem, scores.info, searchers, executor, show)
    settings = {name: search_digest(problem, config, name) for name in config.searchers}
    if not all(journal.is_whole(*one) for one in settings.items()):
        with watch.watching(journal):
            if problem.start is not None and _inherits(experiment):
                # What anyone would try first: it is found unless there is something better.
                given = GivenNetworks(scored, problem.start)
                run_searcher(
                    given, score, journal, settings=_GIVEN, executor=executor, heard=watch.heard
                )
            for name in config.searchers:
                chosen = config.settings.get(name)
                searcher = make_searcher(
                    name, scored, config.evaluations, config.seed, chosen, config.mode
                )
                run_searcher(
                    searcher,
                    score,
                    journal,
                    partial(watch.progress, name),
                    settings=settings[name],
                    together=scores.exact is not None,
                    executor=executor,
                    heard=watch.heard,
                    mode=config.mode,
                )
                if searcher.how is not None:
                    journal.note(f"how {name} {settings[name]}", searcher.how)
                if searcher.value_history is not None:
                    note_learnt(journal, name, settings[name], searcher.value_history)
                del searcher  # which may hold a million scores
        # Of networks that no search asks for any more, or whose worker was ended.
        shutil.rmtree(folder.candidates_folder, ignore_errors=True)
    note_values(journal, scores)
    if scores.second_opinion is not None:
        front = problem.front(*journal.evaluations())
        note_corrected(journal, front, scores.second_opinion(front.architectures))
    for name in config.searchers:
        if not journal.is_whole(name, settings[name]):
            journal.note_end(name, settings[name])
    return result_in(experiment, journal, problem)


def _inherits(experiment: Experiment) -> bool:
    """Whether networks are judged with weights that they have from the run's pretrained one."""
    accuracy = experiment.config.accuracy
    return accuracy.estimator == SUPERNET or accuracy.scorer.trains_candidates


def search_digest(problem: SearchProblem, config: SearchConfig, name: str) -> str:
    """What the questions of a searcher of a config depend on beside the scores."""
    settings = config.settings.get(name)
    return settings_digest(problem, name, config.evaluations, config.seed, settings, config.mode)


def search_result(experiment: Experiment, folder: RunFolder, problem: SearchProblem) -> RunSearch:
    """What the journal of a run holds.

    Raises:
        RunError: the run was not searched to the end with its present settings.
    """
    folder.check_searched()
    with Journal(folder.journal_file, reading=True) as journal:
        return result_in(experiment, journal, problem)


def result_in(experiment: Experiment, journal: Journal, problem: SearchProblem) -> RunSearch:
    """The same of a run whose journal is open.

    Raises:
        RunError: see `search_result`.
    """
    config = experiment.config.search
    settings = {name: search_digest(problem, config, name) for name in config.searchers}
    for name, setting in settings.items():
        if not journal.has_ended(name, setting):
            raise RunError(
                f"the search of {journal.path.parent} has not ended with its present settings and "
                f"table ('{name}' has not); run 'hwnas search' with its config"
            )
    architectures, scores = journal.evaluations_in(experiment.space)
    score_info, scored_by = info_of(journal), identity_of(journal)
    check_scores(journal, score_info)
    every = np.ones(len(scores), dtype=np.bool_)
    (on_front,) = problem.on_fronts(architectures, scores, [every])
    front = problem.front(architectures[on_front], scores[on_front])
    how = {name: journal.noted(f"how {name} {setting}") for name, setting in settings.items()}
    belongs_to = f"{_text_without_paths(experiment)} {[*settings.values()]} {scored_by}"
    if experiment.pretrained is not None:
        belongs_to += f" {experiment.pretrained.digest}"
    ways = {name: text for name, text in how.items() if text is not None}
    effects, history = noted_values(journal, experiment.space) or (None, None)
    learnt = {
        name: noted_learnt(journal, name, setting, experiment.space)
        for name, setting in settings.items()
    }
    return RunSearch(
        problem,
        architectures,
        scores,
        on_front,
        journal.asked_by([*settings.values(), _GIVEN]),
        score_info,
        digest_of(belongs_to.encode() + front.architectures.tobytes()),
        ways,
        noted_corrected(journal, front),
        candidate_figures(journal),
        journal.spent()[1] + sum(one.seconds for one in journal.outcomes.unfinished.values()),
        config.costs,
        effects,
        history,
        {name: one for name, one in learnt.items() if one is not None},
    )


def _text_without_paths(experiment: Experiment) -> str:
    """The config of a run, wherever the files that it names are.

    What is in them, other things are bound to: the scores, the latencies, the run's images.
    """
    config = experiment.config
    data, accuracy = config.data, config.accuracy
    changes: dict[str, Any] = {
        "space": digest_of(experiment.space.identity),
        "device": experiment.device.name,
        "accuracy": accuracy.model_copy(update={"file": None, "teacher": None}),
        "table": None,
        "tables": {},
        "from_ofa": None,
    }
    if data is not None:
        changes["data"] = data.model_copy(update={"source": ""})
    for key in ("train", "fine_tune"):
        if (training := getattr(config, key)) is not None:
            changes[key] = training.model_copy(update={"device": "auto"})  # changes no weights
    content = config.model_copy(update=changes).model_dump(mode="json")
    del content["tracker"]  # which only watches
    for key in ("limits", "threads"):  # of these no front consists
        del content["search"][key]
    if config.search.mode == SYNCHRONOUS:  # as in runs of versions without modes
        del content["search"]["mode"]
    # As in runs of earlier versions; what their weights come to is in the digest.
    del content["pretrained"], content["from_supernet"]
    # How networks of a front are exported makes no other front of it; as in runs of 0.1.0.
    content["export"] = {"weights_from": "auto"}
    # As in runs of versions without them.
    for key in ("parts", "epochs", "stop", "latency", "relaxation"):
        if content["accuracy"][key] in (None, False):
            del content["accuracy"][key]
    relaxation = content["accuracy"].get("relaxation", {})
    if relaxation.get("selector") == RelaxationSettings().selector:
        del relaxation["selector"]
    profile = content["profile"]
    if profile["fit_networks"] == "auto":
        profile["fit_networks"] = FIT_BESIDE_BLOCKS
    if profile["blocks"] == "auto":
        del profile["blocks"]
    for key in ("train", "fine_tune"):
        if content[key] is not None:
            usual = {name for name, value in LATER.items() if content[key][name] == value}
            content[key] = {name: one for name, one in content[key].items() if name not in usual}
    return to_yaml(content)
