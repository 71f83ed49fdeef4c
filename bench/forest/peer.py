"""scikit-learn's forest on the matrix that bench/forest.ts wrote: the same columns, rows and splits, nulls as NaN.

Started with a folder that holds matrix.f64 (column after column), labels.u8, and job.json:
{rows, columns, trees, seed, splits: [[test rows]..]}. First says its version; then each line of stdin asks for one
fit, {split, threads}, and is answered by one line: seconds, CPU seconds, measures, peak memory of the process.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import sklearn
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score

folder = Path(sys.argv[1])
job = json.loads((folder / "job.json").read_text())
values = np.fromfile(folder / "matrix.f64").reshape(job["columns"], job["rows"]).T
matrix = np.ascontiguousarray(values, dtype=np.float32)
labels = np.fromfile(folder / "labels.u8", dtype=np.uint8)


def fit(split, threads):
    held_out = np.zeros(job["rows"], dtype=bool)
    held_out[job["splits"][split]] = True
    x, y = matrix[~held_out], labels[~held_out]
    forest = RandomForestClassifier(
        n_estimators=job["trees"], class_weight="balanced", random_state=job["seed"], n_jobs=threads
    )
    started, cpu = time.perf_counter(), time.process_time()
    forest.fit(x, y)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    truth, scores = labels[held_out], forest.predict_proba(matrix[held_out])[:, 1]
    called = (scores >= 0.5).astype(int)
    return {
        "seconds": seconds,
        "cpuSeconds": cpu_seconds,
        "auc": roc_auc_score(truth, scores),
        "f1": f1_score(truth, called),
        "accuracy": accuracy_score(truth, called),
        "logLoss": log_loss(truth, scores),
        "memoryMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


print(json.dumps({"version": sklearn.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(fit(**json.loads(line))), flush=True)
