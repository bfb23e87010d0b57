"""Signs tokens for development and the demo; a real installation has an OpenID Connect issuer instead."""

from __future__ import annotations

import ipaddress
import json
import os
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from shared.identity.callers import ROLES, Scope
from shared.identity.keys import FixedKeys
from shared.identity.tokens import CLAIM, Verifier

ISSUER = "jikao-development"
AUDIENCE = "jikao"
KEY_FILE = "development-issuer.json"

DEFAULT_TTL_SECONDS = 12 * 60 * 60


class IssuerRefused(Exception):
    """The development issuer will not run like this; the message is one sentence that says what to do."""


class DevelopmentIssuer:
    """An ES256 key in a directory, made there when missing, readable by its owner only."""

    def __init__(self, directory: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._key = _key(directory / KEY_FILE)
        self._clock = clock

    def jwks(self) -> dict[str, Any]:
        """The public half, as a JWKS."""
        return {"keys": [{**self._key.as_dict(private=False), "use": "sig", "alg": "ES256"}]}

    def verifier(self) -> Verifier:
        """Verifies what this issuer mints."""
        return Verifier(FixedKeys(self.jwks()), ISSUER, AUDIENCE, clock=self._clock)

    def mint(
        self,
        subject: str,
        client: str,
        jurisdictions: Sequence[str],
        roles: Sequence[str],
        unit: str | None = None,
        scope: Scope = "all",
        sources: Sequence[str] = (),
        ttl: int = DEFAULT_TTL_SECONDS,
    ) -> str:
        """A signed token that is valid for `ttl` seconds; ValueError for a role that does not exist."""
        if unknown := [role for role in roles if role not in ROLES]:
            raise ValueError(f"no such role: {', '.join(unknown)}; there are {', '.join(ROLES)}")
        now = int(self._clock())
        ours: dict[str, Any] = {
            "jurisdictions": list(jurisdictions),
            "roles": list(roles),
            "scope": scope if isinstance(scope, str) else list(scope),
            "sources": list(sources),
        }
        if unit is not None:
            ours["unit"] = unit
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "client_id": client,
            "iat": now,
            "exp": now + ttl,
            "jti": str(uuid.uuid4()),
            CLAIM: ours,
        }
        header = {"alg": "ES256", "typ": "JWT", "kid": self._key.thumbprint()}
        return jwt.encode(header, claims, self._key, algorithms=["ES256"])


def refuse_public_bind(host: str, allowed: bool) -> None:
    """Raise IssuerRefused when whoever can reach `host` from elsewhere could use development tokens."""
    if not allowed and not _is_loopback(host):
        raise IssuerRefused(
            "The development issuer serves whoever reads the data directory, so it will not serve on "
            f"{host or 'every address'}: bind to 127.0.0.1, configure a real issuer, or allow it explicitly."
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False  # a name may resolve to anything, tomorrow to something else


def _key(path: Path) -> ECKey:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = ECKey.generate_key("P-256", private=True)
        # Never world-readable, not even for a moment; EXCL: two starting processes shall not mix two keys.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(made.as_dict(private=True), file)
    if path.stat().st_mode & 0o077:
        raise IssuerRefused(f"Others can read {path}: delete it, and a new key is made at the next start.")
    stored = json.loads(path.read_text(encoding="ascii"))
    key = ECKey.import_key(stored)
    return ECKey.import_key({**stored, "kid": key.thumbprint()})
