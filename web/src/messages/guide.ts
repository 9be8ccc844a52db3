// The guide's own texts in both languages: they come with its page.
import type { Language } from '../store/prefs';

const en = {
  'guide.lanes.title': 'A lane for every task',
  'guide.lanes': 'Time goes from left to right, and every process, thread and coroutine has a lane. Colour and shape say what it is doing. Nothing is drawn that was not recorded by the program itself while it ran.',
  'guide.running': 'It has a processor, or could have one at any moment.',
  'guide.ready': 'It was made, or may go on, and has not begun yet.',
  'guide.waiting': 'Somebody else has to do something first. Select it and read who.',
  'guide.io': 'It waits at a pipe, for data or for room.',
  'guide.holding': 'It runs and has a lock that others may want.',
  'guide.asleep': 'It sleeps, of its own will.',
  'guide.done': 'It has ended; its lane goes on until the run does.',
  'guide.error': 'It failed, was killed, or waits for ever.',
  'guide.arrows.title': 'Arrows say why',
  'guide.arrows': 'An arrow goes from what one task did to what that let another one do: from `put` to `get`, from release to acquire, from start to the first breath. Select an event, then go along the arrows with `[` and `]`.',
  'guide.objects.title': 'Locks, queues and their like',
  'guide.objects': 'Below the tasks is a strip for each object: a lock in its owner’s colour, a queue as high as it is full, and above it how many tasks wait for it. Select one, with the arrow keys too, and read who has it and who waits.',
  'guide.replay.title': 'Once more, slowly',
  'guide.replay': 'Press play below the lanes, or go from event to event. Lanes, output, details and the wait-for graph are always of the same moment. “By order” gives every event the same room, so that a microsecond shows as well as a second.',
  'guide.outcomes.title': 'What came out',
  'guide.outcomes': 'Every scenario declares what may come out: as it should be, worth a look, or wrong. A concurrent program may have several outcomes from the same source; running it once shows one of them.',
  'guide.schedules.title': 'Choose who runs when',
  'guide.schedules': 'Free runs are left to the kernel. Under a schedule one task runs at a time and something else decides at every operation: a die, priorities, turns, or you. Such a run repeats exactly, from the token in its link.',
  'guide.explore.title': 'All there is',
  'guide.explore': 'Exploring executes every order that differs in something anybody could see, and lists each outcome with a witness: a run you can open and step through. Repeating shows how often this machine really does it.',
  'guide.links.title': 'Everything has a link',
  'guide.links': 'A setup is whole in its address. A run keeps its link, and the part after `#` is what you look at: zoom, selection, marks and pinned lanes. Send it, and the other sees what you see.',
} as const;

export type GuideKey = keyof typeof en;

const zhCN: Readonly<Record<GuideKey, string>> = {
  'guide.lanes.title': '每个任务一条泳道',
  'guide.lanes': '时间从左到右，每个进程、线程、协程各占一条泳道。颜色和花纹表示它在做什么。画出来的一切都是程序运行时自己记录的，没有一处是示意。',
  'guide.running': '正在占用处理器，或者随时可以占用。',
  'guide.ready': '已经创建或已经可以继续，但还没轮到。',
  'guide.waiting': '要等别人先做某件事。选中它，就能看到在等谁。',
  'guide.io': '停在管道上，等数据或等空位。',
  'guide.holding': '正在运行，并且持有别人可能想要的锁。',
  'guide.asleep': '自己主动休眠。',
  'guide.done': '已经结束，泳道一直画到整次运行结束。',
  'guide.error': '出错了、被终止了，或者永远等不到。',
  'guide.arrows.title': '箭头说明原因',
  'guide.arrows': '箭头从一个任务做的事，指向因此得以发生的另一件事：从 `put` 到 `get`，从释放锁到获得锁，从启动到真正开始。选中一个事件，用 `[` 和 `]` 沿着箭头走。',
  'guide.objects.title': '锁、队列等对象',
  'guide.objects': '任务下面，每个对象各有一条：锁用持有者的颜色画，队列画出里面有多少，上方的细条是有多少任务在等它。选中一条（用方向键也行），就能读到谁占着它、谁在等它。',
  'guide.replay.title': '再慢慢放一遍',
  'guide.replay': '点泳道下方的播放，或者一个事件一个事件地走。泳道、输出、详情和等待图始终是同一时刻。“按顺序”让每个事件占同样的宽度，一微秒和一秒看起来一样清楚。',
  'guide.outcomes.title': '结果',
  'guide.outcomes': '每个场景都声明了可能的结果：符合预期、值得留意，或是不应发生。同一份并发程序可能有多种结果，运行一次只看到其中一种。',
  'guide.schedules.title': '决定谁先运行',
  'guide.schedules': '自由运行时由内核决定。选择调度之后，同一时刻只有一个任务在运行，每一步操作由别的东西决定：随机数、优先级、轮流，或者你自己。这样的运行凭链接里的令牌就能一步不差地重现。',
  'guide.explore.title': '所有可能',
  'guide.explore': '穷举会执行所有看得出差别的顺序，列出每一种结果，并各给一个例证：一次可以打开、可以单步走的运行。重复运行则告诉你，这台机器上实际多久出现一次。',
  'guide.links.title': '一切都有链接',
  'guide.links': '一份设置完整地写在地址里。每次运行都有自己的链接，`#` 后面是你正在看的：缩放、选中、标记和固定的泳道。发给别人，他看到的就是你看到的。',
};

export const GUIDE: Readonly<Record<Language, Readonly<Record<GuideKey, string>>>> = { en, 'zh-CN': zhCN };
