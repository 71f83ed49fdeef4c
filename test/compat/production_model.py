"""What a data scientist writes: the promoted model by its name, asked for a whole month.

Arguments: a Parquet file with the training set, and a JSON file {user_id: our probability}.
The server is MLFLOW_TRACKING_URI. Prints one JSON document.
"""

import json
import sys
import warnings

warnings.filterwarnings("ignore")
import mlflow  # noqa: E402
import pandas as pd  # noqa: E402

frame = pd.read_parquet(sys.argv[1])
# pandas 3 keeps text in a type of its own, which ONNX Runtime does not take.
frame = frame.astype({c: object for c in frame.columns if isinstance(frame[c].dtype, pd.StringDtype)})
ours = json.load(open(sys.argv[2]))

model = mlflow.pyfunc.load_model("models:/streamflow_churn/Production")
answer = model.predict(frame)
expected = frame["user_id"].map(ours)
latest = mlflow.MlflowClient().get_latest_versions("streamflow_churn", stages=["Production"])
runs = mlflow.search_runs(experiment_names=["streamflow"], filter_string="metrics.val_auc > 0.5")
print(
    json.dumps(
        {
            "mlflow": mlflow.__version__,
            "rows": len(answer),
            "difference": float((answer["probability"] - expected).abs().max()),
            "inputs": model.metadata.get_input_schema().input_names(),
            "version": latest[0].version,
            "run_ids": runs["run_id"].tolist(),
        }
    )
)
