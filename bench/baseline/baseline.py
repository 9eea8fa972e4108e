"""The reference's own baseline on green taxis of 2021-01, measured on 2021-02, and what exact least squares gives.

    python -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python baseline.py "$CURBSIDE_DATA"

The reference one-hot encodes the pair of zones, keeps the distance as recorded (up to 244,152 miles) and fits
scikit-learn's LinearRegression on the sparse matrix. That runs an iterative solver (LSQR), which stops at its default
tolerance (1e-6) before it is there; with a smaller one it comes to the exact solution. That one needs no solver: see
crates/train/src/linear.rs, which `curbside train --model linear` runs; here it is computed independently.
"""

import sys
from pathlib import Path

import numpy
import pandas
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LinearRegression


def read(folder, month):
    """Rides of 1 to 60 minutes: the reference's only filter."""
    rides = pandas.read_parquet(Path(folder) / f"green_tripdata_{month}.parquet")
    minutes = (rides.lpep_dropoff_datetime - rides.lpep_pickup_datetime).dt.total_seconds() / 60
    rides = rides.assign(minutes=minutes)[(minutes >= 1) & (minutes <= 60)]
    rides["pair"] = rides.PULocationID.astype(str) + "_" + rides.DOLocationID.astype(str)
    return rides[["pair", "trip_distance", "minutes"]]


def report(what, predictions, truth):
    errors = predictions - truth
    print(f"{what:<58} RMSE {numpy.sqrt((errors**2).mean()):.4f}  MAE {numpy.abs(errors).mean():.4f}")


def reference(train, test):
    """As the reference has it: DictVectorizer, then LinearRegression with its defaults."""
    vectorizer = DictVectorizer()
    rows = vectorizer.fit_transform(train[["pair", "trip_distance"]].to_dict(orient="records"))
    model = LinearRegression().fit(rows, train.minutes.to_numpy())
    rows = vectorizer.transform(test[["pair", "trip_distance"]].to_dict(orient="records"))
    report("scikit-learn, as the reference runs it", model.predict(rows), test.minutes.to_numpy())
    for tolerance in (1e-9, 1e-12):
        model = LinearRegression(tol=tolerance)
        model.fit(vectorizer.transform(train[["pair", "trip_distance"]].to_dict(orient="records")), train.minutes.to_numpy())
        report(f"the same with tol={tolerance:g}", model.predict(rows), test.minutes.to_numpy())


def exact(train, test):
    """Least squares by removing each pair's means (Frisch and Waugh), the intercept as the mean over pairs."""
    means = train.groupby("pair")[["trip_distance", "minutes"]].transform("mean")
    miles = train.trip_distance - means.trip_distance
    slope = (miles * (train.minutes - means.minutes)).sum() / (miles**2).sum()
    pairs = train.groupby("pair")[["trip_distance", "minutes"]].mean()
    effects = pairs.minutes - slope * pairs.trip_distance
    predictions = test.pair.map(effects).fillna(effects.mean()) + slope * test.trip_distance
    report("exact least squares", predictions.to_numpy(), test.minutes.to_numpy())


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: baseline.py FOLDER, where FOLDER holds green_tripdata_2021-01.parquet and green_tripdata_2021-02.parquet")
    train, test = read(sys.argv[1], "2021-01"), read(sys.argv[1], "2021-02")
    print(f"{len(train)} rides to learn from, {len(test)} to measure on")
    reference(train, test)
    exact(train, test)


if __name__ == "__main__":
    main()
