// A part of the pages whose code is fetched when it is first needed.
import type { FunctionComponent, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Failure, Missed } from './Failure';

export interface Lazy<P> {
  (props: P): JSX.Element | null;
  /** Fetches the code; null when it is here. One that does not come is told in the part's place. */
  prepare(): Promise<void> | null;
}

export function lazy<P extends object>(fetchCode: () => Promise<FunctionComponent<P>>): Lazy<P> {
  let Ready: FunctionComponent<P> | null = null;
  let coming: Promise<void> | null = null;
  const prepare = (): Promise<void> | null => {
    if (Ready !== null) return null;
    coming ??= fetchCode().then((code) => { Ready = code; }, () => undefined).then(() => { coming = null; });
    return coming;
  };
  const Part = (props: P): JSX.Element | null => {
    const [tried, setTried] = useState(false);
    const drawn = Ready !== null;
    useEffect(() => {
      // The code may have come since.
      if (!drawn) void Promise.resolve(prepare()).then(() => setTried(true));
    }, []);
    if (Ready !== null) return <Ready {...props} />;
    return tried ? <div class="missed"><Failure error={new Missed()} /></div> : null;
  };
  return Object.assign(Part, { prepare });
}
