"""A real Feast client against our server: argv = server, folder; `keys.json` there names the customers. Prints JSON."""
import json
import pathlib
import sys
import time
import urllib.request
import warnings

warnings.filterwarnings("ignore")
import feast  # noqa: E402
import pandas as pd  # noqa: E402
from feast import FeatureStore, RepoConfig  # noqa: E402

server, folder = sys.argv[1], pathlib.Path(sys.argv[2])
keys = json.loads((folder / "keys.json").read_text())
features = json.loads((folder / "features.json").read_text())
registry = folder / "registry.db"
registry.write_bytes(urllib.request.urlopen(server + "/feast/registry.db").read())

store = FeatureStore(
    config=RepoConfig(
        project="streamflow",
        provider="local",
        registry=str(registry),
        online_store={"type": "remote", "path": server},
        offline_store={"type": "file"},
        entity_key_serialization_version=3,
    )
)


def read(asked, users):
    answer = store.get_online_features(features=asked, entity_rows=[{"user_id": u} for u in users])
    return answer.to_dict()


def error_of(asked):
    try:
        read(asked, keys[:1])
        return None
    except Exception as error:  # the class is what is told
        return type(error).__name__


started = time.time()
values = read(features, keys)
seconds = time.time() - started
service = read(store.get_feature_service("churn_features"), keys[:500])
stale = read(["stale_fv:failed_payments_90d"], keys[:1])
unknown = read(features[:6], ["0000-XXXXX", keys[0]])

row = {"user_id": ["0000-WRITE"], "failed_payments_90d": [7], "event_timestamp": [pd.Timestamp("2024-03-01")]}
store.write_to_online_store("payments_agg_90d_fv", df=pd.DataFrame(row))
written = read(["payments_agg_90d_fv:failed_payments_90d"], ["0000-WRITE"])
older = {**row, "failed_payments_90d": [3], "event_timestamp": [pd.Timestamp("2024-02-01")]}
store.write_to_online_store("payments_agg_90d_fv", df=pd.DataFrame(older))
kept = read(["payments_agg_90d_fv:failed_payments_90d"], ["0000-WRITE"])

pushed = {"user_id": ["0000-PUSHD"], "failed_payments_90d": [9], "event_timestamp": [pd.Timestamp("2024-03-01")]}
store.push("payments_agg_90d", pd.DataFrame(pushed))
after_push = read(["payments_agg_90d_fv:failed_payments_90d"], ["0000-PUSHD"])


def numbers(view, ids):
    asked = [f"{view}:pv", f"{view}:pn"]
    return store.get_online_features(features=asked, entity_rows=[{"id": i} for i in ids]).to_dict()


BIG = 2**53 + 1
at = [pd.Timestamp("2024-03-01")]
for key, number in [(BIG, BIG), (BIG - 1, 1)]:
    frame = pd.DataFrame({"id": [key], "at": at, "pv": [0.5], "pn": [number]})
    store.write_to_online_store("wide_fv", df=frame)
exact = {name: [str(v) for v in numbers("wide_fv", [BIG, BIG - 1])[name]] for name in ("id", "pn")}
store.push("wide", pd.DataFrame({"id": [7], "at": at, "pv": [1.5], "pn": [3]}))
renamed = numbers("wide_fv", [7])
mapping = dict(store.get_feature_view("wide_fv").batch_source.field_mapping)

print(
    json.dumps(
        {
            "feast": feast.__version__,
            "seconds": seconds,
            "values": values,
            "service_agrees": all(service[name] == values[name][:500] for name in service),
            "service_names": sorted(service),
            "stale": stale,
            "unknown": unknown,
            "written": written,
            "kept": kept,
            "pushed": after_push,
            "exact": exact,
            "renamed": renamed,
            "mapping": mapping,
            "errors": {"view": error_of(["no_such_view:x"]), "feature": error_of(["payments_agg_90d_fv:nope"])},
        }
    )
)
