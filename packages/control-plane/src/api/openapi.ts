import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { OpenAPIV3_1 } from 'openapi-types';
import { z } from 'zod';
import { ROLE_MEANINGS, ROLES } from '../auth/roles.ts';
import { tidied } from './openapi-tidy.ts';
import { ApiError } from './problem.ts';
import { type RouteNotes, route, TAGS } from './route.ts';

/** Where the API's document is. */
export const OPENAPI_PATH = '/api/v1/openapi.json';

const DESCRIPTION = [
  'Everything that the control plane knows, and what can be said to it.',
  'Names in paths are percent-encoded once. Errors are problem documents (RFC 9457) with a stable `code`.',
  'What follows takes a role, `x-role` of each operation:',
  ...ROLES.map((role) => `- \`${role}\`: ${ROLE_MEANINGS[role]}`),
].join('\n');

/** Makes routes that are added after this checked by their schemas, and described by a document. */
export async function openApi(app: FastifyInstance): Promise<void> {
  app.setValidatorCompiler<z.ZodType>(({ schema }) => (data) => {
    const { success, data: value, error } = schema.safeParse(data);
    return success ? { value } : { error: new ApiError('invalid-request', z.prettifyError(error)) };
  });
  app.setSerializerCompiler(() => JSON.stringify);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Meshkeeper', version: '1', description: DESCRIPTION },
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: [{ bearer: [] }, {}],
    },
    hideUntagged: true,
    transform(told) {
      const { schema, url } = jsonSchemaTransform(told);
      return { schema: noted(schema, told.route.config?.notes), url };
    },
    transformObject: jsonSchemaTransformObject,
  });
}

/** The document itself, as a route. */
export function openApiRoute(app: FastifyInstance): void {
  let document: string | undefined;
  route(app, {
    method: 'GET',
    path: OPENAPI_PATH,
    id: 'getOpenApi',
    tag: 'control plane',
    summary: 'This document',
    role: 'open',
    answer: z.looseObject({}).describe('OpenAPI 3.1.'),
    handle(_request, reply) {
      // Of 3.1, as asked for above. As text: it is asked for again and again, and the same each time.
      document ??= JSON.stringify(tidied(app.swagger() as OpenAPIV3_1.Document));
      return reply.type('application/json; charset=utf-8').send(document);
    },
  });
}

/** A schema with what its route says besides. */
function noted<T>(schema: T, notes: RouteNotes | undefined): T {
  if (notes === undefined || schema === undefined) return schema;
  const { role, example, bodyExample, mustMatch } = notes;
  // What the transformation makes are plain objects, of this form.
  const made = structuredClone(schema) as {
    headers?: { required?: string[] };
    body?: { examples?: unknown[] };
    response?: Record<string, { content?: Record<string, { example?: unknown }> }>;
  };
  if (mustMatch && made.headers) made.headers.required = ['if-match'];
  if (bodyExample !== undefined && made.body) made.body.examples = [bodyExample];
  for (const [status, { content }] of Object.entries(made.response ?? {})) {
    const media = content?.['application/json'];
    if (example !== undefined && status.startsWith('2') && media) media.example = example;
  }
  const security = role === 'open' ? { security: [{}] } : {};
  return { ...made, ...security, 'x-role': role } as T;
}
