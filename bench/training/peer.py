"""The peers of bench/training.ts on the tables that it wrote: the same columns, rows and folds.

Started with a folder that holds tables.json ({name: {rows, columns: [{name, text}]}}) and for each table NAME/COLUMN.f64 or
NAME/COLUMN.json (texts, null for null) and NAME/labels.u8. First says its version; then each line of stdin asks for one fit,
{table, peer, fold} with the fold of each row in folds.u8, and is answered by {scores: file, cpuSeconds}.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import catboost
import interpret
import lightgbm
import numpy as np
import pandas as pd
import sklearn
from catboost import CatBoostClassifier
from interpret.glassbox import ExplainableBoostingClassifier
from lightgbm import LGBMClassifier, early_stopping
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore")
folder = Path(sys.argv[1])
tables = {}
for name, size in json.loads((folder / "tables.json").read_text()).items():
    frame = {}
    for column in size["columns"]:
        path = folder / name / column["name"]
        if column["text"]:
            frame[column["name"]] = pd.Series(json.loads(Path(f"{path}.json").read_text()), dtype=object)
        else:
            frame[column["name"]] = np.fromfile(f"{path}.f64")
    tables[name] = pd.DataFrame(frame), np.fromfile(folder / name / "labels.u8", dtype=np.uint8)


def texts(x):
    return [c for c in x.columns if x[c].dtype == object]


def lightgbm_tuned(x, y, seed):
    x = x.assign(**{c: x[c].astype("category") for c in texts(x)})
    a, b, ya, yb = train_test_split(x, y, test_size=0.2, random_state=seed, stratify=y)
    params = dict(
        learning_rate=0.03, num_leaves=8, min_child_samples=50, reg_lambda=5, colsample_bytree=0.7, n_jobs=1, verbose=-1
    )
    probe = LGBMClassifier(n_estimators=2000, **params)
    probe.fit(a, ya, eval_set=[(b, yb)], callbacks=[early_stopping(50, verbose=False)])
    model = LGBMClassifier(n_estimators=max(1, probe.best_iteration_), **params).fit(x, y)
    kinds = {c: x[c].dtype for c in texts_of(x)}
    return lambda z: model.predict_proba(z.assign(**{c: z[c].astype(kind) for c, kind in kinds.items()}))[:, 1]


def texts_of(x):
    return [c for c in x.columns if isinstance(x[c].dtype, pd.CategoricalDtype)]


def lightgbm_default(x, y, seed):
    kinds = {c: pd.CategoricalDtype(sorted(x[c].dropna().unique())) for c in texts(x)}
    cast = lambda z: z.assign(**{c: z[c].astype(kind) for c, kind in kinds.items()})
    model = LGBMClassifier(n_jobs=1, verbose=-1, random_state=seed).fit(cast(x), y)
    return lambda z: model.predict_proba(cast(z))[:, 1]


def ebm(x, y, seed):
    model = ExplainableBoostingClassifier(n_jobs=1, random_state=seed).fit(x, y)
    return lambda z: model.predict_proba(z)[:, 1]


def catboost_stopped(x, y, seed):
    names = texts(x)
    fill = lambda z: z.assign(**{c: z[c].fillna("(null)") for c in names})
    a, b, ya, yb = train_test_split(fill(x), y, test_size=0.2, random_state=seed, stratify=y)
    model = CatBoostClassifier(cat_features=names, thread_count=1, verbose=0, random_seed=seed, iterations=2000, allow_writing_files=False)
    model.fit(a, ya, eval_set=(b, yb), early_stopping_rounds=50)
    return lambda z: model.predict_proba(fill(z))[:, 1]


def one_hot(x, estimator, scale):
    numbers = [c for c in x.columns if c not in texts(x)]
    steps = [SimpleImputer(strategy="median", add_indicator=True)] + ([StandardScaler()] if scale else [])
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(*steps), numbers),
            (OneHotEncoder(handle_unknown="ignore", min_frequency=10), texts(x)),
        ),
        estimator,
    )


def forest(x, y, seed):
    model = one_hot(x, RandomForestClassifier(300, min_samples_leaf=20, n_jobs=1, random_state=seed), False).fit(x, y)
    return lambda z: model.predict_proba(z)[:, 1]


def logistic(x, y, seed):
    model = one_hot(x, LogisticRegression(max_iter=1000), True).fit(x, y)
    return lambda z: model.predict_proba(z)[:, 1]


PEERS = {
    "LightGBM tuned": lightgbm_tuned,
    "LightGBM default": lightgbm_default,
    "EBM": ebm,
    "CatBoost early-stopped": catboost_stopped,
    "scikit-learn forest": forest,
    "scikit-learn logistic": logistic,
}


def fit(table, peer, fold):
    x, y = tables[table]
    held_out = np.fromfile(folder / "folds.u8", dtype=np.uint8) == fold
    train, test = x[~held_out].reset_index(drop=True), x[held_out].reset_index(drop=True)
    cpu = time.process_time()
    predict = PEERS[peer](train, y[~held_out], fold)
    cpu_seconds = time.process_time() - cpu
    np.asarray(predict(test), dtype=np.float64).tofile(folder / "scores.f64")
    return {"cpuSeconds": cpu_seconds}


versions = f"LightGBM {lightgbm.__version__}, interpret {interpret.__version__}, CatBoost {catboost.__version__}, scikit-learn {sklearn.__version__}"
print(json.dumps({"version": versions}), flush=True)
for line in sys.stdin:
    print(json.dumps(fit(**json.loads(line))), flush=True)
