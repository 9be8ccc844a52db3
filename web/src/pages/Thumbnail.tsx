// The lanes of a scenario's latest run, small. Fetched when the card comes into sight.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { listRuns, openTrace } from '../api/client';
import { useApp } from '../store/app';
import { fillColumns } from '../timeline/columns';
import { SUB_ROWS } from '../timeline/palette';
import { stripImage } from '../timeline/strip';
import { TraceDecoder } from '../trace/decode';
import { advance, newModel, type Model } from '../trace/model';

const LANES_MOST = 6;
const LANE = 14;
const HEIGHT = LANES_MOST * LANE;

async function latestModel(scenario: string, signal: AbortSignal): Promise<Model | null> {
  const [run] = await listRuns({ scenario, ended: 'completed', limit: '1' });
  if (run === undefined) return null;
  const reader = (await openTrace(run.id, 0, false, signal)).getReader();
  const decoder = new TraceDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    decoder.push(value);
  }
  const model = newModel(decoder.log);
  model.alone = run.schedule.mode !== 'free';
  advance(model);
  return model;
}

function paint(canvas: HTMLCanvasElement, model: Model): void {
  const width = canvas.clientWidth;
  const lanes = model.lanes.slice(0, LANES_MOST);
  const small = document.createElement('canvas');
  [small.width, small.height] = [width, lanes.length * SUB_ROWS];
  const [context, to] = [small.getContext('2d'), canvas.getContext('2d')];
  if (context === null || to === null || lanes.length === 0 || width === 0) return;
  const states = new Uint8Array(width);
  lanes.forEach((lane, i) => {
    fillColumns(lane, model.until / width, model.until, 0, width, states, 0);
    context.putImageData(stripImage(context, states), 0, i * SUB_ROWS);
  });
  [canvas.width, canvas.height] = [width, HEIGHT];
  to.imageSmoothingEnabled = false;
  const top = Math.floor((HEIGHT - lanes.length * LANE) / 2);
  lanes.forEach((_, i) => {
    to.drawImage(small, 0, i * SUB_ROWS, width, SUB_ROWS, 0, top + i * LANE + 3, width, SUB_ROWS);
  });
}

export function Thumbnail({ scenario }: { readonly scenario: string }): JSX.Element {
  const app = useApp();
  const ref = useRef<HTMLCanvasElement>(null);
  const model = useSignal<Model | null>(null);
  const none = useSignal(false);
  const dark = app.dark.value;
  useEffect(() => {
    const canvas = ref.current;
    if (canvas === null) return undefined;
    const abort = new AbortController();
    const observer = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) return;
      observer.disconnect();
      // A card without a picture is still a card.
      latestModel(scenario, abort.signal).then((found) => {
        model.value = found;
        none.value = found === null;
      }, () => undefined);
    });
    observer.observe(canvas);
    return () => {
      observer.disconnect();
      abort.abort();
    };
  }, [scenario]);
  useEffect(() => {
    if (ref.current !== null && model.value !== null) paint(ref.current, model.value);
  }, [model.value, dark]);
  return (
    <div class="thumbnail">
      <canvas ref={ref} aria-hidden="true" />
      {none.value && <span>{app.t('gallery.fresh')}</span>}
    </div>
  );
}
