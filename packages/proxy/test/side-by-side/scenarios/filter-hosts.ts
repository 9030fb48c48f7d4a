import {
  type Any,
  CorsPolicy,
  duration,
  HTTPFault,
  LocalRateLimit,
  pack,
  type Route,
  type VirtualHost,
} from '@meshkeeper/xds';
import { header } from './scenario.ts';

/** What types of filters begin with. */
export const TYPES = 'envoy.extensions.filters.http';
const cors = (policy: CorsPolicy): Record<string, Any> => ({
  cors: pack(`${TYPES}.cors.v3.CorsPolicy`, CorsPolicy, policy),
});
/** A fault filter, by the name under which it stands. */
export const fault = (policy: HTTPFault): Record<string, Any> => ({
  fault: pack(`${TYPES}.fault.v3.HTTPFault`, HTTPFault, policy),
});
const ALL = { numerator: 100 };
const ON = { defaultValue: ALL, runtimeKey: 'x' };
/** A local limit. */
export const limit = (policy: LocalRateLimit): Record<string, Any> => ({
  limit: pack(`${TYPES}.local_ratelimit.v3.LocalRateLimit`, LocalRateLimit, {
    statPrefix: 'test',
    filterEnabled: ON,
    filterEnforced: ON,
    ...policy,
  }),
});
/** So slow that nothing is refilled while a test runs. */
const tokens = (maxTokens: number) => ({
  maxTokens,
  tokensPerFill: { value: maxTokens },
  fillInterval: duration(86_400_000),
});
const route = (
  prefix: string,
  typedPerFilterConfig: Record<string, Any>,
  more: Route = {},
): Route => ({
  match: { prefix },
  route: { cluster: 'a' },
  typedPerFilterConfig,
  ...more,
});
/** Of a call of gRPC. */
export const GRPC = { 'content-type': 'application/grpc' };

