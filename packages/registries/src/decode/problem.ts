import { isIP } from 'node:net';
import type { Problem } from '@meshkeeper/mesh';
import type { Decoded } from '../dialect.ts';

/** No instance comes near this; reading megabytes of JSON would hold everything else up. */
export const MAX_DATA = 64 * 1024;

/** What can't be used, and why. */
export function problem(
  path: string,
  code: Problem['code'],
  message: string,
): Extract<Decoded, { type: 'problem' }> {
  return { type: 'problem', problem: { path, code, message } };
}

/** Why so much data is not even looked at; undefined when it is not too much. */
export function tooLarge(path: string, { length }: Buffer): Decoded | undefined {
  return length > MAX_DATA
    ? problem(path, 'too-large', `${length} bytes; an instance has at most ${MAX_DATA}`)
    : undefined;
}

/** Directories hold nothing, or the address of the host that made them: Curator's default data. */
export function isDirectoryData(data: Buffer): boolean {
  return data.length === 0 || (data.length < 100 && isIP(data.toString()) !== 0);
}
