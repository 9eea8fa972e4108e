"""NVIDIA's client for the Open Inference Protocol, as it comes: asks in binary and in JSON and prints the answers as JSON."""

import asyncio
import json
import sys

import numpy as np
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException

port, model, version = int(sys.argv[1]), sys.argv[2], sys.argv[3]
given = json.load(sys.stdin)
rides, many = given["rides"], given["many"]
client = triton.InferenceServerClient(f"127.0.0.1:{port}", connection_timeout=120, network_timeout=120)

NUMPY = {"BYTES": np.object_, "FP32": np.float32, "FP64": np.float64, "BOOL": np.bool_}
NUMPY |= {f"{sign}{bits}": np.dtype(f"{sign.lower()}{bits}") for sign in ("INT", "UINT") for bits in (8, 16, 32, 64)}
ZONES = ("PULocationID", "DOLocationID")


def tensors(rows, *, zones="INT64", distance="FP64", binary=True, nested=False, pickup="pickup_datetime", leave_out=()):
    """The fields of the rides as tensors of these types; a distance that is not known is NaN."""
    types = {ZONES[0]: zones, ZONES[1]: zones, "trip_distance": distance, "pickup_datetime": "BYTES"}
    made = []
    for name, datatype in types.items():
        if name in leave_out:
            continue
        values = [row[name] for row in rows]
        if name == "trip_distance":
            values = [float("nan") if value is None else value for value in values]
        if datatype == "BYTES":
            values = [str(value) for value in values]
        array = np.array(values, dtype=NUMPY[datatype]).reshape([-1, 1] if nested else [-1])
        tensor = triton.InferInput(pickup if name == "pickup_datetime" else name, list(array.shape), datatype)
        tensor.set_data_from_numpy(array, binary_data=binary)
        made.append(tensor)
    return made


def told(result):
    """Every output of a result, by name, and what came around them."""
    response = result.get_response()
    outputs = {}
    for output in response["outputs"]:
        array = result.as_numpy(output["name"])
        assert list(array.shape) == output["shape"], output
        flat = array.ravel().tolist()
        outputs[output["name"]] = [value.decode() if isinstance(value, bytes) else value for value in flat]
    rest = {key: value for key, value in response.items() if key != "outputs"}
    shapes = sorted({tuple(output["shape"]) for output in response["outputs"]})
    binary = sorted(output["name"] for output in response["outputs"] if "binary_data_size" in output.get("parameters", {}))
    return {"outputs": outputs, "rest": rest, "shapes": shapes, "binary": binary}


def infer(rows=rides, outputs=None, request=None, **how):
    return told(client.infer(model, tensors(rows, **how), outputs=outputs, **(request or {})))


def refused(call, *arguments, **named):
    try:
        return {"accepted": str(call(*arguments, **named))}
    except InferenceServerException as error:
        return {"status": error.status(), "message": error.message()}


async def with_asyncio():
    async with triton_aio.InferenceServerClient(f"127.0.0.1:{port}") as other:
        assert await other.is_server_ready() and await other.is_model_ready(model, version)
        return told(await other.infer(model, tensors(rides)))


def wanted(*names, binary=True):
    return [triton.InferRequestedOutput(name, binary_data=binary) for name in names]


answers = {
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "model_ready": client.is_model_ready(model),
    "version_ready": client.is_model_ready(model, version),
    "other_model_ready": client.is_model_ready("another"),
    "server": client.get_server_metadata(),
    "model": client.get_model_metadata(model),
    "version": client.get_model_metadata(model, version),
    "infer": {
        "binary": infer(),
        "binary, [n, 1]": infer(nested=True),
        "JSON in": infer(binary=False),
        "JSON in, [n, 1]": infer(binary=False, nested=True),
        "JSON out": infer(outputs=wanted("duration", "duration_low", "duration_high", "warnings", binary=False)),
        "JSON both ways": infer(binary=False, outputs=wanted("duration", "duration_low", "duration_high", "warnings", binary=False)),
        "zones as text": infer(zones="BYTES"),
        "zones as text in JSON": infer(zones="BYTES", binary=False),
        **{f"zones as {zones}": infer(zones=zones) for zones in ("INT16", "INT32", "UINT16", "UINT32", "UINT64")},
        "zones as FP64": infer(zones="FP64"),
        "the TLC's name": infer(pickup="lpep_pickup_datetime"),
        "a version": infer(request={"model_version": version}),
        "an id": infer(request={"request_id": "order 7"}),
        "compressed answers allowed": infer(request={"response_compression_algorithm": "gzip"}),
    },
    "distances as FP32": infer(distance="FP32"),
    "one output": infer(outputs=wanted("duration")),
    "mixed outputs": infer(outputs=wanted("duration") + wanted("warnings", binary=False)),
    "no distance": infer(leave_out=("trip_distance",)),
    "many": infer(many),
    "asyncio": asyncio.run(with_asyncio()),
    "asynchronous": told(client.async_infer(model, tensors(rides)).get_result()),
    "refused": {
        "another model": refused(client.infer, "another", tensors(rides)),
        "another version": refused(client.infer, model, tensors(rides), model_version="another"),
        "a zone out of range": refused(client.infer, model, tensors([{**rides[0], "DOLocationID": 999}])),
        "no drop-off": refused(client.infer, model, tensors(rides, leave_out=("DOLocationID",))),
        "zones as BOOL": refused(client.infer, model, tensors(rides, zones="BOOL")),
        "an output that is none": refused(client.infer, model, tensors(rides), outputs=wanted("tip")),
        "too many rides": refused(client.infer, model, tensors(many + many[:1])),
        "compressed": refused(client.infer, model, tensors(rides), request_compression_algorithm="gzip"),
        "a class count": refused(client.infer, model, tensors(rides), outputs=[triton.InferRequestedOutput("duration", class_count=2)]),
        "shared memory": refused(client.get_system_shared_memory_status),
        "a model's configuration": refused(client.get_model_config, model),
        "statistics": refused(client.get_inference_statistics, model),
    },
}
client.close()
json.dump(answers, sys.stdout, allow_nan=False)
