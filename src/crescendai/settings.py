"""One frozen Settings, read once at start, by ``bootstrap`` and the command line only."""

from __future__ import annotations

import difflib
import os
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from typing_extensions import Annotated  # noqa: UP035 - pydantic wants one Annotated everywhere

from crescendai.errors import InvalidInput

DEDALUS_URL = "https://api.dedaluslabs.ai/v1"
_LISTS = frozenset({"allowed_origins", "trusted_proxies"})
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


class Settings(BaseSettings):
    """Environment variables, or a ``.env`` file in the working directory."""

    model_config = SettingsConfigDict(
        env_prefix="CRESCENDAI_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    environment: Literal["development", "production"] = Field(
        "development",
        validation_alias=AliasChoices("ENVIRONMENT", "CRESCENDAI_ENVIRONMENT"),
        description="In production, error texts never name the server's own causes.",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        validation_alias=AliasChoices("ALLOWED_ORIGINS", "CRESCENDAI_ALLOWED_ORIGINS"),
        description="Comma-separated origins of web pages on other hosts that may call the API.",
    )
    data_dir: Path = Field(Path("data"), description="The folder that holds everything.")
    objects_url: str | None = Field(
        None,
        description="Where audio and documents lie: `s3://BUCKET`, `s3://BUCKET/PREFIX`, or "
        "`s3://` for buckets named audio-recordings and knowledge-documents. "
        "Without it in the data folder.",
    )
    cache_url: str | None = Field(
        None,
        description="A Redis or Valkey server (`redis://HOST:PORT/0`, `rediss://` with TLS) for "
        "the cache, the rate limits and the word of progress. Without it the data folder.",
    )
    s3_endpoint: str | None = Field(
        None, description="Base URL of the S3 store; without it AWS's own for the region."
    )
    s3_region: str = Field("auto", description="Region of the S3 store; R2 calls it `auto`.")
    s3_access_key_id: str | None = Field(None, description="Access key of the S3 store.")
    s3_secret_access_key: SecretStr | None = Field(None, description="Its secret.")
    database_url: SecretStr | None = Field(
        None,
        description="A PostgreSQL database (with pgvector) for everything relational, the vectors "
        "and the jobs: `postgresql://user:password@host/name`. Without it SQLite in the folder.",
    )
    database_connections: int = Field(
        10,
        ge=1,
        le=200,
        description="Connections to PostgreSQL of a process, and as many for brief statements.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    auth: Literal["local", "required"] = Field(
        "local",
        description="`local`: one owner on this machine, no credentials, loopback only. "
        "`required`: every call needs an API key, or a token of CRESCENDAI_JWT_ISSUER.",
    )
    jwt_issuer: str | None = Field(
        None,
        description="Issuer (`iss`) whose tokens are accepted beside API keys, such as "
        "`https://PROJECT.supabase.co/auth/v1`.",
    )
    jwt_audience: str = Field("authenticated", description="Audience (`aud`) a token must name.")
    jwt_jwks_url: str | None = Field(
        None,
        description="Where the issuer publishes its signing keys; "
        "by default `/.well-known/jwks.json` under the issuer.",
    )
    web_processes: int = Field(
        1,
        ge=1,
        le=64,
        description="Processes that serve, on one port; each holds the library's index in memory.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="At least 32 characters that only the server knows; cursors are sealed with "
        "it. Without it one is made and kept in the data folder.",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Comma-separated addresses or networks of proxies whose `X-Forwarded-For` and "
        "`X-Forwarded-Proto` say who calls.",
    )
    patience_sec: int = Field(
        30,
        ge=1,
        le=600,
        description="How long a client may pause within a request, or leave an answer untaken.",
    )
    drain_sec: int = Field(
        20, ge=0, le=600, description="How long a stopping server lets running answers go on."
    )
    workers: int = Field(
        1, ge=0, le=16, description="Analysis worker processes that `serve` starts (0: none)."
    )
    analysis_threads: int = Field(2, ge=1, le=64, description="Threads of one running analysis.")
    rate_limit_per_minute: int = Field(
        100, ge=0, le=1_000_000, description="Calls a minute for each caller (0: any number)."
    )
    uploads_per_minute: int = Field(
        30, ge=0, le=1_000_000, description="Recordings a minute for each caller (0: any number)."
    )
    turns_per_minute: int = Field(
        30, ge=0, le=1_000_000, description="Chat turns a minute for each caller (0: any number)."
    )
    ingestions_per_minute: int = Field(
        30, ge=0, le=1_000_000, description="Documents a minute for each caller (0: any number)."
    )
    daily_analysis_minutes: int = Field(
        240,
        ge=0,
        description="Minutes of audio that each user may have analysed in 24 hours (0: any).",
    )
    daily_llm_tokens: int = Field(
        500_000, ge=0, description="Tokens that each user may use in 24 hours (0: any number)."
    )
    storage_mb: int = Field(
        5000, ge=0, description="MB of recordings and documents of each user (0: any number)."
    )
    max_requests: int = Field(1000, ge=1, description="Short requests at once in a process.")
    max_streams: int = Field(2000, ge=1, description="Event streams at once in a process.")
    max_uploads: int = Field(32, ge=1, description="Uploads at once in a process.")
    max_upload_mb: int = Field(50, ge=1, le=1000, description="Largest accepted upload.")
    llm_url: str | None = Field(
        None,
        description="Base URL of an OpenAI-compatible API for the tutor. "
        "Without it (and without DEDALUS_API_KEY) the built-in tutor answers.",
    )
    llm_api_key: SecretStr | None = Field(None, description="Key for CRESCENDAI_LLM_URL.")
    llm_model: str = Field("openai/gpt-5-nano", description="Model name at that API.")
    llm_history_tokens: int = Field(
        8000,
        ge=500,
        description="Estimated tokens of earlier conversation that the model is given; what goes "
        "beyond is condensed to the person's aims and limits and to what was advised.",
    )
    llm_fallback_url: str | None = Field(
        None, description="Base URL of a second API, which answers when the first one cannot."
    )
    llm_fallback_api_key: SecretStr | None = Field(
        None, description="Key for CRESCENDAI_LLM_FALLBACK_URL."
    )
    llm_fallback_model: str | None = Field(
        None, description="Model name at the second API; without it the same as at the first."
    )
    dedalus_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("DEDALUS_API_KEY", "CRESCENDAI_DEDALUS_API_KEY"),
        description="Key for Dedalus; set alone, it turns the tutor over to Dedalus.",
    )
    embedder: Literal["minilm", "bge-base", "openai", "workers-ai"] = Field(
        "minilm",
        description="What places the library's texts: `minilm`, which comes with the "
        "installation, `bge-base`, from a folder, `openai`, any OpenAI-compatible API, or "
        "`workers-ai`.",
    )
    reranker: Literal["maxsim", "bge-base", "workers-ai"] = Field(
        "maxsim",
        description="What orders the passages found: `maxsim`, which comes with the "
        "installation, `bge-base`, from a folder, or `workers-ai`.",
    )
    embedding_url: str | None = Field(
        None, description="Base URL of an OpenAI-compatible API for embeddings."
    )
    embedding_api_key: SecretStr | None = Field(
        None, description="Key for CRESCENDAI_EMBEDDING_URL."
    )
    embedding_model: str = Field(
        "BAAI/bge-base-en-v1.5", description="Name of the embedding model at that API."
    )
    embedding_dimensions: int = Field(
        768, ge=1, le=8192, description="How many dimensions that model's vectors have."
    )
    model_downloads: Literal["off", "on"] = Field(
        "off", description="Whether BGE models that are set may be fetched from the hub."
    )
    workers_ai_url: str = Field(
        "https://api.cloudflare.com/client/v4", description="Base URL of Workers AI."
    )
    workers_ai_account_id: str | None = Field(None, description="The account at Workers AI.")
    workers_ai_api_key: SecretStr | None = Field(
        None, description="An API token of that account for Workers AI."
    )
    log_format: Literal["console", "json"] = Field("console", description="How logs are written.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe log lines that are written."
    )

    @model_validator(mode="before")
    @classmethod
    def _split_lists(cls, values: dict[str, object]) -> dict[str, object]:
        for name, given in values.items():
            listed = name.lower().removeprefix("crescendai_") in _LISTS
            if listed and isinstance(given, str):
                values[name] = tuple(one.strip() for one in given.split(",") if one.strip())
        return values

    @model_validator(mode="after")
    def _check(self) -> Settings:
        if self.auth == "local" and self.host not in LOOPBACK_HOSTS:
            raise ValueError(
                f"CRESCENDAI_HOST is {self.host}, which other machines can reach, but "
                "CRESCENDAI_AUTH is 'local' (no credentials); set CRESCENDAI_AUTH=required, "
                "or listen on 127.0.0.1"
            )
        for origin in self.allowed_origins:
            if not origin.startswith(("http://", "https://")) or origin.endswith("/"):
                raise ValueError(
                    f"ALLOWED_ORIGINS holds {origin!r}; an origin looks like https://example.org"
                )
        for field in (
            "llm_url",
            "llm_fallback_url",
            "embedding_url",
            "workers_ai_url",
            "s3_endpoint",
        ):
            url = getattr(self, field)
            if url is not None and not url.startswith(("http://", "https://")):
                raise ValueError(f"{environment_name(field)} must begin with http:// or https://")
        if self.llm_fallback_url is not None and self.language_model is None:
            raise ValueError(
                "CRESCENDAI_LLM_FALLBACK_URL is set, but there is nothing to fall back from; "
                "set CRESCENDAI_LLM_URL or DEDALUS_API_KEY too"
            )
        if self.secret_key is not None and len(self.secret_key.get_secret_value()) < 32:
            raise ValueError("CRESCENDAI_SECRET_KEY is too short; it needs 32 characters")
        for proxy in self.trusted_proxies:
            try:
                ip_network(proxy, strict=False)
            except ValueError:
                raise ValueError(
                    f"CRESCENDAI_TRUSTED_PROXIES holds {proxy!r}; an address looks like 10.0.0.7, "
                    "a network like 10.0.0.0/24"
                ) from None
        self._check_stores()
        self._check_database()
        self._check_issuer()
        self._check_text_models()
        return self

    def _check_stores(self) -> None:
        if self.objects_url is not None and not self.objects_url.startswith("s3://"):
            raise ValueError("CRESCENDAI_OBJECTS_URL must begin with s3://")
        if self.cache_url is not None and not self.cache_url.startswith(("redis://", "rediss://")):
            raise ValueError("CRESCENDAI_CACHE_URL must begin with redis:// or rediss://")
        if self.objects_url is None and self.s3_endpoint is not None:
            raise ValueError("CRESCENDAI_S3_ENDPOINT is set, but no CRESCENDAI_OBJECTS_URL")
        if (self.s3_access_key_id is None) != (self.s3_secret_access_key is None):
            raise ValueError(
                "CRESCENDAI_S3_ACCESS_KEY_ID and CRESCENDAI_S3_SECRET_ACCESS_KEY go together; "
                "set both or neither"
            )

    def _check_database(self) -> None:
        url = self.postgresql_url
        if url is not None and urlsplit(url).scheme not in ("postgresql", "postgres"):
            raise ValueError("CRESCENDAI_DATABASE_URL must begin with postgresql://")

    def _check_issuer(self) -> None:
        if self.jwt_issuer is None:
            if self.jwt_jwks_url is not None:
                raise ValueError("CRESCENDAI_JWT_JWKS_URL is set, but no CRESCENDAI_JWT_ISSUER")
            return
        if self.auth == "local":
            raise ValueError("CRESCENDAI_JWT_ISSUER is set; tokens need CRESCENDAI_AUTH=required")
        url = urlsplit(self.jwks_url)
        if url.scheme != "https" and url.hostname not in LOOPBACK_HOSTS:
            raise ValueError(
                f"The keys at {self.jwks_url} decide who gets in, so CRESCENDAI_JWT_JWKS_URL (or "
                "CRESCENDAI_JWT_ISSUER) must begin with https:// (or be on this machine)"
            )

    def _check_text_models(self) -> None:
        if self.embedder == "openai" and self.embedding_url is None:
            raise ValueError("CRESCENDAI_EMBEDDER is openai; set CRESCENDAI_EMBEDDING_URL too")
        for field in ("embedder", "reranker"):
            if getattr(self, field) == "workers-ai" and not (
                self.workers_ai_account_id and self.workers_ai_api_key
            ):
                raise ValueError(
                    f"{environment_name(field)} is workers-ai; set "
                    "CRESCENDAI_WORKERS_AI_ACCOUNT_ID and CRESCENDAI_WORKERS_AI_API_KEY too"
                )

    @property
    def postgresql_url(self) -> str | None:
        return None if self.database_url is None else self.database_url.get_secret_value()

    @property
    def max_upload_bytes(self) -> int:
        return self.max_upload_mb * 1024 * 1024

    @property
    def given_secret(self) -> str | None:
        return None if self.secret_key is None else self.secret_key.get_secret_value()

    @staticmethod
    def key_of(secret: SecretStr | None) -> str:
        """A key as it is sent; servers that want none take any."""
        return secret.get_secret_value() if secret is not None else "none"

    @property
    def jwks_url(self) -> str:
        """Where the signing keys of ``jwt_issuer`` are published."""
        return self.jwt_jwks_url or f"{(self.jwt_issuer or '').rstrip('/')}/.well-known/jwks.json"

    @property
    def language_model(self) -> tuple[str, str] | None:
        """Base URL and key of the tutor's model, or None for the built-in tutor."""
        if self.llm_url is not None:
            return self.llm_url, self.key_of(self.llm_api_key)
        if self.dedalus_api_key is not None:
            return DEDALUS_URL, self.dedalus_api_key.get_secret_value()
        return None


