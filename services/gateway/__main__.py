"""`python -m services.gateway`: the gateway as a process of its own, told by its environment."""

from __future__ import annotations

import sys

from services.gateway.main import from_settings
from shared import settings
from shared.http.logs import log_as_json
from shared.http.serving import serve
from shared.starting import StartRefused


def main() -> None:
    """Serve until told to stop; one sentence and exit 1 when the start is refused."""
    try:
        found = settings.read(settings.GatewaySettings)
        log_as_json(found.log_level)
        serve(lambda: from_settings(found), found.host, found.port)
    except StartRefused as refused:
        sys.exit(f"gateway: {refused}")


if __name__ == "__main__":
    main()
