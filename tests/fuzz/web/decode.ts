// Gives bytes to the pages' decoder of traces. It takes them or throws a TraceError, whatever pieces
// they come in, and thinks of them as the server's decoder does (tests/tools/decode.c).
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TraceDecoder, TraceError } from '../../../web/src/trace/decode';

const SERVERS = process.env.DECODE ?? 'build/tests/decode';

interface Verdict {
  readonly good: boolean;
  readonly events: number;
  readonly reason?: string;
}

/** The server's decoder, asked through two named pipes, since a fuzzer cannot wait. */
class Peer {
  private readonly to: number;
  private readonly from: number;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'interleave-decode-'));
    const [to, from] = [join(folder, 'to'), join(folder, 'from')];
    execFileSync('mkfifo', [to, from]);
    const child = spawn('sh', ['-c', 'exec "$0" <"$1" >"$2"', SERVERS, to, from], { stdio: 'inherit' });
    child.unref();
    this.to = openSync(to, 'w');
    this.from = openSync(from, 'r');
    rmSync(folder, { recursive: true });
  }

  ask(bytes: Uint8Array): Verdict {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    for (const part of [length, bytes])
      for (let at = 0; at < part.length; ) at += writeSync(this.to, part, at);
    const said = Buffer.alloc(5);
    for (let at = 0; at < said.length; ) {
      const n = readSync(this.from, said, at, said.length - at, null);
      if (n === 0) throw new Error(`${SERVERS} is gone`);
      at += n;
    }
    return { good: said[0] === 1, events: said.readUInt32LE(1) };
  }
}

let peer: Peer | undefined;

/** What lies in memory for it is in proportion to what came. */
function checkMemory(decoder: TraceDecoder, bytes: number): void {
  const { log } = decoder;
  if (log.t.length > Math.max(1024, bytes)) throw new Error(`${log.t.length} places for ${bytes} bytes`);
  if (log.tasks.length + log.objects.length > 2048) throw new Error('longer tables than there may be');
}

function decode(bytes: Uint8Array, piece: number): Verdict {
  const decoder = new TraceDecoder();
  let [good, known, reason] = [true, 0, ''];
  try {
    for (let at = 0; at < bytes.length; at += piece) known += decoder.push(bytes.subarray(at, at + piece));
    decoder.end();
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    [good, reason] = [false, error.message];
  }
  checkMemory(decoder, bytes.length);
  if (good && (known !== decoder.log.count || decoder.offset !== bytes.length)) throw new Error('miscounted');
  return { good, events: good ? decoder.log.count : 0, reason };
}

/** What sort of answer it is: the reason without its numbers, or how large the trace is. */
export function heard({ reason, events }: Verdict): string {
  return reason ? reason.replace(/-?\d+(\.\d+e\+\d+)?/g, '#') : `a trace of 2^${Math.ceil(Math.log2(events + 1))} events`;
}

export function fuzz(data: Buffer): Verdict {
  const bytes = new Uint8Array(data); // a copy: what is read beyond it is not there
  const whole = decode(bytes, bytes.length || 1);
  const inPieces = decode(bytes, 1 + (bytes.length % 97));
  peer ??= new Peer();
  const servers = peer.ask(bytes);
  for (const other of [inPieces, servers])
    if (other.good !== whole.good || other.events !== whole.events)
      throw new Error(`page ${JSON.stringify({ whole, inPieces })}, server ${JSON.stringify(servers)}`);
  return whole;
}
