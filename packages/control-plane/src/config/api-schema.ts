import { z } from 'zod';
import { authSchema } from './auth-schema.ts';
import { durationText } from './duration.ts';
import { isLoopback, listenAddress } from './listen.ts';

const limitsSchema = z
  .strictObject({
    streams: z.int().min(1).default(1_000).describe('Streams of events at a time.'),
    requestsPerSecond: z
      .number()
      .positive()
      .default(200)
      .describe('Of one address, on average; loopback is not limited.'),
    time: durationText
      .prefault('30s')
      .describe('An answer may take so long; one that waits as its request says, so much longer.'),
    burst: z.int().min(1).default(1_000).describe('Of one address, at once.'),
  })
  .prefault({});

/** Where the API listens, who may call it, and how much. */
export const apiSchema = z
  .strictObject({
    listen: listenAddress.prefault('127.0.0.1:7070').describe('Where the API listens.'),
    insecure: z
      .boolean()
      .default(false)
      .describe('Listen beyond loopback although there is no authentication.'),
    auth: authSchema
      .optional()
      .describe(
        'Beyond loopback: who calls has to be known, by a token (`meshkeeper token create`) or by OpenID Connect. `{}` is tokens alone.',
      ),
    tls: z
      .strictObject({
        certificate: z.string().min(1).describe('File of the certificate chain, PEM.'),
        key: z.string().min(1).describe('File of its key, PEM.'),
      })
      .optional()
      .describe('Listen with TLS. The files are read again when they change.'),
    allowedHosts: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Names by which the API is called, besides those of loopback and the address that it listens on. `*`: any.',
      ),
    allowedOrigins: z
      .array(z.string().min(1))
      .default([])
      .describe('Pages of other origins that may call it (CORS): `https://ops.example`.'),
    consul: z
      .boolean()
      .default(true)
      .describe(
        "Answer clients of Consul's HTTP API under `/v1`, too: services, health, configuration as keys, sessions and locks.",
      ),
    limits: limitsSchema,
  })
  .superRefine(({ listen, insecure, auth }, context) => {
    if (isLoopback(listen.host) || insecure || auth !== undefined) return;
    context.addIssue({
      code: 'custom',
      path: ['listen'],
      message: `${listen.host} can be reached from other machines, and there is no authentication: listen on 127.0.0.1, write "auth: {}" beside it (meshkeeper token create makes tokens), or "insecure: true"`,
    });
  })
  .prefault({});

/** Where the API listens, who may call it, and how much. */
export type ApiConfig = z.output<typeof apiSchema>;
