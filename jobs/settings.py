"""Settings from the environment, prefix ``FEATURELENS_`` (and plain ``REDIS_URL``, ``HOST``, ``PORT``)."""

from __future__ import annotations

import re
import sys
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, ValidationError, field_validator
from pydantic_settings import SettingsConfigDict

from featurelens.jobs import addresses, broker_address
from featurelens.jobs.webhook_settings import WebhookSettings, listed

NETWORKS_BYTES = 4 * 2**30

PREFIX_PATTERN = r"(/[A-Za-z0-9._~-]+)*"
"""Of a path, without a slash at its end."""


class Settings(WebhookSettings):
    """What an operator may set. Paths are made absolute; a folder is created by whoever writes it first."""

    model_config = SettingsConfigDict(env_prefix="FEATURELENS_", frozen=True, populate_by_name=True)

    redis_url: str | None = Field(None, validation_alias=AliasChoices("REDIS_URL", "FEATURELENS_REDIS_URL"))
    host: str = Field("127.0.0.1", validation_alias=AliasChoices("HOST", "FEATURELENS_HOST"))
    port: int = Field(8000, ge=1, le=65535, validation_alias=AliasChoices("PORT", "FEATURELENS_PORT"))
    state: Path = Path(".state")
    models: Path | None = None
    datasets: Path | None = None
    """A folder of folders of images, each of which may be scanned under its name."""
    dataset_identity: Literal["times", "content"] = "times"
    """By what images of a data set are known to be the same: name, size and time of the last change, or content."""
    dataset_crops: bool = True
    """Whether parts of images of a data set are shown where a scan names them."""
    slots: int | None = Field(None, ge=1, le=256)
    """Pictures asked for one by one that are in the making at once; none: as many as suit the device."""
    sweep_slots: int | None = Field(None, ge=0, le=1024)
    """The same for pictures of sweeps; 0: sweeps are refused; none: as many as suit the device."""
    picture_bytes: int = Field(0, ge=0)
    """Of memory that one picture may take, as estimated (`jobs.memory`); 0: as much as the renderer has for all."""
    queue_limit: int = Field(10_000, ge=1)
    """Pictures that may wait; beyond it nothing new is accepted."""
    cost_limit: int = Field(1 << 32, ge=1)
    """Of one picture: steps x height x width x pictures x views."""
    sweep_cost_limit: int = Field(1 << 38, ge=1)
    """The same of all pictures of a sweep together."""
    scan_cost_limit: int = Field(1 << 38, ge=1)
    """Of one scan: images x height x width."""
    quota: int = Field(0, ge=0)
    """What one client (API key, or address where none is asked for) may ask for in a minute; 0: no quota."""
    header_bytes: int = Field(64 << 10, ge=1024)
    """Of the address and the headers of a request."""
    header_seconds: float = Field(10.0, gt=0)
    """Until all of them have come."""
    body_bytes: int = Field(2 << 20, ge=1)
    """Of the body of a request: a specification is some hundred, but a direction of 65,536 numbers is 1.7 million."""
    body_seconds: float = Field(30.0, gt=0)
    """Until all of a body has come."""
    photo_bytes: int = Field(8 << 20, ge=1)
    """Of an uploaded photograph."""
    connections: int = Field(1024, ge=1)
    """Requests answered at once, streams of events included."""
    http_workers: int = Field(1, ge=1, le=64)
    """Processes of the service, which share the connections."""
    results: str | None = None
    """Where that is kept which machines share: ``s3://bucket/prefix``, or a folder that all of them have.

    Results, photographs, what unfinished scans have gathered; left out, each is in the state folder.
    """
    results_endpoint: str | None = None
    """Of the bucket, where it is not Amazon's; credentials come from ``AWS_*``."""
    results_max_bytes: int = Field(0, ge=0)
    """Of the result store: what nobody looked at for longest is evicted beyond it; 0: no limit."""
    thumbnails_max_bytes: int = Field(1 << 30, ge=0)
    """The same of thumbnails and contact sheets, which are made again from the pictures."""
    photos_max_bytes: int = Field(4 << 30, ge=0)
    """The same of uploaded photographs, which have to be uploaded again."""
    min_free_bytes: int = Field(64 << 20, ge=0)
    """Of the disk: with less free nothing new is accepted."""
    auth: Literal["auto", "on", "off"] = "auto"
    """Whether API keys are asked for; auto: unless only this machine can reach the service."""
    keys: Path | None = None
    """The file of API keys, where several services share one; left out: ``keys.json`` of the state folder."""
    allowed_hosts: str = ""
    """Names that the service goes by, such as ``vision.example.org,*.internal``; localhost and addresses always do.

    ``*``: any. Left out: any, but none where only this machine can reach the service and no keys are asked for.
    """
    root_path: str = ""
    """The path below which a proxy serves this, such as ``/vision``; one that is trusted may say another itself."""
    trusted_proxies: str = Field(
        "", validation_alias=AliasChoices("FEATURELENS_TRUSTED_PROXIES", "FORWARDED_ALLOW_IPS")
    )
    """Addresses and networks, such as ``127.0.0.1,10.0.0.0/8``, whose `X-Forwarded-For`, `-Proto` and `-Prefix` are
    believed; ``*``: of anybody."""
    cors_origins: str = ""
    """Web pages that may call the service from a browser, such as ``https://a.example,https://b.example``."""
    networks_bytes: int = Field(NETWORKS_BYTES, ge=0)
    """Memory for the weights of networks kept warm; those with pictures in progress stay beyond it."""
    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    """Where pictures are made; auto: on every card that is visible, or on the processor where there is none."""
    renderers: int | None = Field(None, ge=1, le=64)
    """Processes that make pictures; none: one for each device."""
    worker: str = Field("", pattern=r"^[a-z0-9-]*$")
    """The id of the worker that a process belongs to; the launcher sets it."""
    renderer: int = Field(0, ge=0)
    """The number of the renderer that a process belongs to, in its worker; the launcher sets it."""
    sharing: int = Field(1, ge=1)
    """Renderers of the worker that share a device and its memory; the launcher sets it."""

    @field_validator("redis_url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        try:
            broker_address.check("redis://" if url is None else url)
        except ValueError as error:
            raise ValueError(
                f"no address of a Redis or Valkey ({error}); redis://:password@host:6379/0 would be one"
            ) from None
        return url

    @field_validator("results")
    @classmethod
    def _store(cls, results: str | None) -> str | None:
        if results and not re.fullmatch(r"s3://[a-z0-9.-]+(/.*)?|/.*", results):
            raise ValueError("neither a bucket, such as s3://bucket/prefix, nor a folder, such as /mnt/featurelens")
        return results or None

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: str) -> str:
        for proxy in listed(proxies):
            try:
                ip_network("0.0.0.0/0" if proxy == "*" else proxy)
            except ValueError:
                raise ValueError(f"{proxy} is neither an address nor a network such as 10.0.0.0/8") from None
        return proxies

    @field_validator("root_path")
    @classmethod
    def _prefix(cls, path: str) -> str:
        path = path.rstrip("/")
        if not re.fullmatch(PREFIX_PATTERN, path) or f"{path}/".startswith(f"{addresses.ROOT}/"):
            raise ValueError(f"no path such as /vision, or one that begins with {addresses.ROOT}, as ours do")
        return path

    @property
    def origins(self) -> tuple[str, ...]:
        return listed(self.cors_origins)

    @property
    def proxies(self) -> tuple[str, ...]:
        return listed(self.trusted_proxies)

    @property
    def bucket(self) -> str | None:
        """The address of the bucket that is the store; None: it is a folder."""
        return self.results if self.results and self.results.startswith("s3://") else None

    @property
    def store_folder(self) -> Path:
        """The folder that is the store: one that machines share, or the state's."""
        return Path(self.results) if self.results and self.bucket is None else self.state.absolute()

    @property
    def results_folder(self) -> Path:
        return self.store_folder / "results"

    @property
    def auth_required(self) -> bool:
        return self.auth == "on" or (self.auth == "auto" and not _loopback(self.host))

    @property
    def host_names(self) -> tuple[str, ...]:
        """What `Host` may say beside localhost and addresses."""
        named = listed(self.allowed_hosts)
        return named or (() if _loopback(self.host) and not self.auth_required else ("*",))

    @property
    def keys_file(self) -> Path:
        return self.keys.absolute() if self.keys else self.state.absolute() / "keys.json"

    @property
    def token_secret(self) -> Path:
        return self.state.absolute() / "token.secret"

    @property
    def webhook_secret_file(self) -> Path:
        return self.state.absolute() / "webhook.secret"

    @property
    def photos_folder(self) -> Path:
        return self.store_folder / "photos"

    @property
    def cache_folder(self) -> Path:
        """Downloaded weights and computed layer lists: safe to delete, made again when missing."""
        return self.state.absolute() / "cache"

    @property
    def temporary_folder(self) -> Path:
        """The renderer's, emptied when it starts."""
        return self.state.absolute() / f"temporary{self._nth}"

    @property
    def thumbnails_folder(self) -> Path:
        """Of this machine, where the store is a bucket; else shared as the store is."""
        shared = self.results is not None and self.bucket is None
        return (self.store_folder if shared else self.cache_folder) / "thumbnails"

    @property
    def renderer_socket(self) -> Path:
        """Bind and connect by `jobs.unix_address`: its folder may lie deep."""
        return self.state.absolute() / f"renderer{self._nth}.sock"

    @property
    def renderer_id(self) -> str:
        """Of the renderer that the process belongs to; empty without a worker's id."""
        return f"{self.worker}.{self.renderer}" if self.worker else ""

    @property
    def _nth(self) -> str:
        """Of the first one nothing: files are named as when there was only one."""
        return f"-{self.renderer}" if self.renderer else ""


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class InvalidSettings(Exception):
    """The environment makes no sense. The message is one line for the operator, no values: one holds a password."""


@cache
def settings() -> Settings:
    """The process's settings, read once. Raises `InvalidSettings`."""
    try:
        return Settings()
    except ValidationError as error:
        told = ((".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors())
        faults = "; ".join(f"{name}: {fault.removeprefix('Value error, ')}" for name, fault in told)
        raise InvalidSettings(f"the settings are not valid: {faults}") from None


def settings_of(process: str) -> Settings:
    """The same; where they make no sense, `process` ends with that line and exit status 1."""
    try:
        return settings()
    except InvalidSettings as error:
        sys.exit(f"featurelens {process}: {error}")
