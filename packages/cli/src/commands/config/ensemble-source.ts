import type { ConfigRequest, ConfigSource, KeyProvider, SourceUpdate } from '@meshkeeper/config';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { CliError, ExitCode } from '../../exit-code.ts';
import { openZooKeeper } from '../zk/access.ts';

/** Where keys are, when no file is named. */
const KEYS_VARIABLE = 'MESHKEEPER_CONFIG_KEYS';

/** Where the ensemble is, and what its secrets are opened with. */
export interface EnsembleFlags {
  readonly zookeeper: string;
  readonly keyFile?: string;
  readonly secrets?: boolean;
}

/** What is read straight from an ensemble. One that is away at first is waited for. */
export class EnsembleSource implements ConfigSource {
  readonly #connect: string;
  readonly #keys: KeyProvider | undefined;
  #zk: ZooKeeper | undefined;
  #close: (() => Promise<void>) | undefined;

  private constructor(connect: string, keys: KeyProvider | undefined) {
    this.#connect = connect;
    this.#keys = keys;
  }

  /** @throws CliError, ConfigError without keys for the secrets that are asked for */
  static async of({ zookeeper, keyFile, secrets }: EnsembleFlags): Promise<EnsembleSource> {
    if (!secrets) return new EnsembleSource(zookeeper, undefined);
    const { fileKeys, parseKeys } = await import('@meshkeeper/config');
    const stated = process.env[KEYS_VARIABLE];
    if (keyFile === undefined && stated === undefined)
      throw new CliError(
        `secrets on an ensemble take the keys that its control planes have: --key-file, or ${KEYS_VARIABLE}`,
        ExitCode.USAGE,
      );
    const keys = keyFile === undefined ? parseKeys(stated ?? '') : await fileKeys(keyFile);
    return new EnsembleSource(zookeeper, keys);
  }

  async *follow(
    request: ConfigRequest,
    signal: AbortSignal,
  ): AsyncGenerator<SourceUpdate, void, void> {
    const { ZooKeeperSource } = await import('@meshkeeper/config');
    while (this.#zk === undefined && !signal.aborted)
      try {
        this.#zk = await openZooKeeper({ zookeeper: this.#connect }, signal, {
          onExpired: 'renew',
        });
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof CliError)) throw error;
        yield { type: 'away', reason: error.message };
      }
    if (this.#zk === undefined) return;
    const source = new ZooKeeperSource({
      zk: this.#zk,
      ...(this.#keys && { keys: this.#keys }),
    });
    this.#close = () => source.close();
    yield* source.follow(request, signal);
  }

  async close(): Promise<void> {
    await this.#close?.();
    await this.#zk?.close();
  }
}
