// Follows one run: status and output over server-sent events, the trace as a stream of its chunks.
// Both go on where they were after a lost connection. A run that is done is simply fetched.
import { TraceDecoder, TraceError } from '../trace/decode';
import { Problem, eventsUrl, getOutput, getRun, openTrace } from './client';
import { runShape, segmentsShape } from './shape';
import type { Run, Segment } from './types';

export interface LiveHooks {
  run(run: Run): void;
  output(segments: readonly Segment[]): void;
  /** More events are in the decoder's log. */
  events(): void;
  failed(error: unknown): void;
}

const RETRY_MS = 500;
const RETRIES = 8;

const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

export class LiveRun {
  readonly decoder = new TraceDecoder();
  private readonly abort = new AbortController();
  private source: EventSource | null = null;

  constructor(readonly id: string, private readonly hooks: LiveHooks) {}

  async open(): Promise<void> {
    try {
      const run = await getRun(this.id);
      if (this.abort.signal.aborted) return;
      this.hooks.run(run);
      await (run.status === 'done' ? this.fetchAll() : this.follow());
    } catch (error) {
      this.fail(error);
    }
  }

  close(): void {
    this.abort.abort();
    this.source?.close();
  }

  private fail(error: unknown): void {
    if (!this.abort.signal.aborted) this.hooks.failed(error);
  }

  private async fetchAll(): Promise<void> {
    const output = getOutput(this.id, this.abort.signal).then((segments) => this.hooks.output(segments));
    await Promise.all([output, this.trace(false)]);
  }

  private async follow(): Promise<void> {
    // Whichever fails first is told, and the other is not left to fail unheard.
    const [run] = await Promise.all([this.listen(), this.trace(true)]);
    this.hooks.run(run);
  }

  /** Status and output; resolves with the whole run when it is done. */
  private listen(): Promise<Run> {
    const source = new EventSource(eventsUrl(this.id));
    this.source = source;
    return new Promise((resolve, reject) => {
      const on = (name: string, take: (data: unknown) => void): void => {
        source.addEventListener(name, (event) => {
          try {
            take(JSON.parse((event as MessageEvent<string>).data) as unknown);
          } catch (error) {
            reject(error);
          }
        });
      };
      on('status', (data) => this.hooks.run(runShape(data)));
      on('output', (data) => this.hooks.output(segmentsShape(data)));
      on('done', (data) => {
        source.close();
        resolve(runShape(data));
      });
      source.addEventListener('error', () => {
        if (source.readyState === EventSource.CLOSED) reject(new Problem(0, ''));
      });
    });
  }

  private async trace(follow: boolean): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        const known = this.decoder.offset;
        await this.read(await openTrace(this.id, known, follow, this.abort.signal));
        if (!follow || this.decoder.log.complete) return;
        follow = (await getRun(this.id)).status !== 'done';
        if (this.decoder.offset > known) tries = 0;
      } catch (error) {
        if (error instanceof TraceError || this.abort.signal.aborted) throw error;
        if (error instanceof Problem && error.status >= 400) throw error;
      }
      if (tries === RETRIES) throw new Problem(0, '');
      this.decoder.resume();
      await pause(RETRY_MS);
    }
  }

  private async read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.decoder.push(value);
      this.hooks.events();
    }
  }
}
