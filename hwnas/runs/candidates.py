"""Trained networks, with the file that each of the winner's devices runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from hwnas.core.listener import Listener
from hwnas.export.for_device import DeviceFile, file_for, same_file
from hwnas.export.int8.plan import Aware, Int8Plan
from hwnas.networks.blocks import Network
from hwnas.networks.modules import NetworkModule
from hwnas.runs.experiment import Experiment
from hwnas.runs.export_config import StartedFrom
from hwnas.runs.folder import RunFolder
from hwnas.runs.mixed import Mixed, mixed_file
from hwnas.runs.places import OWN, MeasuredPlace
from hwnas.runs.training import (
    TrainedSupernet,
    pretrained_tuning,
    training_from_scratch,
    whole_config,
)
from hwnas.runs.trainings import Titled, Trainings
from hwnas.runs.winner import Winner, train_winner, ways_to_train
from hwnas.spaces import Architectures


@dataclass(frozen=True)
class Candidate:
    """A trained network.

    Attributes:
        weights_from: what its training started from.
        files: by the names of the places, `OWN` among them.
        chosen: why that was taken, where it was trained both ways.
        teacher: the name of the network that it learned from beside the labels.
        mixed: its int8 file with parts in float, on the run's own device.
    """

    network: Network
    weights_from: StartedFrom
    module: NetworkModule
    files: Mapping[str, DeviceFile]
    chosen: str | None = None
    teacher: str | None = None
    mixed: Mixed | None = None

    @property
    def own(self) -> DeviceFile:
        """What the run's own device runs."""
        return self.files[OWN]


