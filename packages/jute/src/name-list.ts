import { JuteError } from './jute-error.ts';
import { Reader } from './reader.ts';
import { type Stat, statType } from './stat.ts';
import { string, type Type, vector } from './type.ts';

/** A list of children and their parent's Stat; each walk over the names reads them anew. */
export interface NameList {
  readonly names: Iterable<string>;
  readonly stat: Stat;
}

const names = vector(string);

/**
 * getChildren2's response for those who look at one name after the other: checked like any other, but
 * without a string for every name at once. It holds the frame.
 */
export const nameList: Type<NameList> = {
  least: names.least + statType.least,
  read(reader) {
    const start = reader.offset;
    const count = reader.count(string.least);
    for (let i = 0; i < count; i++) {
      const at = reader.offset;
      const length = reader.count(1);
      if (length < 0) throw new JuteError('unexpected-null', 'a string is null', at);
      reader.skip(length);
    }
    const bytes = reader.since(start);
    return { names: { [Symbol.iterator]: () => walk(bytes) }, stat: statType.read(reader) };
  },
  write(writer, value) {
    names.write(writer, [...value.names]);
    statType.write(writer, value.stat);
  },
};

function* walk(bytes: Buffer): Generator<string, undefined> {
  const reader = new Reader(bytes);
  const count = reader.int();
  for (let i = 0; i < count; i++) yield string.read(reader);
}
