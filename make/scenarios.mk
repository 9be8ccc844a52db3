# What a scenario's globals hold goes into a section of its own: under a controlled schedule every
# process of a run has its own copy of it, and an exploration puts it back (sandbox/sched/image.h).

globals = globals_$(notdir $(basename $@)),alloc,load,data,contents

$(B)/scenarios/%.o: scenarios/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
	objcopy --rename-section .bss=$(globals) --rename-section .data=$(globals) \
	    --rename-section .data.rel.local=$(globals) $@
