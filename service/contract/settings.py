"""The settings that both halves read. Each half has its own table beside this one, which inherits it.

Order: command line, then environment (`DEPECHE_` and the field's name), then the default. Nothing else reads the environment.
"""

from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A setting can't be used. The message is one line that names the variable and says what it takes."""


class SharedSettings(BaseSettings):
    """What the front end and the worker must agree on."""

    model_config = SettingsConfigDict(env_prefix="DEPECHE_", extra="ignore", frozen=True, validate_default=True)

    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        description="Redis: `redis://`, `rediss://` (TLS) or `unix://`. Holds the jobs and the queue.",
    )
    key_prefix: str = Field(
        "depeche:", pattern=r"^[a-z0-9_.-]+:$", description="Starts the name of every key in Redis. Ends with a colon."
    )
    lease_s: float = Field(
        15.0, ge=2, le=600, description="Seconds for which a claimed job belongs to its worker unless renewed."
    )
    renew_s: float = Field(
        4.0, ge=0.2, le=200, description="Seconds between two renewals of a lease. At most a third of the lease."
    )
    deadline_s: int = Field(21_600, ge=60, description="Seconds that one attempt at a job may take.")
    visibility_timeout_s: int = Field(
        25_200,
        ge=61,
        description="Seconds after which Celery delivers an unacknowledged message again. Above the deadline.",
    )
    retention_s: int = Field(86_400, ge=60, description="Seconds for which an ended job and its result are kept.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe log lines to write."
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="`json`: an object a line. `console`: for people."
    )

    @model_validator(mode="after")
    def _times_in_order(self) -> Self:
        if self.renew_s * 3 > self.lease_s:
            raise ValueError("DEPECHE_RENEW_S must be at most a third of DEPECHE_LEASE_S")
        if self.visibility_timeout_s <= self.deadline_s:
            raise ValueError("DEPECHE_VISIBILITY_TIMEOUT_S must be above DEPECHE_DEADLINE_S")
        return self

    @classmethod
    def load(cls, **overrides: object) -> Self:
        """Reads the environment; `overrides` that are not None win. Raises `SettingsError` with one line."""
        try:
            return cls(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
        except ValidationError as error:
            raise SettingsError("; ".join(_lines(error))) from None

    def environment(self) -> dict[str, str]:
        """These settings as variables, for a process that shall have the same."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        shown = {name: v.get_secret_value() if isinstance(v, SecretStr) else v for name, v in values.items()}
        return {f"DEPECHE_{name.upper()}": str(value) for name, value in shown.items() if value is not None}


def _lines(error: ValidationError) -> list[str]:
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        name = "_".join(str(part) for part in item["loc"]).upper()
        message = item["msg"].removeprefix("Value error, ")
        lines.append(f"DEPECHE_{name}: {message}" if name else message)
    return lines
