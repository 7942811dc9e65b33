#!/bin/bash
# Builds the readers with libFuzzer and AddressSanitizer and runs them on changed
# files. SwiftPM gives every program a main of its own, and libFuzzer brings one, so the few modules that the
# readers need are compiled here one by one.
#
#   Fuzz/libfuzzer.sh SECONDS [option of libFuzzer ...]
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-300}
shift || true
work=.build/libfuzzer
mkdir -p "$work/corpus"

# Optimised, with all of Swift's own checks: overflow, bounds, exclusive access.
flags=(-swift-version 6 -package-name vsdb -O -g -sanitize=fuzzer,address
    -enforce-exclusivity=checked -parse-as-library -I "$work" -I Sources/CZlib)

module() { # name, sources: one object and one module file
    echo "compiling $1"
    swiftc "${flags[@]}" -whole-module-optimization -module-name "$1" -emit-module -emit-object \
        -emit-module-path "$work/$1.swiftmodule" -o "$work/$1.o" "${@:2}"
}

shopt -s globstar
module Tensors Sources/Tensors/*.swift
module Compression Sources/Compression/*.swift
module Packs Sources/Packs/Checkpoints/**/*.swift
module CheckpointFixtures Tests/CheckpointFixtures/*.swift
module SeededNumbers Tests/SeededNumbers/*.swift
module ReaderFuzzing Fuzz/ReaderFuzzing/*.swift
module Entry Fuzz/libfuzzer/Entry.swift
# gold warns of every internal symbol of the sanitizer.
swiftc "${flags[@]}" "$work"/*.o -lz -o "$work/readers" 2> >(grep -v 'gold: warning' >&2 || true)

swift build --product fuzz-readers
.build/debug/fuzz-readers --write-seeds "$work/corpus"

# Swift's globals hide their pointers from the leak detector.
ASAN_OPTIONS=detect_leaks=0 "$work/readers" "$work/corpus" -dict=Fuzz/libfuzzer/pickle.dict -artifact_prefix="$work/" \
    -detect_leaks=0 -max_total_time="$seconds" -timeout=10 -rss_limit_mb=3000 -max_len=65536 -print_final_stats=1 "$@"
