import { z } from 'zod';
import { type BehindProxy, NAMED, type Statement } from './statement.ts';

/** Texts are cut to so many characters. */
const ID = 200;
const MESSAGE = 400;
/** Nothing that a replica writes is longer, in bytes. */
const LONGEST = 256 * 1024;

const text = (longest: number) => z.string().transform((whole) => whole.slice(0, longest));
const count = z.int().nonnegative();
const revision = count.optional().catch(undefined);
const behind = z.object({
  id: text(ID),
  state: z.enum(['pending', 'rejected']),
  policies: revision,
  refused: z
    .object({ typeUrl: text(ID), name: text(ID), message: text(MESSAGE), since: revision })
    .optional()
    .catch(undefined),
});
/** What decides about a wait must be right; without the rest it does. What is not known is passed over. */
const statement = z.object({
  host: text(ID).catch('?'),
  since: z.iso
    .datetime()
    .transform((at) => Date.parse(at))
    .catch(0),
  policies: count.optional(),
  applied: count.optional(),
  dataPlanes: z.object({
    connected: count,
    pending: count.catch(0),
    rejected: count.catch(0),
  }),
  sourced: z
    .object({ digest: text(ID), pending: count, rejected: count, words: listOf(text(MESSAGE)) })
    .optional()
    .catch(undefined),
  behind: listOf(behind),
  arrived: listOf(text(ID)),
});

/** What a replica's znode holds. */
export function encodeStatement(id: string, stated: Statement): string {
  const { host, since, policies, applied, counts, sourced } = stated;
  return JSON.stringify({
    ...{ id, host, since: new Date(since).toISOString(), policies, applied, dataPlanes: counts },
    sourced: sourced && {
      ...sourced,
      words: sourced.words.map((each) => each.slice(0, MESSAGE)),
    },
    behind: stated.behind.map(shortened),
    arrived: stated.arrived.map((each) => each.slice(0, ID)),
  });
}

/** What a replica says, of this version or another; undefined when it can't be made out. */
export function decodeStatement(data: Buffer): Statement | undefined {
  if (data.length > LONGEST) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(data.toString());
  } catch {
    return undefined;
  }
  const parsed = statement.safeParse(json);
  if (!parsed.success) return undefined;
  const { dataPlanes: counts, ...rest } = parsed.data;
  return { ...rest, counts };
}

function shortened({ id, refused, ...rest }: BehindProxy) {
  return {
    id: id.slice(0, ID),
    ...rest,
    refused: refused && {
      ...refused,
      typeUrl: refused.typeUrl.slice(0, ID),
      name: refused.name.slice(0, ID),
      message: refused.message.slice(0, MESSAGE),
    },
  };
}

/** A list of which some is of use, though not all of it may be understood. */
function listOf<T extends z.ZodType>(schema: T) {
  const some = (list: readonly unknown[]) =>
    list.slice(0, NAMED).flatMap((each) => {
      const parsed = schema.safeParse(each);
      return parsed.success ? [parsed.data] : [];
    });
  return z.array(z.unknown()).transform(some).catch([]);
}
