#include "server/pictures/png.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LEVEL = 3, BYTES = 3 /* of a pixel */ };

/* A chunk of the file: its length, name, bytes and their check sum. */
static void put_chunk(struct buf *out, const char name[static 4], const void *bytes, size_t n)
{
    uint32_t length = htobe32((uint32_t)n);
    uLong sum = crc32(crc32(0, NULL, 0), (const Bytef *)name, 4);
    if (n > 0)
        sum = crc32(sum, bytes, (uInt)n);
    uint32_t check = htobe32((uint32_t)sum);
    buf_add(out, &length, sizeof length);
    buf_add(out, name, 4);
    buf_add(out, bytes, n);
    buf_add(out, &check, sizeof check);
}

/* Lines of three bytes a pixel, each behind a 0: it has no filter. */
static void put_lines(const uint32_t *pixels, unsigned width, unsigned height, size_t stride,
                      unsigned char *to)
{
    for (unsigned y = 0; y < height; y++) {
        *to++ = 0;
        for (unsigned x = 0; x < width; x++) {
            uint32_t pixel = pixels[y * stride + x];
            *to++ = (unsigned char)(pixel >> 16);
            *to++ = (unsigned char)(pixel >> 8);
            *to++ = (unsigned char)pixel;
        }
    }
}

static void put_header(struct buf *out, unsigned width, unsigned height)
{
    struct {
        uint32_t width, height;
        uint8_t depth, colours, compression, filter, interlace;
    } __attribute__((packed)) header = {htobe32(width), htobe32(height), 8, 2, 0, 0, 0};
    buf_add(out, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(out, "IHDR", &header, sizeof header);
}

int png_write(const uint32_t *pixels, unsigned width, unsigned height, size_t stride,
              struct buf *out)
{
    size_t n = ((size_t)width * BYTES + 1) * height;
    uLongf packed_bytes = compressBound(n);
    _cleanup_free_ unsigned char *lines = malloc(n), *packed = malloc(packed_bytes);
    if (!lines || !packed)
        return -ENOMEM;
    put_lines(pixels, width, height, stride, lines);
    if (compress2(packed, &packed_bytes, lines, n, LEVEL) != Z_OK)
        return -ENOMEM;
    put_header(out, width, height);
    put_chunk(out, "IDAT", packed, packed_bytes);
    put_chunk(out, "IEND", "", 0);
    return buf_error(out);
}
