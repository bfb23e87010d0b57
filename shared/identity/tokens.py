"""Verifies bearer tokens: ES256 signature, issuer, audience, expiry, and the claims: who may do what."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import KeySet

from shared.errors import NotAuthenticated
from shared.identity.callers import Caller, Scope
from shared.identity.keys import KeySource

__all__ = [
    "Caller",
    "TokenClaimsMalformed",
    "TokenExpired",
    "TokenInvalid",
    "TokenMissing",
    "Verifier",
    "read_claims",
]

LEEWAY_SECONDS = 30
CACHED_TOKENS = 10_000
CLAIM = "jikao"

_MAX_TOKEN = 16_384


class TokenMissing(NotAuthenticated):
    """Send a bearer token in the Authorization header."""

    zh = "请在 Authorization 请求头中提供访问令牌。"


class TokenInvalid(NotAuthenticated):
    """This token is not one that our issuer signed for us."""

    zh = "此令牌不是由我方认可的签发方为本系统签发的。"


class TokenExpired(NotAuthenticated):
    """This token has expired; get a new one."""

    zh = "此令牌已过期,请重新获取。"


class TokenClaimsMalformed(NotAuthenticated):
    """This token is genuine, but its claims do not say who may do what in the form we need."""

    zh = "此令牌真实有效,但其中的权限声明不符合要求的格式。"


class Verifier:
    """Turns a bearer token into a Caller; remembers it until it expires, as a signature costs 0.1 ms."""

    def __init__(
        self,
        keys: KeySource,
        issuer: str,
        audience: str,
        *,
        clock: Callable[[], float] = time.time,
        cached_tokens: int = CACHED_TOKENS,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._cached_tokens = cached_tokens
        self._cache: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()
        self._lock = threading.Lock()

    def remembered(self, token: str) -> Caller | None:
        """The caller of a token verified before and not yet expired; never blocks for long."""
        digest = _digest(token)
        with self._lock:
            found = self._cache.get(digest)
            if found is None:
                return None
            expires_at, caller = found
            if self._clock() >= expires_at:
                del self._cache[digest]
                return None
            self._cache.move_to_end(digest)
            return caller

    def verify(self, token: str) -> Caller:
        """The caller of a token; may fetch keys, so it may block.

        Raises TokenInvalid, TokenExpired, TokenClaimsMalformed, or IssuerUnreachable when no keys can be had.
        """
        if caller := self.remembered(token):
            return caller
        claims = self._genuine_claims(token)
        caller = read_claims(claims)
        with self._lock:
            self._cache[_digest(token)] = (float(claims["exp"]), caller)
            while len(self._cache) > self._cached_tokens:
                self._cache.popitem(last=False)
        return caller

    def _genuine_claims(self, token: str) -> Mapping[str, Any]:
        key_id = _key_id(token)
        keys = self._keys.keys()
        if not _has(keys, key_id):
            keys = self._keys.refreshed()
            if not _has(keys, key_id):
                raise TokenInvalid
        try:
            claims: dict[str, Any] = jwt.decode(token, keys, algorithms=["ES256"]).claims
            # decode checks the signature only.
            jwt.JWTClaimsRegistry(
                now=int(self._clock()),
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._audience},
                exp={"essential": True},
                sub={"essential": True},
            ).validate(claims)
        except ExpiredTokenError as error:
            raise TokenExpired from error
        except (JoseError, ValueError, TypeError) as error:
            raise TokenInvalid from error
        return claims


def read_claims(claims: Mapping[str, Any]) -> Caller:
    """The caller that verified claims describe; TokenClaimsMalformed when they do not."""
    ours = claims.get(CLAIM)
    if not isinstance(ours, dict):
        raise TokenClaimsMalformed(claim=CLAIM)
    unit = ours.get("unit")
    if unit is not None:
        unit = _text(f"{CLAIM}.unit", unit)
    scope = _scope(ours.get("scope"))
    if unit is None and scope in ("own", "own+below"):
        raise TokenClaimsMalformed(claim=f"{CLAIM}.unit")
    return Caller(
        issuer=_text("iss", claims.get("iss")),
        subject=_text("sub", claims.get("sub")),
        client=_text("client_id", claims.get("client_id")),
        jurisdictions=_texts(f"{CLAIM}.jurisdictions", ours.get("jurisdictions")),
        roles=_texts(f"{CLAIM}.roles", ours.get("roles")),
        unit=unit,
        scope=scope,
        sources=_texts(f"{CLAIM}.sources", ours.get("sources", [])),
    )


def _scope(value: object) -> Scope:
    if value == "all":
        return "all"
    if value == "own":
        return "own"
    if value == "own+below":
        return "own+below"
    units = _texts(f"{CLAIM}.scope", value)
    if not units or {"all", "own", "own+below"} & set(units):
        raise TokenClaimsMalformed(claim=f"{CLAIM}.scope")
    return units


def _text(claim: str, value: object) -> str:
    # A comma would let one code pose as two in authscope.
    if not isinstance(value, str) or not 0 < len(value) <= 255 or "," in value or not value.isprintable():
        raise TokenClaimsMalformed(claim=claim)
    return value


def _texts(claim: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TokenClaimsMalformed(claim=claim)
    return tuple(_text(claim, item) for item in value)


def _key_id(token: str) -> str:
    """The `kid` of a token's header, not yet to be trusted; TokenInvalid when the text has none."""
    try:
        if len(token) > _MAX_TOKEN:
            raise ValueError("too long")
        head = token.split(".", 1)[0]
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        key_id = header["kid"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise TokenInvalid from error
    if not isinstance(key_id, str):
        raise TokenInvalid
    return key_id


def _has(keys: KeySet, key_id: str) -> bool:
    return any(key.kid == key_id for key in keys.keys)


def _digest(token: str) -> bytes:
    # Not the token itself: a dump of memory should not hold ten thousand of them.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
