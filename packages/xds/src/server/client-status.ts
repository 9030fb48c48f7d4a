import {
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import {
  type ClientConfig,
  ClientResourceStatus,
  ClientStatusRequest,
  ClientStatusResponse,
  ConfigStatus,
  type GenericXdsConfig,
  type NodeMatcher,
} from '../codec/messages.ts';
import type { ResourceStatus, StreamResources } from './proxy-status.ts';
import { bytesMethod, unaryBytesMethod } from './services.ts';

const CSDS = '/envoy.service.status.v3.ClientStatusDiscoveryService';

/** CSDS, as grpc-js takes it. */
export const CLIENT_STATUS_SERVICE: ServiceDefinition = {
  stream: bytesMethod(`${CSDS}/StreamClientStatus`),
  fetch: unaryBytesMethod(`${CSDS}/FetchClientStatus`),
};

/** Its handlers. */
export function clientStatusHandlers(
  clients: () => readonly StreamResources[],
): UntypedServiceImplementation {
  const answer = (bytes: Buffer) => {
    const { nodeMatchers } = ClientStatusRequest.decode(bytes);
    const config = clientConfigs(clients(), nodeMatchers ?? []);
    return Buffer.from(ClientStatusResponse.encode({ config }).finish());
  };
  const failure = (error: unknown) => {
    const details = error instanceof Error ? error.message : String(error);
    return { code: status.INVALID_ARGUMENT, details };
  };
  return {
    stream: (call: ServerDuplexStream<Buffer, Buffer>) => {
      call.on('data', (bytes: Buffer) => {
        try {
          call.write(answer(bytes));
        } catch (error) {
          call.emit('error', failure(error));
        }
      });
      call.on('end', () => call.end());
    },
    fetch: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
      try {
        callback(null, answer(call.request));
      } catch (error) {
        callback(failure(error));
      }
    },
  };
}

/**
 * What clients made of what they were sent, one entry a stream; those that any matcher fits, all
 * without matchers.
 *
 * @throws RangeError when a matcher is none that is known here.
 */
export function clientConfigs(
  clients: readonly StreamResources[],
  matchers: readonly NodeMatcher[],
): ClientConfig[] {
  const chosen = clients.filter(
    ({ node }) => matchers.length === 0 || matchers.some((matcher) => fits(matcher, node.id ?? '')),
  );
  return chosen.map(({ node, resources }) => ({ node, genericXdsConfigs: resources.map(config) }));
}

const STATES = {
  requested: [ConfigStatus.STALE, ClientResourceStatus.REQUESTED],
  missing: [ConfigStatus.NOT_SENT, ClientResourceStatus.DOES_NOT_EXIST],
  acked: [ConfigStatus.SYNCED, ClientResourceStatus.ACKED],
  nacked: [ConfigStatus.ERROR, ClientResourceStatus.NACKED],
} as const;

function config(resource: ResourceStatus): GenericXdsConfig {
  const { typeUrl, name, version: versionInfo, state } = resource;
  const [configStatus, clientStatus] = STATES[state];
  const known = { typeUrl, name, versionInfo, configStatus, clientStatus };
  if (resource.state !== 'nacked') return known;
  const { message: details, at } = resource;
  const lastUpdateAttempt = { seconds: Math.floor(at / 1000), nanos: (at % 1000) * 1e6 };
  return { ...known, errorState: { details, versionInfo, lastUpdateAttempt } };
}

function fits({ nodeId }: NodeMatcher, id: string): boolean {
  const { exact, prefix, suffix, contains, ignoreCase } = nodeId ?? {};
  const fold = (text: string) => (ignoreCase ? text.toLowerCase() : text);
  const by = (text: string | null | undefined) => fold(text ?? '');
  if (typeof exact === 'string') return fold(id) === by(exact);
  if (prefix) return fold(id).startsWith(by(prefix));
  if (suffix) return fold(id).endsWith(by(suffix));
  if (contains) return fold(id).includes(by(contains));
  throw new RangeError('A node is matched by its id: exact, prefix, suffix or contains');
}
