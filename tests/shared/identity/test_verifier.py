import base64
import contextlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from shared.identity.issuer import AUDIENCE, ISSUER, DevelopmentIssuer
from shared.identity.keys import FixedKeys, IssuerUnreachable, ReadKeys, keys_at, keys_in_file
from shared.identity.tokens import Caller, TokenClaimsMalformed, TokenExpired, TokenInvalid, Verifier, read_claims

KEY = ECKey.generate_key("P-256", {"kid": "k1"})
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "k2"})
NOW = 1_250_000_000
OURS: dict[str, Any] = {"jurisdictions": ["430300"], "roles": ["unit"], "unit": "u12", "scope": "own", "sources": ["s"]}
CLAIMS: dict[str, Any] = {
    "iss": ISSUER, "aud": AUDIENCE, "sub": "p1", "client_id": "c1", "exp": NOW + 600, "jikao": OURS,
}  # fmt: skip


def public(*keys: ECKey, use: str | None = "sig") -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) | ({"use": use} if use else {}) for key in keys]}


def signed(claims: dict[str, Any], key: ECKey = KEY, **header: Any) -> str:
    return jwt.encode({"alg": "ES256", "kid": key.kid, **header}, claims, key, algorithms=["ES256"])


def verifier(clock: Callable[[], float] = lambda: NOW, **jwks: Any) -> Verifier:
    return Verifier(FixedKeys(jwks or public(KEY)), ISSUER, AUDIENCE, clock=clock)


def test_a_good_token_names_its_caller() -> None:
    assert verifier().verify(signed(CLAIMS)) == Caller(
        subject="p1",
        client="c1",
        jurisdictions=("430300",),
        roles=("unit",),
        unit="u12",
        scope="own",
        sources=("s",),
        issuer=ISSUER,
    )


def test_an_audience_may_be_one_of_several() -> None:
    assert verifier().verify(signed(CLAIMS | {"aud": ["other", AUDIENCE]})).subject == "p1"


@pytest.mark.parametrize(
    "changed",
    [{"iss": "someone"}, {"iss": None}, {"aud": "other"}, {"aud": []}, {"aud": None}, {"exp": None}, {"exp": "soon"},
     {"exp": "9999999999"}, {"nbf": NOW + 100}, {"sub": None}, {"sub": ""}, {"exp": True}],
)  # fmt: skip
def test_issuer_audience_and_expiry_are_checked(changed: dict[str, Any]) -> None:
    claims = {name: value for name, value in (CLAIMS | changed).items() if value is not None}
    with pytest.raises((TokenInvalid, TokenExpired)):
        verifier().verify(signed(claims))


def test_a_token_lives_until_its_expiry_and_the_leeway() -> None:
    assert verifier(lambda: NOW + 629).verify(signed(CLAIMS)).subject == "p1"
    with pytest.raises(TokenExpired):
        verifier(lambda: NOW + 631).verify(signed(CLAIMS))


def test_only_keys_for_signatures_verify() -> None:
    for use in (None, "enc"):
        with pytest.raises(TokenInvalid):
            verifier(**public(KEY, use=use)).verify(signed(CLAIMS))


def test_a_signature_of_another_key_under_a_known_id_is_refused() -> None:
    impostor = ECKey.generate_key("P-256", {"kid": "k1"})
    with pytest.raises(TokenInvalid):
        verifier().verify(signed(CLAIMS, impostor))


def test_a_changed_payload_is_refused() -> None:
    head, payload, signature = signed(CLAIMS).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "p2"}).encode()).decode().rstrip("=")
    with pytest.raises(TokenInvalid):
        verifier().verify(f"{head}.{forged}.{signature}")


