// Keeps the address's fragment true to what the reader looks at, and the other way round.
import { effect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { RunStore } from '../store/run';
import { readPlace, selectionAt, writePlace, type Place, type PlaceSide } from './place';
import { spanView, viewEnd, viewStart } from './scale';
import type { Stage } from './stage';

const SETTLES_MS = 250;

/** What the reader looks at in one timeline. */
export function placeOf(store: RunStore): Place {
  const [view, selection] = [store.view.value, store.selection.value];
  return {
    span: view === null || store.following.value ? null : [viewStart(view), viewEnd(view)],
    at: selection === null ? null : {
      kind: selection.object === undefined ? 'task' : 'object', id: selection.object ?? selection.task,
      t: selection.t, event: selection.event >= 0,
    },
    pins: store.pins.value,
    folded: store.folded.value,
    marks: store.marks.value,
    item: store.item.value,
    ordered: store.ordered.value,
  };
}

/** Goes to a place, the selection once the events are there. */
function goThere(store: RunStore, stage: Stage, place: Place, side: PlaceSide): () => void {
  store.pins.value = place.pins;
  store.folded.value = place.folded;
  store.marks.value = place.marks;
  store.item.value = place.item;
  if (side === 'first') store.ordered.value = place.ordered;
  if (place.span !== null) {
    store.following.value = false;
    store.view.value = spanView(place.span, stage.view.width);
  }
  let open = true;
  void store.loaded.then(() => {
    const selection = selectionAt(store.model, place.at);
    if (open && selection !== null) store.selection.value = selection;
  });
  return () => { open = false; };
}

export function usePlace(store: RunStore, stage: Stage | null, side: PlaceSide | null): void {
  useEffect(() => {
    if (stage === null || side === null) return undefined;
    let stop = (): void => undefined;
    const follow = (): void => {
      stop();
      stop = goThere(store, stage, readPlace(location.hash, side), side);
    };
    // An address that says nothing leaves what the run before had, of which this is the next step.
    if (location.hash !== '') follow();
    addEventListener('hashchange', follow);
    return () => {
      stop();
      removeEventListener('hashchange', follow);
    };
  }, [stage, store]);
  useEffect(() => {
    if (stage === null || side === null) return undefined;
    const path = location.pathname;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = effect(() => {
      const place = placeOf(store);
      clearTimeout(timer);
      timer = setTimeout(() => {
        const fragment = writePlace(place, side, location.hash);
        // The reader may have gone on to another page meanwhile.
        if (location.pathname === path && location.hash !== fragment) {
          history.replaceState(history.state, '', location.pathname + location.search + fragment);
        }
      }, SETTLES_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [stage, store]);
}
