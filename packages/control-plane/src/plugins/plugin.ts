import type { DestinationPlugin, SourcePlugin } from '@meshkeeper/mesh';
import type { Dialect } from '@meshkeeper/registries';

/** What a plug-in module exports by default, alone or in a list. */
export type Plugin = Dialect | SourcePlugin | DestinationPlugin;

/** What a dialect must have; the rest is its own matter. */
const DIALECT = ['trees', 'reading', 'recognise', 'encode', 'revise'] as const;

/** A plug-in, or what it lacks to be one. */
export type Recognised =
  | { readonly type: 'dialect'; readonly plugin: Dialect }
  | { readonly type: 'source'; readonly plugin: SourcePlugin }
  | { readonly type: 'destination'; readonly plugin: DestinationPlugin }
  | { readonly type: 'fault'; readonly why: string };

/** Tells what an export is: sources and destinations say it, anything else has to be a dialect. */
export function recognise(value: unknown): Recognised {
  const members: Readonly<Record<string, unknown>> =
    typeof value === 'object' && value !== null ? { ...value } : {};
  const { kind } = members;
  if (kind === 'source' || kind === 'destination') {
    if (!isOpener(members))
      return {
        type: 'fault',
        why: `its ${kind} must have name, schema (Standard Schema) and open`,
      };
    // `isOpener` has looked at what there is to look at.
    return kind === 'source'
      ? { type: kind, plugin: value as SourcePlugin }
      : { type: kind, plugin: value as DestinationPlugin };
  }
  if (kind !== undefined && kind !== 'dialect')
    return { type: 'fault', why: 'its kind must be "source" or "destination"; a dialect has none' };
  if (isDialect(members)) return { type: 'dialect', plugin: value as Dialect };
  return {
    type: 'fault',
    why: `its default export is no dialect: it must have name, ${DIALECT.join(', ')}, and defaultRoot if it has one; a source or a destination says so by kind`,
  };
}

function isOpener({ name, schema, open }: Readonly<Record<string, unknown>>): boolean {
  if (typeof name !== 'string' || typeof open !== 'function') return false;
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null) return false;
  const standard: unknown = '~standard' in schema ? schema['~standard'] : undefined;
  return typeof standard === 'object' && standard !== null && 'validate' in standard;
}

function isDialect(members: Readonly<Record<string, unknown>>): boolean {
  return (
    typeof members.name === 'string' &&
    ['string', 'undefined'].includes(typeof members.defaultRoot) &&
    DIALECT.every((method) => typeof members[method] === 'function')
  );
}
