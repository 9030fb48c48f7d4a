import { z } from 'zod';

/** Something that somebody has done, or tried, over the API; or the control plane by itself. */
export const auditEntrySchema = z.object({
  /** Tells it from all others. */
  id: z.string(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  /** How it is known who did it, and who it was; `meshkeeper`: the control plane, as it was told to before. */
  kind: z.enum(['loopback', 'insecure', 'token', 'oidc', 'meshkeeper']),
  by: z.string(),
  /** The operation's name in the API's document. */
  action: z.string(),
  /** What it was done to: the parts of the path, and the query. */
  target: z.record(z.string(), z.string()),
  outcome: z.enum(['done', 'refused', 'failed']),
  /** The HTTP status; none of what nobody has asked for. */
  status: z.int().optional(),
});

/** Something that somebody has done, or tried, over the API. */
export type AuditEntry = Readonly<z.output<typeof auditEntrySchema>>;

/** The entries of a znode; what can't be read is left out. */
export function parseEntries(data: Buffer): readonly AuditEntry[] {
  try {
    const list: unknown = JSON.parse(data.toString());
    if (!Array.isArray(list)) return [];
    return list.flatMap((each) => auditEntrySchema.safeParse(each).data ?? []);
  } catch {
    return [];
  }
}
