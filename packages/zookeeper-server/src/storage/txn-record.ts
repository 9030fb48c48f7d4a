import { aclType, JuteError, type Reader, type Writer } from '@meshkeeper/jute';
import type { Change, NodeChange, Txn } from '../tree/txn.ts';

/** The number that stands for each kind of change in files. Never reuse one. */
const Kind = {
  create: 1,
  delete: 2,
  setData: 3,
  setACL: 4,
  check: 5,
  multi: 6,
  createSession: 7,
  closeSession: 8,
} as const satisfies Record<Change['type'], number>;

/** Writes a transaction as it stands in the log. */
export function writeTxn(writer: Writer, { zxid, time, sessionId, change }: Txn): void {
  writer.long(zxid);
  writer.time(time);
  writer.long(sessionId);
  writer.int(Kind[change.type]);
  switch (change.type) {
    case 'multi':
      writer.int(change.changes.length);
      for (const part of change.changes) {
        writer.int(Kind[part.type]);
        writeNodeChange(writer, part);
      }
      return;
    case 'createSession':
      writer.int(change.timeout);
      writer.buffer(change.password);
      return;
    case 'closeSession':
      writer.int(change.paths.length);
      for (const path of change.paths) writer.string(path);
      return;
    default:
      writeNodeChange(writer, change);
  }
}

/** @throws JuteError if the bytes are no transaction. */
export function readTxn(reader: Reader): Txn {
  const zxid = reader.long();
  const time = reader.time();
  const sessionId = reader.long();
  return { zxid, time, sessionId, change: readChange(reader, reader.int()) };
}

function writeNodeChange(writer: Writer, change: NodeChange): void {
  writer.string(change.path);
  switch (change.type) {
    case 'create':
      writer.buffer(change.data);
      aclType.write(writer, change.acl);
      writer.long(change.owner);
      writer.int(change.parentCversion);
      return;
    case 'setData':
      writer.buffer(change.data);
      writer.int(change.version);
      return;
    case 'setACL':
      aclType.write(writer, change.acl);
      writer.int(change.version);
      return;
    case 'delete':
    case 'check':
  }
}

function readChange(reader: Reader, kind: number): Change {
  if (kind === Kind.multi)
    return { type: 'multi', changes: list(reader, 4, () => readNodeChange(reader, reader.int())) };
  if (kind === Kind.createSession)
    return { type: 'createSession', timeout: reader.int(), password: copy(reader.buffer()) };
  if (kind === Kind.closeSession)
    return { type: 'closeSession', paths: list(reader, 4, () => text(reader)) };
  return readNodeChange(reader, kind);
}

function readNodeChange(reader: Reader, kind: number): NodeChange {
  const path = text(reader);
  switch (kind) {
    case Kind.create: {
      const [data, acl] = [reader.buffer(), aclType.read(reader)];
      const [owner, parentCversion] = [reader.long(), reader.int()];
      return { type: 'create', path, data, acl, owner, parentCversion };
    }
    case Kind.setData:
      return { type: 'setData', path, data: reader.buffer(), version: reader.int() };
    case Kind.setACL:
      return { type: 'setACL', path, acl: aclType.read(reader), version: reader.int() };
    case Kind.delete:
      return { type: 'delete', path };
    case Kind.check:
      return { type: 'check', path };
    default:
      throw new JuteError('bad-multi', `a change of kind ${kind}`, reader.offset);
  }
}

/** A string that must be there. */
export function text(reader: Reader): string {
  const value = reader.string();
  if (value === null) throw new JuteError('unexpected-null', 'a string is null', reader.offset);
  return value;
}

/** A counted list. */
export function list<T>(reader: Reader, least: number, element: () => T): T[] {
  const count = reader.count(least);
  const elements: T[] = [];
  for (let i = 0; i < count; i++) elements.push(element());
  return elements;
}

function copy(bytes: Buffer | null): Buffer {
  return Buffer.from(bytes ?? []);
}
