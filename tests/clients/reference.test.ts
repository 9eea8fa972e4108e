// The reference's own scripts, which have their ports hard-coded.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { estimate, VERSION } from "./expected.ts";
import { hasServer, isFree, startServer } from "./hosts.ts";
import { interpreter, missing, run, script } from "./python.ts";

/** `false`, or why the scripts for this port cannot run. */
async function hindrance(port: number): Promise<string | false> {
  if (!hasServer) {
    return "SKIPPED: the server has not been built";
  }
  return (await isFree(port)) ? missing("clients") : `SKIPPED: port ${port}, which the script has hard-coded, is taken by something else on this machine`;
}

test("the reference's test of its web service runs as it is", { skip: await hindrance(9696) }, async () => {
  await using _ = await startServer({ port: 9696 });
  const printed = await run(interpreter("clients"), [script("reference_predict.py")]);
  const said = (key: string, shape: string): string => new RegExp(`'${key}': ${shape}`).exec(printed)?.[1] ?? assert.fail(`no ${key} in ${printed}`);
  // The script names no time, so the answer says which it took.
  const pickup_datetime = said("pickup_datetime", "'([^']+)'");
  const expected = estimate({ PULocationID: 10, DOLocationID: 50, trip_distance: 40, pickup_datetime });
  assert.equal(Number(said("duration", "([0-9.e+-]+)")), expected.duration);
  assert.equal(said("model_version", "'([^']+)'"), VERSION);
});

/** A record of the stream as the reference has it, spaces and all. */
const EVENT = `{
        "ride": {
            "PULocationID": 130,
            "DOLocationID": 205,
            "trip_distance": 3.66
        },
        "ride_id": 256
    }`;

const SEQUENCE_NUMBER = "49630081666084879290581185630324770398608704880802529282";

const RECORDS = {
  Records: [
    {
      kinesis: {
        kinesisSchemaVersion: "1.0",
        partitionKey: "1",
        sequenceNumber: SEQUENCE_NUMBER,
        data: Buffer.from(EVENT).toString("base64"),
        approximateArrivalTimestamp: 1654161514.132,
      },
      eventSource: "aws:kinesis",
      eventVersion: "1.0",
      eventID: `shardId-000000000000:${SEQUENCE_NUMBER}`,
      eventName: "aws:kinesis:record",
      invokeIdentityArn: "arn:aws:iam::000000000000:role/lambda-kinesis-role",
      awsRegion: "eu-west-1",
      eventSourceARN: "arn:aws:kinesis:eu-west-1:000000000000:stream/ride_events",
    },
  ],
};

test("the reference's test of its stream function runs as it is", { skip: await hindrance(8080) }, async () => {
  await using _ = await startServer({ port: 8080 });
  const folder = await mkdtemp(join(tmpdir(), "curbside-stream-"));
  try {
    await writeFile(join(folder, "event.json"), JSON.stringify(RECORDS));
    // The event names no time, so what to expect is a matter of the minute: asked again where that changed meanwhile.
    for (let minute = -1; minute !== minuteOf(); ) {
      minute = minuteOf();
      await writeFile(join(folder, "expected.json"), JSON.stringify(expectedAt(minute)));
      await run(interpreter("clients"), [script("reference_stream.py")], "", folder).catch((fault: unknown) => {
        if (minute === minuteOf()) {
          throw fault;
        }
      });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

function minuteOf(): number {
  return Math.floor(Date.now() / 60_000);
}

function expectedAt(minute: number): object {
  const ride = { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: new Date(minute * 60_000) };
  const prediction = { ride_duration: estimate(ride).duration, ride_id: 256 };
  return { predictions: [{ model: "ride_duration_prediction_model", version: VERSION, prediction }] };
}
