import { joinPath } from '@meshkeeper/zookeeper';
import { decode, encode } from './url-encoding.ts';

/** Where the applications of Dubbo's own registry group stand; other groups have them below their root. */
export const APPLICATIONS = '/services';
/** Where configuration stands, whatever the registry group. */
export const CONFIGURATION = '/dubbo/config/dubbo';
/** The root of Dubbo's own registry group. */
export const DEFAULT_ROOT = '/dubbo';

/** What an interface's znodes are sorted into. */
export const CATEGORIES = ['providers', 'consumers', 'configurators', 'routers'] as const;
export type Category = (typeof CATEGORIES)[number];

/** What a znode is by its path. */
export type Place =
  /** A URL of an interface. */
  | {
      readonly type: 'url';
      readonly interface: string;
      readonly category: Category;
      readonly node: string;
    }
  /** An instance of an application, if its data is one. */
  | { readonly type: 'instance'; readonly application: string }
  /** The applications that provide an interface. */
  | { readonly type: 'mapping'; readonly interface: string }
  /** That an application calls an interface, if its data is of that. */
  | { readonly type: 'caller'; readonly interface: string; readonly application: string }
  /** What a revision of an application provides. */
  | { readonly type: 'metadata'; readonly application: string; readonly revision: string }
  /** A rule of the configuration centre. */
  | { readonly type: 'rule'; readonly key: string };

/** What stands at a path; undefined for directories and for what is none of ours. */
export function placeOf(root: string, path: string): Place | undefined {
  const rule = inside(CONFIGURATION, path);
  if (rule !== undefined) return rule.length === 1 ? { type: 'rule', key: rule[0]! } : undefined;
  const application = root === DEFAULT_ROOT ? inside(APPLICATIONS, path) : undefined;
  const parts = application ?? inside(root, path);
  if (parts === undefined) return undefined;
  const [first = '', second = '', third = ''] = parts;
  if (application === undefined) {
    if (first === 'mapping') return parts.length === 2 ? mapping(second) : undefined;
    if (first === 'metadata' && parts.length <= 3)
      return parts.length === 3
        ? { type: 'metadata', application: second, revision: third }
        : undefined;
    if (first === 'metadata') return caller(parts);
    if (first === 'config')
      return parts.length === 3 && second === 'dubbo' ? { type: 'rule', key: third } : undefined;
    if (parts.length === 3 && isCategory(second)) {
      const name = decode(first);
      return name === undefined
        ? undefined
        : { type: 'url', interface: name, category: second, node: third };
    }
  }
  if (parts.length !== 2 || isCategory(second)) return undefined;
  return { type: 'instance', application: first };
}

/** Where a URL is registered. */
export function urlPath(root: string, iface: string, category: Category, url: string): string {
  return joinPath(joinPath(joinPath(root, encode(iface)), category), encode(url));
}

/** Where an instance of an application is registered. */
export function instancePath(root: string, application: string, id: string): string {
  const directory = root === DEFAULT_ROOT ? APPLICATIONS : root;
  return joinPath(joinPath(directory, application), id);
}

/** `metadata/<interface>[/<version>][/<group>]/consumer/<application>`. */
function caller(parts: readonly string[]): Place | undefined {
  const iface = decode(parts[1] ?? '');
  const application = parts.at(-1) ?? '';
  return iface === undefined || parts.length > 6 || parts.at(-2) !== 'consumer'
    ? undefined
    : { type: 'caller', interface: iface, application };
}

function mapping(name: string): Place | undefined {
  const iface = decode(name);
  return iface === undefined ? undefined : { type: 'mapping', interface: iface };
}

function isCategory(name: string): name is Category {
  return (CATEGORIES as readonly string[]).includes(name);
}

/** The parts of a path below a root. */
function inside(root: string, path: string): string[] | undefined {
  const prefix = root === '/' ? '/' : `${root}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length).split('/') : undefined;
}
