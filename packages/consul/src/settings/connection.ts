import { z } from 'zod';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `250ms`, `10s`, `5m`, `1h`, or a number of milliseconds; read as milliseconds. */
export const durationText = z
  .union([z.number().nonnegative(), z.string()])
  .transform((value, context) => {
    if (typeof value === 'number') return value;
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value);
    if (match !== null) return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
    context.addIssue({
      code: 'custom',
      message: `"${value}" is no duration: write 250ms, 10s, 5m or 1h`,
    });
    return z.NEVER;
  });

const tokenSchema = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .optional()
      .describe('A file that holds it; it is read again when it is refused.'),
    env: z.string().min(1).optional().describe('An environment variable that holds it.'),
  })
  .refine(({ file, env }) => (file === undefined) !== (env === undefined), {
    message: 'name either a file or an environment variable: a token is not written here',
  });

/** How a Consul agent is reached. */
export const connectionSettings = {
  address: z
    .url({ protocol: /^https?$/, error: 'write http://host:8500 or https://host:8501' })
    .default('http://127.0.0.1:8500')
    .describe('URL of an agent: one on this machine, best.'),
  token: tokenSchema.optional().describe('The ACL token: where it is, never itself.'),
  tls: z
    .strictObject({
      ca: z
        .string()
        .min(1)
        .optional()
        .describe('File of the authority that vouches for the agent, PEM.'),
      certificate: z.string().min(1).optional().describe("File of this side's certificate, PEM."),
      key: z.string().min(1).optional().describe('File of its key, PEM.'),
      serverName: z
        .string()
        .min(1)
        .optional()
        .describe(
          "The name in the agent's certificate, where its address has another: server.dc1.consul.",
        ),
    })
    .refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), {
      message: 'a certificate needs its key, and a key its certificate',
    })
    .optional()
    .describe('With https: what is trusted and shown.'),
};

const connectionSchema = z.strictObject(connectionSettings);

/** How a Consul agent is reached, complete. */
export type ConnectionSettings = z.output<typeof connectionSchema>;
