"""What an on-call engineer is told about a compose stack with the runbook's names and ports. Pure text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

#: Host ports of docker-compose.runbook.yml.
AGENT, PROMETHEUS = "http://localhost:8000", "http://localhost:9090"
#: The database account that the runbook's commands use; it may only read.
DATABASE_USER = "qloapps_user"


def lines(folder: Path, compose: Sequence[str], *, twin: bool) -> list[str]:
    """Where everything is, and the runbook's commands as they work here.

    Args:
        folder: where plain compose commands work; its .env is readable for the user only.
        compose: the words that compose starts with.
        twin: whether the twin stands in for QloApps; it has no database.
    """
    database = [
        f"  docker exec -it mysql-qloapps mysqladmin ping -u {DATABASE_USER} -p",
        f"  docker exec -it mysql-qloapps mysql -u {DATABASE_USER} -p -e 'SHOW DATABASES;'",
        f"      (the password is PMS_DRILL_DB_PASSWORD in {folder / '.env'})",
    ]
    near = "docker exec qloapps curl -sS -o /dev/null http://localhost/" if twin else ""
    return [
        f"agent       {AGENT}",
        f"metrics     {AGENT}/metrics",
        f"Prometheus  {PROMETHEUS}",
        f"containers  agente-api, qloapps{' (the twin; no database)' if twin else ', mysql-qloapps'}",
        "the runbook's commands work as they stand there, for example:",
        f"  curl {AGENT}/health/ready",
        '  docker logs agente-api --since 10m | grep "PMS"',
        "  docker logs qloapps --tail 50",
        f"  {near or 'docker exec qloapps nc -zv mysql-qloapps 3306'}",
        *([] if twin else database),
        "  docker exec agente-api sh -c 'echo \"PMS_TYPE=mock\" >> /app/.env'",
        f"  cd {folder} && {' '.join(compose)} restart agente-api",
        "an incident by hand: `docker stop qloapps` (A) or `docker pause qloapps` (E); `start` and `unpause` end it",
    ]
