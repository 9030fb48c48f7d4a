import { parentOf } from '@meshkeeper/zookeeper';
import { isHost, isPort } from '../decode/address.ts';
import { parseObject } from '../decode/json.ts';
import { MAX_DATA } from '../decode/problem.ts';
import type { Dialect, Recognised } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { encodeRegistration } from './encode.ts';
import { exampleOf, serviceOf } from './layout.ts';
import { parseEncodedName } from './path-encoding.ts';
import { NerveReading } from './reading.ts';
import { reviseInstance } from './revise.ts';

/** nerve's registrations: SmartStack. */
export const nerve: Dialect = {
  name: 'nerve',
  trees: (root) => [root],
  reading: (options) => new NerveReading(options),
  recognise,
  encode: encodeRegistration,
  revise: reviseInstance,
};

function recognise({ path, data }: ZNode): Recognised | undefined {
  const directory = parentOf(path);
  const name = path.slice(path.lastIndexOf('/') + 1);
  const plain = /_\d{10}$/.test(name) && data.length <= MAX_DATA;
  const json = parseEncodedName(name)?.json ?? (plain ? parseObject(data.toString()) : undefined);
  if (json === undefined || directory === '/') return undefined;
  if (!isHost(json.host) || !isPort(json.port) || typeof json.name !== 'string') return undefined;
  const service = serviceOf(directory).split('/').at(-1) ?? '';
  return exampleOf(directory) ?? { root: undefined, service };
}
