"""LightGBM, scikit-learn and shap on the January that bench/explain.ts wrote (x.f64, column after column, y.u8).

First says its versions; then each line of stdin is {what, rows?, file?, out?}, answered by one line with CPU seconds:
explain_boosted, explain_forest (shap), one_boosted, one_forest: a row, over `rows` of them; score: the rows of a Parquet
file into another, with the forest.
"""

import json
import resource
import sys
import time
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import shap
import sklearn
from sklearn.ensemble import RandomForestClassifier

folder = Path(sys.argv[1])
size = json.loads((folder / "size.json").read_text())
x = np.ascontiguousarray(np.fromfile(folder / "x.f64").reshape(size["columns"], size["rows"]).T)
y = np.fromfile(folder / "y.u8", dtype=np.uint8)
names = [f"c{i}" for i in range(size["columns"])]
params = {"objective": "binary", "num_leaves": 31, "learning_rate": 0.05, "num_threads": 1, "verbose": -1}
booster = lgb.train(params, lgb.Dataset(x, y), 300)
forest = RandomForestClassifier(300, class_weight="balanced", random_state=42, n_jobs=1).fit(x, y)
explainer = shap.TreeExplainer(forest)


def some(rows):
    return x[(np.arange(rows) * 37) % len(x)]


def ask(what, rows=0, file=None, out=None):
    started, wall = time.process_time(), time.perf_counter()
    if what == "explain_boosted":
        for row in some(rows):
            booster.predict(row[None, :], pred_contrib=True, num_threads=1)
    elif what == "explain_boosted_many":
        booster.predict(some(rows), pred_contrib=True, num_threads=1)
    elif what == "explain_forest":
        explainer.shap_values(some(rows), check_additivity=False)
    elif what == "one_boosted":
        for row in some(rows):
            booster.predict(row[None, :], num_threads=1)
    elif what == "one_forest":
        for row in some(rows):
            forest.predict_proba(row[None, :])
    elif what == "score":
        table = pd.read_parquet(file)
        p = forest.predict_proba(np.ascontiguousarray(table[names].to_numpy()))[:, 1]
        pd.DataFrame({"key": table["key"], "prediction": (p >= 0.5).astype("int64"), "probability": p}).to_parquet(out)
    return {
        "cpu": time.process_time() - started,
        "wall": time.perf_counter() - wall,
        "memoryMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


versions = f"LightGBM {lgb.__version__}, scikit-learn {sklearn.__version__}, shap {shap.__version__}"
print(json.dumps({"version": versions}), flush=True)
for line in sys.stdin:
    print(json.dumps(ask(**json.loads(line))), flush=True)
