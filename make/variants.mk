# What a build is made with, beside the warnings: hardened, or for a tool that watches it.
# VARIANT=asan      AddressSanitizer and UBSan, in every program
# VARIANT=tsan      ThreadSanitizer, in the server and unit tests (watch.mk)
# VARIANT=fuzz      with libFuzzer's eyes, by clang (fuzz.mk)
# VARIANT=coverage  counts of lines, in server and sandbox (watch.mk)

# The C library's own checks; sanitizers have theirs.
FORTIFIED := -D_FORTIFY_SOURCE=3

ifeq ($(VARIANT),asan)
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS    += -fsanitize=address,undefined
else ifeq ($(VARIANT),tsan)
ALL_CFLAGS += -fsanitize=thread -fno-omit-frame-pointer
LDFLAGS    += -fsanitize=thread
else ifeq ($(VARIANT),coverage)
# Not gcc's own fork() and exec(), which write the counts in between.
COUNTED    := --coverage -fprofile-update=atomic -fprofile-abs-path -fdata-sections -fno-inline \
              -fno-builtin-fork -fno-builtin-execve
ALL_CFLAGS += -O1 $(FORTIFIED)
LDFLAGS    += --coverage -Wl,-T,make/counts.ld -Wl,--wrap=__gcov_exit
COUNTS_SRC := tests/tools/counts.c
else ifeq ($(VARIANT),)
ALL_CFLAGS += $(FORTIFIED)
else ifneq ($(VARIANT),fuzz)
$(error VARIANT is asan, tsan, fuzz or coverage)
endif
