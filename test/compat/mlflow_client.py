"""The real MLflow client against a server of ours, whose address is in MLFLOW_TRACKING_URI.

Prints one JSON document: what each part of the life of experiments, runs, artifacts and models gave, or its error.
"""

import json
import math
import os
import pathlib
import subprocess
import sys
import traceback
import warnings

warnings.filterwarnings("ignore")
import mlflow  # noqa: E402
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import pandas as pd  # noqa: E402
import requests  # noqa: E402
from mlflow.entities import Metric, Param, RunTag, ViewType  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.models import infer_signature  # noqa: E402

client = mlflow.MlflowClient()
here = pathlib.Path.cwd()
parts = {}


def part(body):
    """Runs one part; a failure of one does not hide the others."""
    try:
        parts[body.__name__] = body()
    except Exception:  # noqa: BLE001
        parts[body.__name__] = {"error": traceback.format_exc(limit=-3)}
    return body


def refusal(body):
    try:
        body()
    except MlflowException as error:
        return [error.error_code, str(error)]
    except requests.HTTPError as error:
        return [error.response.json()["error_code"] if error.response is not None else None, str(error)]
    return "no error"


def doubling_model():
    """y = 2 x + 1 for two columns x0, x1."""
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["xw"]),
        helper.make_node("Add", ["xw", "b"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "doubling",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
        [
            numpy_helper.from_array(np.array([[2], [2]], dtype=np.float32), "w"),
            numpy_helper.from_array(np.array([1], dtype=np.float32), "b"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


@part
def fluent():
    experiment = mlflow.set_experiment("compat")
    assert mlflow.set_experiment("compat").experiment_id == experiment.experiment_id
    with mlflow.start_run(run_name="parent", tags={"team": "a"}, description="note") as parent:
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"depth": 3, "name": "größe 'x' \"y\" %_", "empty": ""})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"acc": 0.5, "nan": math.nan, "up": math.inf, "down": -math.inf}, step=2)
        mlflow.set_tag("k", "v")
        mlflow.set_tags({"a": "1", "b": "2"})
        mlflow.log_dict({"a": [1, 2]}, "dicts/d.json")
        mlflow.log_text("hello", "text with space.txt")
        frame = pd.DataFrame({"x": [1.0, 2.0], "y": [0, 1]})
        mlflow.log_input(mlflow.data.from_pandas(frame, name="frame", targets="y"), context="training")
        with mlflow.start_run(run_name="child", nested=True):
            mlflow.log_metric("acc", 0.9)
    run = client.get_run(parent.info.run_id)
    history = client.get_metric_history(parent.info.run_id, "loss")
    return {
        "experiment": experiment.name,
        "status": run.info.status,
        "ended": run.info.end_time >= run.info.start_time > 0,
        "params": run.data.params,
        "acc": run.data.metrics["acc"],
        "nan": math.isnan(run.data.metrics["nan"]),
        "up": run.data.metrics["up"],
        "down": run.data.metrics["down"],
        "tags": {k: v for k, v in run.data.tags.items() if k in ("team", "k", "a", "b", "mlflow.runName")},
        "history": [[m.step, m.value] for m in history],
        "inputs": [[i.dataset.name, i.tags[0].value] for i in run.inputs.dataset_inputs],
    }


@part
def searches():
    mlflow.set_experiment("compat")
    found = mlflow.search_runs(filter_string="metrics.acc > 0.1 and tags.team = 'a'")
    best = mlflow.search_runs(order_by=["metrics.acc DESC"], max_results=1)
    parent = found.iloc[0]
    children = mlflow.search_runs(filter_string=f"tags.mlflow.parentRunId = '{parent.run_id}'")
    by_data = mlflow.search_runs(filter_string="dataset.name = 'frame'")
    experiment = client.get_experiment_by_name("compat").experiment_id
    tokens = client.search_runs([experiment], max_results=1)
    return {
        "found": list(found["tags.mlflow.runName"]),
        "param": parent["params.name"],
        "best": float(best.iloc[0]["metrics.acc"]),
        "children": list(children["tags.mlflow.runName"]),
        "by_data": list(by_data["tags.mlflow.runName"]),
        "pages": [len(tokens), len(client.search_runs([experiment], max_results=1, page_token=tokens.token))],
        "experiments": [e.name for e in client.search_experiments(filter_string="name LIKE 'comp%'")],
        "refused": refusal(lambda: client.search_runs([experiment], "params.a = 'x' OR params.b = 'y'")),
    }


@part
def artifacts():
    folder = here / "made"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "deep" / "b ü.bin").write_bytes(bytes(range(256)) * 20_000)
    (folder / "empty.txt").touch()
    with mlflow.start_run() as run:
        mlflow.log_artifact(folder / "a.txt")
        mlflow.log_artifacts(str(folder), "all")
    run_id = run.info.run_id
    back = pathlib.Path(mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=str(here / "back")))
    one = mlflow.artifacts.load_text(f"runs:/{run_id}/all/a.txt")
    binary = (folder / "deep" / "b ü.bin").read_bytes()
    return {
        "root": [[f.path, f.is_dir, f.file_size] for f in client.list_artifacts(run_id)],
        "all": [[f.path, f.is_dir, f.file_size] for f in client.list_artifacts(run_id, "all")],
        "downloaded": sorted(str(p.relative_to(back)) for p in back.rglob("*") if p.is_file()),
        "same": (back / "all" / "deep" / "b ü.bin").read_bytes() == binary,
        "one": one,
        "uri": run.info.artifact_uri.startswith("mlflow-artifacts:/"),
        "outside": refusal(lambda: client.list_artifacts(run_id, "../..")),
    }


