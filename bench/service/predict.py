"""The reference's web service, rebuilt from its description: Flask, one route, one ride a request, a pickled linear model.

    MODEL=lin_reg.bin gunicorn --workers 2 --bind 127.0.0.1:9696 predict:app
"""

import os
import pickle

from flask import Flask, jsonify, request

with open(os.environ["MODEL"], "rb") as file:
    (vectorizer, model) = pickle.load(file)


def prepare_features(ride):
    """The pair of zones as one category, and the distance."""
    return {
        "PU_DO": f"{ride['PULocationID']}_{ride['DOLocationID']}",
        "trip_distance": ride["trip_distance"],
    }


def predict(features):
    """Minutes."""
    rows = vectorizer.transform(features)
    return float(model.predict(rows)[0])


app = Flask("duration-prediction")


@app.route("/predict", methods=["POST"])
def predict_endpoint():
    """Answers one ride."""
    ride = request.get_json()
    return jsonify({"duration": predict(prepare_features(ride))})
