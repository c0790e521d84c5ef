#!/bin/sh
# Makes the virtual environment $1 with the first Python that is new enough.
set -eu
target=$1

python=
for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Python 3.11 or newer is needed, and there is none on the PATH." >&2
    exit 1
fi

echo "Making $target with $("$python" --version); this takes about 10 seconds ..."
if "$python" -c 'import ensurepip' 2>/dev/null; then
    exec "$python" -m venv --clear "$target"
fi
if "$python" -m virtualenv --version >/dev/null 2>&1; then
    exec "$python" -m virtualenv --quiet --clear "$target"
fi

echo "This Python has no ensurepip; using virtualenv in its place."
maker=$(mktemp -d)
trap 'rm -rf "$maker"' EXIT
if ! "$python" -m pip install --quiet --target "$maker" virtualenv; then
    echo "No virtual environment can be made: install ensurepip (Debian: apt-get install python3-venv) and try again." >&2
    exit 1
fi
PYTHONPATH=$maker "$python" -m virtualenv --quiet --clear "$target"
