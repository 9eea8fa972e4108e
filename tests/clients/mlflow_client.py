"""MLflow's own client for its scoring protocol, as it comes: asks for rides in each of its forms and prints the answers as JSON."""

import json
import sys

import numpy as np
import pandas as pd
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

client = ScoringServerClient("127.0.0.1", int(sys.argv[1]))
client.wait_server_ready(timeout=120)
given = json.load(sys.stdin)
rides, many = given["rides"], given["many"]


def minutes(data, **more):
    return client.invoke(data, **more).get_predictions(predictions_format="ndarray").tolist()


def refused(data):
    try:
        return client.invoke(data)
    except Exception as error:  # the client raises nothing narrower
        return str(error)


frame = pd.DataFrame(rides)
assert np.isnan(frame["trip_distance"]).any(), "a missing distance is NaN in a frame"
wall = frame.drop(index=2).assign(pickup_datetime=lambda rows: pd.to_datetime(rows["pickup_datetime"], format="mixed"))
columns = {name: [ride[name] for ride in rides] for name in rides[0]}

answers = {
    "ping": client.ping() is None,
    "version": client.get_version(),
    "frame": minutes(frame),
    "frame_as_frame": client.invoke(frame).get_predictions()[0].tolist(),
    "frame_with_other_columns": minutes(frame.assign(tip_amount=1.5, vendor="x")[["vendor", "trip_distance", "DOLocationID", "tip_amount", "PULocationID", "pickup_datetime"]]),
    "frame_with_timestamps": minutes(wall),
    "frame_of_the_tlc": minutes(frame.rename(columns={"pickup_datetime": "lpep_pickup_datetime"}).astype({"PULocationID": "float64"})),
    "list": minutes(rides),
    "params": minutes(frame, params={}),
    "split": minutes(json.dumps({"dataframe_split": {"columns": list(rides[0]), "data": [list(ride.values()) for ride in rides]}})),
    "records": minutes(json.dumps({"dataframe_records": rides})),
    "instances": minutes(json.dumps({"instances": rides})),
    "inputs": minutes(json.dumps({"inputs": columns})),
    "many": minutes(pd.DataFrame(many)),
    "refused": refused(frame.assign(DOLocationID=[205, 50, 999, 264, 2])),
    "too_many": refused(pd.DataFrame(many + many[:1])),
}
json.dump(answers, sys.stdout)
