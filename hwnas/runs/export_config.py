"""The part of a config that says how networks are exported."""

from typing import Annotated, Literal

from pydantic import Field

from hwnas.core.configs import StrictModel
from hwnas.core.licenses import LICENSE

WeightsFrom = Literal["supernet", "scratch"]
StartedFrom = Literal["supernet", "scratch", "pretrained"]
"""What the training of a network of a run began with."""
ImageInput = Literal["float", "uint8"]
License = Annotated[str, Field(pattern=LICENSE, max_length=100)]


class ExportConfig(StrictModel):
    """What the training of the exported winner starts from, and what it learns from.

    `supernet` fine-tunes the weights that it inherits; `scratch` trains it as the reference is, for
    the epochs of supernet and fine-tuning together, and needs no trained supernet. `auto` chooses:
    see `hwnas.runs.winner`. With the `teacher` `reference` the winner learns from the trained
    reference, too, while it is fine-tuned; `auto` does so where that is a pretrained network.
    `input` is what the ONNX files take. `license` stands in the model card.
    """

    weights_from: Literal["auto", "supernet", "scratch"] = "auto"
    teacher: Literal["auto", "reference", "none"] = "auto"
    input: ImageInput = "float"
    license: License | None = None
