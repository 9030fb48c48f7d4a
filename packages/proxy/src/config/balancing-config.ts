import type { Algorithm, WarmUpCurve } from '@meshkeeper/mesh';
import {
  type Any,
  type Cluster,
  HashFunction,
  LbPolicy,
  LeastRequest,
  type LoadBalancingPolicy,
  type LocalityLbConfig,
  Maglev,
  milliseconds,
  RandomBalancing,
  RingHash,
  RoundRobin,
  type SlowStartConfig,
  TypedStruct,
  WrrLocality,
} from '@meshkeeper/xds';
import type { Problems } from './problems.ts';

/** How requests are shared among localities; what depends on the endpoints is with them. */
export type LocalityRule =
  | { readonly type: 'none' | 'weighted' }
  | { readonly type: 'zone-aware'; readonly minClusterSize: number };

/** How weights of new endpoints grow, over so many milliseconds. */
export type WarmUpConfig = WarmUpCurve & { readonly duration: number };

/** How a cluster's requests are shared among its endpoints. */
export interface BalancingConfig {
  readonly algorithm: Algorithm;
  readonly locality: LocalityRule;
  readonly warmUp: WarmUpConfig | undefined;
  /** Below this share of healthy endpoints, in percent, all of them are used. */
  readonly panicThreshold: number;
}

type Choice = Omit<BalancingConfig, 'panicThreshold'>;

const ANYWHERE: LocalityRule = { type: 'none' };
/** Envoy's largest table of Maglev's. */
const MAX_TABLE = 5_000_011;

/** `load_balancing_policy`, else `lb_policy` and what belongs to it. */
export function parseBalancing(message: Cluster, problems: Problems): BalancingConfig {
  const common = message.commonLbConfig;
  problems
    .at('common_lb_config')
    .unsupported('close_connections_on_host_set_change', common?.closeConnectionsOnHostSetChange);
  const at = problems.at('load_balancing_policy');
  const choice = message.loadBalancingPolicy
    ? firstKnown(message.loadBalancingPolicy, at)
    : byEnum(message, problems);
  return { ...choice, panicThreshold: common?.healthyPanicThreshold?.value ?? 50 };
}

type Parse = (value: Uint8Array, problems: Problems) => Choice | undefined;

const EXTENSIONS = 'type.googleapis.com/envoy.extensions.load_balancing_policies';
const PEAK_EWMA = 'type.googleapis.com/meshkeeper.v1.PeakEwma';

const PARSERS: Readonly<Record<string, Parse>> = {
  [`${EXTENSIONS}.round_robin.v3.RoundRobin`](value, problems) {
    const { localityLbConfig, slowStartConfig } = RoundRobin.decode(value);
    const locality = localityOf(localityLbConfig, problems);
    return { algorithm: { type: 'round-robin' }, locality, warmUp: warmUpOf(slowStartConfig) };
  },
  [`${EXTENSIONS}.least_request.v3.LeastRequest`](value, problems) {
    const message = LeastRequest.decode(value);
    const locality = localityOf(message.localityLbConfig, problems);
    return {
      algorithm: leastRequest(message),
      locality,
      warmUp: warmUpOf(message.slowStartConfig),
    };
  },
  [`${EXTENSIONS}.random.v3.Random`](value, problems) {
    const locality = localityOf(RandomBalancing.decode(value).localityLbConfig, problems);
    return { algorithm: { type: 'random' }, locality, warmUp: undefined };
  },
  [`${EXTENSIONS}.ring_hash.v3.RingHash`](value, problems) {
    const message = RingHash.decode(value);
    if (message.hashFunction === HashFunction.MURMUR_HASH_2) refuseMurmur(problems);
    return {
      algorithm: {
        type: 'ring-hash',
        minSize: Number(message.minimumRingSize?.value ?? 1024),
        maxSize: Number(message.maximumRingSize?.value ?? 8_388_608),
        ...bounded(message.consistentHashingLbConfig, problems),
      },
      locality: message.localityWeightedLbConfig ? { type: 'weighted' } : ANYWHERE,
      warmUp: undefined,
    };
  },
  [`${EXTENSIONS}.maglev.v3.Maglev`](value, problems) {
    const message = Maglev.decode(value);
    return {
      algorithm: {
        type: 'maglev',
        tableSize: tableSize(message, problems),
        ...bounded(message.consistentHashingLbConfig, problems),
      },
      locality: message.localityWeightedLbConfig ? { type: 'weighted' } : ANYWHERE,
      warmUp: undefined,
    };
  },
  [`${EXTENSIONS}.wrr_locality.v3.WrrLocality`](value, problems) {
    const picking = WrrLocality.decode(value).endpointPickingPolicy ?? {};
    const choice = firstKnown(picking, problems.at('endpoint_picking_policy'));
    return { ...choice, locality: { type: 'weighted' } };
  },
  'type.googleapis.com/xds.type.v3.TypedStruct'(value) {
    const { typeUrl, value: struct } = TypedStruct.decode(value);
    if (typeUrl !== PEAK_EWMA) return undefined;
    const choices = struct?.fields?.choices?.numberValue ?? 2;
    const algorithm = { type: 'peak-ewma', choices: Math.max(2, Math.floor(choices)) } as const;
    return { algorithm, locality: ANYWHERE, warmUp: undefined };
  },
};

