#include "tests/unit/test.h"

#include "sandbox/trace/chunk.h"
#include "sandbox/trace/kinds.h"
#include "sandbox/trace/shared.h"
#include "server/pictures/picture.h"
#include "tests/tools/read_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 64 << 20, PNG_MAX = 4 << 20 };

static struct painter *painter;

/* A number of the sequence that begins with *seed. */
static uint32_t draw(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

static uint32_t big_endian(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Draws it, and looks whether that is a PNG of the right size. INTERLEAVE_PICTURES keeps it there.
 */
static void draw_picture(const struct picture *picture, const char *name)
{
    _cleanup_buf_ struct buf png = BUF_INIT(PNG_MAX);
    struct err err = {0};
    if (!painter && painter_new(&painter, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(picture_draw(painter, picture, &png), 0);
    assert_true(png.len > 1000);
    assert_memory_equal(png.data, "\x89PNG\r\n\x1a\n", 8);
    assert_int_equal(big_endian(png.data + 16), PICTURE_WIDTH);
    assert_int_equal(big_endian(png.data + 20), PICTURE_HEIGHT);
    const char *folder = getenv("INTERLEAVE_PICTURES");
    char path[256];
    if (!folder || !name)
        return;
    snprintf(path, sizeof path, "%s/%s.png", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(png.data, 1, png.len, file), png.len);
    fclose(file);
}

/* Follows the trace both ways; when it can be followed every slice is looked at and drawn. */
static void look_at(const void *bytes, size_t n, bool controlled, bool drawn, const char *name)
{
    struct trace trace = {0};
    struct lanes lanes = {0};
    int r = trace_decode(&trace, bytes, n, NULL);
    if (r == 0 && controlled)
        r = trace_sort(&trace);
    if (r == 0)
        r = lanes_follow(&lanes, &trace, controlled);
    if (r == 0)
        r = lanes_finish(&lanes, lanes.last_ns + lanes.last_ns / 20, true);
    assert_true(r == 0 || r == -EBADMSG || r == -E2BIG);
    for (uint32_t task = 0; task < lanes.count; task++)
        for (uint32_t i = 1; i < lanes.lane[task].count; i++)
            assert_true(lanes.lane[task].slices[i - 1].start_ns <
                        lanes.lane[task].slices[i].start_ns);
    const struct picture picture = {.title = "Whatever came",
                                    .kind = "A free run",
                                    .badge = "Deadlock",
                                    .badge_tone = TONE_BAD,
                                    .trace = &trace,
                                    .lanes = &lanes};
    if (r == 0 && drawn)
        draw_picture(&picture, name);
    lanes_release(&lanes);
    trace_release(&trace);
}

void test_golden_trace(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf bytes = BUF_INIT(1 << 20);
    assert_int_equal(read_file("tests/golden/trace.bin", &bytes), 0);
    look_at(bytes.data, bytes.len, false, true, "golden");
    look_at(bytes.data, bytes.len, true, true, "golden-controlled");
}

void test_any_bytes(void **state)
{
    (void)state;
    char bytes[4096];
    uint64_t seed = 1;
    for (unsigned i = 0; i < 2000; i++) {
        size_t n = draw(&seed) % sizeof bytes;
        for (size_t k = 0; k < n; k++)
            bytes[k] = (char)draw(&seed);
        if (i % 2 && n >= 4)
            memcpy(bytes, "ILC1", 4);
        look_at(bytes, n, i % 4 < 2, true, NULL);
    }
}

/* A trace that was right but for some bytes: most are refused, some are followed. */
void test_changed_bytes(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf golden = BUF_INIT(1 << 20);
    uint64_t seed = 2;
    assert_int_equal(read_file("tests/golden/trace.bin", &golden), 0);
    _cleanup_free_ char *bytes = malloc(golden.len);
    for (unsigned i = 0; i < 5000; i++) {
        memcpy(bytes, golden.data, golden.len);
        for (uint32_t k = draw(&seed) % 8; k < 8; k++)
            bytes[draw(&seed) % golden.len] = (char)draw(&seed);
        look_at(bytes, golden.len, i % 2, i % 50 < 2, NULL);
    }
}

static const uint8_t kinds[] = {
#define EVENT(number, ...) number,
#include "sandbox/trace/kinds.def"
};

/* A well-formed trace in which anything happens. */
static void make_trace(uint32_t tasks, uint32_t events, uint64_t seed, struct buf *out)
{
    enum { OBJECTS = 6 };
    struct chunk_entry task[TRACE_TASKS_MAX] = {0}, object[OBJECTS] = {0};
    struct chunk_event *chunk = calloc(CHUNK_EVENTS_MAX, sizeof *chunk);
    uint64_t t = 0;
    assert_non_null(chunk);
    for (uint32_t i = 0; i < tasks; i++) {
        task[i] = (struct chunk_entry){.id = (uint16_t)i,
                                       .parent = i ? 0 : UINT16_MAX,
                                       .kind = (uint8_t)(1 + draw(&seed) % 3)};
        snprintf(task[i].name, sizeof task[i].name, "任务 <task> %u of many more", i);
    }
    for (uint32_t i = 0; i < OBJECTS; i++) {
        object[i] =
            (struct chunk_entry){.id = (uint16_t)i, .parent = UINT16_MAX, .kind = OBJECT_LOCK};
        snprintf(object[i].name, sizeof object[i].name, "lock %u", i);
    }
    for (uint32_t done = 0, n; done < events; done += n) {
        n = events - done < CHUNK_EVENTS_MAX ? events - done : CHUNK_EVENTS_MAX;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t at = done + i;
            chunk[i] = (struct chunk_event){
                .t_ns = t += draw(&seed) % 2000,
                .value = (int64_t)(draw(&seed) % (tasks + 2)) - 1,
                .cause = draw(&seed) % 8 ? 0 : draw(&seed) % (at + 1),
                .task = (uint16_t)(draw(&seed) % tasks),
                .object = draw(&seed) % 9 ? (uint16_t)(draw(&seed) % OBJECTS) : UINT16_MAX,
                .kind = kinds[draw(&seed) % sizeof kinds]};
            if (chunk[i].kind == EVENT_TASK_ENDED)
                chunk[i].kind = EVENT_LOCK_ACQUIRED;
        }
        struct chunk c = {
            .events = chunk, .event_count = n, .first = done, .last = done + n == events};
        if (done == 0) {
            c.tasks = task;
            c.task_count = tasks;
            c.objects = object;
            c.object_count = OBJECTS;
        }
        assert_int_equal(chunk_encode(&c, out), 0);
    }
    free(chunk);
}

void test_anything_happens(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {
        {1, 10}, {2, 300}, {13, 3000}, {256, 50000}, {TRACE_TASKS_MAX, 100000}, {12, 522240}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        _cleanup_buf_ struct buf bytes = BUF_INIT(BYTES_MAX);
        char name[64];
        make_trace(sizes[i][0], sizes[i][1], i, &bytes);
        snprintf(name, sizeof name, "%u-tasks", sizes[i][0]);
        look_at(bytes.data, bytes.len, false, true, name);
        look_at(bytes.data, bytes.len, true, true, NULL);
    }
}

/* One task takes locks again and again before it lets go: as quick as anything else. */
void test_locks_piled_up(void **state)
{
    (void)state;
    enum { EVENTS = 400000 };
    struct trace trace = {.event_count = EVENTS, .task_count = 1, .object_count = 2};
    struct lanes lanes;
    trace.events = calloc(EVENTS, sizeof *trace.events);
    trace.tasks = calloc(1, sizeof *trace.tasks);
    trace.objects = calloc(2, sizeof *trace.objects);
    for (uint32_t i = 0; i < EVENTS; i++)
        trace.events[i] = (struct chunk_event){.t_ns = i,
                                               .object = i % 3 == 0,
                                               .kind = i < EVENTS / 2 ? EVENT_LOCK_ACQUIRED
                                                                      : EVENT_LOCK_RELEASED};
    assert_int_equal(lanes_follow(&lanes, &trace, false), 0);
    assert_int_equal(lane_slice_at(&lanes.lane[0], EVENTS - 2)->state, LANE_HOLDING);
    assert_int_equal(lane_slice_at(&lanes.lane[0], EVENTS - 1)->state, LANE_RUNNING);
    lanes_release(&lanes);
    trace_release(&trace);
}

void test_a_column_shows_what_took_most_of_it(void **state)
{
    (void)state;
    struct lane_slice slices[] = {{10, ABOUT_NOTHING, LANE_READY},
                                  {20, ABOUT_NOTHING, LANE_RUNNING},
                                  {26, ABOUT_NOTHING, LANE_WAITING},
                                  {60, ABOUT_NOTHING, LANE_DONE}};
    const struct lane lane = {.slices = slices, .count = 4};
    uint8_t columns[10];
    static const uint8_t expected[] = {LANE_NONE,    LANE_READY,   LANE_RUNNING, LANE_WAITING,
                                       LANE_WAITING, LANE_WAITING, LANE_DONE,    LANE_DONE,
                                       LANE_DONE,    LANE_DONE};
    lane_columns(&lane, 100, 10, columns);
    assert_memory_equal(columns, expected, sizeof expected);
    assert_null(lane_slice_at(&lane, 9));
    assert_int_equal(lane_slice_at(&lane, 25)->state, LANE_RUNNING);
    assert_int_equal(lane_slice_at(&lane, 1000)->state, LANE_DONE);
}

/* Where there is not room for all, those that something went wrong with are shown. */
void test_tasks_with_marks_come_first(void **state)
{
    (void)state;
    struct chunk_entry tasks[6] = {{.kind = TASK_PROCESS}, {.kind = TASK_THREAD},
                                   {.kind = TASK_THREAD},  {.kind = TASK_PROCESS},
                                   {.kind = TASK_THREAD},  {.kind = TASK_COROUTINE}};
    struct lane_mark marks[] = {{.task = 5}, {.task = 2}};
    const struct trace trace = {.tasks = tasks, .task_count = 6};
    const struct lanes lanes = {.marks = marks, .mark_count = 2};
    uint16_t chosen[6];
    assert_int_equal(lanes_choose(&lanes, &trace, 3, chosen), 3);
    assert_memory_equal(chosen, ((uint16_t[]){0, 2, 5}), 3 * sizeof *chosen);
    assert_int_equal(lanes_choose(&lanes, &trace, 1, chosen), 1);
    assert_int_equal(chosen[0], 2);
    assert_int_equal(lanes_choose(&lanes, &trace, 9, chosen), 6);
    assert_memory_equal(chosen, ((uint16_t[]){0, 3, 1, 2, 4, 5}), 6 * sizeof *chosen);
}

void test_too_many_tasks_are_refused(void **state)
{
    (void)state;
    struct trace trace = {.task_count = TRACE_TASKS_MAX + 1};
    struct lanes lanes;
    assert_int_equal(lanes_follow(&lanes, &trace, false), -E2BIG);
    lanes_release(&lanes);
}

/* Texts of any length and kind, nothing where something could be. */
void test_any_texts(void **state)
{
    (void)state;
    char longest[5000];
    memset(longest, 'w', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    static const char bad[] = "\xff\xfe<b>\x01\x1b[31m\n\n\xe2\x80\xae reversed \xf0\x9f\xa7\xb5";
    const char *const texts[] = {NULL,
                                 "",
                                 "Title",
                                 longest,
                                 bad,
                                 "一个很长很长的标题，长到一行放不下，两行也放不下，"
                                 "因为它一直一直一直一直说下去，从来没有打算停下来的意思，真的"};
    const size_t count = sizeof texts / sizeof texts[0];
    for (size_t i = 0; i < count * count; i++) {
        const char *a = texts[i % count], *b = texts[i / count];
        const struct picture_bar bars[] = {{a ? a : "", b ? b : "", TONE_GOOD, 1},
                                           {b ? b : "", a ? a : "", TONE_BAD, 0}};
        char name[32];
        struct picture picture = {.language = i % LANGUAGES,
                                  .title = a,
                                  .kind = b,
                                  .badge = b,
                                  .result = a,
                                  .remark = b,
                                  .remark_tone = TONE_NOTABLE,
                                  .summary = a,
                                  .lesson = b};
        snprintf(name, sizeof name, "texts-%zu", i);
        draw_picture(&picture, name);
        picture.code = b;
        draw_picture(&picture, NULL);
        picture.bars = bars;
        picture.bar_count = 2;
        picture.more_bars = i;
        draw_picture(&picture, NULL);
    }
}

/* The last of them: lets go of what draws. */
void test_zz_end(void **state)
{
    (void)state;
    painter_free(painter);
    painter = NULL;
    painter_free(NULL);
}
