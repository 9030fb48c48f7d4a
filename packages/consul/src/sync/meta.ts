/** What Consul takes in a service's Meta. */
const MOST_PAIRS = 64;
const LONGEST_KEY = 128;
const LONGEST_VALUE = 512;
const RESERVED = /^consul-/i;

/** Meta that Consul takes, and what of it was not said, in words. */
export interface Meta {
  readonly meta: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
}

/**
 * Metadata as Consul takes it: of keys other characters than letters, digits, `_` and `-` are `_`. What
 * is too long, and what is more than there is room for, is left out.
 * @param first what is said in any case
 */
export function consulMeta(
  metadata: Readonly<Record<string, string>>,
  first: Readonly<Record<string, string>>,
): Meta {
  const meta: Record<string, string> = { ...first };
  const faults: string[] = [];
  for (const original of Object.keys(metadata).sort()) {
    const value = metadata[original]!;
    const key = original.replaceAll(/[^A-Za-z0-9_-]/g, '_');
    if (key in meta) {
      if (!(key in first) && meta[key] !== value)
        faults.push(`"${original}" is left out: another is called ${key}`);
    } else if (key === '' || RESERVED.test(key))
      faults.push(`"${original}" is left out: Consul keeps such keys for itself`);
    else if (key.length > LONGEST_KEY)
      faults.push(`a key of ${key.length} characters is left out: Consul takes ${LONGEST_KEY}`);
    else if (value.length > LONGEST_VALUE)
      faults.push(
        `"${original}" is left out: it has ${value.length} characters, Consul takes ${LONGEST_VALUE}`,
      );
    else if (Object.keys(meta).length >= MOST_PAIRS) {
      faults.push(
        `Consul takes ${MOST_PAIRS} pairs: "${original}" and what comes after it is left out`,
      );
      break;
    } else meta[key] = value;
  }
  return { meta, faults };
}
