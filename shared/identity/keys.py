"""Where the issuer's public keys come from: given, in a file, or at an address."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.errors import Unavailable

logger = logging.getLogger("jikao.identity")

REFRESH_SECONDS = 60
RETRY_SECONDS = 5
_FETCH_TIMEOUT_SECONDS = 5.0


class IssuerUnreachable(Unavailable):
    """The issuer's keys cannot be read right now, so no new token can be verified."""

    zh = "暂时无法读取签发方的公钥,因此不能验证新的令牌。"


class KeySource(Protocol):
    """Gives the keys that may verify tokens."""

    def keys(self) -> KeySet:
        """The keys as last read; IssuerUnreachable when they were never read."""

    def refreshed(self) -> KeySet:
        """The keys after another look, for a token whose key is unknown; looks at most once a minute."""


class FixedKeys:
    """A JWKS given as it is."""

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        self._keys = signing_keys(jwks)

    def keys(self) -> KeySet:
        """The keys given."""
        return self._keys

    def refreshed(self) -> KeySet:
        """The same: there is nowhere to look."""
        return self._keys


class ReadKeys:
    """A JWKS read by a function, kept, and read again when a token names an unknown key."""

    def __init__(self, read: Callable[[], Mapping[str, Any]], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._keys: KeySet | None = None
        self._looked_at: float | None = None
        self._lock = threading.Lock()

    def keys(self) -> KeySet:
        """The keys as last read, read now if they never were."""
        with self._lock:
            return self._keys if self._keys is not None else self._look()

    def refreshed(self) -> KeySet:
        """Read again, unless that was tried within the last minute."""
        with self._lock:
            just_looked = self._looked_at is not None and self._clock() - self._looked_at < REFRESH_SECONDS
            return self._keys if just_looked and self._keys is not None else self._look()

    def _look(self) -> KeySet:
        now = self._clock()
        if self._keys is None and self._looked_at is not None and now - self._looked_at < RETRY_SECONDS:
            # Callers wait for the lock: each trying for itself would queue them all behind a dead issuer.
            raise IssuerUnreachable(retry_after=RETRY_SECONDS)
        self._looked_at = now
        try:
            self._keys = signing_keys(self._read())
        except (OSError, httpx.HTTPError, ValueError, TypeError, KeyError, JoseError) as error:
            if self._keys is None:
                raise IssuerUnreachable(retry_after=RETRY_SECONDS) from error
            # The old keys still hold: an unknown key stays unknown until the issuer answers again.
            logger.warning("the issuer's keys could not be read again: %r", error)
        return self._keys


def keys_in_file(path: Path, clock: Callable[[], float] = time.monotonic) -> ReadKeys:
    """The keys of a JWKS file."""
    return ReadKeys(lambda: _object(json.loads(path.read_bytes())), clock)


def keys_at(url: str, client: httpx.Client | None = None, clock: Callable[[], float] = time.monotonic) -> ReadKeys:
    """The keys at an issuer's `jwks_uri`."""

    def fetch() -> Mapping[str, Any]:
        get = client.get if client is not None else httpx.get
        response = get(url, timeout=_FETCH_TIMEOUT_SECONDS)
        response.raise_for_status()
        return _object(response.json())

    return ReadKeys(fetch, clock)


def signing_keys(jwks: Mapping[str, Any]) -> KeySet:
    """The keys of a JWKS that are for signatures; one without a use, or for encryption, verifies nothing."""
    usable = [key for key in jwks["keys"] if key.get("use") == "sig"]
    # joserfc refuses an empty set; for us it is an issuer that vouches for nothing any more.
    return KeySet.import_key_set({"keys": usable}) if usable else KeySet([])


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("keys"), list):
        raise ValueError("a JWKS is a JSON object with keys")
    return value
