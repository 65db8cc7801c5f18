"""The part of a config that says how networks are exported."""

from typing import Annotated, Literal

from pydantic import Field

from hwnas.core.configs import StrictModel
from hwnas.core.digests import digest
from hwnas.core.licenses import LICENSE
from hwnas.export.int8.plan import MOST_DROP

WeightsFrom = Literal["supernet", "scratch"]
StartedFrom = Literal["supernet", "scratch", "pretrained"]
"""What the training of a network of a run began with."""
ImageInput = Literal["float", "uint8"]
License = Annotated[str, Field(pattern=LICENSE, max_length=100)]


class Int8Config(StrictModel):
    """How far an export goes for the int8 file of a network.

    `most_drop` is how many points of accuracy int8 may cost without a word. Where it costs more on
    the validation images, the network is trained for int8 with `aware: auto`, and is not with
    `never`.
    """

    most_drop: Annotated[float, Field(ge=0, le=100)] = MOST_DROP
    aware: Literal["auto", "never"] = "auto"


class ExportConfig(StrictModel):
    """What the training of the exported winner starts from, and what it learns from.

    `supernet` fine-tunes the weights that it inherits; `scratch` trains it as the reference is, for
    the epochs of supernet and fine-tuning together, and needs no trained supernet. `auto` chooses:
    see `hwnas.runs.winner`. With the `teacher` `reference` the winner learns from the trained
    reference, too, while it is fine-tuned; `auto` does so where that is a pretrained network.
    `input` is what the ONNX files take. `license` stands in the model card.
    `int8` is for devices that compute in int8. `threads` are those that trainings compute with, by
    default all of the machine's, which workers share.
    """

    weights_from: Literal["auto", "supernet", "scratch"] = "auto"
    teacher: Literal["auto", "reference", "none"] = "auto"
    input: ImageInput = "float"
    license: License | None = None
    int8: Int8Config = Int8Config()
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None

    @property
    def digest(self) -> str:
        """Of what makes another network or other files: everything but licence and threads."""
        usual = self.model_copy(update={"license": None})
        return digest(usual.model_dump_json(exclude={"threads"}).encode())
