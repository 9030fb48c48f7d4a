import { z } from 'zod';

/**
 * What becomes of a field that is known and not used. `ignored`: Kubernetes writes it, and it says
 * nothing of what is meant. `warning`: it is left out, and the rest still is what was meant. `error`:
 * without it requests would go, or would be let through, where they should not.
 */
export type Unsupported = 'ignored' | 'warning' | 'error';

const reported =
  (severity: Unsupported, reason: string) => (_: unknown, context: z.RefinementCtx) => {
    context.addIssue({
      code: 'custom',
      message: `is not supported: ${reason}`,
      params: { unsupported: severity },
    });
    return z.NEVER;
  };

/** A field that is known and not used, whatever it holds. */
export function unsupported(reason: string, severity: Unsupported = 'warning') {
  return z
    .unknown()
    .transform(reported(severity, reason))
    .optional()
    .describe(`Not supported: ${reason}.`);
}

/** One of the kinds of a union that is known and refused. */
export function unsupportedType<Type extends string>(type: Type, reason: string) {
  return z
    .looseObject({ type: z.literal(type) })
    .transform(reported('error', reason))
    .describe(`Not supported: ${reason}.`);
}

/** A field that Kubernetes writes: it is read and left out. */
export function ignored() {
  return z
    .unknown()
    .transform(reported('ignored', 'Kubernetes writes it'))
    .optional()
    .describe('Kubernetes writes it; it is left out.');
}

/** How an issue of such a field is to be taken; undefined of any other issue. */
export function unsupportedSeverity(issue: z.core.$ZodIssue): Unsupported | undefined {
  const severity: unknown = issue.code === 'custom' ? issue.params?.unsupported : undefined;
  return severity === 'ignored' || severity === 'warning' || severity === 'error'
    ? severity
    : undefined;
}
