#include "sandbox/sched/fiber.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#elif defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

struct fiber {
    char *mapping; /* guard page, then the stack */
    size_t mapping_bytes;
    void (*entry)(void *);
    void *argument;
    struct context own, other; /* the fiber's place, and its resumer's */
};

/* The sanitizer must know which stack runs, and learns where a stack is when it is left. */
#if defined(__SANITIZE_ADDRESS__)
static struct context *left;

static inline void leave(struct context *from, const struct context *to)
{
    left = from;
    __sanitizer_start_switch_fiber(&from->fake, to->bottom, to->bytes);
}

static inline void arrive(const struct context *here)
{
    __sanitizer_finish_switch_fiber(here ? here->fake : NULL, &left->bottom, &left->bytes);
}
#elif defined(__SANITIZE_THREAD__)
static inline void leave(struct context *from, const struct context *to)
{
    from->watched = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->watched, 0);
}

static inline void arrive(const struct context *here)
{
    (void)here;
}
#else
static inline void leave(struct context *from, const struct context *to)
{
    (void)from;
    (void)to;
}

static inline void arrive(const struct context *here)
{
    (void)here;
}
#endif

static void body(struct fiber *fiber)
{
    arrive(NULL);
    fiber->entry(fiber->argument);
    abort(); /* entry must end in fiber_suspend() */
}

#if defined(__x86_64__)

/*
 * void fiber_switch(void **save, void *load): keeps the six callee-saved registers on the stack
 * that is left (System V ABI, 3.2.3). The floating-point control words are not switched: nobody
 * here changes them.
 */
void fiber_switch(void **save, void *load);
__asm__(".pushsection .text\n"
        ".globl fiber_switch\n"
        ".hidden fiber_switch\n"
        ".type fiber_switch, @function\n"
        "fiber_switch:\n"
        "    endbr64\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    popq %rcx\n" /* a jump is predicted here, a return is not */
        "    jmpq *%rcx\n"
        ".size fiber_switch, .-fiber_switch\n"
        /* First entry: the fiber waits in rbx, the stack is aligned as after a call. */
        ".type fiber_first, @function\n"
        ".hidden fiber_first\n"
        "fiber_first:\n"
        "    endbr64\n"
        "    movq %rbx, %rdi\n"
        "    callq *%r12\n"
        "    ud2\n"
        ".size fiber_first, .-fiber_first\n"
        ".popsection\n");
void fiber_first(void);

/* Lays out the stack as fiber_switch() would have left it. */
static void prepare(struct fiber *fiber)
{
    uint64_t *top = (uint64_t *)(fiber->mapping + fiber->mapping_bytes);
    uint64_t *sp = top - 9;    /* so that the call in fiber_first finds the stack aligned */
    sp[0] = sp[1] = sp[2] = 0; /* r15 r14 r13 */
    sp[3] = (uint64_t)body;    /* r12 */
    sp[4] = (uint64_t)fiber;   /* rbx */
    sp[5] = 0;                 /* rbp */
    sp[6] = (uint64_t)fiber_first;
    sp[7] = sp[8] = 0;
    fiber->own.sp = sp;
}

#define SWITCH(from, to) fiber_switch(&(from)->sp, (to)->sp)

#else

static void first(unsigned high, unsigned low)
{
    body((struct fiber *)((uintptr_t)high << 32 | low));
}

static void prepare(struct fiber *fiber)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t self = (uintptr_t)fiber;
    getcontext(&fiber->own.registers);
    fiber->own.registers.uc_stack.ss_sp = fiber->mapping + page;
    fiber->own.registers.uc_stack.ss_size = fiber->mapping_bytes - page;
    fiber->own.registers.uc_link = NULL;
    makecontext(&fiber->own.registers, (void (*)(void))first, 2, (unsigned)(self >> 32),
                (unsigned)self);
}

#define SWITCH(from, to) swapcontext(&(from)->registers, &(to)->registers)

#endif

struct fiber *fiber_new(size_t stack_bytes, void (*entry)(void *), void *argument)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct fiber *fiber = calloc(1, sizeof *fiber);
    if (!fiber)
        return NULL;
    fiber->mapping_bytes = stack_bytes + page;
    fiber->mapping = mmap(NULL, fiber->mapping_bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fiber->mapping == MAP_FAILED || mprotect(fiber->mapping, page, PROT_NONE) < 0) {
        if (fiber->mapping != MAP_FAILED)
            munmap(fiber->mapping, fiber->mapping_bytes);
        free(fiber);
        return NULL;
    }
    fiber_restart(fiber, entry, argument);
    return fiber;
}

void fiber_free(struct fiber *fiber)
{
    if (!fiber)
        return;
#if defined(__SANITIZE_THREAD__)
    __tsan_destroy_fiber(fiber->own.watched);
#endif
    munmap(fiber->mapping, fiber->mapping_bytes);
    free(fiber);
}

void fiber_restart(struct fiber *fiber, void (*entry)(void *), void *argument)
{
    fiber->entry = entry;
    fiber->argument = argument;
#if defined(__SANITIZE_ADDRESS__)
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    fiber->own.fake = NULL;
    fiber->own.bottom = fiber->mapping + page;
    fiber->own.bytes = fiber->mapping_bytes - page;
    __asan_unpoison_memory_region(fiber->own.bottom, fiber->own.bytes);
#elif defined(__SANITIZE_THREAD__)
    if (fiber->own.watched)
        __tsan_destroy_fiber(fiber->own.watched);
    fiber->own.watched = __tsan_create_fiber(0);
#endif
    prepare(fiber);
}

#if !defined(__x86_64__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
void context_switch(struct context *from, struct context *to)
{
    leave(from, to);
    SWITCH(from, to);
    arrive(from);
}
#endif

void fiber_resume(struct fiber *fiber)
{
    context_switch(&fiber->other, &fiber->own);
}

void fiber_suspend(struct fiber *fiber)
{
    context_switch(&fiber->own, &fiber->other);
}

struct context *fiber_context(struct fiber *fiber)
{
    return &fiber->own;
}

char *fiber_stack_top(struct fiber *fiber)
{
    return fiber->mapping + fiber->mapping_bytes;
}
