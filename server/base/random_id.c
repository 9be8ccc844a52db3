#include "server/base/random_id.h"

#include <errno.h>
#include <stddef.h>
#include <sys/random.h>
#include <sys/types.h>

int random_id(char out[static RANDOM_ID_SIZE])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const size_t letters = sizeof alphabet - 1, fair = 256 - 256 % letters;
    size_t made = 0;
    while (made < RANDOM_ID_SIZE - 1) {
        unsigned char bytes[32];
        ssize_t n = getrandom(bytes, sizeof bytes, 0);
        if (n < 0 && errno != EINTR)
            return -errno;
        for (ssize_t i = 0; i < n && made < RANDOM_ID_SIZE - 1; i++)
            if (bytes[i] < fair)
                out[made++] = alphabet[bytes[i] % letters];
    }
    out[made] = '\0';
    return 0;
}
