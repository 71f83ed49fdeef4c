#!/bin/sh
# Runs MLflow's own test cases of tracking, registry and artifacts against a server of Weir, or against MLflow's own.
#   scripts/mlflow-own-cases/run.sh PYTHON CHECKOUT OUT.xml [real]
# PYTHON has the mlflow of the checkout's version, pytest and pytest-timeout. Nothing is fetched.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=$1 checkout=$2 out=$3
shift 3
files="tests/tracking/test_rest_tracking.py tests/tracking/test_model_registry.py tests/tracking/test_mlflow_artifacts.py tests/tracking/test_tracking.py"
if [ "${1:-}" = real ]; then
  shift
  export WEIR_SERVERS=real
else
  started=$(mktemp)
  # Not by npx, which would not hand the signal on: the servers and their databases would stay.
  node --import "$here/../../node_modules/tsx/dist/loader.mjs" "$here/servers.ts" >"$started" &
  servers=$!
  trap 'kill $servers; wait $servers || true; rm -f "$started"' EXIT
  while [ ! -s "$started" ]; do kill -0 $servers; sleep 0.2; done
  WEIR_SERVERS=$(head -1 "$started")
  export WEIR_SERVERS
fi
cd "$checkout"
export PYTHONPATH="$here:${PYTHONPATH:-}" MLFLOW_HTTP_REQUEST_MAX_RETRIES=0 MLFLOW_TRACKING_URI= GIT_PYTHON_REFRESH=quiet
"$python" -m pytest -c /dev/null --rootdir . -p weir_plugin -p no:cacheprovider -q --timeout 120 --junitxml "$out" ${FILES:-$files} "$@"
