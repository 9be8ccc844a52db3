# The runner is linked statically: fewer mappings make each fork and each exit of a worker cheaper,
# and pthread_exit needs no library that a sealed worker could not load. A sanitizer cannot be.

HOSTILE_RUNNER := $(B)/tests/interleave-runner-hostile
HOSTILE_OBJ    := $(patsubst %.c,$(B)/%.o,$(wildcard tests/sandbox/hostile/*.c))
SANDBOX_TESTS  := $(patsubst tests/sandbox/%.c,$(B)/tests/%,$(wildcard tests/sandbox/*_test.c))

ifneq ($(VARIANT),asan)
$(B)/interleave-runner $(HOSTILE_RUNNER): private LDFLAGS += -static-pie
endif

# The runner with programs that attack it in its table.
$(HOSTILE_RUNNER): $(B)/sandbox/main.o $(HOSTILE_OBJ) $(RUNNER_LIB) $(SHARED_OBJ)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(RUNNER_LIBS)

$(SANDBOX_TESTS): | $(HOSTILE_RUNNER)

$(B)/bench/first_instruction: tests/bench/first_instruction.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE -I. $(WARNINGS) -O2 -static -o $@ $<

$(B)/bench/launch_bench: | $(B)/bench/first_instruction $(B)/interleave-runner
