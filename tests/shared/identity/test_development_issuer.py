import json
import stat
from pathlib import Path

import pytest

from shared.identity.issuer import KEY_FILE, DevelopmentIssuer, IssuerRefused, refuse_public_bind
from shared.identity.tokens import TokenExpired, TokenInvalid


def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    DevelopmentIssuer(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_the_key_survives_a_restart(tmp_path: Path) -> None:
    token = DevelopmentIssuer(tmp_path).mint("p1", "c1", ["430300"], ["office"])
    assert DevelopmentIssuer(tmp_path).verifier().verify(token).subject == "p1"


def test_another_directory_is_another_issuer(tmp_path: Path) -> None:
    token = DevelopmentIssuer(tmp_path / "a").mint("p1", "c1", ["430300"], ["office"])
    with pytest.raises(TokenInvalid):
        DevelopmentIssuer(tmp_path / "b").verifier().verify(token)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    DevelopmentIssuer(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(IssuerRefused, match="Others can read"):
        DevelopmentIssuer(tmp_path)


def test_only_the_public_half_is_published(issuer: DevelopmentIssuer) -> None:
    (key,) = issuer.jwks()["keys"]
    assert "d" not in key
    assert (key["use"], key["alg"], key["crv"]) == ("sig", "ES256", "P-256")
    json.dumps(issuer.jwks())


def test_a_minted_token_says_all_it_was_asked_to(issuer: DevelopmentIssuer) -> None:
    token = issuer.mint("p1", "c1", ["430300"], ["unit", "leader"], "u12", ("u12", "u13"), ["county-a"])
    caller = issuer.verifier().verify(token)
    assert (caller.subject, caller.client, caller.jurisdictions) == ("p1", "c1", ("430300",))
    assert (caller.roles, caller.unit, caller.scope, caller.sources) == (
        ("unit", "leader"),
        "u12",
        ("u12", "u13"),
        ("county-a",),
    )


def test_a_minted_token_ends(tmp_path: Path) -> None:
    now = [1_250_000_000.0]
    issuer = DevelopmentIssuer(tmp_path, clock=lambda: now[0])
    verifier = issuer.verifier()
    token = issuer.mint("p1", "c1", ["430300"], ["office"], ttl=60)
    verifier.verify(token)
    now[0] += 91
    with pytest.raises(TokenExpired):
        verifier.verify(token)


def test_a_role_that_does_not_exist_is_not_minted(issuer: DevelopmentIssuer) -> None:
    with pytest.raises(ValueError, match="no such role: offce"):
        issuer.mint("p1", "c1", ["430300"], ["offce"])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost"])
def test_a_loopback_bind_is_allowed(host: str) -> None:
    refuse_public_bind(host, allowed=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.5", "jikao.example", "127.0.0.1.example"])
def test_any_other_bind_is_refused_unless_told_so(host: str) -> None:
    refuse_public_bind(host, allowed=True)
    with pytest.raises(IssuerRefused, match=r"^[^\n]+\.$"):
        refuse_public_bind(host, allowed=False)
