"""What `weir train` hands to a trainer, as numpy arrays: the features in the order of the manifest, a text by its number."""

import json
import os
from datetime import datetime

import numpy as np
import pyarrow.parquet as pq


def load():
    with open(os.environ["WEIR_MANIFEST"]) as file:
        manifest = json.load(file)
    table = pq.read_table(os.environ["WEIR_TRAINING_SET"])
    times = table[manifest["timestamp"]].to_pylist()
    columns = [encoded(table[feature["name"]], feature, times) for feature in manifest["features"]]
    x = np.column_stack(columns).astype(np.float32)
    y = labels(table[manifest["label"]["name"]].to_pylist(), manifest["label"])
    train = np.asarray(table[manifest["split"]["column"]].to_pylist()) == "train"
    return manifest, x, y, train


def labels(values, label):
    """Numbers of classes, in the order in which the model must give their probabilities; or the numbers themselves."""
    if label["kind"] == "regression":
        return np.asarray(values, dtype=np.float64)
    return np.asarray([label["classes"].index(value) for value in values], dtype=np.int64)


def encoded(column, feature, times):
    """Missing values are NaN. A text that the categories do not have would be, too. A date is its age in days."""
    values = column.to_pylist()
    if feature["type"] in ("Date", "UnixTimestamp"):
        values = [None if v is None else age(v, t) for v, t in zip(values, times)]
    if "categories" in feature:
        numbers = {category: number for number, category in enumerate(feature["categories"])}
        values = [numbers.get(value) for value in values]
    return np.asarray([np.nan if value is None else float(value) for value in values], dtype=np.float64)


def age(value, at):
    """Days from a date (its midnight) or a moment to the moment of the row, all in UTC."""
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    return (at.replace(tzinfo=None) - moment.replace(tzinfo=None)).total_seconds() / 86_400
