"""The command line of MLflow against a server of ours, by the functions that `mlflow …` calls; prints one JSON document.

In one process, since each `mlflow …` takes five seconds to start. The argument is the id of a run.
"""

import json
import pathlib
import re
import sys

import mlflow
from click.testing import CliRunner
from mlflow.cli import cli

run_id = sys.argv[1]
experiment_of_run = mlflow.MlflowClient().get_run(run_id).info.experiment_id


def run(*args):
    result = CliRunner().invoke(cli, args, catch_exceptions=False)
    assert result.exit_code == 0, (args, result.output)
    return result.output


def json_of(text):
    """The document; other lines may come before it."""
    return json.loads(text[min(i for i in (text.find("{"), text.find("[")) if i >= 0) :])


told = {}
made = run("experiments", "create", "--experiment-name", "by hand")
experiment = re.search(r"id (\d+)", made).group(1)
told["created"] = mlflow.get_experiment(experiment).name
assert "by hand" in run("experiments", "search")
run("experiments", "rename", "--experiment-id", experiment, "--new-name", "by other hand")
run("experiments", "delete", "--experiment-id", experiment)
told["deleted"] = re.search("by other hand", run("experiments", "search", "--view", "deleted_only")).group(0)
run("experiments", "restore", "--experiment-id", experiment)

run("experiments", "csv", "--experiment-id", experiment_of_run, "--filename", "runs.csv")
told["csv"] = run_id in pathlib.Path("runs.csv").read_text()
told["listed"] = "walked" in run("runs", "list", "--experiment-id", experiment_of_run)
told["described"] = json_of(run("runs", "describe", "--run-id", run_id))
run("runs", "delete", "--run-id", run_id)
told["listedWhenDeleted"] = "walked" in run("runs", "list", "--experiment-id", experiment_of_run)
run("runs", "restore", "--run-id", run_id)
told["restored"] = mlflow.get_run(run_id).info.lifecycle_stage

pathlib.Path("note.txt").write_text("by hand")
run("artifacts", "log-artifact", "--run-id", run_id, "--local-file", "note.txt", "--artifact-path", "notes")
told["files"] = json_of(run("artifacts", "list", "--run-id", run_id, "--artifact-path", "notes"))
run("artifacts", "download", "--run-id", run_id, "--artifact-path", "notes", "--dst-path", "back")
told["back"] = pathlib.Path("back/notes/note.txt").read_text()
print()
print(json.dumps(told))
