"""PretrainedConfig: the published network that a run starts from, as a config names it."""

from pathlib import Path
from typing import Any, Self

from pydantic import model_validator

from hwnas.core.configs import LocalPath, StrictModel
from hwnas.networks.conventions import USUAL, Channels3, Conventions
from hwnas.spaces.references.library import ASKED_OF_TIMM

SPACE = "around_pretrained"
"""The space of a config that names a pretrained network, and no space."""
NO_FILE = "the file of the weights is missing; add --pretrained FILE, or the key file in a config"
"""What is wrong where only the network of the weights is named, or their mean and std."""


class PretrainedConfig(StrictModel):
    """A file, or `timm:NAME`, alone or with what the file itself does not say.

    `network` is what it holds, as in `timm/tf_mobilenet_v3_small`; `mean` and `std` are those that
    its images were normalised with, by channel, of pixels from 0 to 1.
    """

    file: LocalPath
    network: str | None = None
    mean: Channels3 | None = None
    std: Channels3 | None = None

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, content: Any) -> Any:
        if isinstance(content, dict) and content.get("file") is None:
            raise ValueError(NO_FILE)
        return {"file": content} if isinstance(content, str | Path) else content

    @model_validator(mode="after")
    def _one_spelling(self) -> Self:
        if not self.file or "\0" in self.file:
            raise ValueError("file must be the path of a checkpoint, or timm:NAME")
        if (self.mean is None) != (self.std is None):
            raise ValueError("mean and std belong together; write both, or none of them")
        if self.mean is not None and self.std is not None:
            Conventions(USUAL.epsilon, USUAL.momentum, self.mean, self.std)
        if not self.of_timm:
            self.__dict__["file"] = str(Path(self.file))
        return self

    @property
    def of_timm(self) -> bool:
        """Whether timm is asked for the weights."""
        return self.file.startswith(ASKED_OF_TIMM)
