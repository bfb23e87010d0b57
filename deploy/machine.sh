#!/bin/sh
# What the machine itself must have before pip and Maven can bring the rest. For each name given (venv, java, maven,
# postgres): nothing to do when it is there; root gets it from apt; anybody else gets one sentence and exit 1.
set -eu
: "${PYTHON:=python3}"

venv_is_there() { "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; }

java_is_there() {
    major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9][0-9]*\).*/\1/p' | head -n 1)
    [ "${major:-0}" -ge 17 ]
}

maven_is_there() { command -v mvn >/dev/null; }

postgres_is_there() {
    for initdb in /usr/lib/postgresql/*/bin/initdb "$(command -v initdb || true)"; do
        [ -x "$initdb" ] || continue
        major=$("$initdb" --version | sed -n 's/.* \([0-9][0-9]*\).*/\1/p')
        [ "${major:-0}" -ge 15 ] && return 0
    done
    return 1
}

say() {
    echo "$1: install $2, for instance by: apt-get install $3" >&2
    exit 1
}

need() { # need NAME PACKAGE WHAT
    "$1_is_there" && return 0
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        say "$1 is missing" "$3" "$2"
    fi
    echo "$3 is missing: installing $2"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null || true # an old list may still do; the installation below decides
    apt-get install -y -qq --no-install-recommends "$2" </dev/null >/dev/null || say "apt could not bring $2" "$3" "$2"
    "$1_is_there" || say "apt's $2 is too old" "$3" "$2"
}

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "Python is missing or too old: install Python 3.11 or later, or name one by PYTHON=" >&2
    exit 1
}
for name in "$@"; do
    case "$name" in
    venv) need venv python3-venv "the venv module of Python" ;;
    java) need java default-jre-headless "Java 17 or later" ;;
    maven) need maven maven "Maven" ;;
    postgres) need postgres postgresql "PostgreSQL 15 or later" ;;
    *) echo "deploy/machine.sh knows no $name: venv, java, maven or postgres" >&2 && exit 2 ;;
    esac
done
