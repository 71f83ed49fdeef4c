"""Files whose names have a percent sign: logged, listed and downloaded. Run against Weir and against the real server."""

import json
import os
import tempfile

import mlflow
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

NAMES = ["a%41.txt", "b%2541.txt", "c%25.txt", "d%.txt", "e%20f.txt", "g%zz.txt", "100% sure.txt"]

client = MlflowClient()
run = client.create_run("0")
run_id = run.info.run_id
told = {}
with tempfile.TemporaryDirectory() as folder:
    for name in NAMES:
        path = os.path.join(folder, name)
        with open(path, "w") as file:
            file.write(name)
        try:
            client.log_artifact(run_id, path, "p")
        except Exception as error:
            told[name] = "refused: " + type(error).__name__
            continue
    listed = sorted(entry.path for entry in client.list_artifacts(run_id, "p"))
    content = {}
    for path in listed:
        try:
            with open(download_artifacts(run_id=run_id, artifact_path=path, dst_path=tempfile.mkdtemp())) as file:
                content[path] = file.read()
        except Exception as error:
            content[path] = "refused: " + type(error).__name__
print(json.dumps({"mlflow": mlflow.__version__, "logged": told, "listed": listed, "content": content}))
