"""Trains the reference's model on one month of green trips, as bench/baseline has it; and writes the rides that both services are asked.

    train.py MONTH.parquet FOLDER

leaves in the folder: model.bin, the pickled vectorizer and model; rides.jsonl, bodies of requests, one a line; answers.txt, what the
model says of each, minutes.
"""

import json
import pickle
import sys
from pathlib import Path

import pandas
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LinearRegression

RIDES = 1000
FIELDS = ["PULocationID", "DOLocationID", "trip_distance"]


def read(path):
    """Rides of 1 to 60 minutes, with the pair of zones as one text: the reference's only preparation."""
    rides = pandas.read_parquet(path)
    minutes = (rides.lpep_dropoff_datetime - rides.lpep_pickup_datetime).dt.total_seconds() / 60
    rides = rides.assign(minutes=minutes)[(minutes >= 1) & (minutes <= 60)]
    rides["PU_DO"] = rides.PULocationID.astype(str) + "_" + rides.DOLocationID.astype(str)
    return rides


def sample(rides):
    """Rides that both services answer: those of recorded distances that occur in a city."""
    sound = rides[(rides.trip_distance > 0) & (rides.trip_distance <= 50) & (rides.PULocationID <= 263) & (rides.DOLocationID <= 263)]
    return sound[FIELDS].sample(RIDES, random_state=1).to_dict(orient="records")


def main():
    month, folder = sys.argv[1], Path(sys.argv[2])
    rides = read(month)
    vectorizer = DictVectorizer()
    rows = vectorizer.fit_transform(rides[["PU_DO", "trip_distance"]].to_dict(orient="records"))
    model = LinearRegression().fit(rows, rides.minutes.to_numpy())
    with open(folder / "model.bin", "wb") as file:
        pickle.dump((vectorizer, model), file)
    asked = sample(rides)
    # As Python's clients write JSON.
    (folder / "rides.jsonl").write_text("".join(json.dumps(ride) + "\n" for ride in asked))
    features = [{"PU_DO": f"{r['PULocationID']}_{r['DOLocationID']}", "trip_distance": r["trip_distance"]} for r in asked]
    answers = model.predict(vectorizer.transform(features))
    (folder / "answers.txt").write_text("".join(f"{answer!r}\n" for answer in answers.tolist()))
    print(f"{len(rides)} rides, {rows.shape[1]} columns")


if __name__ == "__main__":
    main()
