import { type Policy, type PolicyKind, validate } from '@meshkeeper/policy';

type Path = readonly PropertyKey[];

/**
 * The policy that is left of a value when all is taken out that is wrong with it; undefined when
 * nothing is.
 */
export function repaired(kind: PolicyKind, value: unknown): Policy | undefined {
  const left: unknown = structuredClone(value);
  for (let round = 0; round < 50; round++) {
    const { policy, faults } = validate(kind, left);
    if (policy !== undefined) return policy;
    // From behind, so that places in lists stay what they are.
    const paths = faults.map(({ path }) => path).sort((a, b) => (text(a) < text(b) ? 1 : -1));
    for (const path of paths) if (!takenOut(left, path)) return undefined;
  }
  return undefined;
}

/** Takes out what stands there, or what lacks it. */
function takenOut(value: unknown, path: Path): boolean {
  if (path.length < 2) return false;
  const last = path.at(-1)!;
  let at: unknown = value;
  for (const key of path.slice(0, -1)) at = isObject(at) ? at[key] : undefined;
  if (!isObject(at)) return true; // it went with something around it
  if (Array.isArray(at) && typeof last === 'number') {
    if (last < at.length) at.splice(last, 1);
    return true;
  }
  if (!Object.hasOwn(at, last)) return takenOut(value, path.slice(0, -1));
  delete at[last];
  return true;
}

function text(path: Path): string {
  return path
    .map((key) => (typeof key === 'number' ? String(key).padStart(6, '0') : String(key)))
    .join('\0');
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}
