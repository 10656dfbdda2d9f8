"""Weights from the Hugging Face hub, for the operator's own networks whose ``model.json`` names them.

A commit is named, so the file never changes, and it holds tensors only. What has been fetched is in the state folder
and needs neither the hub nor its library any more. ``HF_ENDPOINT`` and ``HF_TOKEN`` are the library's own.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict, Field

from featurelens.jobs import atomic_file
from featurelens.jobs.errors import ModelLoadFailed
from featurelens.worker.models.sources.download import recorded, sha256
from featurelens.worker.models.sources.download_progress import tell

_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_SHA256_DIGITS = 64

log = structlog.get_logger(__name__)


class HubFile(BaseModel):
    """One file of one commit of a repository."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: str = Field(pattern=rf"^{_PART}(/{_PART})?$", examples=["timm/resnet18.a1_in1k"])
    file: str = Field("model.safetensors", pattern=rf"^({_PART}/)*{_PART}\.safetensors$")
    revision: str = Field(pattern=r"^[0-9a-f]{40}$")
    """The commit; a branch or a tag may lead to another file tomorrow."""

    def place(self, folder: Path) -> Path:
        """Where it is once it has been fetched into `folder`."""
        return folder / self.repo.replace("/", "--") / self.revision / self.file

    def sha256(self, folder: Path) -> str | None:
        """In hex; None: it has not been fetched yet."""
        place = self.place(folder)
        return recorded(place) if place.exists() else None

    def fetch(self, folder: Path) -> tuple[Path, str]:
        """The file, fetched into `folder` unless it is there, and its sha256.

        It is held against the digest that the hub tells, and from the second time on against that of the first.
        Raises `ModelLoadFailed`.
        """
        place = self.place(folder)
        expected = recorded(place) if place.exists() else self._fetched(folder)
        found = sha256(place)
        if expected is not None and found != expected:
            if recorded(place) is None:  # it has just come; the next one may be whole
                place.unlink()
            raise ModelLoadFailed(f"{self.file} of {self.repo} is damaged, or another file than it was")
        if recorded(place) is None:
            record = f"{found}  {place.name}\n".encode("ascii")
            atomic_file.write(place.with_name(f"{place.name}.sha256"), record, durable=True)
        return place, found

    def _fetched(self, folder: Path) -> str | None:
        """The digest that the hub tells of it: the sha256 of large files, of others none that is known here."""
        if importlib.util.find_spec("huggingface_hub") is None:
            raise ModelLoadFailed(
                f"{self.file} of {self.repo} comes from the Hugging Face hub, and this worker cannot fetch from there: "
                f"pip install 'featurelens[hub]', or put the file into {self.repo.replace('/', '--')}/{self.revision} "
                "of cache/hub in the state folder"
            )
        import huggingface_hub as hub

        endpoint = os.environ.get("HF_ENDPOINT")
        log.info("downloading weights", repo=self.repo, file=self.file, revision=self.revision)
        try:
            url = hub.hf_hub_url(self.repo, self.file, revision=self.revision, endpoint=endpoint)
            etag = hub.get_hf_file_metadata(url, endpoint=endpoint).etag
            target = self.place(folder).parents[self.file.count("/")]
            hub.hf_hub_download(
                self.repo,
                self.file,
                revision=self.revision,
                local_dir=target,
                endpoint=endpoint,
                tqdm_class=_told_bar(),
            )
        except Exception as error:  # of many kinds; the job that needs the file says it
            reason = (str(error) or type(error).__name__).partition("\n")[0][:200]
            raise ModelLoadFailed(f"{self.file} of {self.repo} could not be fetched from the hub: {reason}") from error
        return etag if etag is not None and len(etag) == _SHA256_DIGITS else None


def _told_bar() -> Any:
    """What the library calls with each piece that has come, in place of a bar in the log."""
    from tqdm import tqdm

    class Told(tqdm):  # type: ignore[misc, type-arg, unused-ignore]
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **{**more, "disable": True})

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            tell(int(self.n), int(self.total) if self.total else None)

    return Told
