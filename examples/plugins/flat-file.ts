/**
 * A dialect of your own, as `plugins:` in meshkeeper.yaml loads it: a znode holds a service, and each of
 * its lines an instance. `/flat/orders`:
 *
 *   10.0.0.1:8080 weight=5
 *   [fd00::1]:8080 zone=b
 */
import { isIPv6 } from 'node:net';
import {
  DEFAULT_WEIGHT,
  type Endpoint,
  type Locality,
  type Problem,
  type Service,
} from '@meshkeeper/mesh';
import {
  type Dialect,
  type Reading,
  type ReadingOptions,
  type Registration,
  RegistryError,
  type ZNode,
} from '@meshkeeper/registries';
import { CreateMode } from '@meshkeeper/zookeeper';

const flatFile: Dialect = {
  name: 'flat-file',
  defaultRoot: '/flat',
  trees: (root) => [root],
  reading: (options) => new FlatReading(options),
  // For `meshkeeper discover`: all of it has to make sense, since it is asked of every znode there is.
  recognise({ path, data }) {
    const lines = linesOf(data);
    if (lines.length === 0 || !lines.every(({ text }) => parse(text))) return undefined;
    const slash = path.lastIndexOf('/');
    return { root: path.slice(0, slash) || '/', service: path.slice(slash + 1) };
  },
  // Many share the znode: who comes to it adds a line, and takes it out when it goes.
  encode(root, registration) {
    const line = lineOf(registration);
    return [
      {
        path: `${prefixOf(root)}${registration.service}`,
        data: Buffer.from(line),
        mode: CreateMode.PERSISTENT,
        parents: 'persistent',
        merge: (data) => (has(data, line) ? undefined : Buffer.from(`${ended(data)}${line}`)),
        withdraw: (data) => (has(data, line) ? Buffer.from(without(data, line)) : undefined),
      },
    ];
  },
  revise() {
    throw new RegistryError('UNWRITABLE', 'a znode is a whole service: edit its lines');
  },
};

export default flatFile;

/** What is read: whole services. What a line can't say is a problem, and the other lines count. */
class FlatReading implements Reading {
  readonly #options: ReadingOptions;
  readonly #services = new Map<string, Service>();
  readonly #problems = new Map<string, Problem>();

  constructor(options: ReadingOptions) {
    this.#options = options;
  }

  get names(): Iterable<string> {
    return this.#services.keys();
  }

  get problems(): ReadonlyMap<string, Problem> {
    return this.#problems;
  }

  service(name: string): Service | undefined {
    return this.#services.get(name);
  }

  /** Who isn't in a list any more was taken out of it, and isn't lost. */
  lists(path: string): boolean {
    return this.#services.has(this.#nameOf(path) ?? '');
  }

  put(node: ZNode): Iterable<string> {
    const name = this.#nameOf(node.path);
    if (name === undefined) return [];
    const endpoints = new Map<string, Endpoint>();
    const faults: string[] = [];
    for (const { number, text } of linesOf(node.data)) {
      const line = parse(text);
      if (line === undefined) faults.push(`line ${number} is not as "10.0.0.1:80 weight=5"`);
      else endpoints.set(line.id, this.#endpoint(line, node));
    }
    const [message] = faults;
    if (message === undefined) this.#problems.delete(node.path);
    else this.#problems.set(node.path, { path: node.path, code: 'malformed', message });
    const sorted = [...endpoints.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    this.#services.set(name, { name, protocol: 'http', endpoints: sorted });
    return [name];
  }

  remove(path: string): Iterable<string> {
    const name = this.#nameOf(path);
    this.#problems.delete(path);
    return name !== undefined && this.#services.delete(name) ? [name] : [];
  }

  #endpoint({ id, address, port, settings }: Line, { path, stat }: ZNode): Endpoint {
    const { registry, locality } = this.#options;
    const { weight, zone, ...metadata } = settings;
    const where: Locality = zone === undefined ? locality : { ...locality, zone };
    return {
      ...{ id, address, port, metadata, locality: where, health: 'unknown' },
      weight: weight === undefined ? DEFAULT_WEIGHT : Number(weight) * DEFAULT_WEIGHT,
      origin: { registry, path, czxid: stat.czxid, mzxid: stat.mzxid, mtime: stat.mtime },
    };
  }

  /** The service that a znode is; undefined for the root and what is deeper. */
  #nameOf(path: string): string | undefined {
    const prefix = prefixOf(this.#options.root);
    const name = path.startsWith(prefix) ? path.slice(prefix.length) : '';
    return name === '' || name.includes('/') ? undefined : name;
  }
}

/** What a line says. */
interface Line {
  readonly id: string;
  /** An IP, or a host name, which is resolved elsewhere. */
  readonly address: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
}

function parse(text: string): Line | undefined {
  const [id = '', ...words] = text.split(/\s+/);
  const [, ipv6, name, digits] = /^(?:\[([^\]]+)\]|([\w.-]+)):(\d{1,5})$/.exec(id) ?? [];
  const address = ipv6 ?? name;
  const port = Number(digits);
  if (address === undefined || !(port > 0 && port < 65_536)) return undefined;
  if (ipv6 !== undefined && !isIPv6(ipv6)) return undefined;
  const pairs = words.map((word) => /^(\w+)=(.*)$/.exec(word)?.slice(1) ?? []);
  if (pairs.some(({ length }) => length === 0)) return undefined;
  const settings = Object.fromEntries(pairs);
  if (settings.weight !== undefined && !/^\d{1,3}$/.test(settings.weight)) return undefined;
  return { id, address, port, settings };
}

function linesOf(data: Buffer) {
  return data
    .toString()
    .split('\n')
    .map((text, i) => ({ number: i + 1, text: text.trim() }))
    .filter(({ text }) => text !== '');
}

function lineOf({ address, port, weight, locality, metadata = {} }: Registration): string {
  const settings = {
    ...metadata,
    ...(locality?.zone && { zone: locality.zone }),
    ...(weight !== undefined && { weight: String(weight / DEFAULT_WEIGHT) }),
  };
  const words = Object.entries(settings).map(([key, value]) => ` ${key}=${value}`);
  const line = `${isIPv6(address) ? `[${address}]` : address}:${port}${words.join('')}`;
  if (parse(line) === undefined)
    throw new RegistryError('UNWRITABLE', `"${line}" is no line of a flat file`);
  return `${line}\n`;
}

function has(data: Buffer, line: string): boolean {
  return `\n${ended(data)}`.includes(`\n${line}`);
}

function without(data: Buffer, line: string): string {
  return `\n${ended(data)}`.replace(`\n${line}`, '\n').slice(1);
}

function ended(data: Buffer): string {
  const text = data.toString();
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function prefixOf(root: string): string {
  return root === '/' ? '/' : `${root}/`;
}
