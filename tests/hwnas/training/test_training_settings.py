"""Rules, averages, precision and the log in whole trainings; each goes on where it was stopped."""

import numpy as np
import pytest
import torch

from hwnas.core.errors import ConfigError, RunError
from hwnas.networks.modules import NetworkModule
from hwnas.supernet.supernet import Supernet
from hwnas.training.checkpoint import load_weights, save_weights
from hwnas.training.rules import Plain, SinglePath, supernet_rule
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import identity, train
from tests.hwnas.supernet.helpers import images, state_bytes, tiny_space
from tests.hwnas.training.test_log import shown
from tests.hwnas.training.test_trainer import CONFIG, KilledError


def run(folder, config, *, kill_at=None, rule=None, module=None, **options):
    """Trains the tiny supernet, or a module, in a folder."""
    folder.mkdir(exist_ok=True)
    space = tiny_space(folder)
    module = module or Supernet(space)

    def progress(step, steps, loss):
        del steps, loss
        if step == kill_at:
            raise KilledError

    report = train(
        module,
        images(70),
        config,
        checkpoint=folder / "run" / "weights.safetensors",
        rule=rule or supernet_rule(config, space),
        progress=progress,
        **{"checkpoint_seconds": 0.0, **options},
    )
    return module, report


def changed(**settings):
    return CONFIG.model_copy(update=settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"rule": "sandwich", "clip": 1.0, "ema": 0.9, "mixup": 0.2, "cutmix": 1.0},
        {"random_paths": 2, "precision": "bf16", "colour_jitter": 0.4},
        {"precision": "fp16", "clip": 1.0},
        {"momentum": 0.0, "ema": 0.5},
        {"body_rate": 0.1, "frozen_epochs": 1},
    ],
    ids=lambda settings: "-".join(settings),
)
def test_a_training_that_was_stopped_ends_with_the_same_weights_bit_for_bit(tmp_path, settings):
    config = changed(**settings)
    whole, report = run(tmp_path / "whole", config)
    with pytest.raises(KilledError):
        run(tmp_path / "parts", config, kill_at=5)
    parts, last = run(tmp_path / "parts", config)
    assert state_bytes(parts) == state_bytes(whole)
    assert last.final_loss == report.final_loss
    assert last.images == 4 * 16, "the fifth step was not written"
    plain, _ = run(tmp_path / "plain", CONFIG)
    assert state_bytes(plain) != state_bytes(whole)


def test_the_classifier_learns_alone_and_the_body_slower(tmp_path):
    space = tiny_space(tmp_path)

    def moved(**settings):
        network = NetworkModule(space.network(space.choice_counts - 1))
        before = {name: one.detach().clone() for name, one in network.named_parameters()}
        config = TrainConfig(
            epochs=2, batch_size=70, momentum=0.0, weight_decay=0.0, warmup_epochs=0
        ).model_copy(update=settings)  # a config would not freeze all epochs
        train(network, images(70), config, checkpoint=tmp_path / f"{settings}")
        return {
            name: float((one.detach() - before[name]).norm())
            for name, one in network.named_parameters()
        }

    names, whole = moved(frozen_epochs=2), moved()
    assert {name for name, length in names.items() if length} == {
        "block6.classifier.weight",
        "block6.classifier.bias",
    }
    slow = moved(body_rate=0.01)
    last = "block6.classifier.bias"
    assert slow[last] == pytest.approx(whole[last], rel=0.2)
    assert all(slow[name] <= 0.1 * whole[name] for name in slow if "classifier" not in name)


def test_the_result_is_the_average_of_the_weights_and_statistics(tmp_path):
    followed = {}

    class Watched(Plain):
        def passes(self, module, *rest):
            if not followed:
                followed.update(network.state_dict())  # references
                trail.append({name: tensor.clone() for name, tensor in followed.items()})
            return super().passes(module, *rest)

    trail = []
    space = tiny_space(tmp_path)
    network = NetworkModule(space.network(space.choice_counts - 1))

    def keep(*_):
        trail.append({name: tensor.clone() for name, tensor in followed.items()})

    config = changed(ema=0.6)
    train(
        network, images(70), config, checkpoint=tmp_path / "network", rule=Watched(), progress=keep
    )
    # The first call copies, the later ones weigh 1 - min(0.6, (1 + calls) / (10 + calls)).
    expected = trail[1]
    for calls, state in enumerate(trail[2:], start=1):
        decay = min(0.6, (1 + calls) / (10 + calls))
        expected = {
            name: decay * tensor + (1 - decay) * state[name] for name, tensor in expected.items()
        }
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(tensor, expected[name], rtol=1e-4, atol=1e-6)
    assert set(load_weights(tmp_path / "network")[0]) == set(network.state_dict())


def test_a_clipped_step_is_no_longer_than_its_learning_rate_says(tmp_path):
    space = tiny_space(tmp_path)
    row = space.choice_counts - 1
    for clip in (0.01, None):
        network = NetworkModule(space.network(row))
        before = torch.nn.utils.parameters_to_vector(network.parameters()).detach()
        config = TrainConfig(
            epochs=1, batch_size=70, momentum=0.0, weight_decay=0.0, clip=clip, warmup_epochs=0
        )
        train(network, images(70), config, checkpoint=tmp_path / str(clip))
        after = torch.nn.utils.parameters_to_vector(network.parameters()).detach()
        length = float((after - before).norm())
        if clip is None:
            assert length > 0.1 * 0.02
        else:
            assert length == pytest.approx(0.1 * clip, rel=1e-2)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_sixteen_bits_learn_like_thirty_two(tmp_path, precision):
    losses = [
        run(tmp_path / name, changed(precision=name))[1].final_loss for name in ("fp32", precision)
    ]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    assert losses[1] != losses[0]


