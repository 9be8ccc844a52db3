// The workshops that were made or joined in this browser.
import type { JSX } from 'preact';
import { useApp } from '../store/app';
import { boardPath, workshopPath } from '../store/route';
import { readWorkshops, type KeptWorkshop } from '../store/workshops';
import { Link } from '../ui/controls';

function Line({ of }: { readonly of: KeptWorkshop }): JSX.Element {
  const app = useApp();
  return (
    <li>
      <Link to={workshopPath(of.id)}>{of.title}</Link>
      <span class="small muted">{of.id}</span>
      {of.name !== null && <span class="badge plain-badge">{app.t('workshop.as', { name: of.name })}</span>}
      {of.key !== null && <span class="badge going">{app.t('workshop.yours')}</span>}
      <Link to={boardPath(of.id)} class="small" label={app.t('workshop.boardOf', { title: of.title })}>{app.t('board.short')}</Link>
    </li>
  );
}

export function MyWorkshops(): JSX.Element | null {
  const app = useApp();
  const list = readWorkshops();
  if (list.length === 0) return null;
  return (
    <section>
      <h2>{app.t('workshop.mine')}</h2>
      <ul class="mine">{list.map((of) => <Line key={of.id} of={of} />)}</ul>
    </section>
  );
}
