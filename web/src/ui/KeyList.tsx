import type { JSX } from 'preact';
import { useApp } from '../store/app';
import { KEYS, type KeyGroup } from './keys';

function Group({ title, intro, keys }: KeyGroup): JSX.Element {
  const app = useApp();
  return (
    <section>
      <h3>{app.t(title)}</h3>
      <p class="muted small">{app.t(intro)}</p>
      <dl>
        {keys.map(([names, text]) => (
          <div key={text}>
            <dt>{names.map((name) => (name === '…' ? name : <kbd key={name}>{name}</kbd>))}</dt>
            <dd>{app.t(text)}</dd>
          </div>
        ))}
        {title === 'timeline.title' && (
          <div>
            <dt><kbd>{app.t('help.wheelKey')}</kbd></dt>
            <dd>{app.t('help.wheel')}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}

export function KeyList(): JSX.Element {
  return <>{KEYS.map((group) => <Group key={group.title} {...group} />)}</>;
}