class Candidates:
    """Trains networks of a run, and makes the files of each."""

    def __init__(
        self,
        experiment: Experiment,
        folder: RunFolder,
        trained: TrainedSupernet | None,
        places: Sequence[MeasuredPlace],
        listener: Listener,
        trainings: Trainings,
    ) -> None:
        """Without a trained supernet every network is trained from scratch."""
        self._experiment, self._folder, self._trained = experiment, folder, trained
        self._places, self._listener, self._trainings = places, listener, trainings

    def train(
        self, networks: Sequence[tuple[Architectures, str]], *, beside_reference: bool = True
    ) -> None:
        """Trains the reference and further networks side by side; without workers, later.

        Args:
            networks: architectures (L,) of the space, each with what it is called.
            beside_reference: whether the reference is trained, too, if none learns from it.

        Raises:
            TrainingError: the reference cannot be trained, and the others learn from it.
            RunError: see `Trainings.together`.
        """
        if not self._trainings.has_workers:
            return
        wanted = beside_reference or self._is_taught
        reference = [self._reference] if wanted and self._reference is not None else []
        if self._is_taught:  # which needs the trained reference
            ways = [self._ways(row, of, None) for row, of in networks]
            alone = [one for way in ways for start, one in way.items() if start == "scratch"]
            self._trainings.together([*reference, *alone])
        ways = [self._ways(row, of, self._teacher) for row, of in networks]
        self._trainings.together([*reference, *(one for way in ways for one in way.values())])

    def _ways(
        self, architecture: Architectures, of: str, teacher: NetworkModule | None
    ) -> dict[StartedFrom, Titled]:
        return ways_to_train(
            self._experiment, self._folder, self._trained, architecture, of, teacher
        )

    @property
    def _is_taught(self) -> bool:
        """Whether winners that are fine-tuned are to learn from the trained reference."""
        choice, published = self._experiment.config.export.teacher, self._experiment.pretrained
        wanted = choice == "reference" or (choice == "auto" and published is not None)
        return wanted and self._trained is not None and self._reference is not None

    @cached_property
    def _teacher(self) -> NetworkModule | None:
        """The trained reference, where winners are to learn from it."""
        return self.reference.module if self._is_taught and self.reference is not None else None

    def trained(self, architecture: Architectures, name: str, text: str) -> Candidate:
        """The network of an architecture (L,), trained as the config says.

        Args:
            architecture: of the space.
            name: "winner" or an id: as its files are called.
            text: as it is called while it is trained.

        Raises:
            TrainingError: it cannot be trained.
            RunError: see `hwnas.training.trainer.train`.
        """
        self.train([(architecture, text)])
        network, won = (
            self._experiment.space.network(architecture),
            self.weights(architecture, text),
        )
        made = self._candidate(name, network, won.weights_from, won.module, won.chosen)
        taught = self._teacher is not None and won.weights_from != "scratch"
        return replace(made, teacher="reference") if taught else made

    def weights(self, architecture: Architectures, text: str) -> Winner:
        """The same without files.

        Raises:
            TrainingError, RunError: see `trained`.
        """
        network = self._experiment.space.network(architecture)
        ways = self._ways(architecture, text, self._teacher)
        return train_winner(self._experiment, network, ways, self._trainings)

    @cached_property
    def reference(self) -> Candidate | None:
        """The published network to compare with, trained as long; None where there is none.

        That is the pretrained network, or else the space's reference, from random weights.
        """
        if self._reference is None:
            return None
        module = self._trainings(self._reference.title, self._reference.training)
        start: StartedFrom = "scratch" if self._experiment.pretrained is None else "pretrained"
        return self._candidate("reference", self._reference.training.network, start, module)

    @cached_property
    def _reference(self) -> Titled | None:
        """Its training; None where there is no reference."""
        found, pretrained = self._experiment.published, self._experiment.pretrained
        if found is None:
            return None
        if pretrained is not None:
            title = f"fine-tuning {pretrained.network_name}, the reference, on the same images"
            return Titled(title, pretrained_tuning(pretrained, self._experiment, self._folder))
        if not whole_config(self._experiment.recipe).epochs:
            return None
        title = f"training {found.library}'s {found.name}, the reference, on as many images"
        if self._experiment.config.from_ofa is not None:
            title += ", but from random weights"
        elif self._experiment.config.from_supernet is not None:
            title += ", but for those of the earlier training"
        training = training_from_scratch(found.network, self._experiment, self._folder)
        return Titled(title, training)

    def _candidate(
        self,
        name: str,
        network: Network,
        weights_from: StartedFrom,
        module: NetworkModule,
        chosen: str | None = None,
    ) -> Candidate:
        dataset = self._experiment.dataset_of(network)
        files: dict[str, DeviceFile] = {}
        for place in self._places:
            made = self._same(files, place)
            if made is None:
                plan, takes = self._int8(network, name), self._experiment.config.export.input
                made = file_for(place.device, network, module, dataset, takes, plan)
            if not place.problem:
                engine = place.on.engine(made.model, name, dataset.test.images, module.conventions)
                made = replace(made, engine=engine)
            files[place.name] = made
        mixed = self._mixed(files[OWN], network, module, name)
        return Candidate(network, weights_from, module, files, chosen, mixed=mixed)

    def _mixed(
        self, made: DeviceFile, network: Network, module: NetworkModule, name: str
    ) -> Mixed | None:
        """What parts in float come to on the run's own device, where that can be measured."""
        own = next(place for place in self._places if place.name == OWN)
        if own.problem or name == "reference":  # which nobody ships
            return None
        images = self._experiment.dataset_of(network).validation
        takes = self._experiment.config.export.input
        found = mixed_file(own.on, made, network, images, module, takes, name)
        if found is not None and found.text is not None:
            self._listener.say(f"{name}: {found.text}")
        return found

    def _int8(self, network: Network, name: str) -> Int8Plan:
        """How far to go for the int8 file of a network."""
        settings, recipe = self._experiment.config.export.int8, self._experiment.recipe_of(network)
        aware = Aware(recipe.fine_tune, self._folder.export_folder("trained"))
        wanted = settings.aware == "auto"
        return Int8Plan(settings.most_drop, aware if wanted else None, self._listener, name)

    def _same(self, files: Mapping[str, DeviceFile], place: MeasuredPlace) -> DeviceFile | None:
        """The file of an earlier place that is the same for this one, without its engine."""
        for other in self._places:
            if other.name in files and same_file(other.device, place.device):
                return replace(files[other.name], engine=None)
        return None
