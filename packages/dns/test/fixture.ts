import {
  diff,
  EMPTY_SNAPSHOT,
  type Endpoint,
  NO_LOCALITY,
  NO_POLICIES,
  type Service,
  type ServiceChange,
  type ServiceSettings,
  type Snapshot,
} from '@meshkeeper/mesh';
import type { Logger } from '../src/index.ts';
import { answer as answered, type Choice, type Reply } from '../src/zone/answer.ts';
import { CatalogNames } from '../src/zone/catalog-names.ts';
import { meshGrammar } from '../src/zone/grammar.ts';
import type { Zone } from '../src/zone/zone.ts';

export const SILENT: Logger = { debug() {}, warn() {} };

/** An endpoint with an id. */
export function endpoint(id: string, address: string, fields: Partial<Endpoint> = {}): Endpoint {
  const origin = { registry: 'test', path: `/${id}`, czxid: 1n, mzxid: 1n, mtime: 0 };
  return {
    ...{ id, address, port: 80, weight: 100, health: 'healthy', metadata: {} },
    ...{ locality: NO_LOCALITY, origin, ...fields },
  };
}

/** A service of HTTP. */
export function service(name: string, ...endpoints: readonly Endpoint[]): Service {
  return { name, protocol: 'http', endpoints };
}

/** What operators state, and nothing else. */
export function settings(fields: Partial<ServiceSettings>): ServiceSettings {
  const origin = { source: 'test', path: '/p' };
  return { origin, ports: [], subsets: [], healthChecks: [], timeouts: {}, ...fields };
}

/** A catalog that a test edits. */
export class Catalog {
  #snapshot: Snapshot = EMPTY_SNAPSHOT;

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Sets (or removes, where undefined) services; what a data plane is told. */
  set(services: Readonly<Record<string, Service | undefined>>): [Snapshot, ServiceChange[]] {
    const before = this.#snapshot;
    const after = before.services.with(new Map(Object.entries(services)));
    this.#snapshot = { ...before, revision: before.revision + 1, services: after };
    return [this.#snapshot, diff(before, this.#snapshot)];
  }

  put(...services: readonly Service[]): [Snapshot, ServiceChange[]] {
    return this.set(Object.fromEntries(services.map((each) => [each.name, each])));
  }

  /** Operators apply settings. */
  apply(stated: Readonly<Record<string, ServiceSettings>>): [Snapshot, ServiceChange[]] {
    const policies = { ...NO_POLICIES, settings: (name: string) => stated[name] };
    const { revision } = this.#snapshot;
    this.#snapshot = { ...this.#snapshot, revision: revision + 1, policies };
    return [this.#snapshot, []];
  }
}

export const ZONE: Zone = {
  ...{ origin: 'mesh', grammar: meshGrammar, ttl: 0, negativeTtl: 0 },
  nameserver: ['127.0.0.1'],
};

/** The pure part: questions to a catalog. */
export class Names {
  readonly catalog = new Catalog();
  readonly names = new CatalogNames('mesh');

  constructor(
    services: readonly Service[],
    stated: Readonly<Record<string, ServiceSettings>> = {},
  ) {
    this.names.update(...this.catalog.put(...services));
    this.names.update(...this.catalog.apply(stated));
  }

  reply(name: string, type = 'A', caller?: Endpoint['locality']): Reply {
    return answered(this.names, [ZONE], { name, type }, caller);
  }

  /** `no-name`, `no-data`, `elsewhere`, or the data of the answers, of each choice with its share. */
  ask(name: string, type = 'A', caller?: Endpoint['locality']): unknown {
    const reply = this.reply(name, type, caller);
    if (reply.type !== 'records') return reply.type;
    const data = reply.choices.map(({ answers }: Choice) => answers.map((record) => record.data));
    if (reply.choices.length === 1) return data[0];
    return reply.choices.map(({ share }, i) => [share, data[i]]);
  }
}
