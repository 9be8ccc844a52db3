// Above a run that belongs to a workshop: which step it is, the way back and the way on.
import type { JSX } from 'preact';
import { getWorkshop } from '../api/workshops';
import type { Seat } from '../api/types';
import { useApp } from '../store/app';
import { boardPath, workshopPath } from '../store/route';
import { Link } from '../ui/controls';
import { useLoaded } from '../ui/useLoaded';

export function WorkshopStrip({ seat }: { readonly seat: Seat }): JSX.Element {
  const app = useApp();
  const { value } = useLoaded(seat.id, () => getWorkshop(seat.id));
  const workshop = value.value;
  const count = workshop?.steps.length ?? null;
  return (
    <nav class="workshop-strip" aria-label={app.t('workshop.short')}>
      <p>
        {workshop !== null && <strong>{workshop.title}</strong>}{' '}
        {count === null ? app.t('workshop.step', { step: seat.step + 1 }) : app.t('workshop.stepOf', { step: seat.step + 1, count })}
        {' · '}{seat.name}
      </p>
      <p class="actions">
        <Link to={workshopPath(seat.id, seat.step)} class="small-button">{app.t('workshop.back')}</Link>
        <Link to={boardPath(seat.id)} class="small-button">{app.t('board.short')}</Link>
        {count !== null && seat.step + 1 < count && (
          <Link to={workshopPath(seat.id, seat.step + 1)} class="small-button">{app.t('workshop.next')}</Link>
        )}
      </p>
    </nav>
  );
}
