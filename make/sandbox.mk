# The runner is linked statically: fewer mappings make each fork and each exit of a worker cheaper,
# and pthread_exit needs no library that a sealed worker could not load. A sanitizer cannot be.

HOSTILE_RUNNER := $(B)/tests/interleave-runner-hostile
HOSTILE_OBJ    := $(patsubst %.c,$(B)/%.o,$(wildcard tests/sandbox/hostile/*.c))
SANDBOX_TESTS  := $(patsubst tests/sandbox/%.c,$(B)/tests/%,$(wildcard tests/sandbox/*_test.c))

ifeq ($(filter asan tsan,$(VARIANT)),)
$(B)/interleave-runner $(HOSTILE_RUNNER): private LDFLAGS += -static-pie
endif

ifneq ($(VARIANT),tsan)
$(B)/interleave-runner: $(B)/sandbox/main.o $(RUNNER_LIB) $(SHARED_OBJ)
	$(CC) $(LDFLAGS) -o $@ $^ $(RUNNER_LIBS)

# The runner with programs that attack it in its table.
$(HOSTILE_RUNNER): $(B)/sandbox/main.o $(HOSTILE_OBJ) $(RUNNER_LIB) $(SHARED_OBJ)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(RUNNER_LIBS)
else
# ThreadSanitizer follows no process that shares memory with another one: the plain ones.
.PHONY: plain-runners
plain-runners:
	$(MAKE) VARIANT= $(patsubst $(B)/%,build/%,$(B)/interleave-runner $(HOSTILE_RUNNER))

$(B)/interleave-runner $(HOSTILE_RUNNER): plain-runners
	@mkdir -p $(@D)
	cp build/$(patsubst $(B)/%,%,$@) $@
endif

$(SANDBOX_TESTS): | $(HOSTILE_RUNNER)

# Those that start a sandbox are run in every tier there can be.
TIER_TESTS := $(filter-out $(B)/tests/job_test,$(SANDBOX_TESTS))

.PHONY: sandbox-programs
sandbox-programs: $(B)/interleave-runner $(SANDBOX_TESTS)

## sandbox-test: hostile programs in the real sandbox, in every tier of it
.PHONY: sandbox-test
sandbox-test: sandbox-programs
	$(B)/tests/job_test
	$(foreach test,$(TIER_TESTS),make/each-tier.sh $(HOSTILE_RUNNER) $(test) &&) true

## mutate-jail: takes each layer of the sandbox away in turn and shows that a test misses it
.PHONY: mutate-jail
mutate-jail: $(B)/tests/layers_test
	make/each-tier.sh $(HOSTILE_RUNNER) make/mutate-jail.sh $(B)/tests

$(B)/bench/first_instruction: tests/bench/first_instruction.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE -I. $(WARNINGS) -O2 -static -o $@ $<

$(B)/bench/launch_bench: | $(B)/bench/first_instruction $(B)/interleave-runner
