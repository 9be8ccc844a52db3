// The tour's own texts in both languages: they come with it.
import type { Language } from '../store/prefs';

const en = {
  'tour.title': 'Guided tour',
  'tour.step': 'Step {at} of {count}',
  'tour.end': 'End the tour',
  'tour.back': 'Back',
  'tour.next': 'Next',
  'tour.done': 'Done',
  'tour.again': 'Start the tour again',
  'tour.elsewhere': 'You have gone another way. That is fine: look around, or start again.',
  'tour.choose.title': 'Choose a program',
  'tour.choose': 'Every card is a small concurrent program with its Python beside it. Let us take this one: two threads count with one counter.',
  'tour.guess.title': 'Guess',
  'tour.guess': 'Two threads, one adds and one subtracts the same number of times. What will the counter be? Choose what you expect.',
  'tour.run.title': 'Run it',
  'tour.run': 'The program is really executed, in a sandbox, and records what its tasks do. The knobs above change it.',
  'tour.lanes.title': 'A lane for every task',
  'tour.lanes': 'Colour and shape say what a task was doing. Click a lane to read it as a sentence, drag to move, Ctrl and wheel to zoom in.',
  'tour.replay.title': 'Once more, slowly',
  'tour.replay': 'Press play and watch: lanes, output and details follow. “By order” above gives every event the same room.',
  'tour.more.title': 'Now make it rare, or certain',
  'tour.more': '“Change and run” leads back to the knobs. There a schedule decides who runs when, and “every schedule” lists all outcomes there are. Compare two runs, or copy the link: others see exactly this.',
} as const;

export type TourKey = keyof typeof en;

const zhCN: Readonly<Record<TourKey, string>> = {
  'tour.title': '导览',
  'tour.step': '第 {at} 步，共 {count} 步',
  'tour.end': '结束导览',
  'tour.back': '上一步',
  'tour.next': '下一步',
  'tour.done': '完成',
  'tour.again': '重新开始导览',
  'tour.elsewhere': '你走到别处去了，没关系：可以随便看看，也可以重新开始。',
  'tour.choose.title': '选一个程序',
  'tour.choose': '每张卡片是一个小小的并发程序，旁边有对应的 Python 写法。我们看这一个：两个线程共用一个计数器。',
  'tour.guess.title': '先猜',
  'tour.guess': '两个线程，一个加、一个减，次数相同。最后计数器是多少？选出你认为会看到的。',
  'tour.run.title': '运行',
  'tour.run': '程序会在沙箱里真正执行，并记录每个任务做了什么。上面的参数都可以改。',
  'tour.lanes.title': '每个任务一条泳道',
  'tour.lanes': '颜色和花纹表示任务在做什么。点一下泳道，就能读到一句解释；拖动可以平移，按住 Ctrl 滚动可以放大。',
  'tour.replay.title': '再慢慢放一遍',
  'tour.replay': '点播放：泳道、输出和详情会一起走。上方的“按顺序”让每个事件占同样的宽度。',
  'tour.more.title': '让罕见的情况出现',
  'tour.more': '“修改参数再运行”会回到设置页。在那里可以用调度决定谁先运行，也可以穷举所有调度，列出全部可能的结果。还可以对比两次运行，或复制链接，让别人看到和你完全一样的画面。',
};

export const TOUR_TEXTS: Readonly<Record<Language, Readonly<Record<TourKey, string>>>> = { en, 'zh-CN': zhCN };
