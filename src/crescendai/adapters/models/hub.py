"""Fetches text models from the Hugging Face hub, only when the settings let it."""

from __future__ import annotations

from pathlib import Path

import structlog

from crescendai.adapters.models.onnx_folder import GRAPH, TOKENIZER
from crescendai.errors import UpstreamFailed

log = structlog.get_logger(__name__)


def is_there(folder: Path) -> bool:
    return (folder / GRAPH).is_file() and (folder / TOKENIZER).is_file()


class ModelFolders:
    """Where models such as ``BAAI/bge-base-en-v1.5`` lie. Each is fetched at most once a process,
    so that a hub out of reach does not hold up every search."""

    def __init__(self, models: Path, *, may_fetch: bool) -> None:
        self._models = models
        self._may_fetch = may_fetch
        self._tried: set[str] = set()

    def find(self, repository: str) -> Path:
        """Blocking. Raises UpstreamFailed with what to do when the model is not to be had."""
        folder = self._models / repository
        if self._may_fetch and repository not in self._tried and not is_there(folder):
            self._tried.add(repository)
            _fetch(repository, folder)
        if is_there(folder):
            return folder
        cause = ", and no hub that has it can be reached" if self._may_fetch else ""
        instead = "" if self._may_fetch else ", or set CRESCENDAI_MODEL_DOWNLOADS=on"
        raise UpstreamFailed(
            "model_missing",
            f"The model {repository} is not in {folder}{cause}; put its {GRAPH} and {TOKENIZER} "
            f"there{instead}.",
        )


def _fetch(repository: str, folder: Path) -> None:
    from huggingface_hub import snapshot_download  # slow to import, and seldom needed

    log.info("hub.fetching", model=repository)
    try:
        snapshot_download(
            repository, local_dir=folder, allow_patterns=[f"{GRAPH}*", TOKENIZER], etag_timeout=5
        )
    except (OSError, ValueError) as error:
        log.warning("hub.failed", model=repository, cause=type(error).__name__)
