"""scikit-learn's forest on the matrix that bench/forest.ts wrote: the same columns, rows and splits, nulls as NaN.

Started with a folder that holds matrix.f64 (column after column), labels.u8, and job.json:
{rows, columns, trees, seed, repeats, threads: [..], splits: [[test rows]..]}. Prints one JSON document.
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


def forest(threads, seed=job["seed"]):
    return RandomForestClassifier(n_estimators=job["trees"], class_weight="balanced", random_state=seed, n_jobs=threads)


def parts(test):
    held_out = np.zeros(job["rows"], dtype=bool)
    held_out[test] = True
    return matrix[~held_out], labels[~held_out], matrix[held_out], labels[held_out]


def seconds(threads):
    x, y, _, _ = parts(job["splits"][0])
    taken = []
    for _ in range(job["repeats"] + 1):
        started = time.perf_counter()
        forest(threads).fit(x, y)
        taken.append(time.perf_counter() - started)
    return taken[1:]


def measure(test):
    x, y, x_test, y_test = parts(test)
    scores = forest(threads=-1).fit(x, y).predict_proba(x_test)[:, 1]
    called = (scores >= 0.5).astype(int)
    return {
        "auc": roc_auc_score(y_test, scores),
        "f1": f1_score(y_test, called),
        "accuracy": accuracy_score(y_test, called),
        "logLoss": log_loss(y_test, scores),
    }


print(
    json.dumps(
        {
            "version": sklearn.__version__,
            "seconds": {str(threads): seconds(threads) for threads in job["threads"]},
            "measures": [measure(test) for test in job["splits"]],
            "memoryMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
