import { parentOf } from '@meshkeeper/zookeeper';
import { kindOf } from '../curator/kind.ts';
import { parseObject } from '../decode/json.ts';
import { MAX_DATA } from '../decode/problem.ts';
import type { Dialect, Recognised } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { serviceOf } from './decode-url.ts';
import { encodeProvider } from './encode.ts';
import { APPLICATIONS, CONFIGURATION, DEFAULT_ROOT } from './layout.ts';
import { DubboReading } from './reading.ts';
import { reviseProvider } from './revise.ts';
import { nameOf } from './service-key.ts';
import { parseUrl } from './url.ts';
import { decode } from './url-encoding.ts';

/** Apache Dubbo: the interface level and the application level as one registry. */
export const dubbo: Dialect = {
  name: 'dubbo',
  defaultRoot: DEFAULT_ROOT,
  trees(root) {
    if (root === DEFAULT_ROOT) return [root, APPLICATIONS];
    return root === '/' ? [root] : [root, CONFIGURATION];
  },
  reading: (options) => new DubboReading(options),
  recognise: (node) => recogniseUrl(node.path) ?? recogniseInstance(node),
  encode: encodeProvider,
  revise: reviseProvider,
};

/** `<root>/<interface>/providers/<url>`. */
function recogniseUrl(path: string): Recognised | undefined {
  const category = parentOf(path);
  if (!category.endsWith('/providers')) return undefined;
  const iface = parentOf(category);
  const text = decode(path.slice(category.length + 1));
  const url = text === undefined ? undefined : parseUrl(text);
  if (url === undefined || iface === '/') return undefined;
  const service = serviceOf(url);
  if (decode(iface.slice(iface.lastIndexOf('/') + 1)) !== service.interface) return undefined;
  return { root: parentOf(iface), service: nameOf(service) };
}

/** `/services/<application>/<ip:port>`, or with a registry group `<root>/<application>/<ip:port>`. */
function recogniseInstance({ path, data }: ZNode): Recognised | undefined {
  if (data.length > MAX_DATA || !data.includes('dubbo')) return undefined;
  const json = parseObject(data.toString());
  if (json === undefined || kindOf(json) !== 'dubbo') return undefined;
  const application = parentOf(path);
  const root = parentOf(application);
  if (application === '/' || path === '/') return undefined;
  return {
    root: root === APPLICATIONS ? DEFAULT_ROOT : root,
    service: application.slice(application.lastIndexOf('/') + 1),
  };
}
