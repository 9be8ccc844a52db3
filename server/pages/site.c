#include "server/pages/site.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/fd.h"
#include "server/base/etag.h"
#include "server/base/log.h"
#include "server/clients/session.h"
#include "server/http/problem.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 512, FILE_BYTES_MAX = 16 << 20, DEPTH_MAX = 4 };

enum encoding { PLAIN, GZIP, BROTLI, ENCODINGS };

static const struct {
    const char *suffix; /* of the file beside the plain one */
    const char *name;   /* in Content-Encoding */
} encodings[ENCODINGS] = {[GZIP] = {".gz", "gzip"}, [BROTLI] = {".br", "br"}};

struct variant {
    char *bytes; /* NULL: there is none */
    size_t n;
    char etag[32];
    struct response *response;
    struct response *embed;        /* index.html only: as a frame in another page */
    struct response *not_modified; /* 304 */
};

struct file {
    char *path; /* "/assets/app.js" */
    struct variant variants[ENCODINGS];
};

struct site {
    size_t count;
    struct file files[FILES_MAX]; /* sorted by path once loaded */
    const struct file *index;     /* NULL: there are no pages */
};

#define POLICY(ancestors)                                                                          \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "        \
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors " ancestors

static const struct {
    const char *suffix;
    const char *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".json", "application/json; charset=utf-8"},
    {".map", "application/json; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
    {".woff2", "font/woff2"},
};

static bool has_suffix(const char *text, const char *suffix)
{
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && strcmp(text + n - m, suffix) == 0;
}

static const char *type_of(const char *path)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (has_suffix(path, types[i].suffix))
            return types[i].type;
    return "application/octet-stream";
}

/* Whether the name has the bundler's hash: a hyphen, eight of A-Z and 2-7, a dot. */
static bool is_hashed(const char *path)
{
    for (const char *p = strchr(path, '-'); p; p = strchr(p + 1, '-')) {
        size_t n = 0;
        while (isupper((unsigned char)p[1 + n]) || isdigit((unsigned char)p[1 + n]))
            n++;
        if (n == 8 && p[9] == '.')
            return true;
    }
    return false;
}

static struct response *make_response(const struct file *file, enum encoding encoding,
                                      const struct variant *v, const char *policy, bool empty)
{
    const char *headers[20];
    size_t n = 0;
#define HEADER(name, value) (headers[n++] = (name), headers[n++] = (value))
    HEADER("ETag", v->etag);
    HEADER("Vary", "Accept-Encoding");
    HEADER("Cache-Control",
           is_hashed(file->path) ? "public, max-age=31536000, immutable" : "no-cache");
    HEADER("Content-Security-Policy", policy);
    HEADER("X-Content-Type-Options", "nosniff");
    HEADER("Referrer-Policy", "no-referrer");
    if (!empty)
        HEADER("Content-Type", type_of(file->path));
    if (!empty && encoding != PLAIN)
        HEADER("Content-Encoding", encodings[encoding].name);
#undef HEADER
    headers[n] = NULL;
    return response_new(empty ? "" : v->bytes, empty ? 0 : v->n, headers);
}

static int read_file(int fd, char **ret, size_t *ret_bytes)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (st.st_size > FILE_BYTES_MAX)
        return -EFBIG;
    _cleanup_free_ char *bytes = malloc((size_t)st.st_size + 1);
    if (!bytes)
        return -ENOMEM;
    ssize_t n = read_full(fd, bytes, (size_t)st.st_size);
    if (n < 0)
        return (int)n;
    bytes[n] = '\0';
    *ret_bytes = (size_t)n;
    *ret = steal_ptr(&bytes);
    return 0;
}

static enum encoding split_encoding(char *path)
{
    for (enum encoding e = GZIP; e < ENCODINGS; e++)
        if (has_suffix(path, encodings[e].suffix)) {
            path[strlen(path) - strlen(encodings[e].suffix)] = '\0';
            return e;
        }
    return PLAIN;
}

