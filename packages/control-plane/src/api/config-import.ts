import { isDeepStrictEqual } from 'node:util';
import {
  type Actor,
  ConfigError,
  DOCUMENT_KEY,
  type InputEntry,
  isConfigError,
  type NamespaceRef,
} from '@meshkeeper/config';
import type { z } from 'zod';
import type { Configuration } from '../configuration/open-configuration.ts';
import { patience, soon } from './config-calls.ts';
import { inputsOf } from './config-draft-routes.ts';
import type { importBody, importedSchema } from './schemas/config-exchange-schemas.ts';

type Body = z.output<typeof importBody>;
type Stated = Body['namespaces'][string];
type Imported = z.output<typeof importedSchema>;
type Result = Imported['namespaces'][string];

/** What is not in a draft is not imported into one. */
const AT_ONCE =
  'links, fourEyes and what is public are of no draft: import it with "publish" to change them';

/**
 * Makes an application what an export says: each namespace by itself, at last what is of all of it. What is
 * wrong with one is said beside it.
 */
export async function importApplication(
  configuration: Configuration,
  application: string,
  body: Body,
  actor: Actor,
): Promise<Imported> {
  const namespaces: Imported['namespaces'] = {};
  for (const [namespace, stated] of Object.entries(body.namespaces)) {
    const ref = { application, namespace };
    namespaces[namespace] = await told({ changes: 0 }, async (result) => {
      await importContent(configuration, ref, stated, body, actor, result);
      await importPublic(configuration, ref, stated, body, actor);
    });
  }
  const settings = await told({ changed: false }, async (result) => {
    result.changed = await importSettings(configuration, application, body, actor);
  });
  const isSaid = body.links !== undefined || body.fourEyes !== undefined;
  return { application, namespaces, ...(isSaid && { settings }) };
}

/** What came of it, with what was refused. */
async function told<T extends object>(
  result: T,
  act: (result: T) => Promise<void>,
): Promise<T & { problem?: string }> {
  try {
    await act(result);
    return result;
  } catch (error) {
    if (error instanceof ConfigError) return { ...result, problem: error.message };
    throw error;
  }
}

async function importContent(
  { store: { drafts, releases }, live }: Configuration,
  ref: NamespaceRef,
  { format = 'keys', entries = {}, document, schema }: Stated,
  { publish, message }: Body,
  actor: Actor,
  result: Result,
): Promise<void> {
  const signal = patience();
  const set: Map<string, InputEntry> =
    format === 'keys'
      ? inputsOf(entries)
      : new Map([[DOCUMENT_KEY, { type: format, value: document ?? '' }]]);
  const edit = { tag: '*', replace: true, format, set, schema: schema ?? null };
  const { changes } = await drafts.edit(ref, edit, actor, signal);
  if (publish)
    try {
      const { release } = await releases.publish(ref, { message }, actor, signal);
      result.release = release.number;
      await live.seen(ref, release.number, soon());
    } catch (error) {
      if (!isConfigError(error, 'NOTHING_CHANGED')) throw error;
      await drafts.discard(ref, '*', actor, signal);
      return;
    }
  result.changes = changes.length;
}

async function importPublic(
  { store: { applications }, live }: Configuration,
  ref: NamespaceRef,
  { public: isPublic }: Stated,
  { publish }: Body,
  actor: Actor,
): Promise<void> {
  if (isPublic === undefined) return;
  const there = await applications.namespace(ref, patience());
  if ((there?.pointer.public ?? false) === isPublic) return;
  if (!publish) throw new ConfigError('NOT_VALID', AT_ONCE);
  await applications.setPublic(ref, isPublic, actor, patience());
  await live.pointed(ref, (pointer) => pointer?.public === isPublic, soon());
}

/** True when something was changed. */
async function importSettings(
  { store: { applications } }: Configuration,
  application: string,
  { publish, links, fourEyes }: Body,
  actor: Actor,
): Promise<boolean> {
  const signal = patience();
  const there = await applications.get(application, signal).catch((error: unknown) => {
    if (isConfigError(error, 'NOT_FOUND')) return { links: [], fourEyes: false };
    throw error;
  });
  const changes = {
    ...(links !== undefined && !isDeepStrictEqual(links, there.links) && { links }),
    ...(fourEyes !== undefined && fourEyes !== there.fourEyes && { fourEyes }),
  };
  if (Object.keys(changes).length === 0) return false;
  if (!publish) throw new ConfigError('NOT_VALID', AT_ONCE);
  await applications.set(application, changes, '*', actor, signal);
  return true;
}
