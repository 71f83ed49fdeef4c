"""LightGBM on the tables that bench/boosting.ts wrote: the same columns, rows and folds, nulls as NaN.

Started with a folder that holds tables.json ({name: {rows, columns}}) and for each table NAME.f64 (column after column) and
NAME.u8 (labels). First says its version; then each line of stdin asks for one fit, {table, folds, fold, params, rounds}:
`folds` is a file with the fold of each row, `fold` the one that is measured on. Answered by one line.
"""

import json
import resource
import sys
import time
from pathlib import Path

import lightgbm as lgb
import numpy as np
from sklearn.metrics import log_loss, roc_auc_score

folder = Path(sys.argv[1])
tables = {}
for name, size in json.loads((folder / "tables.json").read_text()).items():
    values = np.fromfile(folder / f"{name}.f64").reshape(size["columns"], size["rows"]).T
    tables[name] = np.ascontiguousarray(values), np.fromfile(folder / f"{name}.u8", dtype=np.uint8)


def fit(table, folds, fold, params, rounds):
    matrix, labels = tables[table]
    held_out = np.fromfile(folder / folds, dtype=np.uint8) == fold
    x, y = matrix[~held_out], labels[~held_out]
    started, cpu = time.perf_counter(), time.process_time()
    data = lgb.Dataset(x, y, params={"verbose": -1, **params}, free_raw_data=False).construct()
    booster = lgb.train({"objective": "binary", "verbose": -1, **params}, data, rounds)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    truth, scores = labels[held_out], booster.predict(matrix[held_out], num_threads=1)
    return {
        "seconds": seconds,
        "cpuSeconds": cpu_seconds,
        "auc": roc_auc_score(truth, scores),
        "logLoss": log_loss(truth, scores),
        "memoryMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


print(json.dumps({"version": lgb.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(fit(**json.loads(line))), flush=True)
