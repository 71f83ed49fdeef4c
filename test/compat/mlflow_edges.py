"""What teams do beside the plain life of runs and models: sources elsewhere, copies, prompts, traces, long steps.

The server's address is in MLFLOW_TRACKING_URI. Prints one JSON document: what each part gave, or its error.
"""

import json
import logging
import sys
import traceback
import warnings

warnings.filterwarnings("ignore")
import mlflow  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

client = mlflow.MlflowClient()
is_3 = int(mlflow.__version__.split(".")[0]) >= 3
parts = {}


class Counted(logging.Handler):
    """Warnings of the client, which a user would read."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.told = []

    def emit(self, record):
        self.told.append(record.getMessage()[:200])


counted = Counted()
logging.getLogger("mlflow").addHandler(counted)


def part(body):
    try:
        parts[body.__name__] = body()
    except Exception:  # noqa: BLE001
        parts[body.__name__] = {"error": traceback.format_exc(limit=-4)}


def refusal(body):
    try:
        body()
    except MlflowException as error:
        return [error.error_code, str(error)[:300]]
    return "no error"


@part
def sources():
    client.create_registered_model("elsewhere")
    kept = []
    for source in ["s3://bucket/a", "gs://bucket/a", "runs:/run_id/model"]:
        made = client.create_model_version("elsewhere", source, run_id="run_id")
        kept.append([source == made.source, made.run_id, client.get_model_version_download_uri("elsewhere", made.version) == source])
    before = client.get_registered_model("elsewhere").last_updated_timestamp
    client.set_registered_model_alias("elsewhere", "there", "1")
    client.set_model_version_tag("elsewhere", "1", "empty", "")
    client.transition_model_version_stage("elsewhere", "1", "Staging")
    staged = client.get_registered_model("elsewhere").last_updated_timestamp
    found = client.search_model_versions("run_id = 'run_id'")
    return {
        "kept": kept,
        "found": len(found),
        "tag": client.get_model_version("elsewhere", "1").tags,
        "moved": staged >= before,
        "local": refusal(lambda: client.create_model_version("elsewhere", "/etc", run_id="run_id"))[0],
    }


@part
def copies():
    client.create_registered_model("original")
    client.create_model_version("original", "s3://bucket/original", run_id="theirs")
    client.copy_model_version("models:/original/1", "copied")
    made = client.get_model_version("copied", "1")
    return [made.source, made.run_id, client.get_model_version_download_uri("copied", "1")]


@part
def steps():
    run = client.create_run("0").info.run_id
    for step in [2**63 - 1, 2**53 + 1, -(2**63)]:
        client.log_metric(run, "m", 1.0, timestamp=1, step=step)
    return [str(m.step) for m in client.get_metric_history(run, "m")]


@part
def datasets():
    import pandas as pd

    data = mlflow.data.from_pandas(pd.DataFrame({"a": [1]}), name="d")
    with mlflow.start_run() as run:
        mlflow.log_input(data, context="training")
        mlflow.log_input(data, context="eval")
    inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
    return [tag.value for used in inputs for tag in used.tags if tag.key == "mlflow.data.context"]


@part
def lineage():
    if not is_3:
        return None

    class Model(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input):
            return model_input

    with mlflow.start_run() as run:
        info = mlflow.pyfunc.log_model(name="m", python_model=Model(), registered_model_name="logged", pip_requirements=[])
    version = client.get_model_version("logged", "1")
    noted = json.loads(client.get_logged_model(info.model_id).tags["mlflow.modelVersions"])
    return {
        "run": version.run_id == run.info.run_id,
        "source": version.source == f"models:/{info.model_id}",
        "found": [v.name for v in client.search_model_versions(f"run_id = '{run.info.run_id}'")],
        # The client notes it once more by itself, as it does with MLflow's server.
        "noted": sorted({(one["name"], int(one["version"])) for one in noted}),
        "loads": type(mlflow.pyfunc.load_model("models:/logged/1")).__name__,
    }


@part
def prompts():
    if not is_3:
        return None
    mlflow.genai.register_prompt("greeting", "Hello {{name}}")
    again = mlflow.genai.register_prompt("greeting", "Good day {{name}}")
    return {
        "version": int(again.version),
        "text": mlflow.genai.load_prompt("prompts:/greeting/1").template,
        "models": [m.name for m in client.search_registered_models("name LIKE 'greet%'")],
        "taken": refusal(lambda: client.create_registered_model("greeting"))[1],
    }


@part
def traces():
    """Through the client's own doors; what a program's spans need of OpenTelemetry differs by version."""
    experiment = client.create_experiment("traces")
    mlflow.set_experiment("traces")
    if not is_3:
        api = client._tracking_client
        told = api.start_trace(experiment, 1000, {"meta": "1"}, {"tag": "1"})
        api._upload_trace_data(told, mlflow.entities.TraceData(spans=[]))
        api.end_trace(told.request_id, 3000, mlflow.entities.trace_status.TraceStatus.OK, {}, {"tag": "2"})
        found = client.search_traces([experiment], filter_string="status = 'OK'")
        one = client.get_trace(told.request_id)
        client.set_trace_tag(told.request_id, "more", "x")
        deleted = client.delete_traces(experiment, request_ids=[told.request_id])
        return {"found": len(found), "ms": one.info.execution_time_ms, "tag": one.info.tags["tag"], "deleted": deleted}

    @mlflow.trace
    def double(x):
        return 2 * x

    for x in [1, 2, 3]:
        double(x)
    mlflow.flush_trace_async_logging()
    found = mlflow.search_traces(locations=[experiment], return_type="list")
    # Not by its place: two that began in the same millisecond have no order.
    read = [mlflow.get_trace(trace.info.trace_id) for trace in found]
    one = next(trace for trace in read if trace.data.spans[0].inputs == {"x": 3})
    others = [trace.info.trace_id for trace in read if trace is not one]
    mlflow.log_feedback(trace_id=one.info.trace_id, name="good", value=True, rationale="it is")
    mlflow.log_expectation(trace_id=one.info.trace_id, name="wanted", value=6)
    client.set_trace_tag(one.info.trace_id, "more", "x")
    again = mlflow.get_trace(one.info.trace_id)
    deleted = client.delete_traces(experiment, trace_ids=others)
    return {
        "found": len(found),
        "spans": [[span.name, span.inputs, span.outputs] for span in one.data.spans],
        "assessments": sorted(a.name for a in again.info.assessments),
        "tag": again.info.tags["more"],
        "deleted": deleted,
    }


parts["warnings"] = [told for told in counted.told if "race" in told or "span" in told]
print(json.dumps({"mlflow": mlflow.__version__, "parts": parts}), file=sys.stdout)
