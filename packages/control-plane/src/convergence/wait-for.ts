/** How to wait for something of which the progress is `P`. */
export interface WaitOptions<P> {
  /** Gives the wait up: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which it resolves with what is the case. Default: none. */
  readonly timeout?: number;
  /** Is told how far it is, at the beginning and after changes, one turn's together. */
  readonly progress?: (progress: P) => void;
}

/** Something that is followed because it is waited for. */
export interface Followed<P> extends Disposable {
  /** How far it is now. */
  progress(): P;
}

/** What a wait ended with. */
export interface Ended<P> {
  readonly found: P;
  /** It was not over, but its time was. */
  readonly timedOut: boolean;
}

/**
 * Waits until what is followed is over.
 * @param follow is given what to call whenever it is worth to look again
 * @throws the signal's reason
 */
export async function waitFor<P>(
  follow: (look: () => void) => Followed<P>,
  isOver: (progress: P) => boolean,
  { signal, timeout, progress }: WaitOptions<P>,
): Promise<Ended<P>> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Ended<P>>();
  const look = () => {
    const found = followed.progress();
    progress?.(found);
    if (isOver(found)) resolve({ found, timedOut: false });
  };
  const late = () => {
    const found = followed.progress();
    resolve({ found, timedOut: !isOver(found) });
  };
  const abort = () => reject(signal?.reason);
  using followed = follow(look);
  signal?.addEventListener('abort', abort, { once: true });
  const timer = timeout === undefined ? undefined : setTimeout(late, timeout);
  try {
    look();
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
