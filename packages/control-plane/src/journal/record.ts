import type { Endpoint, Service } from '@meshkeeper/mesh';
import { decodeLine, encodeLine } from './checked-line.ts';
import type { ServiceDelta } from './delta.ts';

/** A line of a journal. A file is one `begin`, that many services, one `end`, then commits. */
export type JournalRecord =
  | {
      readonly type: 'begin';
      /** The process that has written it; older ones don't say. */
      readonly run?: string;
      readonly revision: number;
      /** Milliseconds since the epoch. */
      readonly at: number;
      /** The sources whose part in it is complete. */
      readonly sources: readonly string[];
    }
  | { readonly type: 'service'; readonly service: Service }
  | { readonly type: 'end'; readonly services: number }
  | {
      readonly type: 'commit';
      readonly revision: number;
      readonly at: number;
      readonly changes: readonly ServiceDelta[];
    };

/** A record as a line: its checksum, then JSON. */
export function encodeRecord(record: JournalRecord): string {
  return encodeLine(JSON.stringify(record, asText));
}

/** The record of a line without its end; undefined when it isn't one, or not as it was written. */
export function decodeRecord(line: string): JournalRecord | undefined {
  const json = decodeLine(line);
  if (json === undefined) return undefined;
  // What has its checksum was written by `encodeRecord`.
  const record = JSON.parse(json) as JournalRecord;
  if (record.type === 'service') revive(record.service.endpoints);
  if (record.type === 'commit')
    for (const delta of record.changes) if ('set' in delta) revive(delta.set);
  return record;
}

function asText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** Transaction ids are text in JSON. */
function revive(endpoints: readonly Endpoint[]): void {
  for (const { origin } of endpoints) {
    const { czxid, mzxid } = origin;
    if (czxid !== undefined) Object.assign(origin, { czxid: BigInt(czxid) });
    if (mzxid !== undefined) Object.assign(origin, { mzxid: BigInt(mzxid) });
  }
}
