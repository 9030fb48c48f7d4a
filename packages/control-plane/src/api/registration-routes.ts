import { RegistryError } from '@meshkeeper/registries';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Check } from '../registrations/check.ts';
import type { Registrations } from '../registrations/registrations.ts';
import { asked } from './asked.ts';
import { ApiError } from './problem.ts';
import { NO_CONTENT, route } from './route.ts';
import { endpointParams as anyEndpoint } from './schemas/catalog-schemas.ts';
import { duration, ttlSchema } from './schemas/lease-schemas.ts';

/** How long ZooKeeper may take before the API says that it is away, in milliseconds. */
const PATIENCE = 5_000;
/** How long an instance that states no `ttl` stays registered without a heartbeat, in milliseconds. */
const DEFAULT_TTL = 30_000;

/** An instance's id is part of a znode's name. */
const endpointParams = anyEndpoint.extend({
  id: z
    .string()
    .min(1)
    .max(200)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it refuses
    .regex(/^(?!\.{1,2}$)[^/\u0000-\u001f\u007f]+$/, 'no / and no control characters'),
});

const checkSchema = z
  .strictObject({
    http: z
      .string()
      .regex(/^\/[\u0021-\u007e]*$/, 'a path')
      .optional()
      .describe('Asked by HTTP, and to be answered with 2xx.'),
    grpc: z
      .string()
      .regex(/^[\w.-]{0,127}$/, 'the full name of a gRPC service, or nothing')
      .optional()
      .describe(
        'A service that has to serve by `grpc.health.v1`; empty: the server. Without this and `http`: a TCP connection.',
      ),
    interval: duration(500, 3_600_000, 'Between two checks:').default(10_000),
    timeout: duration(10, 60_000, 'How long a check may take:').default(2_000),
    rise: z.int().min(1).max(100).default(2).describe('Passed in a row: it is fit again.'),
    fall: z.int().min(1).max(100).default(3).describe('Failed in a row: it is unfit.'),
  })
  .refine(({ http, grpc }) => http === undefined || grpc === undefined, 'choose http or grpc')
  .describe(
    'Replicas check it, each instance one of them, and say in its registry if it is unfit.',
  );

const registrationSchema = z
  .strictObject({
    address: z.string().min(1).max(253).describe('IP address, or host name.'),
    port: z.int().min(1).max(65_535),
    protocol: z.enum(['http', 'http2', 'grpc', 'tcp', 'dubbo']).optional(),
    weight: z.int().min(0).max(10_000).optional(),
    metadata: z.record(z.string(), z.string()).optional(),
    locality: z
      .strictObject({
        region: z.string().default(''),
        zone: z.string().default(''),
        subzone: z.string().default(''),
      })
      .optional(),
    ttl: ttlSchema.default(DEFAULT_TTL),
    check: checkSchema.optional(),
    dialect: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The registry that it is written to, or its dialect. Default: the first that can say all of it.',
      ),
  })
  .meta({ id: 'Registration' });

const registeredSchema = z
  .object({
    service: z.string(),
    id: z.string(),
    registry: z.string().describe('Where it is registered.'),
    paths: z.array(z.string()).describe('Its znodes.'),
    ttl: z.number().describe('Milliseconds.'),
    expiresIn: z
      .number()
      .describe('Milliseconds from when this was sent that it stays without a heartbeat.'),
  })
  .meta({ id: 'RegisteredInstance' });

const EXAMPLE = {
  ...{ service: 'shop', id: 'shop-1', registry: 'spring', paths: ['/services/shop/shop-1'] },
  ...{ ttl: 30_000, expiresIn: 29_990 },
};

function checkOf({ http, grpc, ...rest }: z.output<typeof checkSchema>): Check {
  return { ...rest, ...(http !== undefined && { http }), ...(grpc !== undefined && { grpc }) };
}

/** Instances that register by HTTP, and stay by their heartbeats. */
export function registrationRoutes(app: FastifyInstance, registrations: Registrations): void {
  const path = '/api/v1/services/:service/endpoints/:id';
  route(app, {
    method: 'PUT',
    path,
    id: 'registerEndpoint',
    tag: 'catalog',
    summary: 'Register an instance, or change what it says',
    description:
      'It stays for `ttl` after this and after each heartbeat, at whichever replica. The same again is a heartbeat, too.',
    role: 'operator',
    params: endpointParams,
    body: registrationSchema,
    bodyExample: { address: '10.0.0.7', port: 8080, metadata: { version: '2' }, ttl: '30s' },
    answer: registeredSchema,
    example: EXAMPLE,
    problems: ['conflict', 'zookeeper-unavailable'],
    async handle({ params: { service, id }, body }) {
      const { protocol, weight, metadata, locality, check, ...rest } = body;
      const request = {
        ...{ service, id, ...rest },
        ...(protocol && { protocol }),
        ...(check && { check: checkOf(check) }),
        ...(weight !== undefined && { weight }),
        ...(metadata && { metadata }),
        ...(locality && { locality }),
      };
      try {
        const signal = AbortSignal.timeout(PATIENCE);
        const outcome = await asked(() => registrations.put(request, signal));
        if (outcome.type === 'registered') return outcome.view;
        throw new ApiError(
          'conflict',
          `"${id}" is registered by somebody else, at ${outcome.path}: choose another id`,
        );
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        throw new ApiError('invalid-request', `no registry can say it: ${error.message}`);
      }
    },
  });
  route(app, {
    method: 'POST',
    path: `${path}/heartbeat`,
    id: 'heartbeat',
    tag: 'catalog',
    summary: 'Keep an instance registered',
    audited: false,
    role: 'operator',
    params: endpointParams,
    answer: registeredSchema,
    example: EXAMPLE,
    problems: ['unknown-lease', 'zookeeper-unavailable'],
    async handle({ params: { service, id } }) {
      const view = await registrations.heartbeat(service, id, AbortSignal.timeout(PATIENCE));
      if (view !== undefined) return view;
      throw new ApiError(
        'unknown-lease',
        `"${id}" of "${service}" is not registered over the API, or is not any more: register it again`,
      );
    },
  });
  route(app, {
    method: 'DELETE',
    path,
    id: 'deregisterEndpoint',
    tag: 'catalog',
    summary: 'Take an instance out of its registry',
    description:
      'One that was not registered over the API stays; one that is not there is no error.',
    role: 'operator',
    params: endpointParams,
    answer: NO_CONTENT,
    problems: ['zookeeper-unavailable'],
    async handle({ params: { service, id } }) {
      await registrations.remove(service, id, AbortSignal.timeout(PATIENCE));
      return undefined;
    },
  });
}
