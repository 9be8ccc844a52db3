/*
 * Gives a fuzzer every file of the folders that are named, each once. A folder that is not there
 * has none; none at all is a failure, as is whatever ends the program.
 */
#include "tests/fuzz/fuzz.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

/* In memory of just its size, so that a sanitizer sees what lies beyond. */
static void give(const char *path)
{
    struct stat file;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    check(fd >= 0 && fstat(fd, &file) == 0);
    size_t n = (size_t)file.st_size;
    _cleanup_free_ uint8_t *bytes = malloc(n);
    check(read_full(fd, bytes, n) == (ssize_t)n);
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(bytes, n);
}

static unsigned give_folder(const char *folder)
{
    struct dirent **entries;
    char path[PATH_MAX];
    unsigned given = 0;
    int n = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            give(path);
            given++;
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return given;
}

int main(int argc, char **argv)
{
    unsigned given = 0;
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++)
        given += give_folder(argv[i]);
    printf("%s: %u files\n", argv[0], given);
    return given > 0 ? 0 : 1;
}
