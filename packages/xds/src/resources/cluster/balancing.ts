import type {
  Balancing,
  EffectivePolicy,
  PlainBalancing,
  ServiceSettings,
  WarmUpSettings,
} from '@meshkeeper/mesh';
import { pack } from '../../codec/any.ts';
import { duration } from '../../codec/duration.ts';
import {
  type Any,
  type Cluster,
  HashFunction,
  LbPolicy,
  LeastRequest,
  type LocalityLbConfig,
  Maglev,
  RandomBalancing,
  RingHash,
  RoundRobin,
  type SlowStartConfig,
  TypedStruct,
  WrrLocality,
} from '../../codec/messages.ts';
import type { Flavour } from '../flavour.ts';

/** The type of our own policy: peak EWMA, which neither Envoy nor gRPC has under any name. */
export const PEAK_EWMA_TYPE = 'type.googleapis.com/meshkeeper.v1.PeakEwma';

/** What applies where neither an operator nor the registry says anything. */
const DEFAULT: Balancing = { type: 'weighted-round-robin' };

/**
 * How a cluster's endpoints are chosen: a list, of which a data plane takes the first that it knows.
 * So peak EWMA stands before what takes its place, and for gRPC all stand before round robin, which
 * every one of its clients has.
 */
export function balancing(
  settings: ServiceSettings | undefined,
  warmUp: WarmUpSettings | undefined,
  flavour: Flavour,
  policy: EffectivePolicy,
): Pick<Cluster, 'loadBalancingPolicy' | 'lbPolicy' | 'ringHashLbConfig'> {
  const wanted = policy.balancing?.value ?? DEFAULT;
  if (flavour === 'grpc' && wanted.type === 'ring-hash') return ringHashOfClients(wanted);
  const context: Context = { settings, slowStart: slowStart(warmUp), flavour };
  const policies = typed(wanted, context);
  if (flavour === 'grpc' && !isRound(wanted)) policies.push(...typed(DEFAULT, context));
  return { loadBalancingPolicy: { policies: policies.map(extension) } };
}

/** As all of gRPC's clients take it: that for Node rejects sizes that stand in a list. */
function ringHashOfClients({ minSize, maxSize }: RingHashing) {
  return {
    lbPolicy: LbPolicy.RING_HASH,
    ringHashLbConfig: {
      minimumRingSize: { value: minSize },
      maximumRingSize: { value: maxSize },
    },
  };
}

interface Context {
  readonly settings: ServiceSettings | undefined;
  readonly slowStart: SlowStartConfig | undefined;
  readonly flavour: Flavour;
}

type TypedPolicy = readonly [name: string, config: Any];

function extension([name, typedConfig]: TypedPolicy) {
  return { typedExtensionConfig: { name, typedConfig } };
}

type RingHashing = Extract<Balancing, { type: 'ring-hash' }>;

const LB = 'envoy.extensions.load_balancing_policies';

function typed(wanted: Balancing, context: Context): TypedPolicy[] {
  switch (wanted.type) {
    case 'random':
      return [random(context)];
    case 'round-robin':
    case 'weighted-round-robin':
      return [roundRobin(context)];
    case 'least-request':
      return [leastRequest(wanted, context)];
    case 'peak-ewma':
      return [peakEwma(wanted.choices), ...typed(plain(wanted.fallback), context)];
    case 'ring-hash':
      return [ringHash(wanted, context)];
    case 'maglev':
      return [maglev(wanted, context)];
  }
}

function plain(type: PlainBalancing): Balancing {
  return type === 'least-request' ? { type, choices: 2, bias: 1 } : { type };
}

function isRound({ type }: Balancing): boolean {
  return type === 'round-robin' || type === 'weighted-round-robin';
}

