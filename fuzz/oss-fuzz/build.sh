#!/bin/bash -eu
# Runs in the build image of OSS-Fuzz and ClusterFuzzLite, which sets SRC and OUT: installs the project, makes one executable of
# every fuzz target, and puts beside it what the engine looks for. FUZZERS names some of them: "server_reactor client_reactor";
# JOBS are made at once, one unless it says more.

cd "$SRC/hgframing"
pip3 install --quiet .

scripts=fuzz/hgframing_fuzz/targets
# Suites, schemas and templates are data; what is frozen has nothing that it is not told to take.
printf '%s\n' ${FUZZERS:-$(ls $scripts | sed -n 's/_fuzzer\.py$//p')} | xargs -P "${JOBS:-1}" -I '{}' \
    compile_python_fuzzer "$scripts/{}_fuzzer.py" \
    --collect-data hgframing_vectors --collect-data hgframing_conformance

hgframing-fuzz engine-files --inputs fuzz/regressions "$OUT"
