import { CreateMode, type MultiPart } from '@meshkeeper/jute';

const { CONTAINER, PERSISTENT_WITH_TTL, PERSISTENT_SEQUENTIAL_WITH_TTL } = CreateMode;

function hasTtl(flags: number): boolean {
  return flags === PERSISTENT_WITH_TTL || flags === PERSISTENT_SEQUENTIAL_WITH_TTL;
}

/** The part as the original reads it, or undefined if it can't. */
function normalPart(part: MultiPart): MultiPart | undefined {
  switch (part.op) {
    case 'create':
    case 'create2': {
      const { flags } = part.request;
      if (flags < 0 || flags > PERSISTENT_SEQUENTIAL_WITH_TTL || hasTtl(flags)) return undefined;
      return flags === CONTAINER ? { op: 'createContainer', request: part.request } : part;
    }
    case 'createContainer': {
      const { flags } = part.request;
      return flags < 0 || flags > CONTAINER ? undefined : part;
    }
    case 'createTTL': {
      const { ttl, ...request } = part.request;
      if (hasTtl(request.flags)) return part;
      return { op: request.flags === CONTAINER ? 'createContainer' : 'create', request };
    }
    default:
      return part;
  }
}

/**
 * The parts of a multi as the original reads them: there the flags decide which kind of create one
 * is, not its opcode, and flags that don't fit make the whole request unreadable. Undefined then.
 */
export function normalParts(parts: readonly MultiPart[]): MultiPart[] | undefined {
  const normal: MultiPart[] = [];
  for (const part of parts) {
    const read = normalPart(part);
    if (read === undefined) return undefined;
    normal.push(read);
  }
  return normal;
}
