"""scikit-learn as a trainer: trainer: { command: ['python', 'train_sklearn.py'], files: ['weir_data.py'] }"""

import mlflow
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from weir_data import load

manifest, x, y, train = load()

with mlflow.start_run():
    model = make_pipeline(
        SimpleImputer(strategy="median"), RandomForestClassifier(n_estimators=200, min_samples_leaf=20, random_state=42)
    )
    model.fit(x[train], y[train])
    onnx = to_onnx(model, x[:1], options={"zipmap": False}, target_opset=15)
    mlflow.onnx.log_model(onnx, "sklearn")
    print(f"a forest of {len(model[-1].estimators_)} trees from {train.sum()} rows")
