"""What networks of a sample score, part by part: the scales of a mixed score, kept in a file."""

import json
from collections.abc import Mapping, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, FiniteFloat

from hwnas.core.configs import StrictModel
from hwnas.core.digests import digest
from hwnas.core.errors import RunError
from hwnas.core.files import write_atomically
from hwnas.core.foreign_text import shown
from hwnas.core.listener import Listener
from hwnas.estimators.mixed.scale import LEAST_REFERENCES, Scale
from hwnas.estimators.scores import Scores
from hwnas.spaces import Architectures, Space
from hwnas.spaces.space import keys

REFERENCES, TRAINED_REFERENCES = 100, 20
"""Networks of the sample, and how many of them a part scores that trains each. With fewer networks
skewed scores are put less well: on NAS-Bench-Macro the tau of .75 jacob_cov + .25 trained was .04
lower with 20 for both (docs/benchmarks/ranking.md)."""

_DRAWS = 50


class _Part(StrictModel):
    """What the sample scores by one estimator, as far as it was judged."""

    identity: str
    scores: list[FiniteFloat]


class _Content(StrictModel):
    version: int = Field(default=1, ge=1, le=1)
    networks: list[list[int]]
    parts: dict[str, _Part]


@dataclass(frozen=True)
class References:
    """The file of a sample's scores.

    Attributes:
        path: of it.
        space: whose networks these are.
        parts: the estimators by name, made ready.
        most: how many networks each of them scores, where the space has as many.
    """

    path: Path
    space: Space
    parts: Mapping[str, Scores]
    most: Mapping[str, int]

    def judge(self, listener: Listener) -> None:
        """Judges what is not in the file; every score is in it before the next is made.

        Raises:
            RunError: the file is damaged or of something else, or a score is no number.
        """
        rows = _sample(self.space)
        content = self._read() if self.path.is_file() else self._empty(rows)
        total, done = self._wanted(rows), self._count(content)
        if done == total:
            return
        with listener.progress("judging networks to compare with", "scores") as update:
            for name, scores in self.parts.items():
                known = content.parts[name].scores
                for row in rows[len(known) : self.most[name]]:
                    update(done, total, name)
                    value = float(scores.evaluate_architectures(row[None])[0])
                    if not np.isfinite(value):
                        raise RunError(
                            f"the {name} of architecture {row.tolist()} is {value}, no number"
                        )
                    known.append(value)
                    done += 1
                    write_atomically(self.path, content.model_dump_json(), error=RunError)
            update(done, total, "")

    def scales(self) -> tuple[dict[str, Scale], str]:
        """The scale of every part, and a digest of what they are made of.

        Raises:
            RunError: the file is not there, damaged, unfinished or of something else.
        """
        if not self.path.is_file():
            raise RunError(f"there is no {self.path}; run 'hwnas train --estimator mixed' first")
        content = self._read()
        if self._count(content) < self._wanted(content.networks):
            raise RunError(
                f"{self.path} is not complete; run 'hwnas train --estimator mixed' again to resume"
            )
        found = {name: Scale.of(content.parts[name].scores) for name in self.parts}
        return found, digest(content.model_dump_json())

    def _wanted(self, rows: Sized) -> int:
        return sum(min(len(rows), most) for most in self.most.values())

    def _count(self, content: _Content) -> int:
        return sum(len(content.parts[name].scores) for name in self.parts)

    def _empty(self, rows: Architectures) -> _Content:
        if len(rows) < LEAST_REFERENCES:
            raise RunError(
                f"{self.space.name} has a single network, which there is nothing to compare with"
            )
        parts = {name: _Part(identity=one, scores=[]) for name, one in self._identities.items()}
        return _Content(networks=rows.tolist(), parts=parts)

    @property
    def _identities(self) -> dict[str, str]:
        return {
            name: digest(json.dumps(dict(scores.identity), sort_keys=True))
            for name, scores in self.parts.items()
        }

    def _read(self) -> _Content:
        """The file's content, held to what is to be scored.

        Raises:
            RunError: it is damaged, or of other parts, images or settings.
        """
        try:
            content = _Content.model_validate_json(self.path.read_bytes())
        except (OSError, ValueError) as error:
            reason = shown(str(error).splitlines()[0])
            raise RunError(
                f"{self.path} is damaged ({reason}); delete it to judge again"
            ) from error
        rows: Any = content.networks
        fits = rows == _sample(self.space).tolist() and all(
            name in content.parts
            and content.parts[name].identity == identity
            and len(content.parts[name].scores) <= min(len(rows), self.most[name])
            for name, identity in self._identities.items()
        )
        if not fits:
            raise RunError(
                f"{self.path} was made with other parts, images or settings; delete it to judge "
                "again, or use another run folder"
            )
        return content


def _sample(space: Space) -> Architectures:
    """(at most REFERENCES, L) distinct canonical architectures, always the same ones."""
    generator = np.random.default_rng(0)
    found: dict[tuple[int, ...], None] = {}
    for _ in range(_DRAWS):
        found.update(dict.fromkeys(keys(space.canonical(space.sample(generator, REFERENCES)))))
        if len(found) >= min(REFERENCES, space.size):
            break
    return np.array(list(found)[:REFERENCES], dtype=np.int64)
