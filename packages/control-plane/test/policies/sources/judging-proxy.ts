import { XdsClient } from '@meshkeeper/xds';

/** A data plane without a data path, which takes routes only when it is told to. */
export interface JudgingProxy extends AsyncDisposable {
  /** Takes what it was sent of routes, and what comes. */
  accept(): void;
  /** Rejects what it was sent of routes, and what comes. */
  reject(message: string): void;
  /** Judges nothing that comes from now on. */
  hold(): void;
}

type Verdict = 'held' | 'accepted' | { readonly rejected: string };

/** Starts one at `host:port`; at first it takes all. */
export function startJudgingProxy(xds: string, id: string): JudgingProxy {
  const [host = '', port] = xds.split(':');
  const client = new XdsClient({
    address: { host, port: Number(port) },
    node: { id, cluster: 'judge', userAgent: 'test' },
  });
  let verdict: Verdict = 'accepted';
  const held: { accept(): void; reject(message: string): void }[] = [];
  const judge = (batch: (typeof held)[number]) => {
    if (verdict === 'held') held.push(batch);
    else if (verdict === 'accepted') batch.accept();
    else batch.reject(verdict.rejected);
  };
  const following = (async () => {
    for await (const batch of client.updates()) {
      if (batch.type === 'route') judge(batch);
      else batch.accept();
    }
  })();
  const becomes = (next: Verdict) => {
    verdict = next;
    if (next !== 'held') for (const batch of held.splice(0)) judge(batch);
  };
  return {
    accept: () => becomes('accepted'),
    reject: (message) => becomes({ rejected: message }),
    hold: () => becomes('held'),
    async [Symbol.asyncDispose]() {
      await client.close();
      await following;
    },
  };
}
