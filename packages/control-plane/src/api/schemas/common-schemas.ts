import { z } from 'zod';

/** A time, as RFC 3339 writes it. */
export const timeSchema = z.string().meta({ format: 'date-time' });

/** A number that only grows. */
export const revisionSchema = z.int().nonnegative();

/** `?watch`: follow it by server-sent events. */
export const watchQuery = z.literal(['', 'true', '1']).optional();

/** One part of a path. */
export const nameSchema = z.string().min(1);

/**
 * An object whose form is another module's to say; the document calls it an object.
 * @param description what it is, and where its form is told
 */
export function objectSchema<T extends object>(description: string) {
  return z.custom<T>().meta({ type: 'object', description });
}

/** As {@link objectSchema}, a list of them. */
export function objectsSchema<T extends object>(description: string) {
  return z.array(objectSchema<T>(description));
}
