import { ApiClient, segment } from '../api-client.ts';
import { configSourceOf } from './config-names.ts';
import type { Spot } from './spot.ts';

/** What may stand at a spot. */
export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

/** Gives what there is now. May fail: then there is nothing to offer. */
export type Source = (spot: Spot) => Promise<readonly Candidate[]>;

/** How long an ensemble may take to answer, in milliseconds: somebody waits at the keyboard. */
const CONNECT_TIMEOUT = 800;

const services: Source = async (spot) => {
  const { services: all } = await api(spot).get<{ services: readonly Named[] }>('/services');
  return all.map(({ name }) => ({ value: name }));
};

const endpoints: Source = async (spot) => {
  const [service] = spot.arguments;
  if (service === undefined) return [];
  const path = `/services/${segment(service)}/endpoints`;
  const { endpoints: all } = await api(spot).get<{ endpoints: readonly EndpointName[] }>(path);
  return all.map(({ id, address, port }) => ({ value: id, description: `${address}:${port}` }));
};

const proxies: Source = async (spot) => {
  const { proxies: all } = await api(spot).get<{ proxies: readonly ProxyName[] }>('/proxies');
  return all.map(({ id, cluster }) => ({ value: id, description: cluster }));
};

const policies: Source = async (spot) => {
  const all = await allPolicies(spot);
  const [kind] = spot.arguments;
  if (kind !== undefined && !kind.includes('/')) {
    const { kindOf } = await import('../policies/policy-names.ts');
    const wanted = kindOf(kind);
    return all
      .filter((each) => each.kind === wanted)
      .map(({ metadata: { name } }) => ({ value: name }));
  }
  const { POLICY_KINDS } = await import('@meshkeeper/policy');
  return [
    ...POLICY_KINDS.map((each) => ({ value: each.toLowerCase(), description: 'a kind of policy' })),
    ...all.map(({ kind: of, metadata: { namespace, name } }) => ({
      value: [of.toLowerCase(), namespace, name].filter((part) => part !== undefined).join('/'),
    })),
  ];
};

const znodes: Source = async ({ word, options }) => {
  const { connect } = await import('@meshkeeper/zookeeper');
  const server = options.zookeeper ?? process.env.MESHKEEPER_ZOOKEEPER_CONNECT ?? '127.0.0.1:2181';
  const above = word.slice(0, word.lastIndexOf('/') + 1) || '/';
  if (!above.startsWith('/')) return [];
  const signal = AbortSignal.timeout(CONNECT_TIMEOUT);
  await using zk = await connect({ connect: server }, { signal });
  const { children } = await zk.children(above.replace(/(?<=.)\/$/, ''), { signal });
  return children.map((name) => ({ value: above + name }));
};

/** Where the names of arguments come from, by command and argument. */
const ARGUMENTS: Readonly<Record<string, Source>> = {
  'services name': services,
  'endpoints name': services,
  'explain name': services,
  'explain endpoint': endpoints,
  'history name': services,
  'hold service': services,
  'get kind': policies,
  'get name': policies,
  'delete policy': policies,
  'proxy-status id': proxies,
  'proxy-config id': proxies,
  'lock name': znodes,
  'lock path': znodes,
  'elect name': znodes,
  'elect path': znodes,
  ...Object.fromEntries(
    ['drain', 'undrain', 'weight'].flatMap((name) => [
      [`${name} service`, services],
      [`${name} endpoint`, endpoints],
    ]),
  ),
};

/** Where the values of options come from. */
const OPTIONS: Readonly<Record<string, Source>> = { service: services, proxy: proxies };

/** Where the names at a spot come from; undefined where they are nobody's to know. */
export function sourceOf(spot: Spot): Source | undefined {
  const { command, expects } = spot;
  const ofConfiguration = configSourceOf(spot);
  if (ofConfiguration !== undefined) return (at) => ofConfiguration(at, api(at));
  switch (expects.type) {
    case 'option value':
      return OPTIONS[expects.option.attributeName()];
    case 'argument':
      if (command.parent?.name() === 'zk')
        return expects.argument.name() === 'path' ? znodes : undefined;
      return ARGUMENTS[`${command.name()} ${expects.argument.name()}`];
    default:
      return undefined;
  }
}

interface Named {
  readonly name: string;
}

interface EndpointName {
  readonly id: string;
  readonly address: string;
  readonly port: number;
}

interface ProxyName {
  readonly id: string;
  readonly cluster: string;
}

interface PolicyName {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

async function allPolicies(spot: Spot): Promise<readonly PolicyName[]> {
  try {
    return (await api(spot).get<{ policies: readonly PolicyName[] }>('/policies')).policies;
  } catch {
    return []; // the kinds are known without it
  }
}

function api({ options: { server, token } }: Spot): ApiClient {
  return new ApiClient({
    // The first of several.
    server:
      (server ?? process.env.MESHKEEPER_SERVER ?? 'http://127.0.0.1:7070').split(',')[0] ?? '',
    ...(token !== undefined && { token }),
    color: false,
  });
}
