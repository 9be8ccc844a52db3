#include "sandbox/prim/print.h"

#include "sandbox/proto/output.h"
#include "sandbox/sched/seam.h"

#include <stdarg.h>
#include <stdio.h>

void print(const char *format, ...)
{
    char packet[OUTPUT_FRAME_MAX];
    char *line = packet + sizeof(struct output_frame);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, OUTPUT_TEXT_MAX - 1, format, args);
    va_end(args);
    if (n < 0)
        return;
    size_t length = (size_t)n < OUTPUT_TEXT_MAX - 2 ? (size_t)n : OUTPUT_TEXT_MAX - 2;
    line[length++] = '\n';
    seam_point(SEAM_PRINT, seam_self.run->output_object);
    seam_record(EVENT_PRINT, seam_self.run->output_object, (int64_t)length, 0);
    int r = seam_output(packet, length);
    if (r < 0)
        seam_fail(-r, "cannot print");
}
