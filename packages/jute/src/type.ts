import { JuteError } from './jute-error.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** How a value of `T` stands on the wire. */
export interface Type<T> {
  /** Size in bytes of the smallest value: bounds the count of a vector of these. */
  readonly least: number;
  read(reader: Reader): T;
  write(writer: Writer, value: T): void;
}

/** The value that a type describes. */
export type ValueOf<T> = T extends Type<infer V> ? V : never;

export const bool: Type<boolean> = {
  least: 1,
  read: (reader) => reader.bool(),
  write: (writer, value) => writer.bool(value),
};

export const int: Type<number> = {
  least: 4,
  read: (reader) => reader.int(),
  write: (writer, value) => writer.int(value),
};

export const long: Type<bigint> = {
  least: 8,
  read: (reader) => reader.long(),
  write: (writer, value) => writer.long(value),
};

/** A long that holds milliseconds, as a number. */
export const time: Type<number> = {
  least: 8,
  read: (reader) => reader.time(),
  write: (writer, value) => writer.time(value),
};

/** Bytes or null; a znode without data has null, one with empty data an empty buffer. */
export const buffer: Type<Buffer | null> = {
  least: 4,
  read: (reader) => reader.buffer(),
  write: (writer, value) => writer.buffer(value),
};

/** A string that must be there. */
export const string: Type<string> = {
  least: 4,
  read(reader) {
    const at = reader.offset;
    const value = reader.string();
    if (value === null) throw new JuteError('unexpected-null', 'a string is null', at);
    return value;
  },
  write: (writer, value) => writer.string(value),
};

/** A string or null. */
export const nullableString: Type<string | null> = {
  least: 4,
  read: (reader) => reader.string(),
  write: (writer, value) => writer.string(value),
};

/** A counted list. Null reads as empty: ZooKeeper's own code treats both alike. */
export function vector<T>(element: Type<T>): Type<readonly T[]> {
  return {
    least: 4,
    read(reader) {
      const count = reader.count(element.least);
      const values: T[] = [];
      for (let i = 0; i < count; i++) values.push(element.read(reader));
      return values;
    },
    write(writer, values) {
      writer.int(values.length);
      for (const value of values) element.write(writer, value);
    },
  };
}

type Fields = Readonly<Record<string, Type<unknown>>>;
type RecordOf<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> };

/** A record: its fields in the order they are written down. */
export function record<F extends Fields>(fields: F): Type<RecordOf<F>> {
  const names = Object.keys(fields);
  // The loop handles each value with its own field's type, which the compiler can't follow.
  const types = Object.values(fields) as Type<unknown>[];
  return {
    least: types.reduce((sum, type) => sum + type.least, 0),
    read(reader) {
      const value: Record<string, unknown> = {};
      for (let i = 0; i < names.length; i++) value[names[i]!] = types[i]!.read(reader);
      return value as RecordOf<F>;
    },
    write(writer, value) {
      for (let i = 0; i < names.length; i++)
        types[i]!.write(writer, (value as Record<string, unknown>)[names[i]!]);
    },
  };
}

/** Nothing at all. */
export const nothing: Type<void> = { least: 0, read() {}, write() {} };
