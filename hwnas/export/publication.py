"""Publishing an export folder on Hugging Face: what goes there, and how.

Nothing of the library `huggingface_hub` is needed to prepare it.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwnas.core.digests import SHA256, digest
from hwnas.core.errors import ConfigError, PublishError
from hwnas.core.files import reason
from hwnas.core.licenses import LICENSE
from hwnas.export.card import CARD, UNKNOWN, with_license
from hwnas.export.hashes import exported_hashes
from hwnas.export.layout import ENSEMBLE, STATUS, VERIFICATION, WINNER
from hwnas.export.writer import is_exported_name

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_TARGET = re.compile(r"hf:([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)")


@dataclass(frozen=True)
class Publication:
    """An export folder, ready to go.

    Attributes:
        folder: of the export.
        repository: as in "user/name".
        files: names and sizes in bytes, the card among them.
        card: the text of README.md, with its licence.
        license_id: the licence that the card names, `UNKNOWN` for none.
    """

    folder: Path
    repository: str
    files: tuple[tuple[str, int], ...]
    card: str
    license_id: str


def repository_of(target: str) -> str:
    """The repository of a target "hf:USER/NAME".

    Raises:
        ConfigError: it is none.
    """
    match = _TARGET.fullmatch(target)
    if match is None:
        raise ConfigError(f"--to {target!r} must name a repository, as in 'hf:USER/NAME'")
    return match[1]


def prepare(path: Path, target: str, license_id: str | None = None) -> Publication:
    """What a publication of an export consists of; every file is compared with its hash.

    Args:
        path: a folder of an export, or of a run, whose winner is meant.
        target: "hf:USER/NAME".
        license_id: for the card; None leaves the one that it names.

    Raises:
        ConfigError: there is no such export, it is not whole, or an argument is wrong.
    """
    repository = repository_of(target)
    if license_id is not None and not re.fullmatch(LICENSE, license_id):
        raise ConfigError(
            f"--license {license_id!r} must be the identifier of a licence, as in 'apache-2.0'"
        )
    folder = _export_folder(path)
    card_file = folder / CARD
    try:
        names = _checked_names(folder)
        card = card_file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        if (folder / ENSEMBLE).is_file():
            raise ConfigError(
                f"{folder} is an ensemble, which has no model card; write {CARD} there, or name "
                "the folder of a network"
            ) from error
        raise ConfigError(f"{error.filename} is missing; export the network again") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        cause = reason(error) if isinstance(error, OSError) else str(error).split("\n")[0]
        raise ConfigError(
            f"{folder} holds no whole exported network ({cause}); export it again"
        ) from error
    if license_id is not None:
        try:
            card = with_license(card, license_id)
        except ValueError as error:
            raise ConfigError(
                f"{card_file} has no place for a licence: {error}; write 'license: {license_id}' "
                "between them"
            ) from error
    sizes = {name: (folder / name).stat().st_size for name in names}
    sizes[CARD] = len(card.encode())
    return Publication(folder, repository, tuple(sorted(sizes.items())), card, _license_of(card))


def upload(publication: Publication, *, private: bool = False) -> str:
    """Uploads it in one commit, as the person whom `huggingface_hub` knows; makes the repository.

    Files of an earlier publication that this one lacks are removed from the repository, others that
    lie there are left.

    Args:
        publication: see `prepare`.
        private: whether a repository that is made for it is.

    Returns:
        The address of the repository.

    Raises:
        PublishError: the library is not installed, nobody is logged in, or the server refuses.
    """
    try:
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError as error:
        raise PublishError(
            "publishing needs the package huggingface_hub; install it with "
            "\"pip install 'hwnas[hf]'\""
        ) from error
    added = [
        CommitOperationAdd(
            name, publication.card.encode() if name == CARD else publication.folder / name
        )
        for name, _ in publication.files
    ]
    api, repository = HfApi(), publication.repository
    try:
        address = str(api.create_repo(repository, private=private, exist_ok=True))
        removed = [CommitOperationDelete(name) for name in _gone(api, publication)]
        api.create_commit(repository, [*removed, *added], commit_message="Network of hwnas")
    except HfHubHTTPError as error:
        raise PublishError(_refused(error, repository)) from error
    except Exception as error:  # of whichever library it speaks HTTP with
        raise PublishError(_failed(error, constants.ENDPOINT)) from error
    return address


def _gone(api: "HfApi", publication: Publication) -> list[str]:
    """The files of an earlier publication in the repository that this one lacks."""
    there = api.list_repo_files(publication.repository)
    here = {name for name, _ in publication.files}
    return [name for name in there if name not in here and is_exported_name(name)]


def _export_folder(path: Path) -> Path:
    for folder in (path, path / WINNER):
        if (folder / VERIFICATION).is_file():
            return folder
    raise ConfigError(
        f"{path} holds no exported network; name a run that was exported ('hwnas export RUN'), or "
        f"one of its folders, as in runs/quickstart/{WINNER}"
    )


def _checked_names(folder: Path) -> list[str]:
    """The files that verification.json and status.json name, these themselves, and the card."""
    hashes = exported_hashes(folder)
    for name, expected in hashes:
        if Path(name).name != name:
            raise ValueError(f"{VERIFICATION} or {STATUS} names a file {name!r}")
        if digest((folder / name).read_bytes(), SHA256) != expected:
            raise ValueError(f"{name} was changed after the export")
    status = [STATUS] if (folder / STATUS).is_file() else []
    return list(dict.fromkeys([*(name for name, _ in hashes), VERIFICATION, *status, CARD]))


def _license_of(card: str) -> str:
    head = card.split("\n---", 1)[0]
    match = re.search(r"^license: *(\S+)", head, re.MULTILINE)
    return match[1] if match else UNKNOWN


def _refused(error: Any, repository: str) -> str:
    code = getattr(error.response, "status_code", None)
    if code == 401:
        return (
            "Hugging Face does not know who you are; log in with 'hf auth login', or set HF_TOKEN "
            "to a token that may write"
        )
    if code in (403, 404):
        return (
            f"you may not write to {repository} on Hugging Face; name a repository of yours, or "
            "use a token that may write"
        )
    return f"Hugging Face refuses {repository}: {' '.join(str(error).split())[:300]}"


def _failed(error: Exception, endpoint: str) -> str:
    first = error.__cause__ or error
    cause = " ".join(str(first).split())[:300] or type(first).__name__
    return f"{endpoint} cannot be reached, or failed ({cause}); nothing was published, try again"