def test_no_other_algorithm_is_taken() -> None:
    # The classics: the public key as the secret of an HMAC, and no signature at all.
    def encoded(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    head, body = encoded(b'{"alg":"HS256","kid":"k1"}'), encoded(json.dumps(CLAIMS).encode())
    summed = hmac.digest(KEY.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
    none = encoded(b'{"alg":"none","kid":"k1"}')
    for token in (f"{head}.{body}.{encoded(summed)}", f"{none}.{body}.", f"{head}.{body}."):
        with pytest.raises(TokenInvalid):
            verifier().verify(token)


def test_a_token_must_name_its_key() -> None:
    token = jwt.encode({"alg": "ES256"}, CLAIMS, KEY, algorithms=["ES256"])
    with pytest.raises(TokenInvalid):
        verifier().verify(token)


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode() + ".e30.x"))
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(TokenInvalid):
        verifier().verify(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_a_header_of_any_shape_is_refused(header: Any) -> None:
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    with pytest.raises(TokenInvalid):
        verifier().verify(f"{head}.e30.x")


@pytest.mark.parametrize("token", ["", ".", "..", "é.é.é", "\ud800", "a" * 100_000, "[" * 10_000 + ".x.y"])
def test_text_that_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TokenInvalid):
        verifier().verify(token)


@pytest.mark.parametrize(
    ("ours", "claim"),
    [
        (None, "jikao"),
        ([], "jikao"),
        ({"jurisdictions": None}, "jikao.jurisdictions"),
        ({"jurisdictions": "430300"}, "jikao.jurisdictions"),
        ({"jurisdictions": [430300]}, "jikao.jurisdictions"),
        ({"roles": {"unit": True}}, "jikao.roles"),
        ({"roles": [""]}, "jikao.roles"),
        ({"unit": 12}, "jikao.unit"),
        ({"unit": "a,b"}, "jikao.unit"),
        ({"unit": None}, "jikao.unit"),
        ({"scope": None}, "jikao.scope"),
        ({"scope": "everything"}, "jikao.scope"),
        ({"scope": ["a,b"]}, "jikao.scope"),
        ({"scope": ["a\nb"]}, "jikao.scope"),
        ({"sources": "s"}, "jikao.sources"),
    ],
)
def test_genuine_claims_of_another_form_are_named(ours: Any, claim: str) -> None:
    changed = OURS | ours if isinstance(ours, dict) else ours
    with pytest.raises(TokenClaimsMalformed) as refused:
        verifier().verify(signed(CLAIMS | {"jikao": changed}))
    assert refused.value.about == {"claim": claim}


@given(st.dictionaries(st.sampled_from([*CLAIMS, *OURS]), st.none() | st.text() | st.lists(st.text() | st.integers())))
def test_any_claims_name_a_caller_or_are_malformed(changed: dict[str, Any]) -> None:
    ours = OURS | {name: value for name, value in changed.items() if name in OURS}
    with contextlib.suppress(TokenClaimsMalformed):
        read_claims(CLAIMS | {"jikao": ours} | {n: v for n, v in changed.items() if n in CLAIMS})


def test_a_missing_client_is_malformed() -> None:
    claims = {name: value for name, value in CLAIMS.items() if name != "client_id"}
    with pytest.raises(TokenClaimsMalformed):
        verifier().verify(signed(claims))


def test_listed_units_are_a_scope_and_need_no_unit_of_ones_own() -> None:
    ours = {name: value for name, value in OURS.items() if name != "unit"} | {"scope": ["u2", "u1"]}
    assert verifier().verify(signed(CLAIMS | {"jikao": ours})).scope == ("u2", "u1")


def test_a_verified_token_is_remembered_until_it_expires() -> None:
    now = [float(NOW)]
    remembering = verifier(lambda: now[0])
    token = signed(CLAIMS)
    assert remembering.remembered(token) is None
    caller = remembering.verify(token)
    assert remembering.remembered(token) is caller
    assert remembering.verify(token) is caller
    now[0] = NOW + 600
    assert remembering.remembered(token) is None


def test_a_refused_token_is_not_remembered() -> None:
    remembering = verifier()
    token = signed(CLAIMS | {"iss": "someone"})
    for _ in range(2):
        with pytest.raises(TokenInvalid):
            remembering.verify(token)


