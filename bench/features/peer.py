"""The real Feast on the files that bench/features/data.ts and month.ts wrote.

Started with a folder that holds job.json; the Feast repository is made in it. Prints one line of JSON and ends; in mode
`serve` prints it when the server answers, and ends, with the server, when stdin is closed. Modes and their own fields:

historical   entities, ttlDays (0: none), repeat, out (null: not written)
materialize  start, end, ttlDays
serve        start, end, ttlDays, port, workers

All have `views` ([{name, path, features: {name: type}}]) and `store`: duckdb, or file, which is Feast on dask.
"""

import inspect
import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

os.environ["FEAST_USAGE"] = "False"
started = time.perf_counter()

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.data_format import ParquetFormat
from feast.types import Bool, Float32, Int64, String
from feast.version import get_version
from google.protobuf.json_format import MessageToDict

# Feast loads these at the first call; they are no part of a join.
import dask.dataframe  # noqa: F401
import duckdb  # noqa: F401
import ibis  # noqa: F401

import_seconds = time.perf_counter() - started
TYPES = {"Int64": Int64, "Float32": Float32, "Bool": Bool, "String": String}
folder = Path(sys.argv[1]).resolve()
job = json.loads((folder / "job.json").read_text())


def open_store():
    """A repository with an entity and the views of the job, applied."""
    config = {
        "project": "bench",
        "provider": "local",
        "registry": str(folder / "registry.db"),
        "online_store": {"type": "sqlite", "path": str(folder / "online.db")},
        "offline_store": {"type": job["store"]},
        "entity_key_serialization_version": 3,
    }
    (folder / "feature_store.yaml").write_text(json.dumps(config))
    store = FeatureStore(repo_path=str(folder))
    user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
    views = [
        FeatureView(
            name=view["name"],
            entities=[user],
            ttl=timedelta(days=job["ttlDays"]),
            schema=[Field(name="user_id", dtype=String)]
            + [Field(name=name, dtype=TYPES[type_]) for name, type_ in view["features"].items()],
            source=FileSource(
                name=view["name"] + "_source",
                path=view["path"],
                file_format=ParquetFormat(),
                timestamp_field="event_timestamp",
                created_timestamp_column="created",
            ),
        )
        for view in job["views"]
    ]
    store.apply([user, *views])
    return store


def references():
    return [f"{view['name']}:{feature}" for view in job["views"] for feature in view["features"]]


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def historical():
    """Seconds of each stage, of the fastest of `repeat` rounds; memory is the peak of the process."""
    store = open_store()
    base_mb = peak_mb()
    rounds = []
    for _ in range(job["repeat"]):
        t0 = time.perf_counter()
        entity_df = pd.read_parquet(job["entities"])
        t1 = time.perf_counter()
        table = store.get_historical_features(entity_df=entity_df, features=references()).to_arrow()
        t2 = time.perf_counter()
        if job["out"]:
            pq.write_table(table, job["out"])
        t3 = time.perf_counter()
        rounds.append({"readSeconds": t1 - t0, "seconds": t2 - t1, "writeSeconds": t3 - t2, "allSeconds": t3 - t0})
    peak = peak_mb()
    return {
        **min(rounds, key=lambda r: r["seconds"]),
        "firstSeconds": rounds[0]["seconds"],
        "entityRows": len(entity_df),
        "rows": table.num_rows,
        "baseRssMb": base_mb,
        "maxRssMb": peak,
        "columns": {ref.split(":")[1]: summary(table[ref.split(":")[1]]) for ref in references()},
    }


def summary(column):
    """What two joins must agree in, whatever the order of their rows: values that are there, and their sum."""
    if str(column.type) in ("string", "large_string"):
        column = pc.utf8_length(column)
    total = pc.sum(column.cast("double")).as_py()
    return {"present": len(column) - column.null_count, "sum": total or 0.0}


def materialize():
    store = open_store()
    t0 = time.perf_counter()
    store.materialize(start_date=moment(job["start"]), end_date=moment(job["end"]))
    seconds = time.perf_counter() - t0
    rows = online_rows()
    return {"seconds": seconds, "rows": rows, "rowsPerSecond": rows / seconds, "maxRssMb": peak_mb()}


def online_rows():
    """Rows that are in the online store: a key of a view."""
    with sqlite3.connect(folder / "online.db") as online:
        counts = [
            online.execute(f'SELECT count(DISTINCT entity_key) FROM "bench_{view["name"]}"').fetchone()[0]
            for view in job["views"]
        ]
    return sum(counts)


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def serve():
    if "float_precision" not in inspect.signature(MessageToDict).parameters:
        raise SystemExit("this Feast's server answers 500 to all with protobuf 7 or later: use one with protobuf 6")
    materialized = materialize()
    feast = [str(Path(sys.executable).parent / "feast"), "-c", str(folder), "serve", "--no-access-log"]
    args = ["--host", "127.0.0.1", "--port", str(job["port"]), "--workers", str(job["workers"])]
    with open(folder / "serve.log", "w") as log:
        server = subprocess.Popen([*feast, *args], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{job['port']}"
        wait_for(url + "/health", server)
        tell({"url": url, "pid": server.pid, "materialized": materialized})
        sys.stdin.read()
    finally:
        server.terminate()
        server.wait()


def wait_for(url, server):
    import urllib.request

    for _ in range(600):
        if server.poll() is not None:
            raise SystemExit(f"feast serve ended with {server.returncode}:\n{(folder / 'serve.log').read_text()[-2000:]}")
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("feast serve did not answer within a minute")


real_stdout = os.dup(1)
# Feast prints its progress; only the answer goes to the real stdout.
os.dup2(2, 1)


def tell(answer):
    answer = {"version": get_version(), "importSeconds": import_seconds, **answer}
    os.write(real_stdout, (json.dumps(answer) + "\n").encode())


if job["mode"] == "serve":
    serve()
else:
    tell({"historical": historical, "materialize": materialize}[job["mode"]]())
