// The width of an element in CSS pixels, so that charts are drawn at their size and text is not scaled.
import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

export function useWidth<T extends Element>(first: number): readonly [RefObject<T | null>, Signal<number>] {
  const ref = useRef<T>(null);
  const width = useSignal(first);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry.contentRect.width > 0) width.value = Math.round(entry.contentRect.width);
    });
    observer.observe(element);
    return () => observer.disconnect();
  });
  return [ref, width];
}
