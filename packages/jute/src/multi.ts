import { JuteError } from './jute-error.ts';
import type { Operation } from './operation.ts';
import { partOperations, readPartOperations } from './part-operations.ts';
import type { Reader } from './reader.ts';
import { bool, int, record, type Type, type ValueOf } from './type.ts';
import type { Writer } from './writer.ts';

type Table = Readonly<Record<string, Operation<unknown, unknown>>>;
type PartOf<T extends Table> = {
  [K in keyof T & string]: { readonly op: K; readonly request: ValueOf<T[K]['request']> };
}[keyof T & string];
type ResultOf<T extends Table> = {
  [K in keyof T & string]: { readonly op: K; readonly response: ValueOf<T[K]['response']> };
}[keyof T & string];

/** One operation of a multi. */
export type MultiPart = PartOf<typeof partOperations>;
/** One operation of a multiRead. */
export type MultiReadPart = PartOf<typeof readPartOperations>;
/** The answer to one operation: its response, or an error code of `ErrorCode`. */
export type MultiResult =
  | ResultOf<typeof partOperations & typeof readPartOperations>
  | { readonly op: 'error'; readonly err: number };

/** The `type` of a part that failed. */
export const ERROR = -1;
/** In front of every part, of requests and of answers. */
export const partHeader = record({ type: int, done: bool, err: int });
/** Behind the last part. */
export const END = { type: -1, done: true, err: -1 };

/** Repeated {header, operation}, closed by a header that says `done`. */
function parts<T extends Table>(table: T): Type<readonly PartOf<T>[]> {
  const rows = Object.entries(table) as [string, Operation<unknown, unknown>][];
  const byOpcode = new Map(rows.map(([op, row]) => [row.opcode, { op, request: row.request }]));
  return {
    least: partHeader.least,
    read(reader: Reader) {
      const read: { op: string; request: unknown }[] = [];
      for (;;) {
        const at = reader.offset;
        const { type, done } = partHeader.read(reader);
        // The table pairs each name with its request's type, which the compiler can't follow.
        if (done) return read as unknown as PartOf<T>[];
        const row = byOpcode.get(type);
        if (row === undefined)
          throw new JuteError('bad-multi', `operation ${type} can't stand in this multi`, at);
        read.push({ op: row.op, request: row.request.read(reader) });
      }
    },
    write(writer: Writer, values) {
      for (const { op, request } of values) {
        const row = table[op] as Operation<unknown, unknown>;
        partHeader.write(writer, { type: row.opcode, done: false, err: -1 });
        row.request.write(writer, request);
      }
      partHeader.write(writer, END);
    },
  };
}

export const multiRequest: Type<readonly MultiPart[]> = parts(partOperations);
export const multiReadRequest: Type<readonly MultiReadPart[]> = parts(readPartOperations);

const results = { ...partOperations, ...readPartOperations };
const resultRows = Object.entries(results) as [keyof typeof results, Operation<unknown, unknown>][];
const resultsByOpcode = new Map(resultRows.map(([op, row]) => [row.opcode, { op, row }]));

/**
 * Answers in the order of the parts. When a multi failed, every one is an error: OK before the
 * culprit, its own code, RUNTIME_INCONSISTENCY after it. createTTL and createContainer are
 * answered as create2, as the original does.
 */
export const multiResponse: Type<readonly MultiResult[]> = {
  least: partHeader.least,
  read(reader) {
    const read: MultiResult[] = [];
    for (;;) {
      const at = reader.offset;
      const { type, done } = partHeader.read(reader);
      if (done) return read;
      if (type === ERROR) {
        read.push({ op: 'error', err: reader.int() });
        continue;
      }
      const found = resultsByOpcode.get(type);
      if (found === undefined) throw new JuteError('bad-multi', `result of type ${type}`, at);
      const response = found.row.response.read(reader);
      read.push({ op: found.op, response } as MultiResult);
    }
  },
  write(writer, values) {
    for (const value of values) {
      if (value.op === 'error') {
        partHeader.write(writer, { type: ERROR, done: false, err: value.err });
        writer.int(value.err);
        continue;
      }
      const op = value.op === 'createTTL' || value.op === 'createContainer' ? 'create2' : value.op;
      const row = results[op] as Operation<unknown, unknown>;
      partHeader.write(writer, { type: row.opcode, done: false, err: 0 });
      row.response.write(writer, value.response);
    }
    partHeader.write(writer, END);
  },
};
