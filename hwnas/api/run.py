"""Run: an experiment and its folder, stage by stage, as the commands of the same names do it."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, overload

from hwnas.api.checks import check_count, names_of
from hwnas.api.ensembling import EnsemblingRun
from hwnas.api.profiled_run import ProfiledRun
from hwnas.api.shrinking import ShrinkingRun
from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.core.listener import SILENT
from hwnas.runs.defaults import PATIENCE, RANKED_OF_A_CSV, RANKED_TRAINED, RANKING_SEEDS, TRAINED
from hwnas.runs.export_config import ImageInput, WeightsFrom

if TYPE_CHECKING:  # what needs PyTorch or the like is imported by the stage that needs it
    from hwnas.estimators.choice_values import ChoiceValues
    from hwnas.report.writing import Report
    from hwnas.runs.picks import Picks
    from hwnas.runs.ranking import Ranking
    from hwnas.runs.searching import RunSearch
    from hwnas.runs.summary_form import ExportSummary, Summary
    from hwnas.runs.training_stage import Trained
    from hwnas.runs.wanted_formats import Names
    from hwnas.search.executors import Executor


class Run(ProfiledRun, EnsemblingRun, ShrinkingRun):
    """One experiment and its folder; `Run.open` makes one of a config or of a run folder.

    Each stage does what the command of its name does, may be interrupted, and resumes when it is
    called again. A stage that needs another one says so.
    """

    def check(self, *, budgets: bool = True) -> None:
        """Refuses, before a training, scores that cannot be had and budgets that no network keeps.

        Args:
            budgets: whether these are checked, for which the device must have been profiled.

        Raises:
            AccuracyError, ConfigError, DataError: the scores' file or images cannot be used.
            BudgetError: a budget is out of reach.
            TableError: the device was not profiled.
        """
        if budgets or not self.experiment.config.accuracy.latency:
            self.untrained_scores()
        if budgets:
            self.pose()

    def train(self, estimator: str | None = None) -> "Trained":
        """Trains what an estimator needs: mostly the weight-sharing supernet.

        Args:
            estimator: for which; None for that of the config, or else the supernet.

        Raises:
            BudgetError: no network keeps the budgets of the training.
            ConfigError: nothing is trained for it, or the config has no recipe.
            DataError: the images cannot be used.
            RunError: the training failed, or the folder is another config's.
            TableError: a budget of the training is on latency, and the device was not profiled.
        """
        from hwnas.estimators import find_estimator
        from hwnas.estimators.registry import SUPERNET_FILE
        from hwnas.estimators.supernet.paths import problem_within
        from hwnas.estimators.supernet.start import start_supernet
        from hwnas.runs.estimating import estimator_inputs
        from hwnas.runs.training_stage import train_stage, trained_estimator
        from hwnas.training.batches import images_of_step
        from hwnas.training.distributed import joined_group
        from hwnas.training.placement import choose_device

        experiment, folder = self.experiment, self.folder
        folder.check(experiment.config)
        chosen = trained_estimator(experiment, estimator)
        found = find_estimator(chosen)
        of_supernet = found.weights == SUPERNET_FILE
        config = experiment.config.recipe.train
        with joined_group(choose_device(config.device)) as group:
            # Refused before there is a run folder, which would insist on budgets and batch size.
            if config.budgets and (of_supernet or found.holds_budgets):
                inputs = estimator_inputs(experiment, folder, chosen)
                problem_within(inputs, tuple(config.budgets.values()))
            if group.processes > 1:
                images_of_step(experiment.dataset.train, experiment.recipe.train, group.processes)
            if not group.first:
                return replace(train_stage(experiment, folder, chosen, SILENT), first=False)
            if experiment.config.starts_from_weights and (of_supernet or found.takes_start):
                # Weights that do not fit are refused before anything is written.
                start = start_supernet(estimator_inputs(experiment, folder, chosen))
                self.listener.say(start.text)
                if start.warning is not None:
                    self.listener.warn(start.warning)
            with self.held(images=True):
                return train_stage(experiment, folder, chosen, self.listener)

    def search(
        self,
        *,
        workers: int | None = None,
        ray: str | None = None,
        executor: "Executor | None" = None,
    ) -> "RunSearch":
        """Searches for the networks that score best within the budgets, and writes `front.csv`.

        Every judged network is kept: a stopped search resumes, and another budget starts from what
        is known. Workers change nothing of what is found, unless `search.mode` is `asynchronous`.

        Args:
            workers: judge networks side by side, each in a process of its own, by Ray; None for one
                after another here, or, on a cluster, for one on each CPU.
            ray: the address of the Ray cluster that they are on: "auto" where this machine belongs
                to one, "HOST:PORT" or "ray://HOST:PORT"; None for this machine.
            executor: another one in place of these, see `hwnas.search.executors`.

        Raises:
            BudgetError: a budget is out of reach.
            ConfigError: Ray is not installed, or `search.limits` are set and no workers are given.
            RunError: something has to be trained before, the folder is another config's, or Ray
                cannot be started or joined.
            TableError: the device has to be profiled before.
        """
        from hwnas.runs.estimating import make_scores
        from hwnas.runs.missing_steps import check_steps
        from hwnas.runs.search_stage import search_stage
        from hwnas.runs.workers import computing_with, executor_of
        from hwnas.search.executors import ready

        experiment, folder = self.experiment, self.folder
        folder.check(experiment.config)
        config = experiment.config.search
        chosen = executor_of(config, workers, ray, executor, self.listener)
        check_steps(experiment, folder)
        latency, problem = self.pose()  # a budget out of reach is refused before all else
        scores = self.untrained_scores()
        images = experiment.config.accuracy.scorer.needs_images
        with ready(chosen), self.held(images=images):
            scores = scores or make_scores(experiment, folder)
            with computing_with(config.threads):
                return search_stage(
                    experiment, folder, latency, problem, scores, self.listener, chosen
                )

    @overload
    def export(
        self,
        *,
        picks: None = None,
        weights_from: WeightsFrom | None = None,
        image_input: ImageInput | None = None,
        formats: "Names" = (),
        precisions: "Names" = (),
        patience: float = PATIENCE,
        workers: int | None = None,
        ray: str | None = None,
        since: float | None = None,
    ) -> "Summary": ...

    @overload
    def export(
        self,
        *,
        picks: "Picks | None",
        weights_from: WeightsFrom | None = None,
        image_input: ImageInput | None = None,
        formats: "Names" = (),
        precisions: "Names" = (),
        patience: float = PATIENCE,
        workers: int | None = None,
        ray: str | None = None,
        since: float | None = None,
    ) -> "ExportSummary": ...

    def export(
        self,
        *,
        picks: "Picks | None" = None,
        weights_from: WeightsFrom | None = None,
        image_input: ImageInput | None = None,
        formats: "Names" = (),
        precisions: "Names" = (),
        patience: float = PATIENCE,
        workers: int | None = None,
        ray: str | None = None,
        since: float | None = None,
    ) -> "ExportSummary":
        """Trains, exports, checks and measures the best network of the front, or those picked.

        Picks that are complete are not exported again, and the winner is not beside others; alone
        it is measured again.

        Args:
            picks: "best", "knee", "fastest", "all", ids and architectures: one, a text with commas
                between several, or a list. None for the best.
            weights_from: what the winner's training starts from, "supernet" or "scratch"; None for
                the config's `export.weights_from`.
            image_input: what the ONNX files take: "float", normalised images (N, 3, R, R), or
                "uint8", their bytes (N, R, R, 3); None for the config's `export.input`.
            formats: "onnx", "ort", "pytorch", "tensorrt" or "litert", several with commas between
                them or as a list: further files of every exported network, made, checked and
                measured side by side; see `status` of what is returned.
            precisions: "fp32", "fp16" or "int8" likewise: of every format; none for the device's.
            patience: for how many seconds a machine that is too busy to measure on is waited for.
            workers: train so many networks side by side, see `search`; None for one after another.
                All else happens here, and nothing is measured while anything is trained.
            ray: the address of the Ray cluster that they are on.
            since: when what the summary's seconds count began, monotonic; None for now.

        Raises:
            BudgetError, TrainingError: no network of the front measures within the budgets, or some
                cannot be trained; other picks are exported all the same.
            DeviceError: the device failed; what was trained is kept.
            ConfigError: there is no such network, format or precision, or Ray is not installed.
            RunError: the run was not searched to its end, or there is no such cluster.
        """
        from hwnas.runs.export_stage import export_stage, exporting
        from hwnas.runs.image_input import with_image_input
        from hwnas.runs.keeping import keep_inputs
        from hwnas.runs.latency_check import Patience
        from hwnas.runs.picks import choose, read_picks
        from hwnas.runs.training import start_of_winners
        from hwnas.runs.wanted_formats import WantedFormats
        from hwnas.runs.workers import computing_with, training_workers

        start = time.monotonic() if since is None else since
        experiment = with_image_input(exporting(self.experiment, weights_from), image_input)
        parts = read_picks(picks)
        wanted = WantedFormats.of(formats, precisions, usual=experiment.device.precision)
        trainers = training_workers(experiment.config, workers, ray, self.listener)
        with self.held():
            self.experiment = experiment
            result = self.result()
            chosen = choose(parts, result, experiment.space, self.folder.front_file)
            latency, _ = self.pose()
            self.read_images()
            keep_inputs(self.folder, experiment)
            trained = start_of_winners(experiment, self.folder)
            if self.folder.config() != experiment.config:
                self.folder.adopt(experiment.config)
            with computing_with(experiment.config.export.threads):
                return export_stage(
                    experiment,
                    self.folder,
                    latency,
                    trained,
                    result,
                    self.listener,
                    chosen,
                    wanted,
                    start=start,
                    patience=Patience(patience),
                    workers=trainers,
                )

    def summary(self) -> "Summary | None":
        """The figures of the exported winner of the present front; None where there is none.

        Raises:
            RunError: the run was not searched to its end, or the file is damaged.
        """
        from hwnas.runs.stored_summary import stored_summary

        return stored_summary(self.folder, self.result())

    def choice_values(self, of: str | None = None) -> "ChoiceValues":
        """What each choice of each slot is worth, as in the report; a notebook shows a heat map.

        Args:
            of: whose values: the name of the estimator (those that its scores are sums of, or else
                of a sum that is fitted to the judged networks), that of a policy that has searched,
                or "train.paths", the policy that drew the supernet's paths. None for the first of
                these that there is.

        Raises:
            ConfigError: the run knows no such values.
            RunError: the run was not searched to its end, or a file is damaged.
        """
        from hwnas.report.framed import framed_network, winner_network
        from hwnas.report.values import run_values
        from hwnas.runs.stored_summary import stored_export

        experiment, folder, result = self.experiment, self.folder, self.result()
        exported = stored_export(folder, result)
        framed = framed_network(result, experiment.space, exported, winner_network(folder))
        found = run_values(experiment, folder, result, framed)
        known = {one.of: one for one in found.maps}
        chosen = next(iter(known), None) if of is None else of
        if chosen in known:
            return known[chosen]
        names = f"there are those of {', '.join(known)}" if known else "it has judged too few"
        names += found.missing and f"; {found.missing}"
        raise ConfigError(
            f"the run {folder.path} knows no values of choices"
            f"{'' if of is None else f' of {shown(of)}'}; {names}"
        )

    def report(self, out: str | Path | None = None) -> "Report":
        """Writes `report.html` and `front.svg`.

        Args:
            out: the folder for them; None for the run's own.

        Raises:
            RunError: the run was not searched to its end, or another page is there.
        """
        from hwnas.report.writing import check_place, write_report

        place = None if out is None else Path(out)
        check_place(self.folder.path, place)
        with self.held(reading=place is not None):
            written = write_report(self.experiment, self.folder, place)
        for sentence in written.warnings:
            self.listener.warn(sentence)
        return written

    def rank(
        self,
        truth: str | Path = TRAINED,
        *,
        estimators: str | Sequence[str] = (),
        networks: int | None = None,
        seeds: int = RANKING_SEEDS,
        trainings: int = 1,
    ) -> "Ranking":
        """Ranks networks of known accuracy by estimators; writes `ranking.json` and `ranking.svg`.

        Args:
            truth: a CSV of known accuracies, or "trained": networks are trained, from random
                weights or from those of the run's pretrained network.
            estimators: their names, one or a list; none for all that can be had.
            networks: at most so many a seed.
            seeds: how many; each draws other networks, initial weights and images.
            trainings: of each network that is trained.

        Raises:
            AccuracyError: the CSV cannot be used, or has too few networks.
            ConfigError: an unknown estimator, or one that the config does not allow for; or a count
                below 1.
            RunError: something has to be trained before.
        """
        from hwnas.report.writing import write_ranking
        from hwnas.runs.estimating import estimator_of
        from hwnas.runs.rank_stage import known_accuracies, rank_stage, train_truth_stage
        from hwnas.runs.ranking import check_estimators, rankable

        experiment, folder = self.experiment, self.folder
        folder.check(experiment.config)
        check_count(seeds, "seeds")
        check_count(trainings, "trainings")
        if networks is not None:
            check_count(networks, "networks")
        names = list(dict.fromkeys(names_of(estimators)))
        check_estimators(experiment, folder, names)
        # What is wrong with the truth is said before a run is made.
        trained = truth == TRAINED
        known = None if trained else known_accuracies(experiment, Path(truth), self.listener)
        if trained:
            _ = experiment.config.recipe
        config = experiment.config
        images = any(estimator_of(config, name).needs_images for name in names or rankable())
        with self.held(images=trained or (images and experiment.config.data is not None)):
            if known is None:
                most = networks or RANKED_TRAINED
                known = train_truth_stage(experiment, folder, most, trainings, self.listener)
            most = networks or RANKED_OF_A_CSV
            ranking = rank_stage(experiment, folder, known, names, most, seeds, self.listener)
            write_ranking(ranking, folder)
            return ranking