def test_memory_is_bounded_and_the_least_used_is_forgotten() -> None:
    small = Verifier(FixedKeys(public(KEY)), ISSUER, AUDIENCE, clock=lambda: NOW, cached_tokens=2)
    first, second, third = (signed(CLAIMS | {"jti": str(n)}) for n in range(3))
    small.verify(first)
    small.verify(second)
    small.remembered(first)
    small.verify(third)
    assert [small.remembered(token) is not None for token in (first, second, third)] == [True, False, True]


def test_an_unknown_key_is_looked_for_once_a_minute() -> None:
    published, looked, now = [public(KEY)], [0], [0.0]

    def read() -> dict[str, Any]:
        looked[0] += 1
        return published[0]

    rotating = Verifier(ReadKeys(read, clock=lambda: now[0]), ISSUER, AUDIENCE, clock=lambda: NOW)
    rotating.verify(signed(CLAIMS))
    published[0] = public(KEY, OTHER_KEY)
    fresh = signed(CLAIMS, OTHER_KEY)
    for _ in range(3):
        with pytest.raises(TokenInvalid):
            rotating.verify(fresh)
    assert looked[0] == 1
    now[0] = 60.0
    assert rotating.verify(fresh).subject == "p1"
    assert looked[0] == 2
    now[0] = 61.0
    with pytest.raises(TokenInvalid):
        rotating.verify(signed(CLAIMS, ECKey.generate_key("P-256", {"kid": "k3"})))
    assert looked[0] == 2


def test_keys_come_from_a_file(tmp_path: Path) -> None:
    path, now = tmp_path / "jwks.json", [0.0]
    from_file = Verifier(keys_in_file(path, lambda: now[0]), ISSUER, AUDIENCE, clock=lambda: NOW)
    with pytest.raises(IssuerUnreachable):
        from_file.verify(signed(CLAIMS))
    path.write_text(json.dumps(public(KEY)))
    now[0] = 5.0
    assert from_file.verify(signed(CLAIMS)).subject == "p1"


def test_keys_come_from_an_address_and_stay_while_it_is_away() -> None:
    now = [0.0]
    answers: list[httpx.Response] = [
        httpx.Response(503),
        httpx.Response(200, text="no json"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json=public(KEY)),
        httpx.Response(503),
    ]
    client = httpx.Client(transport=httpx.MockTransport(lambda request: answers.pop(0)))
    source = keys_at("https://issuer.example/jwks", client, lambda: now[0])
    away = Verifier(source, ISSUER, AUDIENCE, clock=lambda: NOW)
    for _ in range(3):
        with pytest.raises(IssuerUnreachable):
            away.verify(signed(CLAIMS))
        now[0] += 5
    assert away.verify(signed(CLAIMS)).subject == "p1"
    now[0] += 60
    assert [key.kid for key in source.refreshed().keys] == ["k1"]
    assert answers == []


def test_a_dead_issuer_is_asked_once_in_five_seconds() -> None:
    asked, now = [0], [0.0]

    def dead() -> dict[str, Any]:
        asked[0] += 1
        raise OSError

    waiting = Verifier(ReadKeys(dead, lambda: now[0]), ISSUER, AUDIENCE, clock=lambda: NOW)
    for now[0] in (0.0, 1.0, 4.9):
        with pytest.raises(IssuerUnreachable) as refused:
            waiting.verify(signed(CLAIMS))
        assert refused.value.retry_after == 5
    assert asked[0] == 1


def test_foreign_keys_in_a_set_do_no_harm() -> None:
    jwks = public(KEY)
    jwks["keys"].append({"kty": "AKP", "alg": "ML-DSA-44", "use": "sig", "pub": "AA", "kid": "pq"})
    assert verifier(**jwks).verify(signed(CLAIMS)).subject == "p1"


def test_a_minted_token_is_verified(issuer: DevelopmentIssuer) -> None:
    token = issuer.mint("p1", "c1", ["430300"], ["office"])
    assert issuer.verifier().verify(token).roles == ("office",)