/** Hosts of which each is about one filter. */
export const HOSTS: VirtualHost[] = [
  {
    name: 'fault',
    domains: ['fault'],
    responseHeadersToAdd: [header('x-route', 'yes')],
    routes: [
      route('/abort', fault({ abort: { httpStatus: 418, percentage: ALL } })),
      route('/grpc', fault({ abort: { grpcStatus: 7, percentage: ALL } })),
      route('/never', fault({ abort: { httpStatus: 418, percentage: { numerator: 0 } } })),
      route('/unsaid', fault({ abort: { httpStatus: 418 } })),
      route(
        '/header',
        fault({
          abort: { httpStatus: 418, percentage: ALL },
          headers: [{ name: 'x-fail', presentMatch: true }],
        }),
      ),
      route('/late', fault({ delay: { fixedDelay: duration(300), percentage: ALL } })),
      route(
        '/both',
        fault({
          delay: { fixedDelay: duration(300), percentage: ALL },
          abort: { httpStatus: 418, percentage: ALL },
        }),
      ),
      route(
        '/none-active',
        fault({ abort: { httpStatus: 418, percentage: ALL }, maxActiveFaults: { value: 0 } }),
      ),
      route(
        '/one-active',
        fault({
          delay: { fixedDelay: duration(1500), percentage: ALL },
          maxActiveFaults: { value: 1 },
        }),
      ),
      route(
        '/slow',
        fault({ responseRateLimit: { fixedLimit: { limitKbps: 8 }, percentage: ALL } }),
        { route: { cluster: 'big' } },
      ),
      route('/', {}),
    ],
  },
  {
    name: 'inherited',
    domains: ['inherited'],
    typedPerFilterConfig: fault({ abort: { httpStatus: 418, percentage: ALL } }),
    routes: [
      route('/own', fault({ abort: { httpStatus: 419, percentage: ALL } })),
      route('/direct', {}, { route: null, directResponse: { status: 200 } }),
      route('/', {}),
    ],
  },
  {
    name: 'limit',
    domains: ['limit'],
    responseHeadersToAdd: [header('x-route', 'yes')],
    routes: [
      route(
        '/three',
        limit({ tokenBucket: tokens(3), responseHeadersToAdd: [header('x-limited', 'yes')] }),
      ),
      route(
        '/connection',
        limit({ tokenBucket: tokens(2), localRateLimitPerDownstreamConnection: true }),
      ),
      route('/status', limit({ tokenBucket: tokens(1), status: { code: 503 } })),
      route('/grpc', limit({ tokenBucket: tokens(1) })),
      route('/exhausted', limit({ tokenBucket: tokens(1), rateLimitedAsResourceExhausted: true })),
      route(
        '/shadow',
        limit({ tokenBucket: tokens(1), filterEnforced: { ...ON, defaultValue: {} } }),
      ),
      route('/off', limit({ tokenBucket: tokens(1), filterEnabled: { ...ON, defaultValue: {} } })),
      route(
        '/users',
        limit({
          tokenBucket: tokens(100),
          descriptors: [
            { entries: [{ key: 'user', value: 'a' }], tokenBucket: tokens(1) },
            {
              entries: [
                { key: 'user', value: 'b' },
                { key: 'generic_key', value: 'x' },
              ],
              tokenBucket: tokens(2),
            },
          ],
        }),
        {
          route: {
            cluster: 'a',
            rateLimits: [
              { actions: [{ requestHeaders: { headerName: 'x-user', descriptorKey: 'user' } }] },
              {
                actions: [
                  { requestHeaders: { headerName: 'x-user', descriptorKey: 'user' } },
                  { genericKey: { descriptorValue: 'x' } },
                ],
              },
            ],
          },
        },
      ),
      route(
        '/matched',
        limit({
          tokenBucket: tokens(100),
          descriptors: [
            { entries: [{ key: 'header_match', value: 'post' }], tokenBucket: tokens(1) },
            { entries: [{ key: 'remote_address', value: '127.0.0.1' }], tokenBucket: tokens(3) },
          ],
        }),
        {
          route: {
            cluster: 'a',
            rateLimits: [
              {
                actions: [
                  {
                    headerValueMatch: {
                      descriptorValue: 'post',
                      headers: [{ name: ':method', stringMatch: { exact: 'POST' } }],
                    },
                  },
                ],
              },
              { actions: [{ remoteAddress: {} }] },
            ],
          },
        },
      ),
      route(
        '/staged',
        limit({
          tokenBucket: tokens(100),
          stage: 0,
          descriptors: [{ entries: [{ key: 'generic_key', value: 'x' }], tokenBucket: tokens(1) }],
        }),
        {
          route: {
            cluster: 'a',
            rateLimits: [
              { stage: { value: 1 }, actions: [{ genericKey: { descriptorValue: 'x' } }] },
            ],
          },
        },
      ),
      route(
        '/order',
        limit({
          tokenBucket: tokens(100),
          descriptors: [
            { entries: [{ key: 'generic_key', value: 'fast' }], tokenBucket: tokens(3) },
            { entries: [{ key: 'slow', value: '1' }], tokenBucket: tokens(1) },
          ],
        }),
        {
          route: {
            cluster: 'a',
            rateLimits: [
              { actions: [{ genericKey: { descriptorValue: 'fast' } }] },
              { actions: [{ requestHeaders: { headerName: 'x-slow', descriptorKey: 'slow' } }] },
            ],
          },
        },
      ),
      route(
        '/default-first',
        limit({
          tokenBucket: tokens(2),
          descriptors: [
            { entries: [{ key: 'generic_key', value: 'x' }], tokenBucket: tokens(100) },
          ],
        }),
        {
          route: {
            cluster: 'a',
            rateLimits: [{ actions: [{ genericKey: { descriptorValue: 'x' } }] }],
          },
        },
      ),
      route(
        '/own-only',
        limit({
          tokenBucket: tokens(2),
          alwaysConsumeDefaultTokenBucket: { value: false },
          descriptors: [{ entries: [{ key: 'generic_key', value: 'x' }], tokenBucket: tokens(3) }],
        }),
        {
          route: {
            cluster: 'a',
            rateLimits: [{ actions: [{ genericKey: { descriptorValue: 'x' } }] }],
          },
        },
      ),
    ],
  },
  {
    name: 'cors',
    domains: ['cors'],
    typedPerFilterConfig: cors({
      allowOriginStringMatch: [{ exact: 'https://good.test' }, { suffix: '.good.test' }],
      allowMethods: 'GET, PUT',
      allowHeaders: 'x-one',
      exposeHeaders: 'x-from',
      maxAge: '60',
      allowCredentials: { value: true },
    }),
    responseHeadersToAdd: [header('x-route', 'yes')],
    routes: [
      route('/any', cors({ allowOriginStringMatch: [{ exact: '*' }], allowMethods: '*' })),
      route('/direct', {}, { route: null, directResponse: { status: 200 } }),
      route('/limited', limit({ tokenBucket: tokens(1) })),
      route('/', {}),
    ],
  },
];
