"""TrainConfig: how a supernet or a network is trained; read without loading PyTorch."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from devices.config import StrictModel


class TrainConfig(StrictModel):
    """Hyper-parameters: SGD with Nesterov momentum, warm-up, then cosine decay to zero.

    `crop_padding` is in pixels; a step is one batch, warm-up and length are in epochs. `rule` and
    `random_paths` are of supernets: the sub-networks of a step (see `hwnas.supernet.rules`).
    `clip` is the largest norm of a step's gradient, `ema` the decay of the averaged weights (0:
    none), `colour_jitter` the strength and `mixup`, `cutmix` the alpha of augmentations (0: none).
    docs/training.md has advice on each.
    """

    later = (
        "rule", "random_paths", "clip", "ema", "colour_jitter", "mixup", "cutmix", "precision",
        "compile",
    )  # fmt: skip

    epochs: Annotated[int, Field(ge=0)]
    batch_size: Annotated[int, Field(ge=2)] = 128
    learning_rate: Annotated[float, Field(gt=0)] = 0.1
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: Annotated[float, Field(ge=0)] = 1e-4
    warmup_epochs: Annotated[float, Field(ge=0)] = 1.0
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.1
    flip: bool = True
    crop_padding: Annotated[int, Field(ge=0)] = 4
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    rule: Literal["single_path", "sandwich"] = "single_path"
    random_paths: Annotated[int, Field(ge=1)] | None = None
    clip: Annotated[float, Field(gt=0)] | None = None
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    colour_jitter: Annotated[float, Field(ge=0, le=1)] = 0.0
    mixup: Annotated[float, Field(ge=0)] = 0.0
    cutmix: Annotated[float, Field(ge=0)] = 0.0
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    compile: bool = False
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @model_validator(mode="after")
    def _one_spelling(self) -> Self:
        # Written out or not, the rule's own number trains alike.
        if self.random_paths == {"single_path": 1, "sandwich": 2}[self.rule]:
            self.__dict__["random_paths"] = None
        return self

    @property
    def settings(self) -> str:
        """Equal exactly for trainings that are to give the same weights, wherever they run."""
        return self.model_dump_json(include=set(self.as_before()))

    def as_before(self) -> dict[str, Any]:
        """See `StrictModel`; without the device, which changes no weights."""
        content = super().as_before()
        del content["device"]
        return content
