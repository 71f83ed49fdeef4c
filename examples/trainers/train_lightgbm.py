"""LightGBM as a trainer: trainer: { command: ['python', 'train_lightgbm.py'], files: ['weir_data.py'] }"""

import lightgbm
import mlflow
import numpy as np
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType
from weir_data import load

manifest, x, y, train = load()
texts = [i for i, feature in enumerate(manifest["features"]) if "categories" in feature]

with mlflow.start_run():
    # Each row of the test part is for Weir to measure by: what stops the rounds is taken from the training part.
    stop = train & (np.arange(len(y)) % 7 == 0)
    # A converted tree compares numbers, not sets: texts go in as their numbers, so they are not declared as categories.
    model = lightgbm.LGBMClassifier(n_estimators=1000, learning_rate=0.03, num_leaves=15, min_child_samples=40, verbose=-1)
    model.fit(
        x[train & ~stop],
        y[train & ~stop],
        eval_set=[(x[stop], y[stop])],
        callbacks=[lightgbm.early_stopping(50, verbose=False), lightgbm.log_evaluation(100)],
    )
    mlflow.log_param("best_iteration", model.best_iteration_)
    onnx = convert_lightgbm(
        model.booster_, initial_types=[("x", FloatTensorType([None, x.shape[1]]))], zipmap=False, target_opset=15
    )
    mlflow.onnx.log_model(onnx, "lightgbm")
    print(f"{model.best_iteration_} rounds, {len(texts)} features of text")
