#!/bin/bash -eu
# Runs in the build image of OSS-Fuzz and ClusterFuzzLite, which sets SRC and OUT: installs the project, makes one executable of
# every fuzz target, and puts beside it what the engine looks for. FUZZERS names some of them: "server_reactor client_reactor".

cd "$SRC/hgframing"
pip3 install --quiet .

scripts=fuzz/hgframing_fuzz/targets
for name in ${FUZZERS:-$(ls $scripts | sed -n 's/_fuzzer\.py$//p')}; do
    # Suites, schemas and templates are data; what is frozen has nothing that it is not told to take.
    compile_python_fuzzer "$scripts/${name}_fuzzer.py" \
        --collect-data hgframing_vectors --collect-data hgframing_conformance
done

hgframing-fuzz engine-files --inputs fuzz/regressions "$OUT"
