import { parse as parseYaml, stringify } from 'yaml';
import { z } from 'zod';
import { refText } from '../model/names.ts';
import { refOfContext } from './context.ts';
import type { ApplicationSettings } from './namespaces.ts';

/** Its name beside those of namespaces, none of which begins so. */
export const SETTINGS = '_settings.yaml';

const link = z.string().transform((text, context) => {
  const ref = refOfContext(text, '/');
  if (ref !== undefined) return ref;
  context.addIssue('write APPLICATION/NAMESPACE');
  return z.NEVER;
});
const file = z.strictObject({
  /** The strongest first. */
  links: z.array(link).default([]),
  fourEyes: z.boolean().default(false),
  /** Namespaces that others may link to. */
  public: z.array(z.string()).default([]),
});

/** What an application has besides its namespaces. */
export interface SettingsFile extends ApplicationSettings {
  readonly public: readonly string[];
}

/** Undefined when it is none. */
export function readSettings(text: string): SettingsFile | undefined {
  try {
    return file.parse(parseYaml(text) ?? {});
  } catch {
    return undefined;
  }
}

/** Undefined when there is nothing to be said. */
export function writeSettings(settings: SettingsFile): string | undefined {
  const { links, fourEyes, public: open } = settings;
  if (links.length === 0 && !fourEyes && open.length === 0) return undefined;
  return stringify({
    ...(links.length > 0 && { links: links.map(refText) }),
    ...(fourEyes && { fourEyes }),
    ...(open.length > 0 && { public: open }),
  });
}
