"""Training one supernet for several resolutions and widths."""

import numpy as np
import pytest
import torch

from hwnas.core.errors import DataError, RunError
from hwnas.data import Split
from hwnas.estimators.supernet import accuracy as judging
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.spaces.extremes import largest, smallest
from hwnas.supernet.supernet import Supernet
from hwnas.training.batches import Batches
from hwnas.training.evaluation import accuracy
from hwnas.training.recalibration import recalibrate
from hwnas.training.rules import Sandwich, SinglePath
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import identity, train
from tests.hwnas.supernet.families import same_datasets, same_images, tiny_family
from tests.hwnas.supernet.helpers import randomise, state_bytes
from tests.hwnas.training.test_rules import Recorder, passes
from tests.hwnas.training.test_trainer import KilledError

CONFIG = TrainConfig(epochs=2, batch_size=8, learning_rate=0.05, crop_padding=3, rule="sandwich")


def batches(splits, *, rank=0, processes=1, **settings):
    config = CONFIG.model_copy(update={"flip": False, "crop_padding": 0, **settings})
    return Batches(splits, config, 10, rank=rank, processes=processes)


def test_every_step_draws_a_resolution_by_seed_and_step_alone():
    splits = same_images(20)
    made = batches(splits)
    drawn = [made.pixels(step)[0].shape[-1] for step in range(40)]
    assert 10 < drawn.count(8) < 30
    assert set(drawn) == {8, 12}
    again = [batches(splits[::-1]).pixels(step)[0].shape[-1] for step in (39, 7)]
    assert again == [drawn[39], drawn[7]]
    other = batches(splits, seed=1)
    assert [other.pixels(step)[0].shape[-1] for step in range(40)] != drawn


def test_processes_draw_the_same_resolution():
    splits = same_images(20)
    first, second = (batches(splits, rank=rank, processes=2) for rank in range(2))
    for step in range(10):
        assert first.pixels(step)[0].shape == second.pixels(step)[0].shape


def test_a_step_has_the_images_that_it_has_at_one_resolution():
    splits = same_images(20)
    several, one = batches(splits), batches(splits[0])
    for step in range(6):
        assert several.pixels(step)[1].tolist() == one.pixels(step)[1].tolist()


