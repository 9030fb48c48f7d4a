import { JuteError } from './jute-error.ts';
import { END, ERROR, partHeader } from './multi.ts';
import { readPartOperations } from './part-operations.ts';
import { statType } from './stat.ts';
import type { Type } from './type.ts';

/** The answer to one read of data: getData's response as it stands on the wire, or an error code. */
export type DataResult = Buffer | number;

const { opcode } = readPartOperations.getData;

/**
 * The answer to a multiRead of nothing but data, for those who keep it as it is: checked like any
 * other, but without an object for each of its parts. The buffers are views of the frame.
 */
export const dataResults: Type<readonly DataResult[]> = {
  least: partHeader.least,
  read(reader) {
    const read: DataResult[] = [];
    for (;;) {
      const at = reader.offset;
      const { type, done } = partHeader.read(reader);
      if (done) return read;
      if (type === ERROR) read.push(reader.int());
      else if (type === opcode) {
        const start = reader.offset;
        reader.skip(Math.max(reader.count(1), 0)); // the data; a view of it would be for nobody
        reader.skip(statType.least);
        read.push(reader.since(start));
      } else throw new JuteError('bad-multi', `result of type ${type}`, at);
    }
  },
  write(writer, values) {
    for (const value of values) {
      if (typeof value === 'number') {
        partHeader.write(writer, { type: ERROR, done: false, err: value });
        writer.int(value);
      } else {
        partHeader.write(writer, { type: opcode, done: false, err: 0 });
        writer.raw(value);
      }
    }
    partHeader.write(writer, END);
  },
};
