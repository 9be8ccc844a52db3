/*
 * What a task prints travels as frames in a packet-mode pipe, so the supervisor knows whose line it
 * is and the kernel decides the order: one print, one write of at most OUTPUT_FRAME_MAX bytes,
 * never torn. Bytes that are no frame (something wrote to descriptor 1 by itself) are kept as text
 * of no task.
 */
#ifndef PROTO_OUTPUT_H
#define PROTO_OUTPUT_H

#include <stdint.h>

#define OUTPUT_FRAME_MAGIC 0x4f4c494eu
#define OUTPUT_FRAME_MAX   4096u /* PIPE_BUF */

struct output_frame {
    uint32_t magic;
    uint16_t task;
    uint16_t length; /* bytes of text after this header */
    uint64_t t_ns;   /* since the run's start */
};
#define OUTPUT_TEXT_MAX (OUTPUT_FRAME_MAX - sizeof(struct output_frame))

#endif
