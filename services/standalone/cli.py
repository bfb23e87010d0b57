"""The command line. Each command imports what it needs when it runs, so that the others start at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.standalone import maintenance, verifying
from shared.starting import StartRefused, in_one_sentence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; one sentence and exit 1 when it is refused."""
    asked = _parser().parse_args(arguments)
    try:
        asked.run(asked)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        sentence = in_one_sentence(error)
        if sentence is None:
            raise
        sys.exit(f"jikao: {sentence}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jikao", description="Government targets, key projects, assessment.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="run every service in one process on a data directory")
    serve.add_argument("--port", type=int, help="8000 unless given; 0 takes a free one")
    serve.add_argument("--host", help="127.0.0.1 unless given")
    serve.add_argument("--data", type=Path, help="the data directory, ./data unless given")
    serve.set_defaults(run=_serve)

    token = commands.add_parser("token", help="a token of the development issuer, on standard output")
    token.add_argument("--data", type=Path, default=Path("data"), help="the data (or stack) directory with its key")
    token.add_argument("--role", action="append", required=True, help="may be given several times")
    token.add_argument("--jurisdiction", action="append", required=True, help="GB/T 2260 code; several times")
    token.add_argument("--unit", help="code of the caller's unit")
    token.add_argument("--scope", default="all", help="all, own, own+below, or unit codes with commas between")
    token.add_argument("--source", action="append", default=[], help="registered source name; several times")
    token.add_argument("--client", default="command-line", help="client id, as a source was registered for")
    token.add_argument("--subject", default="developer", help="who, as the issuer knows them")
    token.add_argument("--days", type=float, default=0.5, help="how long it is valid")
    token.set_defaults(run=_token)

    replay = commands.add_parser("replay", help="ask a running back end again: a sealed audit, or a date")
    replay.add_argument("--url", default="http://127.0.0.1:8000", help="where the back end listens")
    replay.add_argument("--token", help="a bearer token; made by the development issuer of --data unless given")
    replay.add_argument("--data", type=Path, default=Path("data"), help="the data directory with the issuer's key")
    replay.add_argument("--jurisdiction", required=True, help="GB/T 2260 code")
    replay.add_argument("--year", type=int, required=True, help="assessment year")
    what = replay.add_mutually_exclusive_group(required=True)
    what.add_argument("--audit", metavar="ID", help="fold this sealed audit again from the archive and compare")
    what.add_argument("--as-of", metavar="DATE", help="completion of the whole city on this date")
    replay.add_argument("--known-at", help="with --as-of: position:1234, an instant or a date")
    replay.set_defaults(run=_replay)

    rebuild = commands.add_parser("rebuild", help="fill the read models again from the log, while nothing serves")
    rebuild.add_argument("--data", type=Path, default=Path("data"), help="the data directory")
    rebuild.add_argument("--service", choices=("targets", "projects", "evaluation"), help="only this one")
    rebuild.add_argument("--accept-differences", action="store_true", help="switch even if what is folded differs")
    rebuild.set_defaults(run=_rebuild)

    signing_key = commands.add_parser("signing-key", help="make the private key that signs checkpoints and receipts")
    signing_key.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to keep it, mode 0600")
    signing_key.set_defaults(run=_signing_key)

    maintenance.add_to(commands)

    openapi = commands.add_parser("openapi", help="write openapi.json, or check that it is up to date and announced")
    openapi.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is to be done")
    openapi.set_defaults(run=_openapi)

    stack = commands.add_parser("stack", help="run Kafka, PostgreSQL and each service as processes of their own")
    stack.add_argument("--port", type=int, default=8000, help="the gateway's; 0 takes a free one")
    stack.add_argument("--directory", type=Path, help="kept; a temporary one unless given")
    stack.set_defaults(run=_stack)

    verifying.add_to(commands)

    demo = commands.add_parser("demo", help="play the year 2009 through the HTTP interface")
    demo.add_argument("--port", type=int, default=8000)
    demo.add_argument("--once", action="store_true", help="end instead of serving on; exit 1 if a figure is off")
    demo.set_defaults(run=_demo)
    return parser


def _serve(asked: argparse.Namespace) -> None:
    from shared import settings
    from shared.http.logs import log_as_json
    from shared.http.serving import serve

    found = settings.read(settings.StandaloneSettings, host=asked.host, port=asked.port, data=asked.data)
    log_as_json(found.log_level)
    from services.standalone.data_directory import open_directory

    with open_directory(found.data) as directory:
        from services.standalone.main import build

        def ready(address: str) -> None:
            print(f"jikao serves {directory.path} at {address} (its interface: {address}/openapi.json)", flush=True)

        serve(lambda: build(directory, found), found.host, found.port, ready)


def _token(asked: argparse.Namespace) -> None:
    scope = asked.scope if asked.scope in ("all", "own", "own+below") else tuple(asked.scope.split(","))
    print(
        _minted(
            asked.data,
            subject=asked.subject,
            client=asked.client,
            jurisdictions=asked.jurisdiction,
            roles=asked.role,
            unit=asked.unit,
            scope=scope,
            sources=asked.source,
            ttl=int(asked.days * 86_400),
        )
    )


def _minted(data: Path, **claims: Any) -> str:
    from services.standalone.data_directory import issuer_directory
    from shared.identity.issuer import KEY_FILE, DevelopmentIssuer

    folder = issuer_directory(data)
    if not (folder / KEY_FILE).exists():
        raise StartRefused(f"There is no development issuer in {data}: name the directory of a back end by --data.")
    try:
        return DevelopmentIssuer(folder).mint(**claims)
    except ValueError as error:
        raise StartRefused(f"The token cannot be made: {error}.") from error


def _replay(asked: argparse.Namespace) -> None:
    import json
    import uuid

    import httpx

    token = asked.token or _minted(
        asked.data, subject="developer", client="command-line", jurisdictions=[asked.jurisdiction], roles=["auditor"]
    )
    year = f"{asked.url.rstrip('/')}/v1/jurisdictions/{asked.jurisdiction}/years/{asked.year}"
    headers = {"Authorization": f"Bearer {token}"}
    try:
        if asked.audit:
            headers["Idempotency-Key"] = str(uuid.uuid4())
            response = httpx.post(f"{year}/audits/{asked.audit}/replays", headers=headers, timeout=120)
        else:
            query = {"as_of": asked.as_of} | ({"known_at": asked.known_at} if asked.known_at else {})
            response = httpx.get(f"{year}/completion", params=query, headers=headers, timeout=120)
    except httpx.HTTPError as error:
        raise StartRefused(f"No back end answers at {asked.url} ({error}): start one, or name it by --url.") from error
    print(json.dumps(response.json(), ensure_ascii=False, indent=2))
    sys.exit(0 if response.is_success else 1)


def _rebuild(asked: argparse.Namespace) -> None:
    from services.standalone.data_directory import open_directory

    with open_directory(asked.data, make=False) as directory:
        from services.standalone.rebuilding import rebuild

        for name, rebuilt in rebuild(directory, asked.service, accept_differences=asked.accept_differences):
            differing = f"; these differ: {', '.join(rebuilt.differing)}" if rebuilt.differing else "; nothing differs"
            if not rebuilt.switched:
                raise StartRefused(
                    f"{name} keeps generation {rebuilt.generation}{differing}: "
                    "look into it, or switch by --accept-differences."
                )
            print(f"{name}: generation {rebuilt.generation} is in force{differing}")


def _signing_key(asked: argparse.Namespace) -> None:
    from shared.proofs.signing import SigningKey

    try:
        SigningKey.make(asked.out)
    except FileExistsError as error:
        raise StartRefused(f"{asked.out} exists, and no key is ever written over: name another file.") from error
    except OSError as error:
        raise StartRefused(f"The key cannot be kept at {asked.out} ({error.strerror}): name another file.") from error
    print(f"{asked.out} is made: keep it with the backups, and let only the services read it.")


def _openapi(asked: argparse.Namespace) -> None:
    from services.standalone import document

    if not asked.check:
        print(document.write())
    elif fault := document.fault():
        sys.exit(f"jikao: {fault}")


def _stack(asked: argparse.Namespace) -> None:
    from services.standalone.stack import run

    run(asked.port, asked.directory)


def _demo(asked: argparse.Namespace) -> None:
    from examples.demo import main as play

    sys.exit(play(asked.port, asked.once))
