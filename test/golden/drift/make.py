"""Values of drift tests by the real Evidently 0.7.21 with scipy 1.17.1, numpy 2.4.6 and pandas 2.3.3.

    uv venv venv && uv pip install --python venv/bin/python evidently==0.7.21 'pandas<2.4'
    venv/bin/python test/golden/drift/make.py ../shared/data/streamflow > test/golden/drift/goldens.json

The two months are read from the folder; everything else is made here from a seed and kept beside its values.
"""
import json, math, sys, warnings
import numpy as np
import pandas as pd
from scipy import stats

warnings.filterwarnings("ignore")
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import DriftedColumnsCount, ValueDrift
from evidently.legacy.calculations.stattests import registry, tvd_stattest
from evidently.legacy.core import ColumnType
import evidently.legacy.calculations.stattests as all_tests  # registers them

NAMES = {
    "ks": "ks", "chisquare": "chi_square", "z": "z", "wasserstein": "wasserstein", "jensenshannon": "jensen_shannon",
    "psi": "psi", "hellinger": "hellinger", "kl_div": "kl", "anderson": "anderson_darling",
    "cramer_von_mises": "cramer_von_mises",
}
NUMBER = ["ks", "wasserstein", "jensenshannon", "psi", "hellinger", "kl_div", "anderson", "cramer_von_mises"]
CATEGORY = ["chisquare", "jensenshannon", "psi", "hellinger", "kl_div"]


def clean(values):
    return pd.Series(values).replace([-np.inf, np.inf], np.nan).dropna()


def finite(value):
    value = float(value)
    return value if math.isfinite(value) else repr(value)


def measured(reference, current, kind):
    """The test that is chosen, and every other that fits, as the library computes them of the cleaned columns."""
    column_type = ColumnType.Numerical if kind == "number" else ColumnType.Categorical
    ref, cur = clean(reference), clean(current)
    # numpy bins whole numbers in another way, and pandas makes floats of them where there are nulls.
    whole = kind == "number" and pd.concat([pd.Series(reference), pd.Series(current)]).dtype.kind in "iu"
    out = {"rows": [len(ref), len(cur)], "whole": whole, "chosen": None, "tests": {}}
    if len(ref) == 0 or len(cur) == 0:
        return out
    chosen = registry.get_stattest(ref, cur, column_type, None)
    result = chosen(ref.copy(), cur.copy(), column_type, None)
    out["chosen"] = {
        "test": NAMES[chosen.name], "value": finite(result.drift_score), "threshold": result.actual_threshold,
        "drifted": bool(result.drifted),
    }
    for name in NUMBER if kind == "number" else CATEGORY:
        try:
            test = registry.get_stattest(ref, cur, column_type, name)
            result = test(ref.copy(), cur.copy(), column_type, None)
            out["tests"][NAMES[name]] = {"value": finite(result.drift_score), "threshold": result.actual_threshold, "drifted": bool(result.drifted)}
        except Exception as error:
            out["tests"][NAMES[name]] = {"refused": f"{type(error).__name__}: {error}"[:120]}
    if kind == "number" and min(len(ref), len(cur)) > 1:
        # Evidently counts small samples out in float32; scipy, from which it was taken, does not.
        p = stats.cramervonmises_2samp(ref, cur).pvalue
        out["tests"]["cramer_von_mises"] = {"value": finite(p), "threshold": 0.1, "drifted": bool(p <= 0.1)}
    if kind == "category":
        out["tests"]["tvd"] = {"value": finite(tvd_stattest._total_variation_distance(ref, cur))}
    return out


def plain(values):
    return [None if v is None or (isinstance(v, float) and math.isnan(v)) else (repr(v) if isinstance(v, float) and math.isinf(v) else v) for v in values]


