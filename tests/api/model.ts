// The pages' own model of a trace, for comparison with the server's.
import { TraceDecoder } from '../../web/src/trace/decode';
import { advance, newModel } from '../../web/src/trace/model';

export interface Slice {
  readonly task: number;
  readonly start: number;
  readonly state: number;
}

export function slicesOf(bytes: Uint8Array, controlled: boolean): Slice[] {
  const decoder = new TraceDecoder();
  decoder.push(bytes);
  decoder.end();
  const model = newModel(decoder.log);
  model.alone = controlled;
  advance(model);
  return model.lanes.flatMap((lane, task) => Array.from({ length: lane.count }, (_, i) => (
    { task, start: lane.start[i], state: lane.state[i] })));
}
