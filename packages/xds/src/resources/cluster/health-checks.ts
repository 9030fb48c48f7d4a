import type { HealthCheckSettings, ServiceSettings } from '@meshkeeper/mesh';
import { duration } from '../../codec/duration.ts';
import {
  CodecClientType,
  HeaderAppendAction,
  type HealthCheck,
  RequestMethod,
} from '../../codec/messages.ts';
import type { Part } from '../endpoint/parts.ts';
import { headerText } from '../route/headers.ts';
import { isHttp2 } from './protocol-options.ts';

/**
 * The checks of a part's endpoints. Who does not speak HTTP/2 can't be asked by gRPC: Envoy would reject
 * the cluster.
 */
export function healthChecks(settings: ServiceSettings | undefined, part: Part): HealthCheck[] {
  const checks = (settings?.healthChecks ?? []).filter(
    ({ type }) => type !== 'grpc' || isHttp2(part.protocol),
  );
  if (checks.length < 2) return checks.map((check) => healthCheck(check, part));
  // Of several Envoy wants to know which is which.
  return checks.map((check, index) => ({
    ...healthCheck(check, part),
    name: `${index} ${check.type}`,
  }));
}

function healthCheck(check: HealthCheckSettings, part: Part): HealthCheck {
  return {
    interval: duration(check.interval),
    timeout: duration(check.timeout),
    unhealthyThreshold: { value: check.unhealthyThreshold },
    healthyThreshold: { value: check.healthyThreshold },
    // A data plane that begins, or is one of a thousand, doesn't check with all the others.
    initialJitter: duration(Math.min(1000, check.interval)),
    intervalJitterPercent: 10,
    // Clusters without traffic are checked as often as the others: who says so is asked for it.
    noTrafficInterval: duration(check.interval),
    ...(check.port === undefined ? {} : { altPort: { value: check.port } }),
    ...checker(check, part),
  };
}

function checker(check: HealthCheckSettings, { name, protocol }: Part): HealthCheck {
  switch (check.type) {
    case 'http':
      return {
        httpHealthCheck: {
          host: check.host ?? name,
          path: check.path,
          method: RequestMethod[check.method],
          // Of the end, Envoy's is the first that is not in it.
          expectedStatuses: check.expectedStatuses.map(({ from, to }) => {
            return { start: from, end: to + 1 };
          }),
          // A status that is not expected counts as a failure like others, and not as many.
          retriableStatuses: [{ start: 100, end: 600 }],
          requestHeadersToAdd: check.headers.map(({ name: key, value }) => ({
            header: { key, value: headerText(value) },
            appendAction: HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
          })),
          ...(isHttp2(protocol) ? { codecClientType: CodecClientType.HTTP2 } : {}),
        },
      };
    case 'tcp':
      return {
        tcpHealthCheck: {
          ...(check.send === undefined ? {} : { send: { text: check.send } }),
          ...(check.receive === undefined ? {} : { receive: [{ text: check.receive }] }),
        },
      };
    case 'grpc':
      return {
        grpcHealthCheck: {
          serviceName: check.service,
          ...(check.authority === undefined ? {} : { authority: check.authority }),
        },
      };
  }
}
