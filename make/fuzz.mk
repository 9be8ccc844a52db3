# Fuzzers (tests/fuzz): under VARIANT=fuzz with libFuzzer and sanitizers, where clang compiles all of
# the program and is told what gcc says of itself (and it is gcc that warns); else each with a main()
# that gives it files.

ifeq ($(VARIANT),fuzz)
CC         := clang
ALL_CFLAGS += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
              -fno-omit-frame-pointer -Wno-error -D__SANITIZE_ADDRESS__=1
LDFLAGS    += -fsanitize=fuzzer,address,undefined
FUZZ_MAIN  :=
else
FUZZ_MAIN  := $(B)/tests/fuzz/files.o
endif

FUZZERS    := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_BIN   := $(patsubst %,$(B)/fuzz/%,$(FUZZERS))

# Each takes what it needs of the server; the runner's scenarios are named by nobody.
$(B)/fuzz/server.a: $(SERVER_LIB) $(SHARED_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	ar qcs $@ $^

$(B)/fuzz/job: $(B)/tests/fuzz/job_fuzz.o $(FUZZ_MAIN) $(RUNNER_LIB) $(SHARED_OBJ)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(RUNNER_LIBS)

# Those that are given to the whole server have its main() and its loop in them.
FUZZ_HELP  := $(call obj,$(addprefix tests/fuzz/,hostile.c program.c))
$(B)/fuzz/body $(B)/fuzz/http: $(call obj,$(addprefix tests/fuzz/,exchange.c server.c))

$(B)/fuzz/%: $(B)/tests/fuzz/%_fuzz.o $(FUZZ_HELP) $(FUZZ_MAIN) $(B)/fuzz/server.a
	$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(SERVER_LIBS)

$(B)/tests/fuzz/%.o: ALL_CFLAGS += -Wno-missing-prototypes

# The decoder of the server, to hold that of the pages against.
$(B)/tests/decode: $(B)/tests/tools/decode.o $(SHARED_OBJ)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^

## fuzz-test: every file that the fuzzers keep, and all that they found, once through each
.PHONY: fuzz-test
fuzz-test: build $(FUZZ_BIN) $(B)/tests/decode $(B)/fuzz/decode.cjs
	@for name in $(FUZZERS); do echo "== $(B)/fuzz/$$name"; INTERLEAVE_RUNNER=$(B)/interleave-runner \
	    $(B)/fuzz/$$name tests/fuzz/corpus/$$name tests/fuzz/found/$$name 2>$(B)/fuzz/$$name.log || \
	    { tail -n 40 $(B)/fuzz/$$name.log; exit 1; }; done
	DECODE=$(B)/tests/decode node tests/fuzz/web/files.mjs $(B)/fuzz/decode.cjs tests/fuzz/corpus/trace \
	    tests/fuzz/found/trace

## fuzz: look for inputs that break something, each fuzzer for a while (SECONDS=60 NAMES="http trace")
.PHONY: fuzz
fuzz: SECONDS ?= 60
fuzz:
	make/packages.sh fuzz
	$(MAKE) VARIANT= build build/tests/decode build/fuzz/decode.cjs
	$(MAKE) VARIANT=fuzz $(addprefix build-fuzz/fuzz/,$(FUZZERS))
	make/fuzz.sh build-fuzz $(SECONDS) $(NAMES)

## fuzz-keep: add to tests/fuzz/corpus what reaches code that nothing there reaches
.PHONY: fuzz-keep
fuzz-keep:
	$(MAKE) VARIANT=fuzz $(addprefix build-fuzz/fuzz/,$(FUZZERS))
	@for name in $(FUZZERS); do build-fuzz/fuzz/$$name -merge=1 -use_counters=0 -max_len=4096 \
	    tests/fuzz/corpus/$$name build-fuzz/corpus/$$name 2>&1 | tail -n 1; done
