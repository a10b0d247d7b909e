#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The published schema of `holdfast eval` against the vectors, in somebody
# else's JSON Schema validator: it takes every object and every result, and
# refuses what is misspelt.
set -eu

python=/usr/bin/python3 # the one that Debian's packages are for
[ -x $python ] || python=python3

exec "$python" - "$HOLDFAST" "$SRC" <<'END'
import copy
import glob
import json
import subprocess
import sys

import jsonschema

holdfast, src = sys.argv[1:]
with open(src + "/data/eval.schema.json") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)

files = sorted(glob.glob(src + "/tests/vectors/*.jsonl"))
vectors = [json.loads(line) for name in files for line in open(name)]
results = subprocess.run([holdfast, "eval"] + files, check=True,
                         capture_output=True, text=True).stdout.splitlines()
assert len(vectors) == len(results) > 241


def problems(vector):
    return [error.message for error in validator.iter_errors(vector)]


wrong = 0
for vector, line in zip(vectors, results):
    result = json.loads(line)
    assert (vector["id"], vector["kind"]) == (result.pop("id"),
                                              result.pop("kind"))
    result.pop("error", None)  # words for people, of client-record
    for name, expect in (("vector", vector["expect"]), ("result", result)):
        for problem in problems({**vector, "expect": expect}):
            print(f"{vector['id']}: {name}: {problem[:200]}")
            wrong += 1

    # A misspelt member of expect, and a request that lacks what it needs.
    broken = copy.deepcopy(vector)
    broken["expect"]["outcom"] = "valid"
    if not problems(broken):
        print(f"{vector['id']}: a misspelt member passes")
        wrong += 1
    needs = schema["$defs"][vector["kind"]]["properties"]["request"]
    for key in needs.get("required", []):
        broken = copy.deepcopy(vector)
        del broken["request"][key]
        if not problems(broken):
            print(f"{vector['id']}: passes without {key}")
            wrong += 1
sys.exit(wrong > 0)
END
