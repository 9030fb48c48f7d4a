import type {
  Balancing,
  ConnectionSettings,
  HealthCheckSettings,
  LocalitySettings,
  OutlierSettings,
  RetrySettings,
  ServiceSettings,
  SubsetSettings,
  TimeoutSettings,
  WarmUpSettings,
} from '@meshkeeper/mesh';
import { milliseconds } from '../kinds/duration.ts';
import type { ServicePolicy } from '../kinds/service-policy.ts';
import { compact } from './compact.ts';
import { originOf } from './origin.ts';

type Spec = ServicePolicy['spec'];
type Stated<Field extends keyof Spec> = NonNullable<Spec[Field]>;

/** What a ServicePolicy says of how requests are sent. */
export function serviceSettings(policy: ServicePolicy): ServiceSettings {
  const { spec } = policy;
  return compact<ServiceSettings>({
    origin: originOf(policy),
    protocol: spec.protocol,
    ports: spec.ports ?? [],
    role: roleOf(spec),
    election: spec.election?.path,
    balancing: spec.loadBalancing && balancing(spec.loadBalancing),
    warmUp: spec.warmUp && warmUp(spec.warmUp),
    locality: spec.locality && locality(spec.locality),
    panicThreshold: spec.panicThreshold,
    subsets: (spec.subsets ?? []).map(subset),
    healthChecks: (spec.healthChecks ?? []).map(healthCheck),
    outliers: spec.outlierDetection && outliers(spec.outlierDetection),
    circuitBreaker: spec.circuitBreaker,
    connections: spec.connectionPool && connections(spec.connectionPool),
    timeouts: timeouts(spec.timeouts ?? {}),
    retries: spec.retries && retries(spec.retries),
    egress: spec.egress,
  });
}

function roleOf({ endpoints }: Pick<Spec, 'endpoints'>): 'leader' | undefined {
  return endpoints === 'leader' ? endpoints : undefined;
}

function balancing(stated: Stated<'loadBalancing'>): Balancing {
  if (stated.type !== 'ring-hash' && stated.type !== 'maglev') return stated;
  const hash = stated.hash.map((key) =>
    key.on === 'cookie' ? compact({ ...key, ttl: optional(key.ttl) }) : key,
  );
  return compact({ ...stated, hash });
}

function warmUp({ duration, ...rest }: Stated<'warmUp'>): WarmUpSettings {
  return { duration: milliseconds(duration), ...rest };
}

function locality(stated: Stated<'locality'>): LocalitySettings {
  return stated.mode === 'failover' ? { ...stated, regions: stated.regions ?? [] } : stated;
}

function subset(stated: Stated<'subsets'>[number]): SubsetSettings {
  const { name, metadata, fallback } = stated;
  return compact({ name, metadata, role: roleOf(stated), fallback });
}

function healthCheck(stated: Stated<'healthChecks'>[number]): HealthCheckSettings {
  const times = { interval: milliseconds(stated.interval), timeout: milliseconds(stated.timeout) };
  return compact<HealthCheckSettings>(
    stated.type === 'http'
      ? { ...stated, ...times, headers: stated.headers ?? [] }
      : { ...stated, ...times },
  );
}

function outliers(stated: Stated<'outlierDetection'>): OutlierSettings {
  return compact({
    ...stated,
    interval: milliseconds(stated.interval),
    baseEjectionTime: milliseconds(stated.baseEjectionTime),
    maxEjectionTime: milliseconds(stated.maxEjectionTime),
    maxEjectionJitter: milliseconds(stated.maxEjectionJitter),
  });
}

function connections(stated: Stated<'connectionPool'>): ConnectionSettings {
  const keepalive = stated.tcpKeepalive;
  return compact({
    ...stated,
    idleTimeout: optional(stated.idleTimeout),
    maxConnectionDuration: optional(stated.maxConnectionDuration),
    tcpKeepalive: keepalive && {
      time: milliseconds(keepalive.time),
      interval: milliseconds(keepalive.interval),
      probes: keepalive.probes,
    },
  });
}

function timeouts({ request, perTry, idle, connect }: Stated<'timeouts'>): TimeoutSettings {
  return compact({
    request: optional(request),
    perTry: optional(perTry),
    idle: optional(idle),
    connect: optional(connect),
  });
}

function retries(stated: Stated<'retries'>): RetrySettings {
  const { base, max } = stated.backoff;
  return {
    ...stated,
    codes: stated.codes ?? [],
    backoff: { base: milliseconds(base), max: milliseconds(max) },
  };
}

function optional(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : milliseconds(duration);
}
