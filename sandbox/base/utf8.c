#include "sandbox/base/utf8.h"

#include <stdint.h>
#include <stdbool.h>
#include <string.h>

size_t utf8_width(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    if (n == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    size_t width = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || width > n)
        return 0;
    for (size_t i = 1; i < width; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return width;
}

/* Of U+0000 to U+001F, and U+007F to U+009F. */
static bool is_control(const char *character)
{
    const unsigned char *s = (const unsigned char *)character;
    return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

void utf8_clean(char *out, size_t size, const char *text, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; i < n && text[i] != '\0';) {
        size_t width = utf8_width(text + i, n - i);
        size_t step = width ? width : 1;
        if (used + step >= size)
            break;
        if (width == 0 || is_control(text + i))
            out[used++] = '?';
        else {
            memcpy(out + used, text + i, width);
            used += width;
        }
        i += step;
    }
    out[used] = '\0';
}
