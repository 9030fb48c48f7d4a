import type { ConnectionSettings, Protocol, ServiceSettings } from '@meshkeeper/mesh';
import { pack } from '../../codec/any.ts';
import { duration } from '../../codec/duration.ts';
import { type Cluster, HttpProtocolOptions } from '../../codec/messages.ts';

const NAME = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** Whether requests to such a service are routed by host name. */
export function isHttp(protocol: Protocol): boolean {
  return protocol === 'http' || protocol === 'http2' || protocol === 'grpc';
}

/** Whether HTTP/2 is spoken with such a service. */
export function isHttp2(protocol: Protocol): boolean {
  return protocol === 'http2' || protocol === 'grpc';
}

/** What is spoken with endpoints, and how connections to them are kept. */
export function protocolOptions(
  protocol: Protocol,
  settings: ServiceSettings | undefined,
): Pick<Cluster, 'typedExtensionProtocolOptions'> {
  const connections = settings?.connections;
  const http2 = isHttp2(protocol);
  // HTTP/1.1 with Envoy's defaults is what a cluster without options speaks.
  if (!isHttp(protocol) || (!http2 && connections === undefined)) return {};
  const streams = connections?.maxConcurrentStreams;
  const options: HttpProtocolOptions = {
    explicitHttpConfig: http2
      ? {
          http2ProtocolOptions:
            streams === undefined ? {} : { maxConcurrentStreams: { value: streams } },
        }
      : { httpProtocolOptions: {} },
    ...(connections === undefined ? {} : { commonHttpProtocolOptions: common(connections) }),
  };
  return { typedExtensionProtocolOptions: { [NAME]: pack(NAME, HttpProtocolOptions, options) } };
}

function common(connections: ConnectionSettings): HttpProtocolOptions['commonHttpProtocolOptions'] {
  const {
    idleTimeout,
    maxRequestsPerConnection: requests,
    maxConnectionDuration: age,
  } = connections;
  return {
    ...(idleTimeout === undefined ? {} : { idleTimeout: duration(idleTimeout) }),
    ...(requests > 0 ? { maxRequestsPerConnection: { value: requests } } : {}),
    // 0 would be an end at once.
    ...(age === undefined || age === 0 ? {} : { maxConnectionDuration: duration(age) }),
  };
}
