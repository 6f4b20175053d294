"""A profile: what a team knows about its own agent, as one TOML file.

A profile says how to start or reach the agent, where its endpoints and metrics are and which policy it claims.
Waits, loads and schedules of the suite derive from it, so that the same suite runs an agent scaled down and one
as deployed. Unknown keys and wrong types are errors that name the key.
"""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import durationpy
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError

from pms_drill.errors import DrillError

#: Profiles that come with the project.
SHIPPED = Path(__file__).resolve().parent.parent / "profiles"


def _seconds(value: Any) -> Any:
    """Read "30s", "500ms", "1m30s" or a plain number of seconds."""
    if isinstance(value, str):
        try:
            parsed: timedelta = durationpy.from_str(value)
        except durationpy.DurationError as error:
            raise ValueError(f'{value!r} is not a duration such as "30s" or "500ms"') from error
        return parsed.total_seconds()
    return value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone such as Europe/Warsaw") from error
    return name


def _one_or_more(value: Any) -> Any:
    """Read one text as a list of one; nothing as an empty list."""
    return [value] if isinstance(value, str) and value else value or []


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0, strict=True)]
Setting = Literal["failure_threshold", "recovery_timeout", "timeout", "health_interval"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AgentPart(_Part):
    """How to start the agent.

    Attributes:
        start: the command, a list of words. `{python}` is this interpreter; empty for an agent that runs already.
        env: environment on top of a minimal one. Places to fill in, in `start` and `env`: `{port}`, `{pms_url}`
            (the address with the proxies in between), `{pms_key}`, `{admin_token}`, `{state_dir}` (an empty
            folder for this start), `{log_file}`, `{timezone}` (of the hotel), `{repo}`, `{host}` (where to listen:
            loopback, or every address of a container).
        dotenv: names of `env` that a stack with a folder of its own for the agent (compose) gives it by `.env` in
            the working directory instead, so that they can be changed there (runbook, options 1 and 3).
        workdir: where the command runs; `{repo}` is the folder of the project.
        start_timeout: how long the agent may take until `endpoints.ready` answers 200.
        mock_env: laid over `env` to switch the agent to its mock by hand (runbook, option 1); empty if it cannot.
        pending_max: the variable of `env` that holds how many reservations may be pending; empty if it has none.
        settings: the variables of `env` that hold `failure_threshold`, and in seconds `recovery_timeout`, the deadline
            `timeout` and `health_interval`, so that other values can be tried (runbook, option 4); empty if it cannot
            be adjusted.
    """

    start: list[str] = []
    env: dict[str, str] = {}
    mock_env: dict[str, str] = {}
    dotenv: list[str] = []
    pending_max: str = ""
    settings: dict[Setting, str] = {}
    workdir: str = "{repo}"
    start_timeout: Seconds = 20.0


class EndpointsPart(_Part):
    """Paths of the agent's API; the defaults are the runbook's."""

    availability: str = "/api/v1/pms/availability"
    reservations: str = "/api/v1/pms/reservations"
    reset: str = "/admin/circuit-breaker/reset"
    live: str = "/health/live"
    ready: str = "/health/ready"
    metrics: str = "/metrics"
    openapi: str = "/openapi.json"


class MetricsPart(_Part):
    """Names of the agent's metrics; the defaults are the runbook's."""

    state: str = "pms_circuit_breaker_state"
    transitions: str = "pms_circuit_breaker_transitions_total"
    rejections: str = "pms_circuit_breaker_rejections_total"
    calls: str = "pms_api_calls_total"
    errors: str = "pms_api_errors_total"
    latency: str = "pms_api_latency_seconds"
    failover: str = "pms_failover_answers_total"
    pending: str = "pms_reservations_pending"
    duplicates: str = "pms_duplicates_cancelled_total"


class BreakerPart(_Part):
    """The breaker's policy. Defaults: runbook, option 4 (threshold 5, recovery 30 s, timeout 10 s).

    Attributes:
        probes_to_close: good probes in a row that close it.
        workers: processes of the agent, each with a breaker of its own.
        minimum_calls: fewer calls than this in a window never open it, whatever their share of failures.
        failure_ratio: share of failures in a window that opens it, instead of failures in a row.
        window: length of that window.
        slow_call: calls that take longer count as failures, although they were answered.
        wait_growth: factor by which the wait grows with each failed probe; 1 for a wait that stays the same.
        longest_wait: the wait grows no further.
        force_open: path, below the agent's address, that opens the breaker by hand until it is reset.
        disabled_env: laid over `agent.env` to switch the breaker off: it lets everything pass and goes on measuring.
    """

    failure_threshold: int = Field(default=5, ge=1, strict=True)
    recovery_timeout: Seconds = 30.0
    half_open: Literal["probe", "traffic"] = "probe"
    probes_to_close: int = Field(default=1, ge=1, strict=True)
    workers: int = Field(default=1, ge=1, strict=True)
    minimum_calls: int = Field(default=0, ge=0, strict=True)
    failure_ratio: float | None = Field(default=None, gt=0, le=1)
    window: Seconds | None = None
    slow_call: Seconds | None = None
    wait_growth: float = Field(default=1.0, ge=1)
    longest_wait: Seconds | None = None
    force_open: str = ""
    disabled_env: dict[str, str] = {}


class DependencyPart(_Part):
    """A second service that the agent asks beside the PMS, such as Redis; its faults are none of the PMS's.

    Attributes:
        start: the command of one for the experiment alone, on loopback. Places: `{python}`, `{port}`, `{repo}`.
        address: "host:port" of one that runs already, instead of `start`.
        env: laid over `agent.env` so that the agent asks it; `{dependency}` is its "host:port" with a proxy in
            between. The agent must ask it for each question of a guest.
    """

    start: list[str] = []
    address: str = ""
    env: dict[str, str] = {}


class AlertsPart(_Part):
    """The alert rules that the team has for its agent.

    Attributes:
        rules: files of Prometheus, one or a list; `*` stands for any part of a name, `{repo}` is the folder of the
            project.
        scrape_config: Prometheus' own file, which says what labels the scrape adds.
        scrape_job: the agent's job in it; empty where there is only one.
        labels: what labels the scrape adds, beside or instead of what that file says.
        outage: name of the alert that must fire when the breaker has been open for two minutes.
        scrape_interval: how often the deployed Prometheus scrapes the agent and evaluates the rules.
    """

    rules: Annotated[tuple[str, ...], BeforeValidator(_one_or_more)] = ()
    scrape_config: str = ""
    scrape_job: str = ""
    labels: dict[str, str] = {}
    outage: str = "PMSCircuitBreakerOpen"
    scrape_interval: Seconds = 15.0


class PmsPart(_Part):
    """How the agent speaks to the PMS.

    Attributes:
        timeout: deadline of one whole exchange.
        health_interval: silence after which the agent probes the PMS by itself while the breaker is closed; None for
            an agent that does not.
        settle: how long after an unknown booking attempt nothing is repeated.
        outbox_interval: pause between rounds of the outbox worker.
        probe_path: path of the safe read that serves as probe; counted apart from guests' calls.
        read_repeats: how often a read is sent again after a lost connection, within its deadline.
        hotel_id, room_type: a hotel and a room type that exist.
        timezone: of the hotel, a name of the IANA database such as Europe/Warsaw: which day is today. `{timezone}` in
            `agent.env`.
        room_types: what guests choose from: room types of that hotel with prices of their own.
    """

    timeout: Seconds = 10.0
    health_interval: Seconds | None = None
    settle: Seconds = 30.0
    outbox_interval: Seconds = 5.0
    probe_path: str = "/api/hotels"
    read_repeats: int = Field(default=1, ge=0, strict=True)
    hotel_id: int = 1
    room_type: int = 1
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    room_types: list[int] = Field(default=[1, 2, 3, 4], min_length=1)


class FailoverPart(_Part):
    """What guests get while the breaker is not closed."""

    mode: Literal["mock", "off"] = "mock"


class LoadPart(_Part):
    """Under which settings load is judged.

    Attributes:
        profile: name of the profile with the deployed settings, when this one is scaled down; empty for this one.
            Looked for beside the file that names it first, so that nobody's folder of profiles gets in between.
    """

    profile: str = ""


class Waiver(_Part):
    """A property that the team knows to fail, with an owner and an end (design rule 10)."""

    property: str
    reason: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    expires: date


class Profile(_Part):
    """The whole file. `name` is the file's name without `.toml`."""

    name: str
    title: str = ""
    extends: str | None = None
    environment: Literal["test", "staging", "production"] = "test"
    agent: AgentPart = AgentPart()
    endpoints: EndpointsPart = EndpointsPart()
    metrics: MetricsPart = MetricsPart()
    breaker: BreakerPart = BreakerPart()
    pms: PmsPart = PmsPart()
    failover: FailoverPart = FailoverPart()
    load: LoadPart = LoadPart()
    dependency: DependencyPart = DependencyPart()
    alerts: AlertsPart = AlertsPart()
    waiver: list[Waiver] = []

    #: The file that names `load.profile`: this profile's own, or one that it extends. None for a profile without one.
    _load_named_by: Path | None = PrivateAttr(default=None)
    _file: Path | None = PrivateAttr(default=None)

    def claims(self, key: str) -> bool:
        """Whether the profile claims an optional policy.

        Args:
            key: "breaker.minimum_calls"; with a value ("breaker.half_open=traffic") only that one is a claim.
        """
        name, _, wanted = key.partition("=")
        part, _, field = name.partition(".")
        value = getattr(getattr(self, part), field)
        default = type(getattr(self, part)).model_fields[field].default
        return str(value) == wanted if wanted else value != default

    @property
    def guest_patience(self) -> float:
        """Seconds after which a guest's client gives up: twice the deadline is the agent's bound, plus room."""
        return 2 * self.pms.timeout + 5.0


def load(name_or_path: str) -> Profile:
    """Read a profile by name (`profiles/<name>.toml` here or in the working directory) or by path.

    Raises:
        DrillError: no such file, not TOML, an unknown key or a wrong value; the message names them.
    """
    path = _find(name_or_path)
    data = _merged(path, seen=())
    data["name"] = path.stem
    try:
        profile = Profile.model_validate(data)
        profile._file, profile._load_named_by = path, _names_load(path)
        return profile
    except ValidationError as error:
        raise DrillError(
            f"the profile {path.stem} has {error.error_count()} wrong setting(s)",
            where=str(path),
            todo="correct them; docs/profiles.md lists every key",
            detail="\n".join(_explain(problem) for problem in error.errors()),
        ) from error


def _explain(problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{key}: there is no such key"
    return f"{key}: {problem['msg']} (found: {problem['input']!r})"


def deployed_settings(tried: Profile) -> Profile:
    """The profile with the settings that are deployed; its [agent] is for `deployed` to judge.

    Raises:
        DrillError: `load.profile` names no profile, or a wrong one.
    """
    named = tried.load.profile
    if not named:
        return tried
    sibling = tried._load_named_by.with_name(f"{named}.toml") if tried._load_named_by else None
    return load(str(sibling) if sibling and sibling.is_file() else named)


def deployed(tried: Profile) -> Profile:
    """The profile under which load judges the agent of the run, and no other agent.

    A profile that names `load.profile` itself says what is deployed. One that inherits it says so only as long as it
    starts the same agent: what it lays over `agent.start`, `agent.workdir` and `agent.env` would be lost in silence.

    Raises:
        DrillError: load would judge another agent; or see `deployed_settings`.
    """
    settings = deployed_settings(tried)
    by = tried._load_named_by
    if settings is tried or by is None or by == tried._file:
        return settings
    changed = _other_agent(tried.agent, load(str(by)).agent)
    if changed:
        raise DrillError(
            f"load would judge another agent: the profile {tried.name} inherits load.profile = "
            f"{tried.load.profile!r} and changes {', '.join(changed)}",
            where=str(tried._file),
            todo='give [load] profile: the name of a profile with its deployed settings, or "" for this one',
        )
    return settings


def _other_agent(one: AgentPart, other: AgentPart) -> list[str]:
    """Keys of [agent] that decide which program runs, and in which way, and differ."""
    changed = [f"agent.{key}" for key in ("start", "workdir") if getattr(one, key) != getattr(other, key)]
    names = sorted({*one.env, *other.env})
    return changed + [f"agent.env.{name}" for name in names if one.env.get(name) != other.env.get(name)]


def _names_load(path: Path) -> Path | None:
    """The file that names `load.profile`, nearest first: this one or one that it extends."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    if "profile" in data.get("load", {}):
        return path
    base = data.get("extends")
    return _names_load(_base(path, base)) if isinstance(base, str) else None


def known() -> list[str]:
    """Names of the profiles found here and in the working directory."""
    folders = (SHIPPED, Path.cwd() / "profiles")
    return sorted({file.stem for folder in folders for file in folder.glob("*.toml")})


def _find(name_or_path: str) -> Path:
    given = Path(name_or_path)
    if given.suffix == ".toml":
        candidates = [given]
    else:
        candidates = [Path.cwd() / "profiles" / f"{name_or_path}.toml", SHIPPED / f"{name_or_path}.toml"]
    for path in candidates:
        if path.is_file():
            return path
    raise DrillError(
        f"there is no profile {name_or_path!r}",
        where=", ".join(dict.fromkeys(str(path) for path in candidates)),
        todo=f"give a path to a .toml file or one of: {', '.join(known())}",
    )


def _merged(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """The file's tables laid over those of the profile that it extends."""
    if path in seen:
        raise DrillError("a profile extends itself", where=str(path), todo="remove one `extends`")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise DrillError("the profile is not valid TOML", where=str(path), todo=str(error)) from error
    base_name = data.get("extends")
    if not isinstance(base_name, str):
        return data
    return _overlay(_merged(_base(path, base_name), (*seen, path)), data)


def _base(path: Path, name: str) -> Path:
    """The file of the profile that another file extends: beside it, or where profiles are looked for."""
    sibling = path.with_name(f"{name}.toml")
    return sibling if sibling.is_file() else _find(name)


def _overlay(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        result[key] = _overlay(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result
