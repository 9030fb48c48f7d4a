import type { Overlay } from '@meshkeeper/mesh';
import { z } from 'zod';

/** What is said of an endpoint, as the API is told it. */
export const overlaySchema = z.strictObject({
  drain: z.boolean().optional(),
  weight: z.number().int().min(0).max(10_000).optional(),
  health: z.enum(['healthy', 'unhealthy', 'draining', 'unknown']).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  label: z
    .string()
    .max(200)
    .optional()
    .describe('Who you are in your own words; who has called is recorded beside it.'),
  reason: z.string().max(1_000).optional(),
});

/** A newer version may say more, and whoever else wrote it may weigh otherwise. */
const storedOverlay = z.object({
  ...overlaySchema.shape,
  weight: z.number().int().min(0).optional(),
  by: z.string().optional(),
  at: z.number().optional(),
});

/** An operator's word on a service: whether it is held, and when that was said. */
export interface HoldWord {
  readonly hold: boolean;
  /** Milliseconds since the epoch; tells two releases apart. */
  readonly at: number;
}

/** What is said of a service of which nobody ever spoke. */
export const NO_WORD: HoldWord = { hold: false, at: 0 };
const storedHold = z.object({ hold: z.boolean(), at: z.number() });

/** The overlay without what isn't stated. */
export function overlayOf(stated: z.output<typeof storedOverlay>): Overlay {
  const { drain, weight, health, metadata, by, label, reason, at } = stated;
  return {
    ...(drain !== undefined && { drain }),
    ...(weight !== undefined && { weight }),
    ...(health !== undefined && { health }),
    ...(metadata !== undefined && { metadata }),
    ...(by !== undefined && { by }),
    ...(label !== undefined && { label }),
    ...(reason !== undefined && { reason }),
    ...(at !== undefined && { at }),
  };
}

/** The overlay that a znode holds; undefined when it is malformed. */
export function parseOverlay(data: Buffer): Overlay | undefined {
  try {
    return overlayOf(storedOverlay.parse(JSON.parse(data.toString())));
  } catch {
    return undefined;
  }
}

/** The word on a service that a znode holds: none, when it is only the parent of its endpoints'. */
export function parseHold(data: Buffer): HoldWord {
  try {
    return storedHold.parse(JSON.parse(data.toString()));
  } catch {
    return NO_WORD;
  }
}

export function encodeHold(hold: boolean, at: number): string {
  return JSON.stringify({ hold, at } satisfies HoldWord);
}
