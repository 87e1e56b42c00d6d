# The task list. `make` alone shows it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:

# Arguments for the program behind a task: make demo DEMO_ARGS="--seed 7 --json"
DEMO_ARGS ?=
UP_ARGS ?=
BENCH_ARGS ?=
EVAL_ARGS ?=
EVAL_CV_ARGS ?=
TEST_ARGS ?=
# How long each target of `make fuzz` runs, and under which sanitizer: `address` is nearly twenty times slower
FUZZ_SECONDS ?= 1200
FUZZ_SANITIZER ?= none
# What makes the payloads that `make bench` reads; without it they are left out
CORPUS_TOOL ?= ../shared/tools/log_corpus.py
# What Lambda runs on. Graviton: make dist DIST_TARGET=aarch64-unknown-linux-gnu, once the toolchain has it
# (rustup target add aarch64-unknown-linux-gnu); zig brings the C compiler and the libraries of either.
DIST_TARGET ?= x86_64-unknown-linux-gnu

# CI builds exactly what was committed; elsewhere Cargo may write Cargo.lock.
LOCKED := $(if $(CI),--locked,)

# Made by `make tools`, anew when the pins change
LINTERS_STAMP := .tools/python/requirements-lint.txt
CARGO_FUZZ_VERSION := 0.13.2
CARGO_FUZZ_STAMP := .tools/cargo-fuzz-$(CARGO_FUZZ_VERSION)

FUNCTIONS := car-api log-processor detector responder

# ---------------------------------------------------------------------------------------------------------------
.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## The whole system in virtual time: three faults, the messages they cause, a summary
	cargo run $(LOCKED) --release -p outrider -- demo $(DEMO_ARGS)

.PHONY: up
up: ## The same system in real time, until Ctrl-C
	cargo run $(LOCKED) --release -p outrider -- up $(UP_ARGS)

# Everything is built in one go, with one set of features: built apart, the AWS SDK would be compiled twice. The
# binaries are among it because some tests start them. What goes to Lambda is built first: tests look at it and deploy
# it on the emulator. Documentation tests come before the others, so that the run ends with the summary of the suite.
.PHONY: test
test: dist ## All tests
	cargo build $(LOCKED) --workspace --lib --bins --tests
	cargo test $(LOCKED) --workspace --doc
	if cargo nextest --version > /dev/null 2>&1; then \
	  cargo nextest run $(LOCKED) --workspace $(TEST_ARGS); \
	else \
	  cargo test $(LOCKED) --workspace --lib --bins --tests $(TEST_ARGS); \
	fi
	@# Runners hide what a test that passes has to say: how long the emulator took, stage by stage
	@cat target/emulator/last-run.txt 2> /dev/null || true

.PHONY: check
check: check-format check-licences check-templates check-lints check-docs check-fuzz ## Format, licences and sources, templates, lints, documentation, a short fuzzing

# The quick ones first: they say no within seconds.
.PHONY: check-format
check-format:
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check

# Licences, banned crates and sources; not advisories, whose database is a git repository (see deny.toml).
.PHONY: check-licences
check-licences: tools
	cargo fetch $(LOCKED)
	PATH="$(CURDIR)/.tools/bin:$$PATH" cargo deny --offline $(LOCKED) check --hide-inclusion-graph --deny warnings licenses bans sources

# The templates for AWS: by the resources' own schemas, and by rules of security. Neither asks the network. What is left
# out of them, and why: deploy/checkov.yaml. deploy/attach.json is rendered: tests/e2e/deploy/attach.rs.
.PHONY: check-templates
check-templates: $(LINTERS_STAMP)
	.tools/python/bin/cfn-lint deploy/template.yaml deploy/attach.json
	.tools/python/bin/checkov --config-file deploy/checkov.yaml -f deploy/template.yaml deploy/attach.json

.PHONY: check-lints
check-lints:
	cargo clippy $(LOCKED) --workspace --all-targets -- -D warnings

.PHONY: check-docs
check-docs:
	RUSTDOCFLAGS="-D warnings" cargo doc $(LOCKED) --workspace --no-deps --lib

.PHONY: fmt
fmt: ## Format the code
	cargo fmt --all
	cargo fmt --manifest-path fuzz/Cargo.toml

