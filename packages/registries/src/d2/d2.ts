import { parseObject } from '../decode/json.ts';
import { MAX_DATA } from '../decode/problem.ts';
import type { Dialect, Recognised } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { weightsOf } from './decode.ts';
import { encodeRegistration } from './encode.ts';
import { D2Reading } from './reading.ts';
import { reviseAnnouncement } from './revise.ts';

/** LinkedIn's D2, of Rest.li. */
export const d2: Dialect = {
  name: 'd2',
  defaultRoot: '/d2',
  trees: (root) => [root],
  reading: (options) => new D2Reading(options),
  recognise,
  encode: encodeRegistration,
  revise: reviseAnnouncement,
};

/** An announcement tells its cluster, and stands below `uris`. */
function recognise({ path, data }: ZNode): Recognised | undefined {
  const [, root, cluster] = /^(.*)\/uris\/([^/]+)\/[^/]+$/.exec(path) ?? [];
  if (cluster === undefined || data.length > MAX_DATA) return undefined;
  const json = parseObject(data.toString());
  if (json?.clusterName !== cluster || weightsOf(json) === undefined) return undefined;
  return { root: root === '' ? '/' : root, service: cluster };
}