static struct file *find_or_add(struct site *site, const char *path)
{
    for (size_t i = 0; i < site->count; i++)
        if (strcmp(site->files[i].path, path) == 0)
            return &site->files[i];
    if (site->count == FILES_MAX)
        return NULL;
    struct file *file = &site->files[site->count];
    file->path = strdup(path);
    if (file->path)
        site->count++;
    return file->path ? file : NULL;
}

static void put_etag(struct variant *v, enum encoding e)
{
    snprintf(v->etag, sizeof v->etag, "\"%016" PRIx64 "%s\"", etag_hash(v->bytes, v->n),
             e == PLAIN  ? ""
             : e == GZIP ? "-gz"
                         : "-br");
}

static int load_file(struct site *site, int directory, const char *name, const char *prefix)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", prefix, name) >= (int)sizeof path)
        return -ENAMETOOLONG;
    _cleanup_close_ int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    enum encoding e = split_encoding(path);
    struct file *file = find_or_add(site, path);
    if (!file)
        return -ENOSPC;
    struct variant *v = &file->variants[e];
    int r = read_file(fd, &v->bytes, &v->n);
    if (r == 0)
        put_etag(v, e);
    return r;
}

static void close_directory(DIR **directory)
{
    if (*directory)
        closedir(*directory);
}

static int load_directory(struct site *site, int parent, const char *name, const char *prefix,
                          unsigned depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    _cleanup_(close_directory) DIR *directory = fdopendir(fd);
    struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        char path[PATH_MAX];
        int r = 0;
        if (entry->d_name[0] == '.')
            continue;
        if (entry->d_type == DT_REG)
            r = load_file(site, fd, entry->d_name, prefix);
        else if (entry->d_type == DT_DIR && depth < DEPTH_MAX &&
                 snprintf(path, sizeof path, "%s/%s", prefix, entry->d_name) < (int)sizeof path)
            r = load_directory(site, fd, entry->d_name, path, depth + 1);
        if (r < 0)
            return r;
    }
    return directory ? 0 : -errno;
}

/* Tells the pages' script how strongly runs are isolated. Compressed it would not say so. */
static int mark_index(struct file *file, const char *tier)
{
    static const char root[] = "<div id=\"app\"";
    struct variant *plain = &file->variants[PLAIN];
    char *at = plain->bytes ? strstr(plain->bytes, root) : NULL;
    _cleanup_free_ char *marked = NULL;
    if (!at)
        return 0;
    size_t before = (size_t)(at - plain->bytes) + strlen(root);
    int n = asprintf(&marked, "%.*s data-isolation=\"%s\"%s", (int)before, plain->bytes, tier,
                     plain->bytes + before);
    if (n < 0)
        return -ENOMEM;
    free(plain->bytes);
    plain->bytes = steal_ptr(&marked);
    plain->n = (size_t)n;
    put_etag(plain, PLAIN);
    for (enum encoding e = GZIP; e < ENCODINGS; e++) {
        free(file->variants[e].bytes);
        file->variants[e].bytes = NULL;
    }
    return 0;
}

