"""Writes goldens.json: what NannyML and scikit-learn say of seeded rows.

pip install nannyml==0.13.1, then: python goldens.py > goldens.json
"""
import json

import numpy as np
import pandas as pd
import nannyml
import sklearn
from nannyml.performance_estimation.confidence_based import metrics as cbpe
from sklearn import metrics

THRESHOLD = 0.4


def numbers(values):
    return [float(v) for v in values]


def rows(seed, count, turn):
    """Scores that say too much, and labels of the true chances."""
    rng = np.random.default_rng(seed)
    scores = rng.random(count)
    chances = 1 / (1 + np.exp(-(2.2 * (scores - 0.5) + turn)))
    labels = (rng.random(count) < chances).astype(int)
    return scores, chances, labels


def realised(scores, labels):
    called = (scores >= THRESHOLD).astype(int)
    return {
        "auc": metrics.roc_auc_score(labels, scores),
        "logloss": metrics.log_loss(labels, scores),
        "brier": metrics.brier_score_loss(labels, scores),
        "accuracy": metrics.accuracy_score(labels, called),
        "precision": metrics.precision_score(labels, called),
        "recall": metrics.recall_score(labels, called),
        "f1": metrics.f1_score(labels, called),
        "confusion": [int(n) for n in metrics.confusion_matrix(labels, called).ravel()],
    }


def estimated(scores, chances):
    called = (scores >= THRESHOLD).astype(int)
    s, c, p = pd.Series(scores), pd.Series(chances), pd.Series(called)
    return {
        "auc": float(cbpe.estimate_roc_auc(c, s)),
        "accuracy": float(cbpe.estimate_accuracy(p, c)),
        "precision": float(cbpe.estimate_precision(p, c)),
        "recall": float(cbpe.estimate_recall(p, c)),
        "f1": float(cbpe.estimate_f1(p, c)),
    }


def whole(reference, current):
    """NannyML's CBPE from end to end, with its own calibration."""
    frames = []
    for scores, _, labels in (reference, current):
        frames.append(pd.DataFrame({"p": scores, "y": labels, "said": (scores >= THRESHOLD).astype(int)}))
    names = ["roc_auc", "f1", "precision", "recall", "accuracy", "confusion_matrix"]
    estimator = nannyml.CBPE(
        y_pred_proba="p", y_pred="said", y_true="y", problem_type="classification_binary", metrics=names, chunk_number=1
    )
    result = estimator.fit(frames[0]).estimate(frames[1][["p", "said"]]).filter(period="analysis").to_df()
    found = {name: float(result[name]["value"].iloc[0]) for name in names[:-1]}
    cells = ["true_negative", "false_positive", "false_negative", "true_positive"]
    found["confusion"] = [float(result[cell]["value"].iloc[0]) for cell in cells]
    return found


reference = rows(1, 2000, 0.0)
current = rows(2, 1500, -0.3)
print(
    json.dumps(
        {
            "made": {"nannyml": nannyml.__version__, "scikit-learn": sklearn.__version__, "threshold": THRESHOLD},
            "reference": {"scores": numbers(reference[0]), "labels": [int(n) for n in reference[2]]},
            "current": {
                "scores": numbers(current[0]),
                "chances": numbers(current[1]),
                "labels": [int(n) for n in current[2]],
            },
            "realised": realised(current[0], current[2]),
            "estimated": estimated(current[0], current[1]),
            "whole": whole(reference, current),
        }
    )
)