/** The first policy of the list that is known counts, as with Envoy; the others are for other proxies. */
function firstKnown({ policies }: LoadBalancingPolicy, problems: Problems): Choice {
  const names: string[] = [];
  for (const [i, { typedExtensionConfig }] of (policies ?? []).entries()) {
    const config: Any = typedExtensionConfig?.typedConfig ?? {};
    const at = problems.at(`policies[${i}].typed_extension_config.typed_config`);
    const found = parse(config, at);
    if (found) return found;
    names.push(config.type_url ?? '');
  }
  problems.add('policies', `the embedded proxy knows none of [${names.join(', ')}]`);
  return { algorithm: { type: 'round-robin' }, locality: ANYWHERE, warmUp: undefined };
}

function parse({ type_url, value }: Any, problems: Problems): Choice | undefined {
  try {
    return PARSERS[type_url ?? '']?.(value ?? new Uint8Array(), problems);
  } catch {
    problems.add('value', `is not a valid ${type_url}`);
    return undefined;
  }
}

function byEnum(message: Cluster, problems: Problems): Choice {
  const common = message.commonLbConfig;
  const locality = localityOf(common, problems.at('common_lb_config'));
  const hashing = () => bounded(common?.consistentHashingLbConfig, problems.at('common_lb_config'));
  switch (message.lbPolicy ?? LbPolicy.ROUND_ROBIN) {
    case LbPolicy.ROUND_ROBIN: {
      const warmUp = warmUpOf(message.roundRobinLbConfig?.slowStartConfig);
      return { algorithm: { type: 'round-robin' }, locality, warmUp };
    }
    case LbPolicy.LEAST_REQUEST: {
      const config = message.leastRequestLbConfig ?? {};
      const warmUp = warmUpOf(config.slowStartConfig);
      return { algorithm: leastRequest(config), locality, warmUp };
    }
    case LbPolicy.RANDOM:
      return { algorithm: { type: 'random' }, locality, warmUp: undefined };
    case LbPolicy.RING_HASH: {
      const config = message.ringHashLbConfig;
      if (config?.hashFunction) refuseMurmur(problems.at('ring_hash_lb_config'));
      const minSize = Number(config?.minimumRingSize?.value ?? 1024);
      const maxSize = Number(config?.maximumRingSize?.value ?? 8_388_608);
      const algorithm = { type: 'ring-hash', minSize, maxSize, ...hashing() } as const;
      return { algorithm, locality, warmUp: undefined };
    }
    case LbPolicy.MAGLEV: {
      const size = tableSize(message.maglevLbConfig ?? {}, problems.at('maglev_lb_config'));
      const algorithm = { type: 'maglev', tableSize: size, ...hashing() } as const;
      return { algorithm, locality, warmUp: undefined };
    }
    default:
      problems.add('lb_policy', 'the embedded proxy does not support it');
      return { algorithm: { type: 'round-robin' }, locality, warmUp: undefined };
  }
}

function leastRequest(message: {
  readonly choiceCount?: { readonly value?: number | null } | null;
  readonly activeRequestBias?: { readonly defaultValue?: number | null } | null;
}): Algorithm {
  const choices = message.choiceCount?.value ?? 2;
  return { type: 'least-request', choices, bias: message.activeRequestBias?.defaultValue ?? 1 };
}

function bounded(
  message:
    | {
        readonly useHostnameForHashing?: boolean | null;
        readonly hashBalanceFactor?: { readonly value?: number | null } | null;
      }
    | null
    | undefined,
  problems: Problems,
): { readonly balanceFactor?: number } {
  const at = problems.at('consistent_hashing_lb_config');
  at.unsupported('use_hostname_for_hashing', message?.useHostnameForHashing);
  const factor = message?.hashBalanceFactor?.value;
  if (!factor) return {};
  if (factor < 100) at.add('hash_balance_factor', 'must be 100 at least');
  return { balanceFactor: factor };
}

function tableSize(
  message: { readonly tableSize?: { readonly value?: unknown } | null },
  problems: Problems,
): number {
  const size = Number(message.tableSize?.value ?? 65_537);
  if (!isPrime(size)) problems.add('table_size', 'must be a prime number');
  if (size > MAX_TABLE) problems.add('table_size', `must be at most ${MAX_TABLE}`);
  return size;
}

function isPrime(value: number): boolean {
  for (let divisor = 2; divisor * divisor <= value; divisor++) {
    if (value % divisor === 0) return false;
  }
  return value > 1;
}

function refuseMurmur(problems: Problems): void {
  problems.add('hash_function', 'the embedded proxy has XX_HASH');
}

function localityOf(
  message: LocalityLbConfig | null | undefined,
  problems: Problems,
): LocalityRule {
  if (message?.localityWeightedLbConfig) return { type: 'weighted' };
  const zones = message?.zoneAwareLbConfig;
  if (!zones) return ANYWHERE;
  const at = problems.at('zone_aware_lb_config');
  at.unsupported('fail_traffic_on_panic', zones.failTrafficOnPanic);
  const enabled = zones.routingEnabled?.value ?? 100;
  if (enabled === 0) return ANYWHERE;
  if (enabled < 100) at.add('routing_enabled', 'the embedded proxy takes 0 or 100 percent');
  return { type: 'zone-aware', minClusterSize: Number(zones.minClusterSize?.value ?? 6) };
}

function warmUpOf(message: SlowStartConfig | null | undefined): WarmUpConfig | undefined {
  const duration = milliseconds(message?.slowStartWindow) ?? 0;
  if (duration === 0) return undefined;
  return {
    duration,
    aggression: message?.aggression?.defaultValue ?? 1,
    minWeightPercent: message?.minWeightPercent?.value ?? 10,
  };
}
