"""Triton's own HTTP client against /v2: metadata, health, tensors of keys and of features, as bytes and as JSON."""

import json
import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

address, model, key, features = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
client = triton.InferenceServerClient(address)
TYPES = {"BYTES": object, "BOOL": bool, "INT32": np.int32, "INT64": np.int64, "FP32": np.float32, "FP64": np.float64}


def tensor(name, values, binary):
    array = np.array(values)
    given = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    given.set_data_from_numpy(array, binary_data=binary)
    return given


def told(result, names):
    return {name: [x.decode() if isinstance(x, bytes) else x for x in result.as_numpy(name).tolist()] for name in names}


metadata = client.get_model_metadata(model)
[version] = metadata["versions"]


def column(told, value):
    # A null of a number is NaN.
    type_ = TYPES[told["datatype"]]
    return np.array([[float("nan") if value is None else value]], dtype=np.float64 if value is None else type_)


def by_features(row, binary):
    inputs = [tensor(one["name"], column(one, row[one["name"]]), binary) for one in metadata["inputs"]]
    return client.infer(model, inputs, model_version=version, request_id="mine")


keys = np.array([key, key], dtype=object)
answers = {}
for binary in (True, False):
    by_key = client.infer(model, [tensor("user_id", keys, binary)])
    answers[f"keys {str(binary).lower()}"] = told(by_key, ["prediction", "probability", "features_as_of"])
    answers[f"features {str(binary).lower()}"] = told(by_features(features, binary), ["prediction", "probability"])
answers["null"] = told(by_features({**features, "watch_hours_30d": None}, True), ["probability"])
wanted = [triton.InferRequestedOutput("probability", binary_data=False)]
answers["wanted"] = client.infer(model, [tensor("user_id", keys, True)], outputs=wanted).get_response()
answers["id"] = by_features(features, True).get_response()["id"]


def refused(call):
    try:
        call()
    except InferenceServerException as error:
        return [error.status(), error.message()]


print(
    json.dumps(
        {
            "live": client.is_server_live(),
            "ready": client.is_server_ready(),
            "model_ready": [client.is_model_ready(model), client.is_model_ready(model, "99"), client.is_model_ready("no")],
            "server": client.get_server_metadata()["extensions"],
            "metadata": metadata,
            "answers": answers,
            "nobody": refused(lambda: client.infer(model, [tensor("user_id", np.array([key, "x"], dtype=object), True)])),
            "version": refused(lambda: client.get_model_metadata(model, "99")),
            "unknown": refused(lambda: client.get_model_metadata("no")),
        }
    )
)
