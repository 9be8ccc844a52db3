# Interleave. `make help` lists the targets. Output goes to build/ (VARIANT=asan: build-asan/).

SHELL      := /bin/bash
CC         ?= gcc
VARIANT    ?=
B          := build$(if $(VARIANT),-$(VARIANT))
PORT       ?= 8080
DATABASE   ?= data/interleave.db
PYTHON     ?= python3

WARNINGS   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
              -Wno-sign-conversion -Werror
HARDENING  := -fPIE -fstack-protector-strong -fcf-protection -fstack-clash-protection
CFLAGS     ?= -O2 -g
ALL_CFLAGS := -std=gnu17 -D_GNU_SOURCE -I. $(WARNINGS) $(HARDENING) $(CFLAGS) -pthread
LDFLAGS    += -pie -Wl,-z,relro,-z,now -pthread
ifeq ($(VARIANT),asan)
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS    += -fsanitize=address,undefined
else
ALL_CFLAGS += -D_FORTIFY_SOURCE=2
endif

SHARED_SRC := $(wildcard sandbox/base/*.c sandbox/trace/*.c sandbox/proto/*.c sandbox/host/*.c)
RUNNER_SRC := $(wildcard sandbox/*.c sandbox/sched/*.c sandbox/prim/*.c scenarios/*.c scenarios/*/*.c)
SERVER_SRC := $(wildcard server/*.c)
UNIT_SRC   := $(wildcard tests/unit/*_test.c)
BENCH_SRC  := $(wildcard tests/bench/*_bench.c)

obj         = $(patsubst %.c,$(B)/%.o,$(1))
RUNNER_LIB := $(filter-out $(B)/sandbox/main.o,$(call obj,$(RUNNER_SRC)))
SHARED_OBJ := $(call obj,$(SHARED_SRC))
SERVER_LIB := $(filter-out $(B)/server/main.o,$(call obj,$(SERVER_SRC)))
UNIT_BIN   := $(patsubst tests/unit/%.c,$(B)/tests/%,$(UNIT_SRC))
SANDBOX_BIN := $(patsubst tests/sandbox/%.c,$(B)/tests/%,$(wildcard tests/sandbox/*_test.c))
BENCH_BIN  := $(patsubst tests/bench/%.c,$(B)/bench/%,$(BENCH_SRC))

RUNNER_LIBS := -lseccomp -lm
SERVER_LIBS := -lmicrohttpd -ljansson -lsqlite3 -lzstd -lm

.DEFAULT_GOAL := help

include $(wildcard make/*.mk)

## help: list the targets
.PHONY: help
help:
	@sed -n 's/^## \([a-z-]*\): \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | sort | expand -t 24

## run: install what is missing, build, and serve at http://127.0.0.1:PORT (PORT=8080)
.PHONY: run
run:
	make/packages.sh build
	$(MAKE) build
	@mkdir -p $(dir $(DATABASE))
	$(B)/interleave serve --listen 127.0.0.1:$(PORT) --database $(DATABASE) \
	    $(if $(wildcard $(B)/python.json),--reference $(B)/python.json)

## test: install what is missing, build, and run every test
.PHONY: test
test:
	make/packages.sh test
	$(MAKE) build
	$(MAKE) unit-test sandbox-test scenario-test web-test api-test browser-test

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

$(B)/interleave-runner: $(B)/sandbox/main.o $(RUNNER_LIB) $(SHARED_OBJ)
	$(CC) $(LDFLAGS) -o $@ $^ $(RUNNER_LIBS)

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

.SECONDARY:

# Runs each program named, and stops at the first that fails.
run_each = @for program in $(1); do echo "== $$program"; $$program || exit 1; done

## unit-test: C units
.PHONY: unit-test
unit-test: $(UNIT_BIN)
	$(call run_each,$(UNIT_BIN))

## sandbox-test: hostile programs in the real sandbox
.PHONY: sandbox-test
sandbox-test: $(B)/interleave-runner $(SANDBOX_BIN)
	$(call run_each,$(SANDBOX_BIN))

## scenario-test: every scenario, its variants and its anomalies, in the real sandbox
.PHONY: scenario-test
scenario-test: $(B)/interleave-runner
	INTERLEAVE_RUNNER=$< node --test --test-concurrency=1 --test-reporter=spec tests/scenarios/

## api-test: the HTTP contract against a started server
.PHONY: api-test
api-test: build $(HOSTILE_RUNNER)
	node --test --test-reporter=spec --test-concurrency=1 tests/api/

## check-asan: the C tests, scenarios and the API under AddressSanitizer and UBSan
.PHONY: check-asan
check-asan:
	$(MAKE) VARIANT=asan unit-test sandbox-test scenario-test api-test

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
	rm -rf build build-asan

$(B)/bench/sched_bench: private RUNNER_LIBS += -lcmocka
$(B)/bench/%: $(B)/tests/bench/%.o $(RUNNER_LIB) $(SHARED_OBJ)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(RUNNER_LIBS)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
