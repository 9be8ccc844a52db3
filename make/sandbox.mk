# The runner is linked statically: fewer mappings make each fork and each exit of a worker cheaper,
# and pthread_exit needs no library that a sealed worker could not load. A sanitizer cannot be.

HOSTILE_OBJ     := $(patsubst %.c,$(B)/%.o,$(wildcard tests/sandbox/hostile/*.c))
HOSTILE_RUNNER  := $(B)/tests/interleave-runner-hostile
SANDBOX_TEST    := $(patsubst tests/sandbox/%.c,$(B)/tests/%,$(wildcard tests/sandbox/*_test.c))

ifneq ($(VARIANT),asan)
$(B)/interleave-runner $(HOSTILE_RUNNER): private LDFLAGS += -static-pie
endif
