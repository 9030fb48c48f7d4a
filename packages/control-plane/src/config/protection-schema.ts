import { z } from 'zod';
import { durationText } from './duration.ts';

/** A share: `0.5` or `50%`; read as a number from 0 to 1. */
const shareText = z.union([z.number(), z.string()]).transform((value, context) => {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(String(value));
  const share = match === null ? Number.NaN : Number(match[1]) / (match[2] === '%' ? 100 : 1);
  if (share >= 0 && share <= 1) return share;
  context.addIssue({ code: 'custom', message: `"${value}" is no share: write 0.5 or 50%` });
  return z.NEVER;
});

const DESCRIPTIONS = {
  absorb: 'How long any endpoint that is gone is kept, in case it was only re-created.',
  limbo:
    'The same when its session has ended: one that only paused, or was cut off, is back by then.',
  recovery: 'The same, from the moment ZooKeeper is back after it was away.',
  share:
    'A mass drop: when more than this share of a service leaves without being deregistered, what leaves is held. 1 is never.',
  minimum: 'So many must have left for a mass drop.',
  window: 'Within this time.',
  lastInstance: 'Whether the last endpoint that takes requests is held, unless it deregisters.',
  maxHold: 'The longest that an endpoint is held, unless an operator says so.',
} as const;

const massDrop = z.strictObject({
  share: shareText.prefault(0.5).describe(DESCRIPTIONS.share),
  minimum: z.int().min(1).default(3).describe(DESCRIPTIONS.minimum),
  window: durationText.prefault('30s').describe(DESCRIPTIONS.window),
});

/** What one service may have of its own; what it leaves out is as for all. */
const override = z
  .strictObject({
    absorb: durationText.describe(DESCRIPTIONS.absorb),
    limbo: durationText.describe(DESCRIPTIONS.limbo),
    recovery: durationText.describe(DESCRIPTIONS.recovery),
    massDrop: z
      .strictObject({
        share: shareText.describe(DESCRIPTIONS.share),
        minimum: z.int().min(1).describe(DESCRIPTIONS.minimum),
        window: durationText.describe(DESCRIPTIONS.window),
      })
      .partial(),
    lastInstance: z.boolean().describe(DESCRIPTIONS.lastInstance),
    maxHold: durationText.describe(DESCRIPTIONS.maxHold),
  })
  .partial();

/** `protection:`; why these defaults: docs/decisions/0005-protection.md. */
export const protectionSchema = z
  .strictObject({
    absorb: durationText.prefault('14ms').describe(DESCRIPTIONS.absorb),
    limbo: durationText.prefault('3s').describe(DESCRIPTIONS.limbo),
    recovery: durationText.prefault('15s').describe(DESCRIPTIONS.recovery),
    massDrop: massDrop.prefault({}),
    lastInstance: z
      .boolean()
      .optional()
      .describe(
        `${DESCRIPTIONS.lastInstance} Default true; false with the embedded server of \`up\`, where who stops his only instance means it.`,
      ),
    maxHold: durationText.prefault('5m').describe(DESCRIPTIONS.maxHold),
    services: z
      .record(z.string(), override)
      .default({})
      .describe('What is different for single services, by name.'),
    overlayGrace: durationText
      .prefault('1h')
      .describe(
        "How long an operator's drain, weight or health outlives the endpoint that it is said of.",
      ),
  })
  .prefault({});
