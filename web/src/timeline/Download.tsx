// What is in sight, to take along: a file, a link, a piece of another page.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useApp } from '../store/app';
import { keepLinked } from '../store/keep';
import { embedPath } from '../store/route';
import type { RunStore } from '../store/run';
import { Menu } from '../ui/Menu';
import { CopyText } from '../ui/copy';
import { lazy } from '../ui/lazy';
import { writePlace } from './place';
import { objectName, taskName } from './sentences';
import type { Stage } from './stage';
import { placeOf } from './usePlace';

const QrDialog = lazy(async () => (await import('../ui/QrDialog')).QrDialog);

/** Of a PNG's pixels to those of the page, so that it is sharp in print. */
const SHARPNESS = 2;

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function toPng(svg: Blob, width: number, height: number): Promise<Blob | null> {
  const image = new Image();
  image.src = URL.createObjectURL(svg);
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width * SHARPNESS, height * SHARPNESS];
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return new Promise((resolve) => { canvas.toBlob(resolve, 'image/png'); });
}

/** The page around an embedded run chooses its height; this one fits most. */
const EMBED_HEIGHT = 560;

function embedCode(store: RunStore): string {
  const address = new URL(embedPath(store.id) + writePlace(placeOf(store)), location.href).href;
  return `<iframe src="${address.replaceAll('&', '&amp;')}" width="100%" height="${EMBED_HEIGHT}" style="border:0" title="Interleave"></iframe>`;
}

interface Props {
  readonly store: RunStore;
  readonly stage: Stage | null;
}

export function Download({ store, stage }: Props): JSX.Element {
  const app = useApp();
  const missed = useSignal(false);
  const linked = useSignal<string | null>(null);
  const download = async (kind: 'svg' | 'png'): Promise<void> => {
    if (stage === null) return;
    const code = await import('./picture').catch(() => null);
    missed.value = code === null;
    if (code === null) return;
    const { text, width, height } = code.svgOf(stage.picture({
      title: document.title,
      nameOf: (row) => (row.kind === 'task' ? taskName(store.model, row.id) : objectName(store.model, row.id)),
      groupOf: (group) => app.word('timeline.group', group),
    }));
    const svg = new Blob([text], { type: 'image/svg+xml' });
    const blob = kind === 'svg' ? svg : await toPng(svg, width, height);
    if (blob !== null) save(blob, `interleave-${store.id}.${kind}`);
  };
  return (
    <>
      <Menu label={app.t('timeline.download')} class="small-button">
        {(close) => (
          <>
            <CopyText text={() => location.href} label={app.t('timeline.copyView')} class="link-button" onCopy={keepLinked} />
            <button type="button" class="link-button" onClick={() => { close(); linked.value = location.href; }}>
              {app.t('qr.show')}
            </button>
            <CopyText
              text={() => embedCode(store)}
              label={app.t('timeline.copyEmbed')}
              class="link-button"
              onCopy={() => keepLinked(embedPath(store.id))}
            />
            {(['svg', 'png'] as const).map((kind) => (
              <button key={kind} type="button" class="link-button" onClick={() => { close(); void download(kind); }}>
                {app.t(`timeline.${kind}`)}
              </button>
            ))}
          </>
        )}
      </Menu>
      {missed.value && <span class="field-error" role="alert">{app.t('error.missed')}</span>}
      {linked.value !== null && (
        <QrDialog text={linked.value} title={app.t('qr.view')} close={() => { linked.value = null; }} />
      )}
    </>
  );
}
