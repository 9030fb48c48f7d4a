import {
  encode,
  type HInfoAnswer,
  type SoaAnswer,
  type SrvAnswer,
  type StringAnswer,
} from 'dns-packet';
import { HEADER } from './codes.ts';

/** A record that is answered; names are without their last dot. */
export type ResourceRecord = StringAnswer | SrvAnswer | SoaAnswer | HInfoAnswer;

/** Where the name of the question is in every answer: RFC 1035 4.1.4. */
const POINTER_TO_QUESTION = Buffer.from([0xc0, HEADER]);

/** A record as it is sent in the answer to a question of `name`, to which it points where that is its own. */
export function encodedRecord(record: ResourceRecord, name: string): Buffer {
  if (record.name !== name) return encode({ answers: [record] }).subarray(HEADER);
  const nameless = encode({ answers: [{ ...record, name: '.' }] }).subarray(HEADER + 1);
  return Buffer.concat([POINTER_TO_QUESTION, nameless]);
}
