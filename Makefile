# Everything that a person or a build server runs. `make` lists the targets.
#
# `make demo` and `make test` need a Debian 12 machine with a Swift toolchain and nothing else.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One line each in Package.swift: the C libraries; the font of the contact sheets; ffmpeg makes films for tests.
PACKAGES := liblmdb-dev libdnnl-dev libavformat-dev libavcodec-dev \
	libavutil-dev libswscale-dev libcairo2-dev fonts-dejavu-core libxxhash-dev \
	libsqlite3-dev libssl-dev zlib1g-dev pkg-config ffmpeg

# Every import has to be declared in Package.swift: the targets are the architecture.
CHECKS := --explicit-target-dependency-import-check error

FORMATTED := Package.swift Sources Tests Fuzz Migrations Benchmarks/Package.swift Benchmarks/Sources Benchmarks/PaperSizes \
	$(addprefix Samples/Dolls/,Package.swift Sources Tests)

.PHONY: help deps build test test-asan test-tsan test-kills test-cluster demo bench bench-commit bench-peers bench-search bench-full fuzz fuzz-media lint format clean

help: ## List the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

deps: ## Install the Debian packages that are missing, as root or with sudo.
	@command -v swift > /dev/null || { \
		echo "make: there is no swift on PATH; vsdb needs Swift $$(cat .swift-version):" \
			"https://www.swift.org/install/linux" >&2; exit 1; }
	@missing=; \
	for package in $(PACKAGES); do \
		state=$$(dpkg-query -W -f='$${db:Status-Status}' $$package 2> /dev/null || true); \
		[[ $$state == installed ]] || missing+=" $$package"; \
	done; \
	[[ -n $$missing ]] || exit 0; \
	command -v apt-get > /dev/null || { \
		echo "make: apt-get is not here; install what these Debian packages hold:$$missing" >&2; \
		exit 1; }; \
	root=; \
	if [[ $$(id -u) != 0 ]]; then \
		command -v sudo > /dev/null || { \
			echo "make: sudo is not here; as root, run: apt-get install$$missing" >&2; exit 1; }; \
		root=sudo; \
	fi; \
	echo "installing$$missing"; \
	$$root apt-get update -q; \
	$$root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -q -y --no-install-recommends $$missing

build: deps ## Build the command line in release mode: .build/release/vsdb.
	swift build -c release --product vsdb $(CHECKS)

# `swift test` with these arguments; what failed stands once more at the end, where logs are read first.
TESTED = swift test $(1) 2>&1 | tee .build/test.log \
	|| { echo; echo "What failed:"; grep -A 3 -E 'recorded an issue|error:|unexpected signal' .build/test.log; exit 1; }

# Tests run beside each other: a thread of OpenMP that spins while it waits takes a core from another test.
test: export OMP_WAIT_POLICY ?= passive
test: deps ## Build and run every test, in release mode as shipped.
	@mkdir -p .build
	$(call TESTED,-c release $(CHECKS))
	$(call TESTED,--package-path Samples/Dolls)
	# The same numbers without AVX-512: what the processors of most users have.
	ONEDNN_MAX_CPU_ISA=AVX2 $(call TESTED,-c release $(CHECKS) --skip-build --filter Golden)

# Not under sanitizers: what measures memory (CheckpointMemory, Growth), which the sanitizers' shadows multiply, and
# which libraries are opened (LoadedLibraries), to which they add theirs. vsdb is then the one built with the sanitizer.
# Swift's globals hide their pointers from the leak detector. -g: reports name lines.
SANITIZED = VSDB_SANITIZED=1 nice swift test -c release --sanitize=$(1) --scratch-path .build/$(2) -Xswiftc -g \
	--skip 'CheckpointMemory|Growth|LoadedLibraries' $(SANITIZED_FLAGS)
SANITIZED_FLAGS ?=

test-asan: export OMP_WAIT_POLICY ?= passive
test-asan: deps ## Run the tests under AddressSanitizer, built in .build/asan; about half an hour on 2 cores.
	ASAN_OPTIONS=detect_leaks=0 $(call SANITIZED,address,asan)

