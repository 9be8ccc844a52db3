#include "server/base/background.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct background {
    pthread_t thread;
    pthread_mutex_t pieces_lock; /* guards the rest */
    pthread_cond_t changed;
    struct piece *first, **last;
    unsigned waiting, waiting_max;
    unsigned made, made_max;
    bool ending;
};

/* The next piece to perform, counted as made; NULL at the end. */
static struct piece *take(struct background *b)
{
    pthread_mutex_lock(&b->pieces_lock);
    while (!(b->first && b->made < b->made_max) && !(b->ending && !b->first))
        pthread_cond_wait(&b->changed, &b->pieces_lock);
    struct piece *piece = b->first;
    if (piece) {
        b->first = piece->next;
        if (!b->first)
            b->last = &b->first;
        b->waiting--;
        b->made++;
    }
    pthread_mutex_unlock(&b->pieces_lock);
    return piece;
}

static void *work(void *cls)
{
    struct piece *piece;
    while ((piece = take(cls)))
        piece->perform(piece);
    return NULL;
}

int background_new(struct background **ret, unsigned made, unsigned waiting, struct err *err)
{
    struct background *b = calloc(1, sizeof *b);
    if (!b)
        return err_errno(err, ENOMEM, "background");
    b->last = &b->first;
    b->made_max = made;
    b->waiting_max = waiting;
    pthread_mutex_init(&b->pieces_lock, NULL);
    pthread_cond_init(&b->changed, NULL);
    int r = pthread_create(&b->thread, NULL, work, b);
    if (r != 0) {
        free(b);
        return err_errno(err, r, "cannot start a thread");
    }
    *ret = b;
    return 0;
}

void background_free(struct background *b)
{
    if (!b)
        return;
    pthread_mutex_lock(&b->pieces_lock);
    b->ending = true;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->pieces_lock);
    pthread_join(b->thread, NULL);
    pthread_cond_destroy(&b->changed);
    pthread_mutex_destroy(&b->pieces_lock);
    free(b);
}

int background_submit(struct background *b, struct piece *piece)
{
    pthread_mutex_lock(&b->pieces_lock);
    bool full = b->waiting == b->waiting_max;
    if (!full) {
        piece->next = NULL;
        *b->last = piece;
        b->last = &piece->next;
        b->waiting++;
        pthread_cond_signal(&b->changed);
    }
    pthread_mutex_unlock(&b->pieces_lock);
    return full ? -EAGAIN : 0;
}

void background_gone(struct background *b)
{
    pthread_mutex_lock(&b->pieces_lock);
    b->made--;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->pieces_lock);
}