def test_a_checkpoint_holds_weights_and_momentum_and_one_without_its_place_is_refused(tmp_path):
    with pytest.raises(KilledError):
        run(tmp_path / "old", CONFIG, kill_at=5)
    path = tmp_path / "old" / "run" / "weights.safetensors"
    state, texts = load_weights(path)
    assert set(state) == {*Supernet(tiny_space(tmp_path)).state_dict()} | {
        f"momentum/{name}" for name, _ in Supernet(tiny_space(tmp_path)).named_parameters()
    }
    save_weights(path, state, {key: texts[key] for key in texts if key != "first_loss"})
    with pytest.raises(RunError, match="it does not say how far the training is"):
        run(tmp_path / "old", CONFIG)


def test_a_training_by_another_rule_is_not_continued(tmp_path):
    with pytest.raises(KilledError):
        run(tmp_path, CONFIG, kill_at=3)
    sandwich = supernet_rule(changed(rule="sandwich"), tiny_space(tmp_path))
    with pytest.raises(RunError, match="other training settings"):
        run(tmp_path, CONFIG, rule=sandwich)


def test_weights_that_are_not_finite_are_not_written(tmp_path):
    config = TrainConfig(epochs=1, batch_size=70, learning_rate=1e39, crop_padding=0)
    with pytest.raises(RunError, match=r"is not finite after step 1; lower the learning rate"):
        run(tmp_path, config)
    assert not (tmp_path / "run" / "weights.safetensors").exists()


class Worse(Plain):
    """From a step on, the labels are wrong with more certainty at every step."""

    identity = "worse"

    def __init__(self, start):
        self._start, self._step = start, 0

    def passes(self, module, inputs, target, generator, smoothing):
        self._step += 1
        (run,) = super().passes(module, inputs, target, generator, smoothing)
        return [lambda: run() + (100 if self._step > self._start else 0)]


def test_a_loss_that_diverges_ends_the_training_and_keeps_the_checkpoint_from_before(tmp_path):
    space = tiny_space(tmp_path)
    network = NetworkModule(space.network(0 * space.choice_counts))
    config = changed(epochs=40)  # 160 steps
    with pytest.raises(RunError, match=r"the loss diverges: at step 12\d its mean is 102"):
        run(tmp_path, config, rule=Worse(20), module=network)
    assert load_weights(tmp_path / "run" / "weights.safetensors")[1]["step"] == "20"


def test_a_training_that_ends_while_its_loss_is_too_high_is_no_result(tmp_path):
    space = tiny_space(tmp_path)
    network = NetworkModule(space.network(0 * space.choice_counts))
    with pytest.raises(RunError, match=r"the loss diverges: at step 40 its mean is"):
        run(tmp_path, changed(epochs=10), rule=Worse(20), module=network)
    assert load_weights(tmp_path / "run" / "weights.safetensors")[1]["step"] == "20"


def test_the_log_has_the_loss_and_what_the_watch_saw(tmp_path):
    config, seen = changed(epochs=20), []

    def watch(module):
        seen.append(module)
        return {"accuracy": 12.5}

    with pytest.raises(KilledError):
        run(tmp_path, config, kill_at=33, log=tmp_path / "log", watch=watch)
    run(tmp_path, config, log=tmp_path / "log", watch=watch)
    curves = shown(tmp_path / "log")
    assert set(curves) == {"loss", "learning_rate", "images_per_second", "accuracy"}
    assert [step for step, _ in curves["loss"]] == list(range(10, 81, 10))
    assert [step for step, _ in curves["accuracy"]] == [8, 16, 24, 32, 40, 48, 56, 64, 72, 80]
    assert all(isinstance(module, Supernet) for module in seen)
    rates = dict(curves["learning_rate"])
    assert rates[10] > rates[80] >= 0


def test_a_training_that_had_ended_logs_nothing(tmp_path):
    run(tmp_path, CONFIG)
    run(tmp_path, CONFIG, log=tmp_path / "log")
    assert not (tmp_path / "log").exists()


def test_a_watch_does_not_change_what_is_trained(tmp_path):
    from hwnas.estimators.supernet.accuracy import SupernetAccuracy
    from tests.hwnas.training.test_evaluation import dataset

    space = tiny_space(tmp_path)

    def watch(module):
        judge = SupernetAccuracy(module, dataset())
        return {"accuracy": float(judge.evaluate_architectures(space.choice_counts - 1)[0])}

    watched, _ = run(tmp_path / "watched", CONFIG, log=tmp_path / "log", watch=watch)
    plain, _ = run(tmp_path / "plain", CONFIG)
    assert state_bytes(watched) == state_bytes(plain)


def test_a_supernet_is_not_compiled(tmp_path):
    with pytest.raises(ConfigError, match="compile is for single networks"):
        run(tmp_path, changed(compile=True))
    assert not (tmp_path / "run").exists()


def test_where_a_training_runs_does_not_belong_to_it(tmp_path):
    space = tiny_space(tmp_path)
    one, other = (
        identity(Supernet(space), images(70), changed(device=name), SinglePath(space))
        for name in ("auto", "cpu")
    )
    assert one == other


def test_a_module_is_on_the_cpu_after_a_training(tmp_path):
    supernet, _ = run(tmp_path, CONFIG)
    assert {tensor.device.type for tensor in supernet.state_dict().values()} == {"cpu"}
    assert not supernet.training
    assert np.isfinite(next(supernet.parameters()).detach().numpy()).all()