def read_settings(**overrides: object) -> Settings:
    """Read the settings. Raises InvalidInput with a sentence that names the wrong one."""
    try:
        _refuse_misspelt()
        return Settings(**{name: v for name, v in overrides.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise InvalidInput("settings_invalid", _explain(error)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "settings_unreadable", f"The file .env cannot be read: {error}."
        ) from error


def unknown_variables() -> list[str]:
    """Variables of this environment, and of ``.env``, that look like settings but are none."""
    known = {environment_name(field) for field in Settings.model_fields}
    known |= {f"CRESCENDAI_{field.upper()}" for field in Settings.model_fields}
    given = {name.upper() for name in (*os.environ, *dotenv_values(".env"))}
    return sorted(name for name in given - known if name.startswith("CRESCENDAI_"))


def _refuse_misspelt() -> None:
    """A variable that is nearly a setting would be ignored, and its writer none the wiser."""
    names = {f"CRESCENDAI_{field.upper()}": field for field in Settings.model_fields}
    for name in unknown_variables():
        near = difflib.get_close_matches(name, names, 1, cutoff=0.9)
        if near:
            raise InvalidInput(
                "settings_invalid",
                f"{name} is not a setting; did you mean {environment_name(names[near[0]])}?",
            )


def environment_name(field: str) -> str:
    """The environment variable that sets a field."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return f"CRESCENDAI_{field.upper()}"


def _explain(error: ValidationError) -> str:
    sentences = []
    for problem in error.errors():
        message = problem["msg"].removeprefix("Value error, ")
        if problem["loc"]:
            name = str(problem["loc"][0])
            if name in Settings.model_fields:
                name = environment_name(name)
            elif not name.isupper():
                name = f"CRESCENDAI_{name.upper()}"
            message = f"{name} is {problem['input']!r}: {message[0].lower()}{message[1:]}"
        sentences.append(message)
    return "The settings are wrong. " + ". ".join(sentences) + "."
