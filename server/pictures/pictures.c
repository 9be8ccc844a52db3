#include "server/pictures/pictures.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kept {
    char name[PICTURE_NAME_SIZE]; /* "": a free place */
    struct buf png;
    uint64_t asked; /* for the how manieth time anything was, when this was last */
};

struct pictures {
    pthread_mutex_t kept_lock; /* guards the rest */
    uint64_t asked;
    size_t bytes;
    struct kept kept[PICTURES_MOST];
};

struct pictures *pictures_new(void)
{
    struct pictures *p = calloc(1, sizeof *p);
    if (p)
        pthread_mutex_init(&p->kept_lock, NULL);
    return p;
}

static void drop(struct pictures *p, struct kept *kept)
{
    p->bytes -= kept->png.len;
    buf_release(&kept->png);
    kept->name[0] = '\0';
    kept->asked = 0;
}

void pictures_free(struct pictures *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < PICTURES_MOST; i++)
        drop(p, &p->kept[i]);
    pthread_mutex_destroy(&p->kept_lock);
    free(p);
}

static struct kept *find(struct pictures *p, const char *name)
{
    for (size_t i = 0; i < PICTURES_MOST; i++)
        if (strcmp(p->kept[i].name, name) == 0)
            return &p->kept[i];
    return NULL;
}

bool pictures_find(struct pictures *p, const char *name, struct buf *out)
{
    pthread_mutex_lock(&p->kept_lock);
    struct kept *kept = find(p, name);
    bool found = kept && buf_add(out, kept->png.data, kept->png.len) == 0;
    if (found)
        kept->asked = ++p->asked;
    pthread_mutex_unlock(&p->kept_lock);
    return found;
}

/* That which was not asked for the longest: a free place before all, unless it is to be in use. */
static struct kept *oldest(struct pictures *p, bool in_use)
{
    struct kept *oldest = NULL;
    for (size_t i = 0; i < PICTURES_MOST; i++)
        if ((!in_use || p->kept[i].name[0]) && (!oldest || p->kept[i].asked < oldest->asked))
            oldest = &p->kept[i];
    return oldest;
}

void pictures_keep(struct pictures *p, const char *name, const struct buf *png)
{
    struct buf copy = BUF_INIT(PICTURES_BYTES);
    if (buf_add(&copy, png->data, png->len) < 0)
        return;
    pthread_mutex_lock(&p->kept_lock);
    struct kept *place = find(p, name);
    while (p->bytes + png->len > PICTURES_BYTES)
        drop(p, oldest(p, true));
    if (!place)
        place = oldest(p, false);
    drop(p, place);
    snprintf(place->name, sizeof place->name, "%s", name);
    place->png = copy;
    place->asked = ++p->asked;
    p->bytes += copy.len;
    pthread_mutex_unlock(&p->kept_lock);
}
