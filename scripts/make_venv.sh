#!/bin/sh
# Makes the virtual environment $1 with a Python that this is tested with, else with any that is newer.
set -eu
target=$1

# Prints the first of the commands behind a range of versions, such as "(3, 11) <= v < (3, 14)", that is within it.
first_within() {
    range=$1
    shift
    for candidate; do
        if "$candidate" -c "import sys; v = sys.version_info[:2]; sys.exit(not ($range))" 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

python=$(first_within "(3, 11) <= v < (3, 14)" python3 python python3.13 python3.12 python3.11)
if [ -z "$python" ]; then
    python=$(first_within "v >= (3, 14)" python3 python3.14 python3.15 python)
    if [ -z "$python" ]; then
        echo "Python 3.11 or newer is needed, and there is none on the PATH." >&2
        exit 1
    fi
    echo "Only $("$python" --version) is here, which is newer than what this is tested with (3.11, 3.12 and 3.13)." >&2
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