# ---------------------------------------------------------------------------------------------------------------
# Fuzzing. libFuzzer is C++ and is built from its source. Coverage needs no nightly toolchain; a sanitizer does, or this
# variable, which is for that alone.
FUZZ_TARGETS := $(sort $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs))))
FUZZ_BINARIES = target/fuzz/$(FUZZ_SANITIZER)/$(shell rustc -vV | sed -n 's/^host: //p')/release
FUZZ_BUILD = $(if $(filter none,$(FUZZ_SANITIZER)),,RUSTC_BOOTSTRAP=1) .tools/bin/cargo-fuzz build \
  --sanitizer $(FUZZ_SANITIZER) --target-dir target/fuzz/$(FUZZ_SANITIZER)

.PHONY: fuzz-build
fuzz-build: $(CARGO_FUZZ_STAMP)
	$(FUZZ_BUILD)

# Every run begins with the whole corpus in the repository; so many seconds are some 10^5 executions more.
.PHONY: check-fuzz
check-fuzz:
	@if ! command -v $(or $(CXX),c++) > /dev/null; then echo 'fuzzing is left out: there is no C++ compiler'; exit 0; fi; \
	$(MAKE) --no-print-directory fuzz-build && FUZZ_SEED=1 fuzz/run.sh $(CURDIR)/$(FUZZ_BINARIES) 10 $(FUZZ_TARGETS)

.PHONY: fuzz
fuzz: fuzz-build ## Each fuzz target for FUZZ_SECONDS, as many at once as there are processors
	fuzz/run.sh $(CURDIR)/$(FUZZ_BINARIES) $(FUZZ_SECONDS) $(FUZZ_TARGETS)

# The smallest inputs that reach everything that was ever reached: what the repository keeps.
.PHONY: fuzz-corpus
fuzz-corpus: fuzz-build ## Take what fuzzing has added into fuzz/corpus, and make that small
	for target in $(FUZZ_TARGETS); do \
	  mkdir -p target/fuzz/corpus/$$target fuzz/corpus/$$target; \
	  rm -rf target/fuzz/merged; mkdir -p target/fuzz/merged; \
	  $(FUZZ_BINARIES)/$$target -set_cover_merge=1 -use_counters=0 -max_len=1024 target/fuzz/merged fuzz/corpus/$$target target/fuzz/corpus/$$target 2> /dev/null; \
	  rm -rf fuzz/corpus/$$target; mv target/fuzz/merged fuzz/corpus/$$target; \
	done
	@du -sh fuzz/corpus

# Payloads are made once, always the same ones: log_corpus.py is deterministic.
#
# The starts and the sizes are those of what is shipped; the rest is built as `make demo` builds it.
.PHONY: bench
bench: dist ## Ratios and times, best of five rounds
	$(ZIGBUILD) $(addprefix -p ,$(FUNCTIONS)) -p bare $(addprefix --bin bare-,$(FUNCTIONS))
	cargo build $(LOCKED) --release -p e2e -p outrider --bins
	[ ! -f $(CORPUS_TOOL) ] || { [ -f target/bench/plain/stats.json ] || python3 $(CORPUS_TOOL) target/bench/plain; } > /dev/null
	[ ! -f $(CORPUS_TOOL) ] || { [ -f target/bench/hard/stats.json ] || HARD=1 python3 $(CORPUS_TOOL) target/bench/hard; } > /dev/null
	target/release/bench --dist target/dist/bootstrap --bare target/$(DIST_TARGET)/dist --corpora target/bench $(BENCH_ARGS)

# The labelled data are beside the repository (../shared/data; EVAL_ARGS="--data FOLDER" names another place); without
# them the simulated fleet and the null calibration are measured, and docs/accuracy.md stays as it is. The package has
# nothing of AWS in it, so this compiles within a minute.
EVAL := cargo run $(LOCKED) --release --quiet -p eval --

.PHONY: eval
eval: ## Accuracy: labelled data, peers, simulated fleet, null calibration; writes docs/accuracy.md (EVAL_ARGS=--quick: a tenth)
	$(EVAL) --write docs/accuracy.md $(EVAL_ARGS)

.PHONY: eval-check
eval-check: ## The same, compared with docs/accuracy.md to the digit (but for times)
	$(EVAL) --check docs/accuracy.md $(EVAL_ARGS)