def test_crop_padding_is_in_proportion_to_the_resolution():
    splits = same_images(20)
    for split in splits:
        split.images[:] = np.arange(split.resolution, dtype=np.uint8)  # each column its number
    made = batches(splits, crop_padding=3)
    most = dict.fromkeys((8, 12), 0)
    for step in range(40):
        pixels, _ = made.pixels(step)
        width = pixels.shape[-1]
        moved = np.abs(pixels[:, 0, 0, width // 2].astype(int) - width // 2).max()
        most[width] = max(most[width], int(moved))
    assert most == {8: 2, 12: 3}


def test_paths_are_of_members_of_the_resolution_of_the_batch(tmp_path):
    family, labels = tiny_family(tmp_path), torch.tensor([0, 1])
    for resolution in (8, 12):
        inputs, module = torch.zeros(2, 3, resolution, resolution), Recorder()
        runs = [SinglePath(family, 12), Sandwich(family, 12)]
        for rule in runs:
            for run in rule.passes(module, inputs, labels, np.random.default_rng(0), 0.0):
                run()
        members = [family.member(row) for row in module.rows]
        assert {member.resolution for member in members} == {resolution}
        assert {member.width for member in members} == {0.5, 1.0}
        extremes = [extreme(family, resolution=resolution) for extreme in (largest, smallest)]
        assert [module.rows[12].tolist(), module.rows[13].tolist()] == [
            row.tolist() for row in extremes
        ]
        assert [family.member(row).width for row in extremes] == [1.0, 0.5]


def test_a_family_of_one_resolution_is_trained_at_all_its_widths(tmp_path):
    family, module = tiny_family(tmp_path, resolutions=(8,)), Recorder()
    for run in passes(SinglePath(family, 12), module, torch.tensor([0, 1])):
        run()
    assert {family.member(row).width for row in module.rows} == {0.5, 1.0}


def test_a_given_teacher_teaches_at_every_resolution_at_its_width(tmp_path):
    family, labels = tiny_family(tmp_path), torch.tensor([0, 1])
    teacher = family.sample(np.random.default_rng(0), 1, resolution=12)[0]
    rule = Sandwich(family, 1, teacher)
    for resolution in (8, 12):
        module = Recorder()
        inputs = torch.zeros(2, 3, resolution, resolution)
        rule.passes(module, inputs, labels, np.random.default_rng(0), 0.0)[0]()
        member, own = family.of_member(module.rows[0])
        assert (member.resolution, member.width) == (resolution, family.member(teacher).width)
        assert own.tolist() == family.canonical(teacher)[0, 1:].tolist()


def train_family(folder, splits, *, kill_at=None, seconds=0.0):
    def progress(step, steps, loss):
        del steps, loss
        if step == kill_at:
            raise KilledError

    family = tiny_family(folder)
    supernet = Supernet(family)
    train(
        supernet,
        splits,
        CONFIG,
        checkpoint=folder / "run" / "supernet.safetensors",
        rule=Sandwich(family, 1),
        progress=progress,
        checkpoint_seconds=seconds,
    )
    return supernet


def test_training_that_stops_and_goes_on_gives_the_same_weights_bit_for_bit(tmp_path):
    splits = same_images(24)
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    whole = train_family(tmp_path / "whole", splits, seconds=1e9)
    for step in (2, 4):
        with pytest.raises(KilledError):
            train_family(tmp_path / "parts", splits, kill_at=step)
    parts = train_family(tmp_path / "parts", splits)
    assert state_bytes(parts) == state_bytes(whole)


def test_a_checkpoint_belongs_to_the_images_of_all_resolutions(tmp_path):
    one, other = same_images(24), same_images(24)
    other[0].images[0, 0, 0, 0] += 1
    family = tiny_family(tmp_path)
    supernet, rule = Supernet(family), Sandwich(family)
    texts = [identity(supernet, splits, CONFIG, rule)["images"] for splits in (one, other)]
    assert texts[0] != texts[1]
    assert identity(supernet, one[::-1], CONFIG, rule)["images"] == texts[0]
    assert identity(supernet, one[0], CONFIG, rule)["images"] == one[0].digest
    with pytest.raises(KilledError):
        train_family(tmp_path, one, kill_at=2)
    with pytest.raises(RunError, match="other images"):
        train_family(tmp_path, other)


def test_images_that_are_not_the_same_ones_are_refused():
    one, other = same_images(20)
    one = Split(one.images, (other.labels + 1) % 10)
    with pytest.raises(ValueError, match="at 12 pixels have other labels than those at 8"):
        batches([one, other])
    with pytest.raises(ValueError, match="once at each resolution"):
        batches([one, one])


def test_every_network_is_judged_at_its_own_resolution(tmp_path):
    family, datasets = tiny_family(tmp_path), same_datasets()
    supernet = Supernet(family)
    randomise(supernet)
    judge = SupernetAccuracy(supernet, datasets, recalibration_images=40)
    rows = np.array([[member, *family.choice_counts[1:] - 1] for member in range(4)])
    expected = []
    for row in rows:
        network = supernet.extract(row)
        data = datasets[family.resolutions.index(family.member(row).resolution)]
        recalibrate(network, data.train.images)
        expected.append(accuracy(network, data.validation))
    assert judge.evaluate_architectures(rows).tolist() == pytest.approx(expected)
    assert judge.evaluate(family.networks(rows)).tolist() == pytest.approx(expected)


def test_kept_images_of_all_resolutions_together_are_bounded(tmp_path, monkeypatch):
    supernet, kept = Supernet(tiny_family(tmp_path)), []
    keep = judging.Inputs.keep

    def note(self, most_bytes):
        kept.append(keep(self, most_bytes))
        return kept[-1]

    monkeypatch.setattr(judging.Inputs, "keep", note)
    SupernetAccuracy(supernet, same_datasets())
    whole = sum(kept)
    assert all(kept)
    assert len(kept) == 4
    monkeypatch.setattr(judging, "KEPT_BYTES", whole - 1)
    kept.clear()
    SupernetAccuracy(supernet, same_datasets())
    assert 0 < sum(kept) < whole


def test_a_supernet_needs_images_at_each_of_its_resolutions(tmp_path):
    supernet, datasets = Supernet(tiny_family(tmp_path)), same_datasets((8, 10))
    with pytest.raises(DataError, match="at 12 pixels need images of that size; load noise at 8"):
        SupernetAccuracy(supernet, datasets[0])
    with pytest.raises(DataError, match="the supernet was made for 10 classes at 8 or 12 pixels"):
        SupernetAccuracy(supernet, datasets)
