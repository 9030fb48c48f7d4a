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
