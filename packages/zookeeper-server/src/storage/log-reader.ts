import { ZooKeeperServerError } from '../server-error.ts';
import type { Txn } from '../tree/txn.ts';
import { LOG_MAGIC, laterBatch, recordAt } from './log-format.ts';

/** A log file's content. */
export interface LogSource {
  readonly file: string;
  readonly bytes: Buffer;
  /** The zxid in its name: that of its first transaction. */
  readonly first: bigint;
  /** Whether it is the newest: only that one may end in a torn record. */
  readonly newest: boolean;
}

/**
 * Gives the transactions of a log file to `each`, in order; returns the length of the good part.
 *
 * A bad record in the newest file is what a crash leaves behind, if nothing that was synced later
 * follows: it was never acknowledged, and is left out. Everywhere else it is damage, and refused.
 *
 * @throws ZooKeeperServerError `data-corrupt`.
 */
export function readLog(source: LogSource, each: (txn: Txn) => void): number {
  const { file, bytes, first, newest } = source;
  if (!bytes.subarray(0, LOG_MAGIC.length).equals(LOG_MAGIC)) {
    // A crash right after the file was made; nothing was synced into it.
    if (newest && bytes.length <= LOG_MAGIC.length) return 0;
    throw corrupt(file, 0, 'is no log of this server');
  }
  let offset = LOG_MAGIC.length;
  // The batch that the next record belongs to, if all is well.
  let batch = first;
  while (offset < bytes.length) {
    const record = recordAt(bytes, offset);
    if (record === undefined) {
      const later = laterBatch(bytes, offset + 1);
      if (newest && (later === undefined || later <= batch)) return offset;
      throw corrupt(file, offset, 'is damaged');
    }
    if (record.txn) each(record.txn);
    batch = record.last && record.txn ? record.txn.zxid + 1n : record.batch;
    offset = record.end;
  }
  return offset;
}

/** The error for damaged data: says where, and what can be done. */
export function corrupt(file: string, offset: number, what: string, cause?: unknown) {
  return new ZooKeeperServerError(
    'data-corrupt',
    `${file} ${what} at byte ${offset}. The server does not start, so as not to lose what was acknowledged after that point. Restore the data directory from a copy; or, to go on with the state before the damage, move this file and the newer log files and snapshots away.`,
    { cause },
  );
}
