#include "sandbox/prim/print.h"

#include "sandbox/proto/output.h"
#include "sandbox/sched/seam.h"

#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

/* Formats into the packet behind the frame's header; `room` bytes are kept free. Returns the
 * length.
 */
static size_t format_text(char *packet, size_t room, const char *format, va_list args)
{
    const size_t most = OUTPUT_TEXT_MAX - 1 - room;
    int n = vsnprintf(packet + sizeof(struct output_frame), most + 1, format, args);
    return n < 0 ? 0 : (size_t)n < most ? (size_t)n : most;
}

static void write_out(char *packet, size_t length)
{
    int r = seam_output(packet, length);
    if (r < 0)
        seam_fail(-r, "cannot print");
}

void print(const char *format, ...)
{
    char packet[OUTPUT_FRAME_MAX];
    va_list args;
    va_start(args, format);
    size_t length = format_text(packet, 1, format, args);
    va_end(args);
    packet[sizeof(struct output_frame) + length++] = '\n';
    seam_point(SEAM_PRINT, seam_self.run->output_object);
    seam_record(EVENT_PRINT, seam_self.run->output_object, (int64_t)length, 0);
    write_out(packet, length);
}

uint64_t print_part(const char *format, ...)
{
    struct run *run = seam_self.run;
    char packet[OUTPUT_FRAME_MAX];
    va_list args;
    va_start(args, format);
    size_t length = format_text(packet, 0, format, args);
    va_end(args);
    seam_point(SEAM_PRINT, run->output_object);
    while (atomic_exchange_explicit(&run->writing, 1, memory_order_acquire))
        sched_yield();
    uint64_t place = run->parts++;
    seam_record(EVENT_PRINT, run->output_object, (int64_t)length, 0);
    write_out(packet, length);
    atomic_store_explicit(&run->writing, 0, memory_order_release);
    return place;
}
