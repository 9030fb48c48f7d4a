import { parentOf } from '@meshkeeper/zookeeper';
import type { Dialect, Recognised } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { encodeRegistration, encodeService } from './encode.ts';
import { parseList, parseNode } from './node.ts';
import { SeedReading } from './reading.ts';
import { reviseList } from './revise.ts';

/** Services as lists, which apisix-seed brings to Apache APISIX. */
export const apisixSeed: Dialect = {
  name: 'apisix-seed',
  trees: (root) => [root],
  reading: (options) => new SeedReading(options),
  recognise,
  encode: encodeRegistration,
  encodeService,
  revise: reviseList,
};

function recognise({ path, data }: ZNode): Recognised | undefined {
  const root = parentOf(path);
  if (root === '/') return undefined;
  const list = parseList(data.toString()) ?? [];
  if (list.length === 0 || list.some((element) => typeof parseNode(element) === 'string'))
    return undefined;
  return { root, service: path.slice(root.length + 1), instances: list.length };
}
