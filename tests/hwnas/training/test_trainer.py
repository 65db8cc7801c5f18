import itertools
import random
import signal
import sys
import time

import numpy as np
import pytest
import torch

from hwnas.core.errors import RunError
from hwnas.data import load_dataset
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.spaces import load_space
from hwnas.supernet.supernet import Supernet
from hwnas.training.checkpoint import load_weights
from hwnas.training.evaluation import accuracy
from hwnas.training.optimizer import build_optimizer, learning_rate
from hwnas.training.rules import SinglePath
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import identity, train
from hwnas.training.training_state import load_trained
from tests.forks import forked
from tests.hwnas.supernet.helpers import images, state_bytes, tiny_space

CONFIG = TrainConfig(epochs=2, batch_size=16, learning_rate=0.05, crop_padding=2)


class KilledError(Exception):
    """Stands for a kill at a chosen step."""


def train_tiny(
    folder,
    config=CONFIG,
    *,
    kill_at=None,
    split=None,
    space=None,
    seconds=0.0,
    tell=None,
    goes_on=None,
):
    """Trains a supernet in a folder, to its end or until a step; returns it with its report."""

    def progress(step, steps, loss):
        del steps, loss
        if step == kill_at:
            raise KilledError

    space = space or tiny_space(folder)
    supernet = Supernet(space)
    report = train(
        supernet,
        split or images(70),
        config,
        checkpoint=folder / "run" / "supernet.safetensors",
        rule=SinglePath(space),
        progress=tell or progress,
        checkpoint_seconds=seconds,
        goes_on=goes_on,
    )
    return supernet, report


def test_training_that_stops_and_goes_on_gives_the_same_weights_bit_for_bit(tmp_path):
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    whole, report = train_tiny(tmp_path / "whole", seconds=1e9)
    for step in (1, 3, 4, 7):  # with four steps an epoch: within, at the end, in the next
        with pytest.raises(KilledError):
            train_tiny(tmp_path / "parts", kill_at=step)
    parts, last = train_tiny(tmp_path / "parts")
    assert state_bytes(parts) == state_bytes(whole)
    assert last.final_loss == report.final_loss
    assert 0 < last.images < report.images == 2 * 4 * 16


