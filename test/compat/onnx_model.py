"""Asks our model folder for predictions as a data scientist would, and compares them with our own.

Argument: a folder with model/, dataset.parquet, raw.csv and probabilities.json (ours, in the order of both tables).
Prints one JSON document: for each shape of data frame the greatest difference, or the error.
"""

import json
import sys
import warnings

warnings.filterwarnings("ignore")
import mlflow  # noqa: E402
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import pandas as pd  # noqa: E402

folder = sys.argv[1]
ours = np.array(json.load(open(f"{folder}/probabilities.json")))
model = mlflow.pyfunc.load_model(f"{folder}/model")
onnx.checker.check_model(f"{folder}/model/model.onnx", full_check=True)
names = [c.name for c in model.metadata.get_input_schema().inputs]


def strings_as_objects(df):
    """pandas 3 keeps text in a type of its own, which ONNX Runtime does not take."""
    texts = [c for c in df.columns if isinstance(df[c].dtype, pd.StringDtype)]
    return df.astype({c: object for c in texts})


def nullable(df):
    """pandas' nullable types, where they can pass: not for text and not for booleans with nulls."""
    keep = df.select_dtypes(include=["object"]).columns
    return df.astype({c: df[c].convert_dtypes().dtype for c in df.columns if c not in keep})


parquet = strings_as_objects(pd.read_parquet(f"{folder}/dataset.parquet"))
csv = strings_as_objects(pd.read_csv(f"{folder}/raw.csv"))
sample = np.random.RandomState(0).permutation(len(csv))[:50]
no_net = np.flatnonzero(csv["net_service"] == "No")

shapes = {
    "parquet": (parquet, slice(None)),
    "parquet, features only": (parquet[names], slice(None)),
    "csv": (csv, slice(None)),
    "csv, columns reversed": (csv[csv.columns[::-1]], slice(None)),
    "csv, shuffled rows": (csv.iloc[sample], sample),
    "csv, one row": (csv.iloc[[7]], [7]),
    "csv, customers with null plans": (csv[csv["net_service"] == "No"], no_net),
    "parquet, customers with null plans": (parquet[(parquet["net_service"] == "No").to_numpy()], no_net),
    "nullable numbers": (nullable(parquet[names]), slice(None)),
    "input example": (strings_as_objects(model.metadata.load_input_example(f"{folder}/model")), slice(0, 5)),
}
result = {"mlflow": mlflow.__version__, "pandas": pd.__version__, "shapes": {}}
for name, (frame, rows) in shapes.items():
    try:
        answer = model.predict(frame)
        assert isinstance(answer, pd.DataFrame) and list(answer.columns) == ["label", "probability"]
        probability = answer["probability"].to_numpy()
        assert ((probability >= 0.5) == (answer["label"].to_numpy() == 1)).all()
        result["shapes"][name] = float(np.abs(probability - ours[rows]).max())
    except Exception as error:  # noqa: BLE001
        result["shapes"][name] = f"{type(error).__name__}: {error}"
print(json.dumps(result))
