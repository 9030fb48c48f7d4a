import { parentOf } from '@meshkeeper/zookeeper';
import { isObject, parseObject } from '../decode/json.ts';
import { MAX_DATA } from '../decode/problem.ts';
import type { Dialect, Recognised } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { encodeRegistration } from './encode.ts';
import { ServersetReading } from './reading.ts';
import { reviseEntry } from './revise.ts';

/** Finagle's serversets. */
export const serverset: Dialect = {
  name: 'serverset',
  trees: (root) => [root],
  reading: (options) => new ServersetReading(options),
  recognise,
  encode: encodeRegistration,
  revise: reviseEntry,
};

function recognise({ path, data }: ZNode): Recognised | undefined {
  const directory = parentOf(path);
  if (!/\/member_-?\d+$/.test(path) || directory === '/' || data.length > MAX_DATA)
    return undefined;
  if (!isObject(parseObject(data.toString())?.serviceEndpoint)) return undefined;
  return { root: undefined, service: directory.slice(directory.lastIndexOf('/') + 1) };
}
