#!/bin/bash -eu
# The same build as on OSS-Fuzz.
exec "$SRC/hgframing/fuzz/oss-fuzz/build.sh"
