import type { z } from 'zod';

/** Refuses a list in which two have the same key, at the later one. */
export function unique<T>(key: (item: T) => string | undefined, what: string) {
  return (items: readonly T[], context: z.RefinementCtx): void => {
    const seen = new Set<string>();
    items.forEach((item, index) => {
      const text = key(item);
      if (text === undefined) return;
      if (seen.has(text))
        context.addIssue({
          code: 'custom',
          path: [index],
          message: `is the second ${what} ${text}`,
        });
      seen.add(text);
    });
  };
}
