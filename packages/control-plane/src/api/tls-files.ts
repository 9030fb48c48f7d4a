import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Logger } from '@meshkeeper/zookeeper';
import type { ApiConfig } from '../config/api-schema.ts';
import { ControlPlaneError } from '../control-plane-error.ts';

/** A certificate and its key, PEM. */
export interface TlsText {
  readonly cert: string;
  readonly key: string;
}

type TlsConfig = NonNullable<ApiConfig['tls']>;

/** How long files are left alone after one of them has changed, in milliseconds: the other may follow. */
const QUIET = 100;

/** @throws ControlPlaneError INVALID_CONFIG when they can't be used */
export async function readTls({ certificate, key }: TlsConfig): Promise<TlsText> {
  try {
    const text = { cert: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
    createSecureContext(text);
    return text;
  } catch (cause) {
    throw new ControlPlaneError(
      'INVALID_CONFIG',
      `controlPlane.api.tls: ${certificate} and ${key} can't be used: ${String(cause)}`,
      { cause },
    );
  }
}

/**
 * Has a server use what the files hold when they change; what can't be used is passed over. Their
 * folders are watched, as those who renew certificates replace files or links to them.
 */
export function followTls(server: Server, config: TlsConfig, logger: Logger): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const reload = async () => {
    try {
      server.setSecureContext(await readTls(config));
      logger.info({ certificate: config.certificate }, 'the certificate of the API was read anew');
    } catch (err) {
      logger.warn({ err }, 'the certificate of the API stays what it was');
    }
  };
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(reload, QUIET).unref();
  };
  const folders = new Set([dirname(config.certificate), dirname(config.key)]);
  const watchers: FSWatcher[] = [...folders].map((folder) =>
    watch(folder, { persistent: false }, changed).on('error', (err) =>
      logger.warn({ err, folder }, 'certificates in this folder are not read anew any more'),
    ),
  );
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}
