"""Reads a scrape as Prometheus' own library does: JSON of its families, or its complaint."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

families = {
    family.name: {
        "type": family.type,
        "help": family.documentation,
        "samples": [{"name": s.name, "labels": s.labels, "value": s.value} for s in family.samples],
    }
    for family in text_string_to_metric_families(json.load(sys.stdin))
}
json.dump(families, sys.stdout)
