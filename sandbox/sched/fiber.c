#include "sandbox/sched/fiber.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

struct fiber {
    char *mapping; /* guard page, then the stack */
    size_t mapping_bytes;
    void (*entry)(void *);
    void *argument;
#if defined(__x86_64__)
    void *own, *other; /* saved stack pointers: the fiber's, and its resumer's */
#else
    ucontext_t own, other;
#endif
#if defined(__SANITIZE_ADDRESS__)
    void *own_fake, *other_fake;
    const void *other_bottom;
    size_t other_bytes;
#endif
};

/* The sanitizer must know which stack runs. */
static inline void leave(struct fiber *fiber, int to_fiber)
{
#if defined(__SANITIZE_ADDRESS__)
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (to_fiber)
        __sanitizer_start_switch_fiber(&fiber->other_fake, fiber->mapping + page,
                                       fiber->mapping_bytes - page);
    else
        __sanitizer_start_switch_fiber(&fiber->own_fake, fiber->other_bottom, fiber->other_bytes);
#else
    (void)fiber;
    (void)to_fiber;
#endif
}

static inline void arrive(struct fiber *fiber, int on_fiber)
{
#if defined(__SANITIZE_ADDRESS__)
    if (on_fiber)
        __sanitizer_finish_switch_fiber(fiber->own_fake, &fiber->other_bottom, &fiber->other_bytes);
    else
        __sanitizer_finish_switch_fiber(fiber->other_fake, NULL, NULL);
#else
    (void)fiber;
    (void)on_fiber;
#endif
}

static void body(struct fiber *fiber)
{
    arrive(fiber, 1);
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
    fiber->own = sp;
}

#define SWITCH(from, to) fiber_switch(&(from), (to))

#else

static void first(unsigned high, unsigned low)
{
    body((struct fiber *)((uintptr_t)high << 32 | low));
}

static void prepare(struct fiber *fiber)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t self = (uintptr_t)fiber;
    getcontext(&fiber->own);
    fiber->own.uc_stack.ss_sp = fiber->mapping + page;
    fiber->own.uc_stack.ss_size = fiber->mapping_bytes - page;
    fiber->own.uc_link = NULL;
    makecontext(&fiber->own, (void (*)(void))first, 2, (unsigned)(self >> 32), (unsigned)self);
}

#define SWITCH(from, to) swapcontext(&(from), &(to))

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
    fiber->entry = entry;
    fiber->argument = argument;
    prepare(fiber);
    return fiber;
}

void fiber_free(struct fiber *fiber)
{
    if (!fiber)
        return;
    munmap(fiber->mapping, fiber->mapping_bytes);
    free(fiber);
}

void fiber_resume(struct fiber *fiber)
{
    leave(fiber, 1);
    SWITCH(fiber->other, fiber->own);
    arrive(fiber, 0);
}

void fiber_suspend(struct fiber *fiber)
{
    leave(fiber, 0);
    SWITCH(fiber->own, fiber->other);
    arrive(fiber, 1);
}
