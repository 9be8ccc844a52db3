# The same programs and tests with a tool that watches them. tests/README.md says what each can see.

# ---- what the programs are made with ----

## hardening-test: both programs are position-independent, bound at start, fortified …
.PHONY: hardening-test
hardening-test: programs
	make/hardening.sh $(B) $(B)/interleave $(B)/interleave-runner

# ---- ThreadSanitizer ----

# All units but those in which an order comes from another process, and those that take very long.
THREADED := $(filter-out $(patsubst %,$(B)/tests/%_test,pool prim unrecorded controlled explore \
                random_primitives random_programs),$(UNIT_BIN))

## check-tsan: units and the API under ThreadSanitizer (SUITES=threaded-test for the units)
.PHONY: check-tsan
check-tsan:
	$(MAKE) -j $(JOBS) VARIANT=tsan unit-programs
	TSAN_OPTIONS="suppressions=$(CURDIR)/make/tsan.supp second_deadlock_stack=1" \
	    $(MAKE) VARIANT=tsan $(or $(SUITES),threaded-test api-test)

.PHONY: threaded-test
threaded-test: $(THREADED)
	$(call run_each,$(THREADED))

# ---- valgrind ----

# Runs scenarios in its own process: valgrind follows neither into namespaces nor into the filter.
UNSEALED := $(B)/tests/unsealed

$(UNSEALED): $(B)/tests/tools/unsealed.o $(RUNNER_LIB) $(SHARED_OBJ)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(RUNNER_LIBS)

## check-valgrind: some units, and scenarios of threads and coroutines, under memcheck, without the sandbox
.PHONY: check-valgrind
check-valgrind:
	make/packages.sh watch
	$(MAKE) valgrind-test

.PHONY: valgrind-test
valgrind-test: $(UNSEALED) $(UNIT_BIN)
	make/valgrind.sh $(B)

# ---- coverage ----

ifeq ($(VARIANT),coverage)
$(B)/sandbox/%.o $(B)/server/%.o: private ALL_CFLAGS += $(COUNTED)
$(B)/tests/tools/counts.o: private ALL_CFLAGS += -DCOUNTS_LOCK='"$(abspath $(B))/counts.lock"'
# Every user whose programs are tested adds to the counts beside the objects.
$(shell install -d -m 777 $(sort $(dir $(SHARED_OBJ) $(call obj,$(RUNNER_SRC) $(SERVER_SRC)))))
# Counting goes on after a test that fails.
run_each = @for program in $(1); do echo "== $$program"; $$program || failed=1; done; exit $$failed
endif

## coverage: run the C tests, what fuzzers keep, scenarios and the API; print the lines covered of server and sandbox
.PHONY: coverage
coverage:
	find build-coverage -name '*.gcda' -delete 2>/dev/null || true
	-$(MAKE) --keep-going VARIANT=coverage unit-test sandbox-test fuzz-test scenario-test api-test
	$(MAKE) coverage-report

## coverage-report: print what was counted since
.PHONY: coverage-report
coverage-report:
	flock build-coverage/counts.lock node make/coverage.mjs build-coverage

# ---- analysis ----

SHIPPED_C     := $(sort $(SHARED_SRC) $(RUNNER_SRC) $(SERVER_SRC))
ANALYSED       = $(if $(CHANGED),$(filter $(shell git diff --name-only $(CHANGED)),$(SHIPPED_C)),$(SHIPPED_C))
ANALYSED_FLAGS = -std=gnu17 -D_GNU_SOURCE -I. -Wall -Wextra $(PICTURE_FLAGS)

## analyse: clang-tidy and cppcheck over all C that is shipped (CHANGED=main: over what differs from it)
.PHONY: analyse
analyse:
	@make/packages.sh watch
	test -z '$(strip $(ANALYSED))' || cppcheck --quiet --error-exitcode=1 -j 2 --std=c11 \
	    --enable=warning,performance,portability \
	    --library=make/cppcheck.cfg --suppressions-list=make/cppcheck.suppress -D_GNU_SOURCE -I. \
	    $(ANALYSED)
	printf '%s\n' $(ANALYSED) | xargs -P 2 -I{} clang-tidy --quiet {} -- $(ANALYSED_FLAGS)
