import { randomUUID } from 'node:crypto';
import type { OwnDeed } from '@meshkeeper/config';
import type { AuditEntry } from '../audit/audit-entry.ts';
import type { AuditLog } from '../audit/audit-log.ts';

/** Where what is done is told. */
export type AuditSink = Pick<AuditLog, 'append'>;

/** Characters of a text that are kept. */
const LONG = 300;

/** What the control plane has done by itself, as the audit has it. */
export function tellOwn(
  audit: AuditSink,
  at: number,
  action: string,
  target: Readonly<Record<string, string>>,
  outcome: AuditEntry['outcome'] = 'done',
): void {
  const short = Object.entries(target).map(([name, text]) => [name, text.slice(0, LONG)]);
  audit.append({
    ...{ id: randomUUID(), at, kind: 'meshkeeper', by: 'meshkeeper' },
    ...{ action, target: Object.fromEntries(short), outcome },
  });
}

/** Tells what was done because it was due. */
export function tellDeed(audit: AuditSink, at: number, deed: OwnDeed): void {
  const { application, namespace } = deed;
  const ref = { application, namespace };
  switch (deed.type) {
    case 'abandoned': {
      const { gray, reason } = deed;
      tellOwn(audit, at, 'abandonConfigGray', { ...ref, gray, reason });
      break;
    }
    case 'published': {
      const { id, for: by, release } = deed;
      tellOwn(audit, at, 'publishConfig', { ...ref, id, for: by, release: String(release) });
      break;
    }
    case 'not-published': {
      const { id, for: by, reason } = deed;
      tellOwn(audit, at, 'publishConfig', { ...ref, id, for: by, reason }, 'failed');
    }
  }
}
