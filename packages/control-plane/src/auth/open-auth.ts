import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import { type Config, ensembleOf } from '../config/schema.ts';
import { Authenticator } from './authenticator.ts';
import { LastKnownTokens } from './last-known-tokens.ts';
import { TokenStore } from './token-store.ts';

/** What tokens are read with. */
export interface AuthOptions {
  readonly zk: ZooKeeper;
  readonly config: Config;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Begins to read the tokens, those that were known last from disk, and says by them who calls.
 * @param stack ends it
 * @throws ControlPlaneError DATA_DIR
 */
export async function openAuth(
  { zk, config, logger, now }: AuthOptions,
  stack: AsyncDisposableStack,
): Promise<{ readonly tokens: TokenStore; readonly authenticator: Authenticator }> {
  const { dataDir, api } = config.controlPlane;
  const { auth, insecure } = api;
  const identity = ensembleOf(config);
  const disk =
    dataDir === undefined
      ? undefined
      : stack.use(await LastKnownTokens.open({ dataDir, identity, logger }));
  const tokens = stack.use(new TokenStore(zk, logger, now, disk).start());
  return { tokens, authenticator: new Authenticator({ tokens, auth, insecure }) };
}
