"""Model files of the Hugging Face hub, in its own local cache. Weights as safetensors, or pickled ones of a pinned commit.

`HF_HUB_OFFLINE=1` and `HF_HOME` mean here what they mean to `huggingface_hub`, which reads them.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from worker.engine.errors import ModelError
from worker.engine.licence import CARD

#: Seconds to wait for the hub to answer.
_TIMEOUT_S = 10.0

_SMALL_FILES = ["*.json", "*.model", "*.spm", "*.txt"]
#: What is fetched of a model, but is not missed where it is not in the cache.
_WANTED = [*_SMALL_FILES, CARD]
_SAFETENSORS = "*.safetensors"
_PICKLED = "pytorch_model*.bin"
_NESTED = "*/*"
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A folder with a model's files. `commit`: of the hub, None for a plain folder. `pinned`: its owner chose the revision."""

    folder: Path
    commit: str | None
    pinned: bool


def is_commit(revision: str | None) -> bool:
    """Whether a revision is a full commit, which can't change, and not a branch or tag, which can."""
    return revision is not None and _COMMIT.fullmatch(revision) is not None


def cached_snapshot(hub_id: str, revision: str | None) -> Snapshot | None:
    """What the local cache holds, without asking the hub; None where the weights are not there."""
    from huggingface_hub import snapshot_download

    # The hub's library knows all files of a snapshot and misses those that we never wanted, so it is told which we do.
    for weights in (_SAFETENSORS, _PICKLED):
        try:
            folder = Path(
                snapshot_download(
                    hub_id,
                    revision=revision,
                    local_files_only=True,
                    allow_patterns=[*_SMALL_FILES, weights],
                    ignore_patterns=_NESTED,
                )
            )
        except (OSError, ValueError):
            continue
        if any(folder.glob(weights)):
            return Snapshot(folder, folder.name, pinned=is_commit(revision))
    return None


def snapshot(hub_id: str, revision: str | None, *, offline: bool) -> Snapshot:
    """The files of a model, from the cache or the hub. A full commit that is in the cache is not asked for again.

    Where the hub can't be reached, what was fetched before is taken. Raises `ModelError` where there is nothing.
    """
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError, RevisionNotFoundError

    wanted = f"{hub_id}@{revision}" if revision else hub_id
    cached = cached_snapshot(hub_id, revision)
    offline = offline or constants.HF_HUB_OFFLINE
    if cached is not None and (offline or is_commit(revision)):
        return cached
    if offline:
        raise ModelError(f"{wanted} was not fetched yet, and the hub is not asked: run `depeche-worker models fetch`")
    try:
        patterns = _choose(hub_id, revision)
        # By the revision and not the commit: so the cache remembers what `main` or a tag stood for.
        folder = Path(snapshot_download(hub_id, revision=revision, allow_patterns=patterns, ignore_patterns=_NESTED))
    except ModelError:
        raise
    except GatedRepoError:
        raise ModelError(f"{wanted} is gated: accept its terms on the hub and set HF_TOKEN") from None
    except (RepositoryNotFoundError, HFValidationError):
        raise ModelError(f"{wanted}: the hub has no such model (or it is private: set HF_TOKEN)") from None
    except RevisionNotFoundError:
        raise ModelError(f"{hub_id}: the hub has no revision {revision}") from None
    except Exception as error:  # noqa: BLE001  # a network fails in as many ways as its libraries know
        if cached is not None:
            return cached
        raise ModelError(
            f"{wanted} can't be fetched ({type(error).__name__}) and is not in the cache: check the network, or name a folder"
        ) from None
    return Snapshot(folder, folder.name, pinned=is_commit(revision))


def _choose(hub_id: str, revision: str | None) -> list[str]:
    """The files that are wanted of a revision."""
    from huggingface_hub import HfApi

    info = HfApi().model_info(hub_id, revision=revision, timeout=_TIMEOUT_S)
    names = [sibling.rfilename for sibling in info.siblings or []]
    if any("/" not in name and name.endswith(".safetensors") for name in names):
        return [*_WANTED, _SAFETENSORS]
    if not any(re.fullmatch(r"pytorch_model.*\.bin", name) for name in names):
        raise ModelError(f"{hub_id}: the hub has no weights for PyTorch there")
    if not is_commit(revision):
        raise ModelError(f"{hub_id} has pickled weights only: pin it with the revision {info.sha}")
    return [*_WANTED, _PICKLED]
