import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, fileKeys, type KeyProvider, parseKeys } from '@meshkeeper/config';
import type { ConfigurationConfig } from '../config/configuration-schema.ts';
import { ControlPlaneError } from '../control-plane-error.ts';

/**
 * The keys that secrets are encrypted with; undefined where there are none.
 * @throws ControlPlaneError INVALID_CONFIG
 */
export async function loadKeys(
  { keyFile, keyVariable, plugin }: ConfigurationConfig['secrets'],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<KeyProvider | undefined> {
  try {
    if (keyFile !== undefined) return await fileKeys(keyFile);
    if (keyVariable !== undefined) return parseKeys(environment[keyVariable] ?? '');
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const where = keyFile === undefined ? keyVariable : keyFile;
    throw invalid(`the keys of ${where} can't be used: ${cause.message}`, cause);
  }
  return plugin === undefined ? undefined : pluginKeys(plugin);
}

const METHODS = ['currentKeyId', 'wrap', 'unwrap'] as const;

async function pluginKeys(plugin: string): Promise<KeyProvider> {
  const isFile = isAbsolute(plugin) || plugin.startsWith('.');
  let made: unknown;
  try {
    const module: { readonly default?: unknown } = await import(
      isFile ? pathToFileURL(resolve(plugin)).href : plugin
    );
    made = typeof module.default === 'function' ? await module.default() : module.default;
  } catch (cause) {
    throw invalid(`the plug-in ${plugin} can't be used: ${String(cause)}`, cause);
  }
  if (isProvider(made)) return made;
  throw invalid(`the plug-in ${plugin} has to give an object with ${METHODS.join(', ')}`);
}

function isProvider(made: unknown): made is KeyProvider {
  if (typeof made !== 'object' || made === null) return false;
  return METHODS.every((name) => name in made && typeof Reflect.get(made, name) === 'function');
}

function invalid(message: string, cause?: unknown): ControlPlaneError {
  return new ControlPlaneError('INVALID_CONFIG', message, { cause });
}
