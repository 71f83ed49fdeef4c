"""Files that the MLflow client sends and fetches in parts, against a server of ours; prints one JSON document."""

import hashlib
import json
import os
import pathlib

# Small files stand for large ones: the client's own limits are 500 MB and parts of 10 MB.
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = str(6 << 20)
os.environ["MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE"] = str(5 << 20)
os.environ["MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE"] = str(5 << 20)
os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"] = "true"
os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] = "true"
import mlflow  # noqa: E402

here = pathlib.Path.cwd()
(here / "folder").mkdir()
sizes = {"large größe.bin": (16 << 20) + 17, "folder/exact.bin": 10 << 20, "small.bin": 1000, "empty.bin": 0}
for name, size in sizes.items():
    (here / name).write_bytes(hashlib.shake_128(name.encode()).digest(size))

with mlflow.start_run() as run:
    for name in sizes:
        mlflow.log_artifact(str(here / name), artifact_path="a b/c" if "/" in name else None)

run_id = run.info.run_id
fetched = pathlib.Path(mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=str(here / "fetched")))
same = {
    name: (fetched / ("a b/c/exact.bin" if "/" in name else name)).read_bytes() == (here / name).read_bytes()
    for name in sizes
}
print(json.dumps({"mlflow": mlflow.__version__, "run_id": run_id, "same": same}))
