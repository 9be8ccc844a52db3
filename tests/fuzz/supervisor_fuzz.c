/*
 * A run whose worker does what it likes with all that it has: the memory, its output, the word of
 * its end. The supervisor watches it, the run keeps what it leaves, and that can be taken along to
 * another server, where everything is checked once more: nothing of it may be refused there.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/hostile.h"
#include "tests/fuzz/program.h"

#include "sandbox/base/clock.h"
#include "sandbox/base/fd.h"
#include "sandbox/host/supervisor.h"
#include "sandbox/proto/output.h"
#include "server/runs/outcomes.h"
#include "server/runs/run.h"
#include "server/setups/setup.h"
#include "server/transfer/transfer_check.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>

enum { PRINT = OWN_DEEDS, PRINT_RAW, END, START, STEP, DEEDS };

/* What is asked for; the last two are searches. */
static const char *const asked[] = {
    "{\"scenario\":\"deadlock-two-locks\"}",
    "{\"scenario\":\"deadlock-two-locks\",\"schedule\":{\"mode\":\"random\",\"seed\":1}}",
    "{\"scenario\":\"race-counter\",\"schedule\":{\"mode\":\"free\"}}",
    "{\"scenario\":\"deadlock-two-locks\",\"schedule\":{\"mode\":\"round-robin\"}}",
    "{\"scenario\":\"deadlock-two-locks\"}",
    "{\"scenario\":\"deadlock-two-locks\"}",
};
enum { ASKED = sizeof asked / sizeof asked[0] };

static struct setup setups[ASKED];
static const struct isolation isolation = {.tier = "full", .layers = {"seccomp"}, .layer_count = 1};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < ASKED; i++) {
        struct doc *body;
        check(doc_parse(&body, asked[i], strlen(asked[i]), NULL) == 0);
        setup_read(&setups[i], program_catalog(), body, NULL);
        setup_read_schedule(&setups[i], doc_member(body, "schedule"));
        check(setups[i].errors.count == 0);
        doc_free(body);
    }
    setups[ASKED - 2].job.schedule.mode = SCHEDULE_EXPLORE;
    setups[ASKED - 1].job.schedule.mode = SCHEDULE_SHRINK;
    return 0;
}

/* ---- the worker ---- */

/* A worker's ends; the supervisor has the others. */
struct worker_side {
    struct trace_shared *shared;
    int gone, request, output, status;
};

static void make_pipe(int *read_end, int *write_end, int flags)
{
    int ends[2];
    check(pipe2(ends, O_CLOEXEC | flags) == 0);
    *read_end = ends[0];
    *write_end = ends[1];
}

static struct worker make_worker(struct worker_side *side)
{
    struct worker worker = {.pidfd = eventfd(0, EFD_CLOEXEC), .pid = getpid()};
    worker.memory = memfd_create("trace", MFD_CLOEXEC);
    check(worker.pidfd >= 0 && ftruncate(worker.memory, sizeof *side->shared) == 0);
    worker.epoll = epoll_create1(EPOLL_CLOEXEC);
    worker.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    side->gone = fcntl(worker.pidfd, F_DUPFD_CLOEXEC, 0);
    side->shared =
        mmap(NULL, sizeof *side->shared, PROT_READ | PROT_WRITE, MAP_SHARED, worker.memory, 0);
    check(side->shared != MAP_FAILED);
    make_pipe(&side->request, &worker.request, 0);
    make_pipe(&worker.output, &side->output, O_DIRECT | O_NONBLOCK);
    make_pipe(&worker.status, &side->status, O_NONBLOCK);
    return worker;
}

static void release_side(struct worker_side *side)
{
    munmap(side->shared, sizeof *side->shared);
    close_fd(&side->gone);
    close_fd(&side->request);
}

/* What does not fit the pipe is lost. */
static void print(const struct worker_side *side, struct input *in, bool framed)
{
    struct {
        struct output_frame frame;
        char text[255];
    } packet = {.frame = {.magic = OUTPUT_FRAME_MAGIC}};
    if (!framed) {
        size_t n = input_bytes(in, packet.text, input_byte(in));
        (void)!write(side->output, packet.text, n);
        return;
    }
    packet.frame.task = input_word(in);
    packet.frame.t_ns = input_number(in);
    packet.frame.length = (uint16_t)input_bytes(in, packet.text, input_byte(in));
    (void)!write(side->output, &packet, sizeof packet.frame + packet.frame.length);
}