def test_the_compiler_of_pytorch_is_not_imported(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch._dynamo", None)  # importing it fails
    train_tiny(tmp_path)


def test_another_seed_gives_other_weights(tmp_path):
    first, _ = train_tiny(tmp_path)
    (tmp_path / "other").mkdir()
    other, _ = train_tiny(tmp_path / "other", CONFIG.model_copy(update={"seed": 1}))
    assert state_bytes(first) != state_bytes(other)


LONG = CONFIG.model_copy(update={"epochs": 20})


def long_training(say, folder):
    """Says each step; after some it waits to be killed."""
    torch.set_num_threads(1)
    steps = itertools.count(1)

    def tell(step, *_):
        say(step)
        if next(steps) == 20:
            time.sleep(3600)

    train_tiny(folder, LONG, tell=tell)


def test_training_killed_at_any_moment_ends_with_the_same_weights_bit_for_bit(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    uninterrupted, _ = train_tiny(whole, LONG, seconds=1e9)
    moments = random.Random(0)
    for _ in range(3):
        with forked(long_training, killed) as process:
            for _ in range(5):  # steps
                assert process.next() >= 0
            time.sleep(moments.uniform(0, 0.03))  # within a step, or while the file is written
            process.end(signal.SIGKILL)
            assert process.code() == -signal.SIGKILL
    resumed, report = train_tiny(killed, LONG, seconds=1e9)
    assert report.images <= (20 * 4 - 3 * 4) * 16, "less was kept than four steps of each"
    assert state_bytes(resumed) == state_bytes(uninterrupted)
    assert [path.name for path in (killed / "run").iterdir()] == ["supernet.safetensors"]


def test_a_training_is_asked_after_every_epoch_but_the_last_whether_it_goes_on(tmp_path):
    asked = []
    whole, _ = train_tiny(tmp_path, CONFIG.model_copy(update={"epochs": 3}))
    (tmp_path / "asked").mkdir()
    found, report = train_tiny(
        tmp_path / "asked",
        CONFIG.model_copy(update={"epochs": 3}),
        goes_on=lambda epoch, module: asked.append(epoch) is None and isinstance(module, Supernet),
    )
    assert asked == [1, 2]
    assert not report.ended_early
    assert state_bytes(found) == state_bytes(whole)


def test_a_training_that_does_not_go_on_ends_there_and_can_be_resumed(tmp_path):
    (tmp_path / "whole").mkdir()
    (tmp_path / "ended").mkdir()
    whole, _ = train_tiny(tmp_path / "whole")
    _, report = train_tiny(tmp_path / "ended", goes_on=lambda epoch, _: epoch != 1)
    assert report.ended_early
    assert (report.images, report.steps) == (4 * 16, 8)
    resumed, last = train_tiny(tmp_path / "ended")
    assert state_bytes(resumed) == state_bytes(whole)
    assert last.images >= 4 * 16


def test_a_training_that_has_ended_is_only_loaded(tmp_path):
    trained, _ = train_tiny(tmp_path)
    again, report = train_tiny(tmp_path)
    assert (report.images, report.images_per_second) == (0, 0.0)
    assert report.steps == 8
    assert state_bytes(again) == state_bytes(trained)
    fresh = Supernet(tiny_space(tmp_path), seed=5)
    load_trained(fresh, tmp_path / "run" / "supernet.safetensors", {})
    assert state_bytes(fresh) == state_bytes(trained)


def test_an_unfinished_training_is_not_taken_for_weights(tmp_path):
    with pytest.raises(KilledError):
        train_tiny(tmp_path, kill_at=3)
    with pytest.raises(RunError, match="has not ended"):
        load_trained(Supernet(tiny_space(tmp_path)), tmp_path / "run" / "supernet.safetensors", {})


def test_weights_of_another_network_are_not_loaded(tmp_path):
    train_tiny(tmp_path)
    other = Supernet(load_space("nas_bench_macro", classes=10))
    with pytest.raises(RunError, match="another network"):
        load_trained(other, tmp_path / "run" / "supernet.safetensors", {})


def test_weights_of_equal_shapes_for_another_space_or_other_images_are_not_loaded(tmp_path):
    supernet, _ = train_tiny(tmp_path)
    path = tmp_path / "run" / "supernet.safetensors"
    belongs_to = identity(supernet, images(70), CONFIG, SinglePath(supernet.space))
    load_trained(supernet, path, belongs_to)
    for key, sentence in (("network", "another network"), ("images", "other images")):
        with pytest.raises(RunError, match=sentence):
            load_trained(supernet, path, {**belongs_to, key: "another"})


@pytest.mark.parametrize("what", ["settings", "network", "images"])
def test_a_checkpoint_of_another_training_is_refused(tmp_path, what):
    with pytest.raises(KilledError):
        train_tiny(tmp_path, kill_at=3)
    path = tmp_path / "run" / "supernet.safetensors"
    before = path.read_bytes()
    changed = {
        "settings": {"config": CONFIG.model_copy(update={"learning_rate": 0.06})},
        "network": {"space": load_space("nas_bench_macro", resolution=16, classes=10)},
        "images": {"split": images(70, seed=1)},
    }
    with pytest.raises(RunError, match=f"other .*{what}|another {what}"):
        train_tiny(tmp_path, **changed[what])
    assert path.read_bytes() == before


def test_a_loss_that_is_not_finite_stops_and_leaves_the_last_checkpoint(tmp_path):
    config = CONFIG.model_copy(update={"learning_rate": 1e30})
    with pytest.raises(RunError, match=r"at step \d+; lower the learning rate \(it is 1e\+30\)"):
        train_tiny(tmp_path, config)
    state, texts = load_weights(tmp_path / "run" / "supernet.safetensors")
    assert int(texts["step"]) >= 1
    assert state


def test_memory_that_runs_out_is_a_sentence_and_the_training_goes_on_afterwards(tmp_path):
    def too_much(step, steps, loss):
        del steps, loss
        if step == 3:
            torch.empty(2**60, dtype=torch.uint8)

    checkpoint = tmp_path / "run" / "supernet.safetensors"
    sentence = rf"memory ran out .* batch_size 16 at resolution \d+; {checkpoint} is kept; "
    with pytest.raises(RunError, match=sentence):
        train_tiny(tmp_path, tell=too_much)
    assert load_weights(checkpoint)[1]["step"] == "2"
    _, report = train_tiny(tmp_path)
    assert report.images == (8 - 2) * 16


def test_momentum_is_saved_while_training_and_left_out_at_the_end(tmp_path):
    path = tmp_path / "run" / "supernet.safetensors"
    with pytest.raises(KilledError):
        train_tiny(tmp_path, kill_at=3)
    assert any(name.startswith("momentum/") for name in load_weights(path)[0])
    supernet, _ = train_tiny(tmp_path)
    assert set(load_weights(path)[0]) == set(supernet.state_dict())


def test_more_images_in_a_batch_than_there_are_is_one_batch(tmp_path):
    _, report = train_tiny(tmp_path, split=images(5))
    assert (report.steps, report.images) == (2, 10)


def test_learning_rate_warms_up_and_falls_to_zero():
    config = TrainConfig(epochs=10, warmup_epochs=2, learning_rate=0.4)
    rates = [learning_rate(config, step, 5) for step in range(50)]
    assert np.argmax(rates) == 10
    assert rates[10] == pytest.approx(0.4)
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 0.002


def test_weight_decay_leaves_batch_norm_and_biases_alone(tmp_path):
    supernet = Supernet(tiny_space(tmp_path))
    groups = build_optimizer(supernet, CONFIG).param_groups
    decayed = {id(p) for group in groups if group["weight_decay"] for p in group["params"]}
    for name, parameter in supernet.named_parameters():
        is_weight = name.endswith(".weight") and ".norm" not in name
        assert (id(parameter) in decayed) == is_weight, name


def test_the_optimizer_takes_the_same_steps_as_a_plain_loop(tmp_path):
    split, space = images(64), tiny_space(tmp_path)
    config = TrainConfig(
        epochs=2, batch_size=64, flip=False, crop_padding=0, label_smoothing=0.0, warmup_epochs=0
    )
    row = space.choice_counts - 1
    ours, theirs = Supernet(space).extract(row), Supernet(space).extract(row)
    train(ours, split, config, checkpoint=tmp_path / "ours")
    from hwnas.data.preprocessing import to_input
    from hwnas.training.batches import Batches

    batches = Batches(split, config, 10)
    weights = [p for p in theirs.parameters() if p.ndim > 1]
    others = [p for p in theirs.parameters() if p.ndim == 1]
    optimizer = torch.optim.SGD(
        [{"params": weights, "weight_decay": 1e-4}, {"params": others}],
        lr=0.1,
        momentum=0.9,
        nesterov=True,
    )
    for step in range(2):
        for group in optimizer.param_groups:
            group["lr"] = (0.1, 0.05)[step]
        pixels, labels = batches.pixels(step)
        loss = torch.nn.functional.cross_entropy(
            theirs.train()(to_input(pixels)), torch.from_numpy(labels)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for name, tensor in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], tensor, rtol=1e-4, atol=1e-6)


def test_a_supernet_learns_the_digits(tmp_path):
    data, space = load_dataset("digits", resolution=16), tiny_space(tmp_path)
    supernet = Supernet(space)
    config = TrainConfig(epochs=6, batch_size=32, learning_rate=0.1, flip=False, crop_padding=1)
    losses = []
    report = train(
        supernet,
        data.train,
        config,
        checkpoint=tmp_path / "supernet.safetensors",
        rule=SinglePath(space),
        progress=lambda *reported: losses.append(reported[-1]),
    )
    assert report.final_loss < 0.8 * losses[0]
    rows = space.sample(np.random.default_rng(0), 5)
    assert SupernetAccuracy(supernet, data).evaluate_architectures(rows).mean() > 50


def test_a_single_network_is_trained_by_the_same_trainer(tmp_path):
    data, space = load_dataset("digits", resolution=16, limit=600), tiny_space(tmp_path)
    network = Supernet(space).extract(space.choice_counts - 1)
    config = TrainConfig(epochs=12, batch_size=32, learning_rate=0.1, flip=False, crop_padding=1)
    train(network, data.train, config, checkpoint=tmp_path / "network.safetensors")
    assert accuracy(network, data.validation) > 60
