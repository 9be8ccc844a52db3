#include "scenarios/scenario.h"

#include <inttypes.h>
#include <string.h>

/* One frame of the chain; the last one is the leaf. */
struct frame {
    int64_t below; /* frames below it */
    struct transcript *transcript;
};

/* What was said, which must not depend on the notation. */
struct transcript {
    struct words words;
    int64_t sent, got, sum;
};

/* async def func(): gets numbers until it gets None, and returns their sum */
static void leaf(struct generator *self, void *argument)
{
    struct frame *frame = argument;
    int64_t sum = 0;
    struct yielded sent;
    while (yield(self, &sum, &sent) && sent.some) {
        sum += sent.number;
        frame->transcript->got++;
        print("func: got %" PRId64 ", sum %" PRId64, sent.number, sum);
    }
    generator_return(self, sum);
}

static void delegate(struct generator *self, void *argument);

static struct generator *call_below(struct frame *frame, struct frame *ret)
{
    *ret = (struct frame){frame->below - 1, frame->transcript};
    return ret->below == 0 ? generator_new("func", leaf, ret)
                           : generator_new(text("test %" PRId64, ret->below), delegate, ret);
}

/* yield and send by hand: every value is taken from one side and given to the other. */
static bool pass_by_hand(struct generator *self, struct generator *inner, struct yielded *ret)
{
    enum generator_status status = generator_next(inner, ret);
    while (status == GENERATOR_YIELDED) {
        struct yielded sent;
        if (!yield(self, &ret->number, &sent))
            return false;
        status = generator_send(inner, sent.some ? &sent.number : NULL, ret);
    }
    return true;
}

/* async def test(): return await func() */
static void delegate(struct generator *self, void *argument)
{
    struct frame below;
    struct generator *inner = call_below(argument, &below);
    struct yielded result = {0};
    bool returned = is("style", "yield-send") ? pass_by_hand(self, inner, &result)
                                              : yield_from(self, inner, &result);
    if (returned)
        generator_return(self, result.number);
}

/* The one who drives: sends the numbers, then None, and takes what comes back. */
static void drive(struct transcript *t, struct generator *outermost)
{
    struct yielded out;
    generator_next(outermost, &out);
    for (int64_t i = 1; i <= integer("rounds"); i++) {
        t->sent++;
        generator_send(outermost, &i, &out);
        words_add(&t->words, "%" PRId64, out.number);
        print("caller: sent %" PRId64 ", got %" PRId64, i, out.number);
    }
    if (generator_send(outermost, NULL, &out) == GENERATOR_STOPPED)
        t->sum = out.number;
    print("caller: StopIteration, value %" PRId64, t->sum);
}

static void judge(const struct transcript *t)
{
    int64_t rounds = integer("rounds"), right = 0, sum = 0;
    struct words expected = {0};
    for (int64_t i = 1; i <= rounds; i++)
        words_add(&expected, "%" PRId64, sum += i);
    right = strcmp(words_text(&t->words), words_text(&expected)) == 0;
    check_number("values-sent-and-got", t->sent, t->got);
    check("same-transcript", right, words_short(&expected, 60), words_short(&t->words, 60));
    check_number("value-of-the-expression", sum, t->sum);
    outcome("passed-through", "value=%" PRId64, t->sum);
}

static void run(void)
{
    struct transcript t = {0};
    struct frame top = {integer("depth"), &t}, below;
    if (is("style", "asyncio-coroutine")) {
        print("AttributeError: module 'asyncio' has no attribute 'coroutine'");
        outcome("removed", "AttributeError");
        return;
    }
    if (is("mistake", "await-outside-async")) {
        print("SyntaxError: 'await' outside async function");
        outcome("syntax-error", "SyntaxError");
        return;
    }
    struct generator *outermost = call_below(&top, &below);
    if (is("mistake", "forgot-await")) {
        check_number("nothing-ran", 0, t.got);
        if (!generator_started(outermost)) {
            print("RuntimeWarning: coroutine 'test' was never awaited");
            outcome("never-awaited", "nothing ran");
        }
        return;
    }
    drive(&t, outermost);
    judge(&t);
}

