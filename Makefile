# What there is to do with Hookwell. Each target installs what it needs and is missing; nothing else is touched.
#
#   make run     build the release and start it with example data
#   make test    everything that must hold: style, lints, tests on SQLite and PostgreSQL, tests in a browser
#   make build   target/release/hookwell, one file that needs no other
#
# HOOKWELL_CACHE (default ~/.cache/hookwell) keeps the tools; CARGO_TARGET_DIR is respected.

SHELL := /bin/bash
TARGET := $(or $(CARGO_TARGET_DIR),target)
# Set, it would change the name under which Leptos looks for the wasm.
unexport LEPTOS_OUTPUT_NAME

.PHONY: run build test check bench clean wasm

run: build
	@echo "Starting with example data; the address and the passwords follow. Ctrl-C stops it."
	$(TARGET)/release/hookwell serve --demo

build: wasm
	cargo build --release --locked

# The browser's part, which the server's build then takes in.
wasm:
	scripts/build-wasm

check:
	scripts/install-missing rust
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --lib --target wasm32-unknown-unknown --no-default-features --features hydrate -- -D warnings

test: check wasm
	scripts/install-missing receivers mail-server
	scripts/with-postgres cargo test --locked
	scripts/browser-tests

bench:
	cargo bench --locked

clean:
	cargo clean
