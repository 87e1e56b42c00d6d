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
TEST_ARGS ?=
# Another target than this machine's: make dist DIST_TARGET=aarch64-unknown-linux-gnu (needs its C compiler too)
DIST_TARGET ?=

# CI builds exactly what was committed; elsewhere Cargo may write Cargo.lock.
LOCKED := $(if $(CI),--locked,)

FUNCTIONS := car-api log-processor detector

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
# binaries are among it because some tests start them. Documentation tests come first, so that the run ends with the
# summary of the whole suite.
.PHONY: test
test: ## All tests
	cargo build $(LOCKED) --workspace --lib --bins --tests
	cargo test $(LOCKED) --workspace --doc
	if cargo nextest --version > /dev/null 2>&1; then \
	  cargo nextest run $(LOCKED) --workspace $(TEST_ARGS); \
	else \
	  cargo test $(LOCKED) --workspace --lib --bins --tests $(TEST_ARGS); \
	fi

.PHONY: check
check: check-format check-licences check-lints check-docs ## Format, licences and sources, lints, documentation

# The quick ones first: they say no within seconds.
.PHONY: check-format
check-format:
	cargo fmt --all --check

# Licences, banned crates and sources; not advisories, whose database is a git repository (see deny.toml).
.PHONY: check-licences
check-licences: tools
	cargo fetch $(LOCKED)
	PATH="$(CURDIR)/.tools/bin:$$PATH" cargo deny --offline $(LOCKED) check --hide-inclusion-graph --deny warnings licenses bans sources

.PHONY: check-lints
check-lints:
	cargo clippy $(LOCKED) --workspace --all-targets -- -D warnings

.PHONY: check-docs
check-docs:
	RUSTDOCFLAGS="-D warnings" cargo doc $(LOCKED) --workspace --no-deps --lib

.PHONY: fmt
fmt: ## Format the code
	cargo fmt --all

.PHONY: bench
bench: ## Ratios and times, best of five rounds
	cargo build $(LOCKED) --release $(addprefix -p ,$(FUNCTIONS)) -p e2e --bins
	target/release/bench $(BENCH_ARGS)

# Each function alone: built together, their features would be united and every binary would carry all of them.
# Lambda's provided.al2023 has glibc 2.34, so a binary that needs a newer one starts nowhere; the last column says.
DIST_OUT := target/$(if $(DIST_TARGET),$(DIST_TARGET)/,)dist
.PHONY: dist
dist: ## The release binaries as Lambda takes them: target/dist/bootstrap/<function>/bootstrap and <function>.zip
	for function in $(FUNCTIONS); do \
	  cargo build $(LOCKED) --profile dist -p $$function --bin $$function $(if $(DIST_TARGET),--target $(DIST_TARGET)); \
	  install -D -m 755 $(DIST_OUT)/$$function target/dist/bootstrap/$$function/bootstrap; \
	done
	install -m 644 outrider.toml target/dist/bootstrap/detector/outrider.toml
	@cd target/dist/bootstrap && printf '%-14s %12s %12s  %s\n' function bytes zipped 'newest glibc it needs'; \
	for function in $(FUNCTIONS); do \
	  python3 -c "$$PACK" $$function; \
	  glibc=$$(objdump -T $$function/bootstrap 2> /dev/null | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -1 || true); \
	  printf '%-14s %12d %12d  %s\n' $$function $$(stat -c %s $$function/bootstrap) $$(stat -c %s $$function.zip) "$${glibc:-unknown}"; \
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
tools: $(CARGO_DENY_STAMP) ## Install the tools that `make check` needs into .tools/

$(CARGO_DENY_STAMP):
	CARGO_PROFILE_DEV_DEBUG=0 cargo install cargo-deny --version $(CARGO_DENY_VERSION) --locked --debug --force --root .tools
	touch $@
