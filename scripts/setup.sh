#!/bin/sh
# Find a Python and hand over to setup.py: PYTHON if given, else the one of .venv if that is whole, else
# the first of the usual names that is 3.11 to 3.13.
set -eu
cd "$(dirname "$0")/.."

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }

if [ -n "${PYTHON:-}" ]; then
    fits "$PYTHON" || { echo "PYTHON=$PYTHON is not a Python 3.11, 3.12 or 3.13; give the path of one." >&2; exit 1; }
    exec "$PYTHON" scripts/setup.py "$@"
fi
if .venv/bin/python -m pip --version >/dev/null 2>&1 && fits .venv/bin/python; then
    exec .venv/bin/python scripts/setup.py "$@"
fi
for candidate in python3 python3.12 python3.11 python3.13 python; do
    if fits "$candidate"; then exec "$candidate" scripts/setup.py "$@"; fi
done
echo "No Python 3.11, 3.12 or 3.13 was found; install one, or name it: make run PYTHON=/path/to/python3.12" >&2
exit 1