function roundRobin(context: Context): TypedPolicy {
  const config = { ...inLocality(context), ...warming(context) };
  const own: TypedPolicy = [
    'envoy.load_balancing_policies.round_robin',
    pack(`${LB}.round_robin.v3.RoundRobin`, RoundRobin, context.flavour === 'grpc' ? {} : config),
  ];
  if (context.flavour === 'envoy') return own;
  // Weights are those of localities for gRPC.
  const endpointPickingPolicy = { policies: [extension(own)] };
  return [
    'envoy.load_balancing_policies.wrr_locality',
    pack(`${LB}.wrr_locality.v3.WrrLocality`, WrrLocality, { endpointPickingPolicy }),
  ];
}

function random(context: Context): TypedPolicy {
  return [
    'envoy.load_balancing_policies.random',
    pack(`${LB}.random.v3.Random`, RandomBalancing, inLocality(context)),
  ];
}

function leastRequest(
  { choices, bias }: Extract<Balancing, { type: 'least-request' }>,
  context: Context,
): TypedPolicy {
  return [
    'envoy.load_balancing_policies.least_request',
    pack(`${LB}.least_request.v3.LeastRequest`, LeastRequest, {
      choiceCount: { value: choices },
      ...(bias === 1
        ? {}
        : { activeRequestBias: { defaultValue: bias, runtimeKey: 'meshkeeper.bias' } }),
      ...inLocality(context),
      ...warming(context),
    }),
  ];
}

function peakEwma(choices: number): TypedPolicy {
  const value = { fields: { choices: { numberValue: choices } } };
  return [
    'meshkeeper.load_balancing_policies.peak_ewma',
    pack('xds.type.v3.TypedStruct', TypedStruct, { typeUrl: PEAK_EWMA_TYPE, value }),
  ];
}

function ringHash({ minSize, maxSize, balanceFactor }: RingHashing, context: Context): TypedPolicy {
  return [
    'envoy.load_balancing_policies.ring_hash',
    pack(`${LB}.ring_hash.v3.RingHash`, RingHash, {
      hashFunction: HashFunction.XX_HASH,
      minimumRingSize: { value: minSize },
      maximumRingSize: { value: maxSize },
      ...bounded(balanceFactor),
      ...byLocality(context),
    }),
  ];
}

function maglev(
  { tableSize, balanceFactor }: Extract<Balancing, { type: 'maglev' }>,
  context: Context,
): TypedPolicy {
  return [
    'envoy.load_balancing_policies.maglev',
    pack(`${LB}.maglev.v3.Maglev`, Maglev, {
      tableSize: { value: tableSize },
      ...bounded(balanceFactor),
      ...byLocality(context),
    }),
  ];
}

function bounded(balanceFactor: number | undefined) {
  if (balanceFactor === undefined) return {};
  return { consistentHashingLbConfig: { hashBalanceFactor: { value: balanceFactor } } };
}

function warming({ slowStart: config }: Context) {
  return config === undefined ? {} : { slowStartConfig: config };
}

/** How localities count for the policies that choose one by one. */
function inLocality({ settings, flavour }: Context): { localityLbConfig?: LocalityLbConfig } {
  const locality = settings?.locality;
  if (flavour === 'grpc') return {};
  switch (locality?.mode) {
    case 'zone-aware':
      return {
        localityLbConfig: {
          zoneAwareLbConfig: { minClusterSize: { value: locality.minEndpoints } },
        },
      };
    case 'weighted':
      return { localityLbConfig: { localityWeightedLbConfig: {} } };
    default:
      return {};
  }
}

/** The same for those that hash. */
function byLocality({ settings }: Context) {
  return settings?.locality?.mode === 'weighted' ? { localityWeightedLbConfig: {} } : {};
}

function slowStart(warmUp: WarmUpSettings | undefined): SlowStartConfig | undefined {
  if (warmUp === undefined) return undefined;
  const { duration: window, aggression, minWeightPercent } = warmUp;
  return {
    slowStartWindow: duration(window),
    ...(aggression === 1
      ? {}
      : { aggression: { defaultValue: aggression, runtimeKey: 'meshkeeper.aggression' } }),
    minWeightPercent: { value: minWeightPercent },
  };
}
