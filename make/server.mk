# What the server draws pictures with, and the programs that test it.

PICTURE_LIBS  := $(shell pkg-config --libs pangocairo fontconfig zlib 2>/dev/null)
PICTURE_FLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags pangocairo fontconfig zlib 2>/dev/null))
SERVER_LIBS   += $(PICTURE_LIBS)

# Those that draw.
DRAWING := $(call obj,$(addprefix server/pictures/,canvas.c draw_bars.c draw_lanes.c picture.c))

$(DRAWING): private ALL_CFLAGS += $(PICTURE_FLAGS)

# Prints what server/pictures/lanes.c makes of a trace.
LANES := $(B)/tests/lanes

$(LANES): $(B)/tests/tools/lanes.o $(B)/server/pictures/lanes.o $(SHARED_OBJ)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lm

PICTURE_TESTED := $(DRAWING) $(call obj,$(addprefix server/pictures/,lanes.c png.c words.c) server/base/json.c)

$(B)/tests/picture_test: $(PICTURE_TESTED)
$(B)/tests/picture_test: private RUNNER_LIBS += $(PICTURE_LIBS) -ljansson

# Unit tests of parts of the server that stand on their own name the objects they need.

$(B)/tests/turns_test: $(B)/server/runs/turns.o $(B)/server/base/keyed_hash.o
$(B)/tests/rate_test: $(B)/server/base/rate.o
$(B)/tests/shares_test: $(B)/server/base/shares.o
$(B)/tests/store_test: $(call obj,$(wildcard server/store/store*.c)) $(B)/server/base/log.o
$(B)/tests/store_test: private RUNNER_LIBS += -lsqlite3
$(B)/tests/address_test: $(B)/server/clients/address.o $(B)/server/base/keyed_hash.o

# What may go wrong around the server: memory, disk and clock, when a test says so. Preloaded.
FAULTS := $(B)/tests/faults.so

$(FAULTS): tests/tools/faults.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARNINGS) -Wno-missing-prototypes -O2 -fPIC -shared -o $@ $< -ldl
