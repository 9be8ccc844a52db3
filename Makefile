# Interleave. `make help` lists the targets. Output goes to build/, that of VARIANT=asan, tsan and
# coverage to build-asan/ and so on.

SHELL      := /bin/bash
CC         ?= gcc
VARIANT    ?=
B          := build$(if $(VARIANT),-$(VARIANT))
PORT       ?= 8080
DATABASE   ?= data/interleave.db
PYTHON     ?= python3
JOBS       ?= $(shell nproc)
AT_ONCE    ?= 1# files of tests of the API, or of the browser

WARNINGS   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
              -Wno-sign-conversion -Werror
HARDENING  := -fPIE -fstack-protector-strong -fcf-protection -fstack-clash-protection
CFLAGS     ?= -O2 -g
ALL_CFLAGS := -std=gnu17 -D_GNU_SOURCE -I. $(WARNINGS) $(HARDENING) $(CFLAGS) -pthread
LDFLAGS    += -pie -Wl,-z,relro,-z,now,-z,noexecstack -pthread
include make/variants.mk

SHARED_SRC := $(wildcard sandbox/base/*.c sandbox/trace/*.c sandbox/proto/*.c sandbox/host/*.c) $(COUNTS_SRC)
RUNNER_SRC := $(wildcard sandbox/*.c sandbox/sched/*.c sandbox/prim/*.c scenarios/*.c scenarios/*/*.c)
SERVER_SRC := $(wildcard server/*.c server/*/*.c)
UNIT_SRC   := $(wildcard tests/unit/*_test.c)
BENCH_SRC  := $(wildcard tests/bench/*_bench.c)

obj         = $(patsubst %.c,$(B)/%.o,$(1))
RUNNER_LIB := $(filter-out $(B)/sandbox/main.o,$(call obj,$(RUNNER_SRC)))
SHARED_OBJ := $(call obj,$(SHARED_SRC))
SERVER_LIB := $(filter-out $(B)/server/main.o,$(call obj,$(SERVER_SRC)))
UNIT_BIN   := $(patsubst tests/unit/%.c,$(B)/tests/%,$(UNIT_SRC))
BENCH_BIN  := $(patsubst tests/bench/%.c,$(B)/bench/%,$(BENCH_SRC))

RUNNER_LIBS := -lseccomp -lm
SERVER_LIBS := -lmicrohttpd -ljansson -lsqlite3 -lzstd -lm

.DEFAULT_GOAL := help

include $(filter-out make/variants.mk,$(wildcard make/*.mk))

## help: list the targets
.PHONY: help
help:
	@sed -n 's/^## \([a-z-]*\): \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | sort | expand -t 24

## run: install what is missing, build, and serve at http://127.0.0.1:PORT (PORT=8080)
.PHONY: run
run:
	make/packages.sh build
	$(MAKE) -j $(JOBS) build
	@mkdir -p $(dir $(DATABASE))
	$(B)/interleave serve --listen 127.0.0.1:$(PORT) --database $(DATABASE) \
	    $(if $(wildcard $(B)/python.json),--reference $(B)/python.json)

## test: install what is missing, build, and run every test (AT_ONCE=2: files of node's tests beside each other; TRIES=2: those that failed once more)
.PHONY: test
test:
	make/packages.sh test
	$(MAKE) -j $(JOBS) build unit-programs sandbox-programs
	$(MAKE) hardening-test unit-test sandbox-test fuzz-test scenario-test web-test api-test browser-test

## check: formatting, include direction, and every test
.PHONY: check
check:
	make/packages.sh test
	$(MAKE) lint test

## build: compile server, runner and pages into build/ (no root needed)
.PHONY: build
build: programs web

.PHONY: programs
programs: $(B)/interleave $(B)/interleave-runner

$(B)/interleave: $(B)/server/main.o $(SERVER_LIB) $(SHARED_OBJ)
	$(CC) $(LDFLAGS) -o $@ $^ $(SERVER_LIBS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Every suite tests/{unit,sandbox}/NAME_test.c becomes $(B)/tests/NAME_test; its main() is generated.
$(B)/tests/%_main.c: tests/unit/%.c make/test-main.sh
	@mkdir -p $(@D)
	make/test-main.sh $< > $@
$(B)/tests/%_main.c: tests/sandbox/%.c make/test-main.sh
	@mkdir -p $(@D)
	make/test-main.sh $< > $@

$(B)/tests/%: $(B)/tests/unit/%.o $(B)/tests/%_main.o $(RUNNER_LIB) $(SHARED_OBJ)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(RUNNER_LIBS)
$(B)/tests/%: $(B)/tests/sandbox/%.o $(B)/tests/%_main.o $(RUNNER_LIB) $(SHARED_OBJ)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(RUNNER_LIBS)

$(B)/tests/%.o: ALL_CFLAGS += -Wno-missing-prototypes
$(B)/tests/%_main.o: $(B)/tests/%_main.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# What these have in them as it is; no compiler tells of it.
$(B)/server/api/openapi.o: server/api/openapi.json
$(B)/server/store/store.o: $(wildcard server/store/schema*.sql)

.SECONDARY:

# Runs each program named, and stops at the first that fails.
run_each = @for program in $(1); do echo "== $$program"; $$program || exit 1; done

.PHONY: unit-programs
unit-programs: $(UNIT_BIN)

## unit-test: C units
.PHONY: unit-test
unit-test: $(UNIT_BIN)
	$(call run_each,$(UNIT_BIN))

## scenario-test: every scenario, its variants and its anomalies, in the real sandbox
.PHONY: scenario-test
scenario-test: $(B)/interleave-runner $(HOSTILE_RUNNER)
	INTERLEAVE_RUNNER=$< make/node-test.sh 2 tests/scenarios/*.test.mjs

## api-test: the HTTP contract against a started server
.PHONY: api-test
api-test: build $(HOSTILE_RUNNER) $(LANES) $(FAULTS)
	BUILD=$(B) make/node-test.sh $(AT_ONCE) tests/api/*.test.mjs

## fault-test: the long form: a hundred kills, and every allocation and write of a request or transfer fails once
.PHONY: fault-test
fault-test: build $(FAULTS) $(HOSTILE_RUNNER)
	BUILD=$(B) INTERLEAVE_KILLS=100 INTERLEAVE_EVERY_FAULT=1 make/node-test.sh 1 \
	    tests/api/faults.test.mjs tests/api/crashes.test.mjs tests/api/transfer.test.mjs

## check-asan: tests under AddressSanitizer and UBSan (SUITES="unit-test api-test" for some)
.PHONY: check-asan
check-asan:
	$(MAKE) -j $(JOBS) VARIANT=asan build unit-programs
	$(MAKE) VARIANT=asan $(or $(SUITES),unit-test sandbox-test fuzz-test scenario-test api-test)

## lint: formatting and include direction
.PHONY: lint
lint:
	clang-format --dry-run --Werror $(shell find sandbox scenarios server tests -name '*.[ch]')
	make/lint-includes.sh

## format: lay out all C as .clang-format says
.PHONY: format
format:
	clang-format -i $(shell find sandbox scenarios server tests -name '*.[ch]')

## bench: the figures we hold ourselves to, each a ratio against a peer in the same run
.PHONY: bench
bench: build $(BENCH_BIN)
	make/bench.sh $(B)

## bench-lists: lists of 1,000,000 stored runs against lists of 10,000 (1.5 GB in TMPDIR)
.PHONY: bench-lists
bench-lists: build
	node tests/bench/list_bench.mjs

## soak: a class at work for MINUTES=10; fails when memory or descriptors grow
MINUTES ?= 10
.PHONY: soak
soak: build
	node tests/bench/soak.mjs $(MINUTES)

## bench-python: what CPython needs for the work of the tables, for `make run` to put beside them
.PHONY: bench-python
bench-python:
	@mkdir -p $(B)
	$(PYTHON) tests/bench/python/figures.py $(B)/python.json

## golden: write the golden trace and its pictures anew, after a change of the format or of the drawing
.PHONY: golden
golden: $(B)/tests/chunk_test $(WEB_NODE) web/src/trace/kinds.gen.ts
	INTERLEAVE_GOLDEN=write $<
	INTERLEAVE_GOLDEN=write $(MAKE) web-test

## clean: remove what was built
.PHONY: clean
clean:
	rm -rf build build-asan build-tsan build-coverage build-fuzz

$(B)/bench/sched_bench: private RUNNER_LIBS += -lcmocka
$(B)/bench/%: $(B)/tests/bench/%.o $(RUNNER_LIB) $(SHARED_OBJ)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(RUNNER_LIBS)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