def cases():
    g = np.random.default_rng(20240131)
    normal = lambda n, mean=0.0, std=1.0, digits=4: [round(float(v), digits) for v in g.normal(mean, std, n)]
    ints = lambda n, low, high: [int(v) for v in g.integers(low, high, n)]
    pick = lambda n, names, p=None: [str(v) for v in g.choice(names, n, p=p)]
    with_nulls = lambda values, share: [None if u < share else v for v, u in zip(values, g.random(len(values)))]

    yield "numbers, 200 rows", "number", normal(200), normal(180, 0.2)
    yield "numbers, the same", "number", *([normal(120)] * 2)
    yield "numbers far apart", "number", normal(100), normal(90, 5)
    yield "1,000 rows of the reference", "number", normal(1000, digits=3), normal(700, 0.1, digits=3)
    yield "1,001 rows of the reference", "number", normal(1001, digits=3), normal(700, 0.1, digits=3)
    yield "ties", "number", ints(300, 0, 9), ints(250, 1, 10)
    yield "ties in halves", "number", [v / 2 for v in ints(310, 0, 30)], [v / 2 for v in ints(290, 2, 31)]
    yield "twenty values", "number", [v % 20 for v in range(1100)], [(v * v) % 20 for v in range(1100)]
    yield "twenty-one values", "number", [v % 21 for v in range(1100)], [(v * v) % 21 for v in range(1100)]
    yield "five numbers, few rows", "number", ints(200, 0, 5), ints(200, 0, 5)
    yield "five numbers, many rows", "number", ints(1200, 0, 5), ints(900, 0, 5)
    yield "six numbers, few rows", "number", ints(200, 0, 6), ints(200, 0, 6)
    yield "two numbers, few rows", "number", ints(100, 0, 2), [int(v > 0.3) for v in g.random(100)]
    yield "two numbers, many rows", "number", ints(1500, 0, 2), [int(v > 0.45) for v in g.random(1400)]
    yield "a constant on both sides", "number", [3.5] * 50, [3.5] * 40
    yield "a constant on both sides, many rows", "number", [3.5] * 1500, [3.5] * 40
    yield "two constants", "number", [3.5] * 50, [4.5] * 40
    yield "two constants, many rows", "number", [3.5] * 1500, [4.5] * 40
    yield "a constant against numbers", "number", [0.0] * 60, normal(60)
    yield "a constant against numbers, many rows", "number", [0.0] * 1100, normal(1100, digits=2)
    yield "nulls", "number", with_nulls(normal(400), 0.3), with_nulls(normal(300, 0.1), 0.6)
    yield "whole numbers with nulls, wide", "number", with_nulls(ints(1600, 0, 400), 0.1), with_nulls(ints(1500, 0, 420), 0.1)
    yield "infinities", "number", normal(150) + [math.inf], [-math.inf] + normal(140)
    yield "big whole numbers", "number", [9_000_000_000_000_000 + v for v in ints(300, 0, 10_000)], [9_000_000_000_000_000 + v for v in ints(300, 500, 10_500)]
    yield "big whole numbers, many rows", "number", [1_700_000_000_000 + v for v in ints(1300, 0, 10_000)], [1_700_000_000_000 + v for v in ints(1300, 500, 10_500)]
    yield "days", "number", ints(1200, 19_000, 19_700), ints(1200, 19_030, 19_730)
    yield "moments in seconds", "number", [1_700_000_000 + v for v in ints(800, 0, 86_400)], [1_700_086_400 + v for v in ints(800, 0, 86_400)]
    yield "tiny numbers, many rows", "number", [v * 1e-6 for v in normal(1100)], [v * 1e-6 for v in normal(1100, 0.5)]
    yield "one row on both sides", "number", [1.0], [2.0]
    yield "one row against many", "number", [0.5], normal(80)
    yield "many rows against one", "number", normal(1200, digits=2), [0.7]
    yield "two rows on both sides", "number", [1.0, 2.0], [1.5, 3.0]
    yield "up to twenty rows", "number", normal(20, digits=1), normal(17, 0.4, digits=1)
    yield "up to twenty rows, far apart", "number", normal(9, digits=1), normal(12, 4, digits=1)
    yield "twenty-one rows", "number", normal(21, digits=1), normal(20, 0.4, digits=1)
    yield "no value in the reference", "number", [None] * 30, normal(30)
    yield "no value in the current", "number", normal(30), [None] * 30
    yield "sides of very different sizes", "number", normal(40, digits=2), normal(3000, 0.2, digits=2)
    yield "half zeros", "number", [0.0] * 600 + [abs(v) for v in normal(600, digits=2)], [0.0] * 500 + [abs(v) for v in normal(700, digits=2)]

    levels = ["a", "b", "c", "d"]
    yield "categories, few rows", "category", pick(300, levels), pick(280, levels, [0.3, 0.3, 0.2, 0.2])
    yield "categories, many rows", "category", pick(1300, levels), pick(1280, levels, [0.3, 0.3, 0.2, 0.2])
    yield "two categories, few rows", "category", pick(120, ["no", "yes"]), pick(110, ["no", "yes"], [0.6, 0.4])
    yield "two categories, many rows", "category", pick(1200, ["no", "yes"]), pick(1100, ["no", "yes"], [0.6, 0.4])
    yield "rare categories", "category", pick(1500, ["x", "y", "z", "rare", "rarer"], [0.6, 0.3, 0.09, 0.007, 0.003]), pick(1500, ["x", "y", "z", "rare", "rarer"], [0.6, 0.3, 0.09, 0.003, 0.007])
    yield "a category never seen, few rows", "category", pick(200, levels), pick(190, levels) + ["new"] * 10
    yield "a category never seen, many rows", "category", pick(1200, levels), pick(1190, levels) + ["new"] * 100
    yield "a category that is gone", "category", pick(200, levels), pick(200, levels[:3])
    yield "one category on both sides", "category", ["only"] * 40, ["only"] * 50
    yield "one category on both sides, many rows", "category", ["only"] * 1040, ["only"] * 50
    yield "another category on each side", "category", ["this"] * 40, ["that"] * 50
    yield "categories with nulls", "category", with_nulls(pick(500, levels), 0.2), with_nulls(pick(500, levels), 0.8)
    yield "a category of one row", "category", ["a"], ["b"]
    yield "a thousand categories", "category", [f"c{v}" for v in ints(1400, 0, 1000)], [f"c{v}" for v in ints(1400, 0, 1000)]