static void end(const struct worker_side *side, struct input *in)
{
    struct worker_status status = {.wait_status = input_word(in),
                                   .ended_ns = clock_ns() - input_word(in)};
    (void)!write(side->status, &status, input_byte(in) % 2 ? sizeof status : input_byte(in) % 16);
}

/* ---- the server ---- */

struct watch {
    struct run *run;
    struct outcomes outcomes;
};

static void on_output(void *context, const struct output_piece *piece)
{
    struct watch *watch = context;
    check(piece->task < TRACE_TASKS_MAX || piece->task == TRACE_NO_TASK);
    check(piece->t_ns <= TRACE_TIME_MOST && piece->length <= OUTPUT_FRAME_MAX);
    run_add_output(watch->run, piece);
}

static void on_chunks(void *context, const void *bytes, size_t n)
{
    struct watch *watch = context;
    run_add_chunks(watch->run, bytes, n);
}

static void on_explored(void *context, const struct trace_explored *explored)
{
    struct watch *watch = context;
    _cleanup_buf_ struct buf text = BUF_INIT(8 << 20);
    struct jsonw w = JSONW(&text);
    struct doc *doc;
    check(outcomes_take(&watch->outcomes, explored) == 0);
    outcomes_write(&watch->outcomes, &w);
    check(doc_parse(&doc, text.data, text.len, NULL) == 0);
    doc_free(doc);
}

static const struct supervisor_hooks hooks = {on_output, on_chunks, on_explored};

static void take_along(const struct run *run)
{
    struct store_run row = run->record;
    struct store_data data = {.output = &run->output,
                              .segments = &run->segments,
                              .trace = &run->packed,
                              .trace_raw_bytes = run->trace.len};
    struct transfer_bounds bounds = transfer_bounds(&LIMITS_DEFAULT);
    struct transfer_reader reader;
    struct transfer_record record;
    struct transfer_run taken;
    struct err err = {0};
    char *file;
    size_t n;
    FILE *stream = open_memstream(&file, &n);
    row.schedule = row.schedule_then ? row.schedule_then : row.schedule;
    check(transfer_put_run(stream, &row, &data) == 0 && fclose(stream) == 0);
    stream = fmemopen(file, n, "r");
    transfer_reader_init(&reader, stream, &bounds);
    check(transfer_read(&reader, &record, NULL) == 0);
    if (transfer_check_run(&taken, &record, program_catalog(), &err) < 0) {
        fprintf(stderr, "%s\n%.*s\n", err.text, (int)n, file);
        abort();
    }
    transfer_run_release(&taken);
    transfer_record_release(&record);
    transfer_reader_release(&reader);
    fclose(stream);
    free(file);
}

static void act(struct supervisor *supervisor, const struct worker_side *side, struct input *in)
{
    struct hostile *hostile = malloc(sizeof *hostile);
    hostile_begin(hostile, side->shared, in);
    side->shared->start_ns = clock_ns();
    while (in->left > 0) {
        unsigned deed = input_byte(in) % DEEDS;
        if (deed < OWN_DEEDS)
            hostile_do(hostile, deed, in);
        else if (deed == PRINT || deed == PRINT_RAW)
            print(side, in, deed == PRINT);
        else if (deed == END)
            end(side, in);
        else if (deed == START)
            side->shared->start_ns = clock_ns();
        else
            check(!supervisor_step(supervisor));
    }
    free(hostile);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct input in = {bytes, n};
    struct worker_side side;
    unsigned before = open_fds();
    struct worker worker = make_worker(&side);
    struct supervisor *supervisor;
    const struct setup *setup = &setups[input_byte(&in) % ASKED];
    struct limits limits = LIMITS_DEFAULT;
    static const struct store_seat nowhere;
    struct watch watch = {
        .run = run_new(setup->scenario, &setup->job, "", &nowhere, NULL, &limits, "{}")};
    bool hurried = input_byte(&in) % 2;
    limits.wall_ns = hurried ? 0 : limits.wall_ns;
    limits.output_bytes = 1000;
    check(supervisor_new(&supervisor, &worker, &setup->job, &limits, &hooks, &watch, NULL) == 0);
    act(supervisor, &side, &in);
    close_fd(&side.output);
    close_fd(&side.status);
    eventfd_write(side.gone, 1);
    check(supervisor_step(supervisor));
    run_started(watch.run);
    run_ended(watch.run, supervisor_report(supervisor), &isolation);
    if (!schedule_is_search(setup->job.schedule.mode))
        take_along(watch.run);
    supervisor_free(supervisor);
    outcomes_release(&watch.outcomes);
    run_unref(watch.run);
    release_side(&side);
    check(open_fds() == before);
    return 0;
}
