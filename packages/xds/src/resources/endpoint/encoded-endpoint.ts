import type { Endpoint, Health } from '@meshkeeper/mesh';
import { envoy } from '../../codec/generated/envoy.js';
import { HealthStatus, type LbEndpoint } from '../../codec/messages.ts';
import { textStruct } from '../../codec/struct.ts';

const HEALTH: Readonly<Record<Health, HealthStatus>> = {
  healthy: HealthStatus.HEALTHY,
  unhealthy: HealthStatus.UNHEALTHY,
  draining: HealthStatus.DRAINING,
  unknown: HealthStatus.UNKNOWN,
};

/** Key of `filter_metadata` under which an endpoint says what only this mesh knows of it. */
export const METADATA_KEY = 'meshkeeper';

const LEADER = { filterMetadata: { [METADATA_KEY]: textStruct({ role: 'leader' }) } };

/**
 * Bytes as the characters of a string, one each (`latin1`): many small ones that are kept long cost
 * less so than as buffers, each of which holds on to the pool that it was cut from, and they are put
 * together in half the time.
 */
export type ByteText = string;

interface Encoded {
  readonly weight: number;
  readonly checkedAt: number | undefined;
  readonly text: ByteText;
}

/**
 * The bytes of each endpoint, for as long as the catalog keeps the endpoint: it gives the same object
 * while nothing of it changes, so that a change of one costs one encoding, not a thousand.
 */
const encoded = new WeakMap<Endpoint, Encoded>();

/**
 * An endpoint with that weight, which takes the place of its own, as a field `lb_endpoints` of a
 * locality: what {@link assembleAssignment} puts together.
 *
 * @param checkedAt the port at which it is checked. Default: its own
 */
export function encodedEndpoint(endpoint: Endpoint, weight: number, checkedAt?: number): ByteText {
  const kept = encoded.get(endpoint);
  if (kept?.weight === weight && kept.checkedAt === checkedAt) return kept.text;
  const lbEndpoints = [lbEndpoint(endpoint, weight, checkedAt)];
  const { LocalityLbEndpoints } = envoy.config.endpoint.v3;
  const bytes = LocalityLbEndpoints.encode({ lbEndpoints }).finish();
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  encoded.set(endpoint, { weight, checkedAt, text });
  return text;
}

/** An endpoint as Envoy takes it. */
function lbEndpoint(endpoint: Endpoint, weight: number, checkedAt?: number): LbEndpoint {
  const { address, port } = endpoint;
  return {
    endpoint: {
      address: { socketAddress: { address, portValue: port } },
      ...(checkedAt === undefined ? {} : { healthCheckConfig: { portValue: checkedAt } }),
    },
    healthStatus: HEALTH[endpoint.health],
    loadBalancingWeight: { value: weight },
    ...(endpoint.role === 'leader' ? { metadata: LEADER } : {}),
  };
}
