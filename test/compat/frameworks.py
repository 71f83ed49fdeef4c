"""What frameworks do by themselves on MLFLOW_TRACKING_URI: autolog, grid search with child runs, evaluate. Prints JSON."""

import json
import warnings

warnings.filterwarnings("ignore")
import lightgbm  # noqa: E402
import mlflow  # noqa: E402
import quick_models  # noqa: E402, F401
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402

random = np.random.RandomState(0)
rows = pd.DataFrame(random.rand(200, 3), columns=list("abc"))
labels = (rows.a + rows.b > 1).astype(int)
mlflow.set_experiment("frameworks")


def scikit_learn():
    mlflow.sklearn.autolog()
    with mlflow.start_run() as run:
        fitted = LogisticRegression(C=0.5).fit(rows, labels)
    logged = mlflow.get_run(run.info.run_id)
    loaded = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model")
    return {
        "C": logged.data.params["C"],
        "auc": logged.data.metrics["training_roc_auc"] > 0.9,
        "same": bool((loaded.predict(rows) == fitted.predict(rows)).all()),
        "dataset": [i.dataset.name for i in logged.inputs.dataset_inputs][:1],
    }


def grid_search():
    with mlflow.start_run() as run:
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=2).fit(rows, labels)
    children = mlflow.search_runs(
        experiment_names=["frameworks"],
        filter_string=f"tags.mlflow.parentRunId = '{run.info.run_id}'",
    )
    return {"children": len(children), "C": sorted(children["params.C"])}


def light_gbm():
    mlflow.lightgbm.autolog()
    with mlflow.start_run() as run:
        data = lightgbm.Dataset(rows, label=labels)
        lightgbm.train({"objective": "binary", "verbose": -1}, data, num_boost_round=5, valid_sets=[data])
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "training-binary_logloss")
    model = mlflow.lightgbm.load_model(f"runs:/{run.info.run_id}/model")
    return {"steps": [m.step for m in history], "trees": model.num_trees()}


def evaluate():
    mlflow.autolog(disable=True)
    with mlflow.start_run() as run:
        given = rows.assign(label=labels, prediction=labels)
        result = mlflow.models.evaluate(
            data=given, targets="label", predictions="prediction", model_type="classifier", evaluators=["default"]
        )
    logged = mlflow.get_run(run.info.run_id).data.metrics
    return {"accuracy": logged["accuracy_score"], "same": result.metrics["f1_score"] == logged["f1_score"]}


parts = {part.__name__: part() for part in [scikit_learn, grid_search, light_gbm, evaluate]}
print(json.dumps({"mlflow": mlflow.__version__, "parts": parts}))