.PHONY: eval-cv
eval-cv: ## Refit every constant of the detector on other files than it is scored on; writes tests/eval/refit.json
	$(EVAL) refit $(EVAL_CV_ARGS)

ZIG := .tools/zig

# Amazon Linux 2023 has glibc 2.34 (docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html), this machine has
# another: zig links against exactly that one. A binary that needs a newer one starts nowhere on Lambda.
ZIGBUILD = PATH="$(CURDIR)/$(ZIG)/bin:$$PATH" cargo zigbuild $(LOCKED) --profile dist --target $(DIST_TARGET).2.34

# All functions in one go: what they share is compiled once, and what a binary does not call is not linked into it.
.PHONY: dist
dist: $(ZIG)/installed ## The release binaries as Lambda takes them: target/dist/bootstrap/<function>/bootstrap and <function>.zip
	$(ZIGBUILD) $(addprefix -p ,$(FUNCTIONS)) --bins
	@mkdir -p target/dist/bootstrap && cd target/dist/bootstrap; \
	for function in $(FUNCTIONS); do \
	  built=$(CURDIR)/target/$(DIST_TARGET)/dist/$$function; \
	  watched=$$( [ $$function = detector ] && echo $(CURDIR)/outrider.toml || true ); \
	  cmp --quiet $$built $$function/bootstrap && [ -f $$function.zip ] && \
	    { [ -z "$$watched" ] || cmp --quiet $$watched $$function/outrider.toml; } && continue; \
	  install -D -m 755 $$built $$function/bootstrap; \
	  [ -z "$$watched" ] || install -m 644 $$watched $$function/outrider.toml; \
	  python3 -c "$$PACK" $$function; \
	done; \
	printf '%-14s %12s %12s\n' function bytes zipped; \
	for function in $(FUNCTIONS); do \
	  printf '%-14s %12d %12d\n' $$function $$(stat -c %s $$function/bootstrap) $$(stat -c %s $$function.zip); \
	done

# The same bytes for the same files: fixed dates, fixed order.
define PACK
import os, sys, zipfile
name = sys.argv[1]
with zipfile.ZipFile(name + ".zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    for file in sorted(os.listdir(name)):
        path = os.path.join(name, file)
        entry = zipfile.ZipInfo(file, (1980, 1, 1, 0, 0, 0))
        entry.external_attr = (0o100000 | (0o755 if file == "bootstrap" else 0o644)) << 16
        entry.create_system = 3
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, open(path, "rb").read())
endef
export PACK

.PHONY: clean-data
clean-data: ## Remove what demo and up have stored below .outrider/
	rm -rf .outrider

# ---------------------------------------------------------------------------------------------------------------
# Tools, pinned, in .tools/. cargo-deny is built from its source on crates.io: no prebuilt binary of a version that
# reads today's Cargo.lock is in any package registry. Unoptimised, because it runs for seconds.
CARGO_DENY_VERSION := 0.20.2
CARGO_DENY_STAMP := .tools/cargo-deny-$(CARGO_DENY_VERSION)

.PHONY: tools
tools: $(CARGO_DENY_STAMP) $(CARGO_FUZZ_STAMP) $(LINTERS_STAMP) ## Install the tools that `make check` needs into .tools/

$(CARGO_DENY_STAMP):
	CARGO_PROFILE_DEV_DEBUG=0 cargo install cargo-deny --version $(CARGO_DENY_VERSION) --locked --debug --force --root .tools
	touch $@

$(CARGO_FUZZ_STAMP):
	CARGO_PROFILE_DEV_DEBUG=0 cargo install cargo-fuzz --version $(CARGO_FUZZ_VERSION) --locked --debug --force --root .tools
	touch $@

# zig is a C compiler and a linker that know the libraries of every Linux; PyPI has it for each machine.
$(ZIG)/installed: dist-requirements.txt
	python3 -m venv --clear $(ZIG)
	$(ZIG)/bin/pip install --quiet --disable-pip-version-check --requirement dist-requirements.txt
	touch $@

$(LINTERS_STAMP): deploy/requirements-lint.txt
	python3 -m venv .tools/python
	.tools/python/bin/pip install --quiet --disable-pip-version-check -r $<
	cp $< $@
