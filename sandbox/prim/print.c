#include "sandbox/prim/print.h"

#include "sandbox/proto/output.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void print(const char *format, ...)
{
    char packet[OUTPUT_FRAME_MAX];
    struct output_frame frame = {.magic = OUTPUT_FRAME_MAGIC, .task = seam_self.task};
    va_list args;
    va_start(args, format);
    int n = vsnprintf(packet + sizeof frame, OUTPUT_TEXT_MAX - 1, format, args);
    va_end(args);
    if (n < 0)
        return;
    size_t length = (size_t)n < OUTPUT_TEXT_MAX - 2 ? (size_t)n : OUTPUT_TEXT_MAX - 2;
    packet[sizeof frame + length++] = '\n';
    seam_point(SEAM_PRINT, seam_self.run->output_object);
    seam_record(EVENT_PRINT, seam_self.run->output_object, (int64_t)length, 0);
    frame.length = (uint16_t)length;
    frame.t_ns = seam_now();
    memcpy(packet, &frame, sizeof frame);
    while (write(seam_self.run->output, packet, sizeof frame + length) < 0)
        if (errno != EINTR)
            seam_fail(errno, "cannot print");
}