# One thread of OpenMP: libgomp is not built for ThreadSanitizer, which cannot see its barriers and calls every
# kernel's work a race. The threads of Swift, of libav's callers and of the store are all watched.
# The test that is skipped limits files to 4 KiB before vsdb begins, and ThreadSanitizer makes larger ones for itself.
test-tsan: deps ## Run the tests under ThreadSanitizer, built in .build/tsan; about half an hour on 2 cores.
	OMP_NUM_THREADS=1 TSAN_OPTIONS="suppressions=$(CURDIR)/Tests/tsan-suppressions.txt halt_on_error=0" \
		$(call SANITIZED,thread,tsan) --skip aDiskThatTakesNoMoreIsNamedAndKeepsNothing

KILLS ?= 600
FAULTS ?= 5000
test-kills: deps ## Kill and fail KILLS and FAULTS times in the middle of all that writes; a quarter of an hour.
	@mkdir -p .build
	VSDB_KILLS=$(KILLS) VSDB_FAULTS=$(FAULTS) VSDB_FAULT_SECONDS=60 VSDB_DAMAGE_EVERYWHERE=1 \
		$(call TESTED,-c release $(CHECKS) --filter 'FaultTests|DamageSweepTests')
	@grep -E '^(kills|faults|full disk|file limits|company|data.mdb|catalog.sqlite.*):' .build/test.log

test-cluster: deps ## Run the cluster tests on a Slurm of two nodes on this host, as root; docs/cluster.md.
	Tests/cluster/run.sh

bench-commit: deps ## Measure what a durable commit costs on the disk of this folder.
	swift build -c release --product store-worker $(CHECKS)
	.build/release/store-worker price .build/price

demo: build ## Make a library from Samples, compose, render; say where the films are.
	Samples/demo.sh

bench: build ## Measure commands, cores and memory, beside peers if installed; Benchmarks/README.md.
	swift build -c release --package-path Benchmarks
	Benchmarks/.build/release/bench $(BENCH_FLAGS)

bench-peers: ## Install the peers into Benchmarks/.venv (7 GB), then bench.
	[[ -x Benchmarks/.venv/bin/python ]] || python3 -m venv Benchmarks/.venv
	Benchmarks/.venv/bin/pip install -q -r Benchmarks/peers/requirements.txt
	$(MAKE) bench

bench-search: build ## Install other vector indices into Benchmarks/.venv (1 GB), then measure search beside them.
	[[ -x Benchmarks/.venv/bin/python ]] || python3 -m venv Benchmarks/.venv
	Benchmarks/.venv/bin/pip install -q -r Benchmarks/peers/requirements-search.txt
	swift build -c release --package-path Benchmarks
	Benchmarks/.build/release/bench --search $(BENCH_FLAGS)

bench-full: build ## Make packs of the published sizes from random weights, ingest and render; 6 GB of disk.
	swift build -c release --package-path Benchmarks
	Benchmarks/.build/release/bench --full-size $(BENCH_FLAGS)

FUZZ_SECONDS ?= 300
fuzz: deps ## Try the readers of weight files on changed files, FUZZ_SECONDS long; Fuzz/README.md.
	Fuzz/libfuzzer.sh $(FUZZ_SECONDS)

MEDIA_COUNT ?= 50000
MEDIA_SEED ?= 1
fuzz-media: deps ## Try what reads films on MEDIA_COUNT changed ones, or MEDIA_SECONDS long; Fuzz/README.md.
	swift build -c release --product fuzz-media $(CHECKS)
	.build/release/fuzz-media --seed $(MEDIA_SEED) \
		$(if $(MEDIA_SECONDS),--seconds $(MEDIA_SECONDS),--count $(MEDIA_COUNT))

lint: ## Check the form of all Swift files.
	swift format lint --strict --parallel --recursive $(FORMATTED)

format: ## Bring all Swift files into form.
	swift format --in-place --parallel --recursive $(FORMATTED)

clean: ## Remove what was built and the demo.
	rm -rf .build Benchmarks/.build demo
