"""Settings from the environment, prefix ``FEATURELENS_`` (and plain ``REDIS_URL``, ``HOST``, ``PORT``)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator may set. Paths are made absolute; a folder is created by whoever writes it first."""

    model_config = SettingsConfigDict(env_prefix="FEATURELENS_", frozen=True, populate_by_name=True)

    redis_url: str | None = Field(None, validation_alias=AliasChoices("REDIS_URL", "FEATURELENS_REDIS_URL"))
    host: str = Field("127.0.0.1", validation_alias=AliasChoices("HOST", "FEATURELENS_HOST"))
    port: int = Field(8000, ge=1, le=65535, validation_alias=AliasChoices("PORT", "FEATURELENS_PORT"))
    state: Path = Path(".state")
    models: Path | None = None
    slots: int = Field(8, ge=1, le=256)
    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")

    @property
    def results_folder(self) -> Path:
        return self.state.absolute() / "results"

    @property
    def cache_folder(self) -> Path:
        """Downloaded weights and computed layer lists: safe to delete, made again when missing."""
        return self.state.absolute() / "cache"

    @property
    def renderer_socket(self) -> Path:
        return self.state.absolute() / "renderer.sock"


@cache
def settings() -> Settings:
    """The process's settings, read once."""
    return Settings()
