import { type Cluster, HttpProtocolOptions, pack } from '@meshkeeper/xds';

const OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
type Http2 = NonNullable<
  NonNullable<HttpProtocolOptions['explicitHttpConfig']>['http2ProtocolOptions']
>;

/** What makes a cluster one of HTTP/2. */
export function http2(
  options: Http2 = {},
  common: HttpProtocolOptions['commonHttpProtocolOptions'] = {},
): Pick<Cluster, 'typedExtensionProtocolOptions'> {
  return {
    typedExtensionProtocolOptions: {
      [OPTIONS]: pack(OPTIONS, HttpProtocolOptions, {
        explicitHttpConfig: { http2ProtocolOptions: options },
        ...(common && { commonHttpProtocolOptions: common }),
      }),
    },
  };
}

/** HTTP/2 as it is. */
export const HTTP2 = http2();
