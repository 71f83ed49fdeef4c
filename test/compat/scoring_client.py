"""MLflow's own client of a scoring server, against /invocations, /ping and /version at the root."""

import json
import sys
from urllib.parse import urlparse

import numpy as np
import pandas as pd
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

address = urlparse(sys.argv[1])
row = json.loads(sys.argv[2])
client = ScoringServerClient(address.hostname, address.port)
client.wait_server_ready(timeout=10)

frame = client.invoke(pd.DataFrame([row])).get_predictions()
# A missing number leaves pandas as NaN, which is no JSON.
missing = client.invoke(pd.DataFrame([{**row, "watch_hours_30d": np.nan}]), params={"unused": 1})
try:
    client.invoke(pd.DataFrame([{"months": 1}]))
    refused = None
except Exception as error:
    refused = str(error)
print(
    json.dumps(
        {
            "version": client.get_version(),
            "columns": list(frame.columns),
            "frame": frame.values.tolist(),
            "missing": len(missing.get_predictions()),
            "refused": refused,
        }
    )
)
