import type { SessionState, ZooKeeper } from '@meshkeeper/zookeeper';
import { RecipeError } from '../recipe-error.ts';

/**
 * When what a session holds can no longer be trusted, by Curator's connection state error policies.
 * `standard` (the default): as soon as the connection is away, because the session may expire
 * unnoticed. `session`: only when the session is known to be gone.
 */
export type TrustPolicy = 'standard' | 'session';

/** A signal that aborts the moment that what the present session holds can't be trusted. */
export class Trust implements Disposable {
  readonly #controller = new AbortController();
  readonly #stop: () => void;

  constructor(zk: ZooKeeper, policy: TrustPolicy) {
    this.#stop = zk.onState((state) => {
      const reason = distrust(state, policy);
      if (reason !== undefined) this.end(reason);
    });
    const reason = distrust(zk.state, policy);
    if (reason !== undefined) this.end(reason);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts the signal for a reason of the recipe's own. Idempotent. */
  end(reason: RecipeError): void {
    this.#stop?.();
    this.#controller.abort(reason);
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}

function distrust(state: SessionState, policy: TrustPolicy): RecipeError | undefined {
  switch (state.type) {
    case 'connected':
      return undefined;
    case 'connecting':
    case 'disconnected':
      return policy === 'session'
        ? undefined
        : new RecipeError('SUSPENDED', 'the connection to ZooKeeper is away');
    case 'expired':
    case 'auth-failed':
    case 'closed':
      return new RecipeError('LOST', `the session is gone (${state.type})`);
  }
}