static int make_responses(struct file *file)
{
    bool page = has_suffix(file->path, ".html");
    for (enum encoding e = PLAIN; e < ENCODINGS; e++) {
        struct variant *v = &file->variants[e];
        if (!v->bytes)
            continue;
        v->response = make_response(file, e, v, POLICY("'none'"), false);
        v->not_modified = make_response(file, e, v, POLICY("'none'"), true);
        if (page)
            v->embed = make_response(file, e, v, POLICY("*"), false);
        if (!v->response || !v->not_modified || (page && !v->embed))
            return -ENOMEM;
    }
    return 0;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static const struct file *find_file(const struct site *site, const char *path)
{
    struct file wanted = {.path = (char *)path};
    const struct file *file =
        bsearch(&wanted, site->files, site->count, sizeof site->files[0], by_path);
    return file && file->variants[PLAIN].bytes ? file : NULL;
}

int site_new(struct site **ret, const char *directory, const char *tier, struct err *err)
{
    struct site *site = calloc(1, sizeof *site);
    if (!site)
        return err_errno(err, ENOMEM, "pages");
    int r = load_directory(site, AT_FDCWD, directory, "", 0);
    if (r == -ENOENT) {
        log_line(LOG_WARNING, "there are no built pages in %s; the API is served all the same",
                 directory);
        r = 0;
    }
    for (size_t i = 0; r == 0 && i < site->count; i++) {
        if (strcmp(tier, "full") != 0 && strcmp(site->files[i].path, "/index.html") == 0)
            r = mark_index(&site->files[i], tier);
        if (r == 0)
            r = make_responses(&site->files[i]);
    }
    if (r < 0) {
        site_free(site);
        return err_errno(err, -r, "cannot read the pages in %s", directory);
    }
    qsort(site->files, site->count, sizeof site->files[0], by_path);
    site->index = find_file(site, "/index.html");
    *ret = site;
    return 0;
}

void site_free(struct site *site)
{
    if (!site)
        return;
    for (size_t i = 0; i < site->count; i++) {
        for (enum encoding e = PLAIN; e < ENCODINGS; e++) {
            struct variant *v = &site->files[i].variants[e];
            response_free(v->response);
            response_free(v->embed);
            response_free(v->not_modified);
            free(v->bytes);
        }
        free(site->files[i].path);
    }
    free(site);
}

static const struct variant *choose(const struct file *file, struct request *request)
{
    for (enum encoding e = BROTLI; e > PLAIN; e--)
        if (file->variants[e].bytes && request_accepts(request, encodings[e].name))
            return &file->variants[e];
    return &file->variants[PLAIN];
}

static void reply_file(const struct file *file, struct request *request, unsigned status)
{
    const struct variant *v = choose(file, request);
    const char *known = request_header(request, "If-None-Match");
    bool embedded = v->embed && strncmp(request_path(request), "/embed/", 7) == 0;
    if (v->embed && !embedded && session_offer(request))
        request_reply_header(request, "Cache-Control", "private, no-cache");
    if (status == 200 && known && (strcmp(known, "*") == 0 || strstr(known, v->etag)))
        request_reply_shared(request, 304, v->not_modified);
    else
        request_reply_shared(request, status, embedded ? v->embed : v->response);
}

const char *site_index(const struct site *site)
{
    return site->index ? site->index->variants[PLAIN].bytes : NULL;
}

void site_reply_headers(struct request *request)
{
    request_reply_header(request, "Content-Security-Policy", POLICY("'none'"));
    request_reply_header(request, "Referrer-Policy", "no-referrer");
}

static bool is_page(const char *path)
{
    static const char *const alone[] = {"/", "/history", "/help", "/w"};
    static const char *const prefixes[] = {"/s/", "/r/", "/c/", "/x/", "/w/", "/embed/r/"};
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++)
        if (strcmp(path, alone[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(path, prefixes[i], strlen(prefixes[i])) == 0)
            return path[strlen(prefixes[i])] != '\0';
    return false;
}

void site_reply(struct site *site, struct request *request)
{
    const char *path = request_path(request);
    const struct file *file = site->index ? find_file(site, path) : NULL;
    if (request_method(request) != METHOD_GET) {
        request_reply_header(request, "Allow", "GET, HEAD");
        problem_reply(request, 405, "pages can only be read");
    } else if (file) {
        reply_file(file, request, 200);
    } else if (site->index && (is_page(path) || !strchr(strrchr(path, '/'), '.'))) {
        reply_file(site->index, request, is_page(path) ? 200 : 404);
    } else if (!site->index && is_page(path)) {
        request_reply_text(request, 503, "text/plain; charset=utf-8",
                           "The pages are not built yet (make web). The API works: "
                           "/api/v1/scenarios\n");
    } else {
        problem_reply(request, 404, "there is nothing at this address");
    }
}
