"""Each call that the client of MLflow can make of tracking and the registry, once; prints one JSON document.

Which calls arrived is counted by the server's side (each-call.test.ts); here it is checked that they answer rightly.
"""

import json
import pathlib
import tempfile

import mlflow
from mlflow.entities import Metric, Param, RunStatus, RunTag, ViewType

client = mlflow.MlflowClient()
is_3 = not mlflow.__version__.startswith("2.")
here = pathlib.Path(tempfile.mkdtemp(dir="."))

# Experiments.
experiment = client.create_experiment("each call", tags={"a": "b"})
assert client.get_experiment(experiment).tags == {"a": "b"}
assert client.get_experiment_by_name("each call").experiment_id == experiment
assert client.get_experiment_by_name("none") is None
client.set_experiment_tag(experiment, "größe", "100 %")
assert client.get_experiment(experiment).tags["größe"] == "100 %"
if is_3:
    client.delete_experiment_tag(experiment, "größe")
client.rename_experiment(experiment, "each call, renamed")
found = client.search_experiments(filter_string="name LIKE '%renamed'", order_by=["name DESC"])
assert [e.experiment_id for e in found] == [experiment]
client.delete_experiment(experiment)
assert client.get_experiment(experiment).lifecycle_stage == "deleted"
client.restore_experiment(experiment)

# Runs.
run = client.create_run(experiment, run_name="first", tags={"t": "1"})
run_id = run.info.run_id
client.log_metric(run_id, "m", float("nan"), step=-1)
client.log_metric(run_id, "m", float("inf"), timestamp=5, step=2**53 - 1)
client.log_param(run_id, "p", 2**53 + 1)
client.set_tag(run_id, "t", "it's \"2\" %_")
client.set_tag(run_id, "gone", "x")
client.delete_tag(run_id, "gone")
client.log_batch(
    run_id,
    metrics=[Metric("k" * 250, i, i, i) for i in range(1000)],
)
client.log_batch(run_id, params=[Param("k" * 250, ""), Param("größe", "ß" * 6000)], tags=[RunTag("e", "")])
client.update_run(run_id, status="FINISHED", name="second")
client.set_terminated(run_id, "FAILED", end_time=7)
read = client.get_run(run_id)
assert (read.info.run_name, read.info.status, read.info.end_time) == ("second", "FAILED", 7), read.info
assert read.data.params == {"p": str(2**53 + 1), "k" * 250: "", "größe": "ß" * 6000}
assert read.data.metrics == {"m": 1.7976931348623157e308, "k" * 250: 999.0}
history = sorted(client.get_metric_history(run_id, "m"), key=lambda m: m.step)
assert [(str(m.value), m.step) for m in history] == [("nan", -1), ("1.7976931348623157e+308", 2**53 - 1)], history
assert len(client.get_metric_history(run_id, "k" * 250)) == 1000
dataset = mlflow.data.from_numpy(__import__("numpy").zeros((2, 2)), name="zeros")
with mlflow.start_run(run_id=run_id):
    mlflow.log_input(dataset, context="training")
assert client.get_run(run_id).inputs.dataset_inputs[0].dataset.name == "zeros"
assert [r.info.run_id for r in client.search_runs([experiment], "dataset.name = 'zeros'")] == [run_id]
client.delete_run(run_id)
assert client.search_runs([experiment]) == []
assert len(client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)) == 1
client.restore_run(run_id)

# Artifacts.
(here / "a").mkdir()
(here / "a" / "b.txt").write_text("text")
client.log_artifacts(run_id, str(here), "top")
client.log_text(run_id, "größe", "größe.txt")
assert sorted(f.path for f in client.list_artifacts(run_id)) == ["größe.txt", "top"]
assert [f.path for f in client.list_artifacts(run_id, "top/a")] == ["top/a/b.txt"]
fetched = client.download_artifacts(run_id, "top", str(here))
assert (pathlib.Path(fetched) / "a" / "b.txt").read_text() == "text"
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository  # noqa: E402

get_artifact_repository(read.info.artifact_uri).delete_artifacts("top")
assert [f.path for f in client.list_artifacts(run_id)] == ["größe.txt"]


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


with mlflow.start_run(run_id=run_id):
    if is_3:
        info = mlflow.pyfunc.log_model(name="model", python_model=Echo())
        source, model_id = f"models:/{info.model_id}", info.model_id
        model = mlflow.initialize_logged_model(name="other", source_run_id=run_id, params={"a": "1"})
        mlflow.log_model_params({"b": "2"}, model.model_id)
        client.set_logged_model_tags(model.model_id, {"x": "y", "z": "w"})
        client.delete_logged_model_tag(model.model_id, "z")
        mlflow.finalize_logged_model(model.model_id, "READY")
        mlflow.log_metric("acc", 0.5, model_id=model.model_id)
        read_model = mlflow.get_logged_model(model.model_id)
        assert read_model.params == {"a": "1", "b": "2"}, read_model.params
        assert (read_model.tags["x"], "z" in read_model.tags) == ("y", False), read_model.tags
        found = mlflow.search_logged_models([experiment], filter_string="metrics.acc > 0.1", output_format="list")
        assert [m.model_id for m in found] == [model.model_id]
        assert client.list_logged_model_artifacts(model_id)
        client.delete_logged_model(model.model_id)
    else:
        mlflow.pyfunc.log_model("model", python_model=Echo())
        source, model_id = f"{read.info.artifact_uri}/model", None

# The registry.
name = "each call"
client.create_registered_model(name, tags={"a": "b"}, description="d")
client.rename_registered_model(name, "each call 2")
name = "each call 2"
client.update_registered_model(name, "described")
assert client.get_registered_model(name).description == "described"
client.set_registered_model_tag(name, "x", "y")
client.delete_registered_model_tag(name, "x")
assert [m.name for m in client.search_registered_models("name ILIKE 'EACH%'")] == [name]
more = {"model_id": model_id} if is_3 else {}
version = client.create_model_version(name, source, run_id, tags={"v": "1"}, description="one", **more).version
client.update_model_version(name, version, "changed")
client.set_model_version_tag(name, version, "x", "y")
client.delete_model_version_tag(name, version, "x")
read_version = client.get_model_version(name, version)
assert (read_version.description, read_version.tags) == ("changed", {"v": "1"})
assert client.transition_model_version_stage(name, version, "staging").current_stage == "Staging"
assert [v.version for v in client.get_latest_versions(name, ["Staging"])] == [version]
client.set_registered_model_alias(name, "champion", version)
assert client.get_model_version_by_alias(name, "champion").version == version
assert client.get_model_version_download_uri(name, version).startswith("mlflow-artifacts:/")
assert [v.version for v in client.search_model_versions(f"name = '{name}' and run_id = '{run_id}'")] == [version]
client.delete_registered_model_alias(name, "champion")
client.delete_model_version(name, version)
client.delete_registered_model(name)
assert client.search_registered_models() == []

print(json.dumps({"mlflow": mlflow.__version__, "experiment": experiment, "run_id": run_id, "status": RunStatus.to_string(3)}))
