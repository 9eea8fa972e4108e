"""Reads a run as MLflow's own clients see it, and prints what they see. Arguments: the run's id, the experiment's name."""

import json
import sys

import mlflow
from mlflow import MlflowClient
from mlflow.models import Model

run_id, experiment = sys.argv[1:3]
client = MlflowClient()
run = mlflow.get_run(run_id)
found = mlflow.search_runs(experiment_names=[experiment], filter_string=f"attributes.run_id = '{run_id}'", output_format="list")
output = run.outputs.model_outputs[0]
logged = mlflow.get_logged_model(output.model_id)
folder = mlflow.artifacts.download_artifacts(logged.artifact_location)
model = Model.load(folder)
searched = mlflow.search_logged_models(experiment_ids=[run.info.experiment_id], output_format="list")
json.dump(
    {
        "status": run.info.status,
        "ended": run.info.end_time is not None,
        "found": [run.info.run_id for run in found],
        "params": run.data.params,
        "tags": run.data.tags,
        "metrics": run.data.metrics,
        "history": [
            [metric.step, metric.value] for metric in client.get_metric_history(run_id, "candidate_1/fold_1_rmse")
        ],
        "datasets": [
            {
                "name": used.dataset.name,
                "digest": used.dataset.digest,
                "context": {tag.key: tag.value for tag in used.tags}["mlflow.data.context"],
                "profile": json.loads(used.dataset.profile),
                "columns": len(json.loads(used.dataset.schema)["mlflow_colspec"]),
                "source": json.loads(used.dataset.source),
            }
            for used in run.inputs.dataset_inputs
        ],
        "model": {
            "id": logged.model_id,
            "name": logged.name,
            "status": str(logged.status),
            "searched": [model.model_id for model in searched],
            "metrics": {
                metric.key: [metric.value, metric.dataset_name, metric.dataset_digest] for metric in logged.metrics or []
            },
            "params": logged.params,
        },
        "flavors": sorted(model.flavors),
        "signature": str(model.signature.inputs),
        "has_example": model.saved_input_example_info is not None,
    },
    sys.stdout,
)
