"""Reads a model's folder as MLflow does, loads it by its loader module, and prints what it says. Argument: the folder."""

import json
import sys

import mlflow
import mlflow.pyfunc
from mlflow.models import Model

folder = sys.argv[1]
model = Model.load(folder)
columns = model.get_input_schema().to_dict()
# MLflow 2 has the attribute only where the file has the key; MLflow 3 would ask its server about a logged model.
model_id = getattr(model, "model_id", None)
info = mlflow.models.get_model_info(folder) if model_id is None else None
example = model.load_input_example(folder)
loaded = mlflow.pyfunc.load_model(folder)
answer = {
    "mlflow": mlflow.__version__,
    "flavors": model.flavors,
    "inputs": [[column["name"], column["type"], column["required"]] for column in columns],
    "outputs": [[column["name"], column["type"]] for column in model.get_output_schema().to_dict()],
    "example": json.loads(example.to_json(orient="records")),
    "run_id": model.run_id,
    "model_id": model_id,
    "model_uuid": model.model_uuid,
    "model_size_bytes": model.model_size_bytes,
    "utc_time_created": str(model.utc_time_created),
    "signature_of_info": info and str(info.signature),
    # The loader of the test answers with the path that it was given.
    "predicted": loaded.predict(example),
}
print(json.dumps(answer))
