# What the scenarios' globals hold goes into a section of its own: under a controlled schedule every
# process of a run has its own copy of it, and an exploration puts it back (sandbox/sched/image.h).

$(B)/scenarios/%.o: scenarios/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
	objcopy --rename-section .bss=scenario_data,alloc,load,data,contents \
	    --rename-section .data=scenario_data,alloc,load,data,contents \
	    --rename-section .data.rel.local=scenario_data,alloc,load,data,contents $@