def large():
    """Too long to be kept: made of whole-number steps that the test makes again."""
    a, b = [(i * 7919) % 12007 for i in range(12_007)], [(i * 7919) % 12007 + (i % 3) * 90 for i in range(11_000)]
    yield "twelve thousand rows", a, b
    yield "twelve thousand rows, close", a, [v + (1 if v % 40 == 0 else 0) for v in a[:9000]]
    yield "two hundred against twelve thousand", a[:200], b
    yield "two thousand against twelve thousand", [v + 120 for v in a[:2000]], a


FLOAT32 = ["monthly_fee", "watch_hours_30d", "avg_session_mins_7d", "ticket_avg_resolution_hrs_90d"]
CATEGORIES = ["paperless_billing", "plan_stream_tv", "plan_stream_movies", "net_service", "churn_label"]
FEATURES = ["months_active", "monthly_fee", "paperless_billing", "plan_stream_tv", "plan_stream_movies", "net_service",
            "watch_hours_30d", "avg_session_mins_7d", "unique_devices_30d", "skips_7d", "rebuffer_events_7d",
            "failed_payments_90d", "support_tickets_90d", "ticket_avg_resolution_hrs_90d"]


def month(folder):
    frames = [pd.read_csv(f"{folder}/{name}.csv") for name in ["subscriptions", "usage_agg_30d", "payments_agg_90d", "support_agg_90d", "labels"]]
    joined = frames[0]
    for frame in frames[1:]:
        joined = joined.merge(frame, on="user_id")
    # As the columns are declared in examples/streamflow, and computed in doubles.
    for name in FLOAT32:
        joined[name] = joined[name].astype("float32").astype("float64")
    for name in CATEGORIES:
        joined[name] = joined[name].astype("object").map(lambda v: v if pd.isna(v) else str(v).lower() if isinstance(v, bool) else str(v))
    return joined[FEATURES + ["churn_label"]]


def months(root):
    ref, cur = month(f"{root}/month_000"), month(f"{root}/month_001")
    columns = {c: measured(ref[c], cur[c], "category" if c in CATEGORIES else "number") for c in FEATURES + ["churn_label"]}
    definition = DataDefinition(numerical_columns=[c for c in FEATURES if c not in CATEGORIES], categorical_columns=[c for c in FEATURES if c in CATEGORIES])
    report = Report([DriftedColumnsCount(drift_share=0.3), *[ValueDrift(column=c) for c in FEATURES]])
    run = report.run(current_data=Dataset.from_pandas(cur, definition), reference_data=Dataset.from_pandas(ref, definition))
    metrics = json.loads(run.json())["metrics"]
    said = {}
    for metric in metrics[1:]:
        value = metric["value"]
        said[metric["config"]["column"] if "config" in metric else metric["metric_id"]] = value if not isinstance(value, dict) else value
    return {"columns": columns, "share": metrics[0]["value"], "said": said}


def main():
    root = sys.argv[1]
    out = {"made_by": "evidently 0.7.21, scipy 1.17.1, numpy 2.4.6, pandas 2.3.3", "cases": [], "large": [], "months": None}
    for name, kind, reference, current in cases():
        out["cases"].append({"name": name, "kind": kind, "reference": plain(reference), "current": plain(current), **measured(reference, current, kind)})
    for name, reference, current in large():
        out["large"].append({"name": name, **measured(reference, current, "number")})
    out["months"] = months(root)
    json.dump(out, sys.stdout, allow_nan=False, separators=(",", ":"))


main()