@part
def low_level():
    experiment = client.create_experiment("low level", tags={"purpose": "test"})
    run = client.create_run(experiment, run_name="r", start_time=1)
    run_id = run.info.run_id
    client.log_batch(
        run_id,
        metrics=[Metric(f"m{i % 10}", i, i, i) for i in range(800)],
        params=[Param(f"p{i}", str(i)) for i in range(100)],
        tags=[RunTag(f"t{i}", str(i)) for i in range(100)],
    )
    client.set_terminated(run_id, "FAILED", end_time=2)
    client.update_run(run_id, name="renamed")
    client.delete_tag(run_id, "t0")
    after = client.get_run(run_id)
    conflict = refusal(lambda: client.log_param(run_id, "p1", "other"))
    client.delete_run(run_id)
    deleted = refusal(lambda: client.log_metric(run_id, "m", 1))
    gone = [r.info.run_id for r in client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)] == [run_id]
    client.restore_run(run_id)
    client.rename_experiment(experiment, "low level, renamed")
    client.set_experiment_tag(experiment, "k", "v")
    client.delete_experiment(experiment)
    stage = client.get_experiment(experiment).lifecycle_stage
    client.restore_experiment(experiment)
    return {
        "run": [after.info.run_name, after.info.status, after.info.start_time, after.info.end_time],
        "sizes": [len(after.data.params), len(after.data.metrics), "t0" in after.data.tags],
        "latest": after.data.metrics["m9"],
        "conflict": conflict,
        "deleted": deleted,
        "gone": gone,
        "stage": stage,
        "experiment": [client.get_experiment(experiment).name, client.get_experiment(experiment).tags],
        "twice": refusal(lambda: client.create_experiment("low level, renamed")),
        "missing run": refusal(lambda: client.get_run("f" * 32)),
        "missing experiment": client.get_experiment_by_name("nobody") is None,
    }


@part
def models():
    mlflow.set_experiment("models")
    x = pd.DataFrame({"x0": np.array([1, 2], np.float32), "x1": np.array([3, 4], np.float32)})
    y = pd.DataFrame({"y": np.array([9, 13], np.float32)})
    with mlflow.start_run() as run:
        mlflow.onnx.log_model(
            doubling_model(), "model", signature=infer_signature(x, y), registered_model_name="x", input_example=x
        )
    version = mlflow.register_model(f"runs:/{run.info.run_id}/model", "x")
    moved = client.transition_model_version_stage("x", "1", "Production", archive_existing_versions=True)
    moved_again = client.transition_model_version_stage("x", "2", "Production", archive_existing_versions=True)
    latest = client.get_latest_versions("x", ["Production"])
    client.set_registered_model_alias("x", "champion", "2")
    client.set_model_version_tag("x", "2", "checked", "yes")
    client.update_model_version("x", "2", "the second")
    outputs = {}
    for uri in (f"runs:/{run.info.run_id}/model", "models:/x/1", "models:/x/Production", "models:/x@champion", "models:/x/latest"):
        outputs[uri.replace(run.info.run_id, "R")] = mlflow.pyfunc.load_model(uri).predict(x)["y"].tolist()
    found = client.search_model_versions("name = 'x'")
    second = client.get_model_version_by_alias("x", "champion")
    logged = client.get_run(run.info.run_id)
    if mlflow.__version__.startswith("2."):
        names = [m["artifact_path"] for m in json.loads(logged.data.tags["mlflow.log-model.history"])]
    else:
        names = [client.get_logged_model(m.model_id).name for m in logged.outputs.model_outputs]
    return {
        "version": [version.name, str(version.version), version.status],
        "moved": [moved.current_stage, moved_again.current_stage, client.get_model_version("x", "1").current_stage],
        "latest": [[str(v.version), v.current_stage] for v in latest],
        "outputs": outputs,
        "found": sorted(str(v.version) for v in found),
        "second": [second.description, second.tags, second.run_id == run.info.run_id],
        "logged": names,
        "source": version.source.startswith("mlflow-artifacts:/" if mlflow.__version__.startswith("2.") else "models:/m-"),
        "foreign": refusal(lambda: client.create_model_version("x", "file:///etc", run.info.run_id)),
    }


@part
def autolog():
    from sklearn.linear_model import LogisticRegression

    mlflow.set_experiment("autolog")
    mlflow.sklearn.autolog(log_datasets=True, silent=True)
    x = pd.DataFrame({"a": np.arange(20.0), "b": np.arange(20.0) % 3})
    with mlflow.start_run() as run:
        LogisticRegression(C=0.5).fit(x, np.arange(20) > 9)
    mlflow.sklearn.autolog(disable=True)
    logged = client.get_run(run.info.run_id)
    return {
        "C": logged.data.params["C"],
        "metrics": sorted(logged.data.metrics)[:3],
        "model": sorted(f.path for f in client.list_artifacts(run.info.run_id, "model"))[:2],
        "datasets": len(logged.inputs.dataset_inputs),
    }


@part
def command_line():
    told = subprocess.run(
        [sys.executable, "-m", "mlflow", "experiments", "search"], capture_output=True, text=True, env=os.environ
    )
    return {"status": told.returncode, "compat": "compat" in told.stdout, "error": told.stderr[-500:]}


print(json.dumps({"mlflow": mlflow.__version__, "parts": parts}))
