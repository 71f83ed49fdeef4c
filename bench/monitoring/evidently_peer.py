"""The drift of one pair of files by Evidently, as often as it is asked: its drift preset, files read each time."""
import json, sys, time, warnings

warnings.filterwarnings("ignore")
import evidently
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

folder = sys.argv[1]
CATEGORIES = ["paperless_billing", "plan_stream_tv", "plan_stream_movies", "net_service"]


def once():
    frames = [pd.read_csv(f"{folder}/{name}.parquet.csv") for name in ("reference", "current")]
    for frame in frames:
        for name in CATEGORIES:
            frame[name] = frame[name].astype("object")
    numbers = [name for name in frames[0].columns if name not in CATEGORIES]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=CATEGORIES)
    reference, current = (Dataset.from_pandas(frame, definition) for frame in frames)
    return Report([DataDriftPreset(drift_share=0.3)]).run(current_data=current, reference_data=reference).json()


once()
print(json.dumps({"version": evidently.__version__}), flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    once()
    print(json.dumps({"ms": (time.perf_counter() - start) * 1000}), flush=True)