SCENARIO(yield_from_to_await) = {
    .id = "yield-from-to-await",
    .family = FAMILY_COROUTINES,
    .number = 49,
    .title = {"From yield/send to yield from to async/await", "从 yield from 到 async/await"},
    .summary =
        {"A caller sends numbers into a chain of coroutines; only the last one does anything with "
         "them. With yield and send every frame in between has to take each value and pass it on; "
         "`yield from` and `await` let it go straight through, and give back what the inner one "
         "returns. What is said is the same.",
         "调用者把数送进一串协程，只有最里面的那个真正处理。用 yield 和 send "
         "时，中间每一层都要把值接过来再传下去；`yield from` 与 `await` "
         "让值直接穿过去，并得到内层的返回值。打印出来的对话完全一样。"},
    .lesson = {"await is yield from with a clearer name.", "await 就是写法更清楚的 yield from。"},
    .python = "import types\n"
              "\n"
              "@types.coroutine\n"
              "def receive(total):\n"
              "    return (yield total)\n"
              "\n"
              "async def func():\n"
              "    total = 0\n"
              "    while (x := await receive(total)) is not None:\n"
              "        total += x\n"
              "    return total\n"
              "\n"
              "async def test():\n"
              "    return await func()            # def test(): return (yield from func())\n"
              "\n"
              "c = test()\n"
              "c.send(None)\n"
              "for i in 1, 2, 3: print(c.send(i))\n"
              "try: c.send(None)\n"
              "except StopIteration as e: print(e.value)\n",
    .concepts = CONCEPTS(188, 192, 193),
    .chart = CHART_TURNS,
    .params = PARAMS(
        CHOICE("style", "yield-from", "Notation", "写法",
               "By hand, or by a keyword. @asyncio.coroutine was removed in Python 3.11.",
               "手工传递，或用关键字。@asyncio.coroutine 在 Python 3.11 中已移除。",
               {"yield-send", {"yield and send, by hand", "手工 yield 与 send"}},
               {"yield-from", {"yield from", "yield from"}},
               {"async-await", {"async and await", "async 与 await"}},
               {"types-coroutine", {"@types.coroutine", "@types.coroutine"}},
               {"asyncio-coroutine",
                {"@asyncio.coroutine (removed)", "@asyncio.coroutine（已移除）"}}),
        INTEGER("depth", 1, 32, "2", "Depth", "深度", "Coroutines in the chain.", "链上的协程数。"),
        INTEGER("rounds", 1, 100, "3", "Numbers", "数的个数", "How many are sent.",
                "送进去多少个数。"),
        CHOICE("mistake", "none", "Mistake", "错误",
               "Without await a coroutine is made and never runs; outside an async function await "
               "is no word. Either happens every time.",
               "忘了 await，协程只被创建而不会运行；在 async 函数之外 await "
               "是语法错误。两种情况每次都会发生。",
               {"none", {"none", "无"}}, {"forgot-await", {"await forgotten", "忘了 await"}},
               {"await-outside-async", {"await outside async def", "在 async 函数之外 await"}})),
    .outcomes =
        OUTCOMES(OUTCOME("passed-through", "value=*", NULL, CLASS_ACCEPTABLE,
                         "Every value went through the chain, and the return value came back.",
                         "每个值都穿过了整条链，返回值也传了回来。"),
                 OUTCOME("never-awaited", "nothing ran", "mistake=forgot-await", CLASS_INTERESTING,
                         "The call made a coroutine; nobody awaited it, so nothing ran.",
                         "调用只创建了协程；没有人 await，什么也没运行。"),
                 OUTCOME("syntax-error", "SyntaxError", "mistake=await-outside-async",
                         CLASS_INTERESTING, "Python refuses the program before it runs.",
                         "Python 在运行之前就拒绝了这个程序。"),
                 OUTCOME("removed", "AttributeError", "style=asyncio-coroutine", CLASS_INTERESTING,
                         "The decorator does not exist any more.", "这个装饰器已经不存在了。")),
    .checks = CHECKS(CHECK("values-sent-and-got", "Values that came through", "传到的值"),
                     CHECK("same-transcript", "What the caller got for each", "调用者每次得到的值"),
                     CHECK("value-of-the-expression", "What the chain returned", "整条链的返回值"),
                     CHECK("nothing-ran", "Values that came through", "传到的值")),
    .run = run,
};
