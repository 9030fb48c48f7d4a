import {
  type Operation,
  type OperationName,
  type RequestOf,
  type ResponseOf,
  rowOf,
  type Type,
} from '@meshkeeper/jute';
import { requestOf } from '../connection/request.ts';
import type { Observer } from '../observe/observer.ts';
import type { Session } from '../session/session.ts';
import { ZooKeeperError } from '../zookeeper-error.ts';

/** What follows on an answer, on an error (with the server's code), or on the signal's abort. */
export interface Answer<N extends OperationName> {
  /** `abandoned`: the signal aborted before, and `fail` was called then. */
  succeed(response: ResponseOf<N>, abandoned: boolean): void;
  /** On the abort, and on an error: `abandoned` then as above. */
  fail(error: unknown, err: number | undefined, abandoned: boolean): void;
  /** Once nothing follows any more: after the server's answer, or the end of the wait for it. */
  settled?(): void;
}

/** The way of every call: observed, given up by its signal, with paths inside the chroot. */
export class Calls {
  readonly session: Session;
  readonly #observer: Observer | undefined;

  constructor(session: Session, observer: Observer | undefined) {
    this.session = session;
    this.#observer = observer;
  }

  /** The server's name for a path of the user's. */
  server(path: string): string {
    return this.session.chroot.add(path);
  }

  /** The user's name for a path of the server's. */
  strip(path: string): string {
    return this.session.chroot.strip(path);
  }

  /** A call whose answer is all there is to it. `path`: the user's, for errors. */
  call<N extends OperationName>(
    operation: N,
    body: RequestOf<N>,
    path: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ResponseOf<N>> {
    return new Promise((succeed, fail) => {
      this.send(operation, body, path, signal, { succeed, fail });
    });
  }

  /** As `call`, but the answer is read as something else. */
  callAs<N extends OperationName, R>(
    operation: N,
    response: Type<R>,
    body: RequestOf<N>,
    path: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<R> {
    const row = { ...rowOf(operation), response } as Operation; // a row of other types
    return new Promise((resolve, fail) => {
      // What the row has read is an R.
      const succeed = (answer: unknown) => resolve(answer as R);
      this.send(operation, body, path, signal, { succeed, fail }, row);
    });
  }

  /** A call that does something at the moment of its answer, before any later notification. */
  send<N extends OperationName>(
    operation: N,
    body: RequestOf<N>,
    path: string | undefined,
    signal: AbortSignal | undefined,
    answer: Answer<N>,
    row?: Operation,
  ): void {
    if (signal?.aborted) {
      answer.fail(signal.reason, undefined, false);
      answer.settled?.();
      return;
    }
    const end = this.#observe(operation, path);
    let abandoned = false;
    const abort = () => {
      abandoned = true;
      answer.fail(signal?.reason, undefined, false);
    };
    signal?.addEventListener('abort', abort, { once: true });
    const succeed = (response: ResponseOf<N>, zxid: bigint) => {
      signal?.removeEventListener('abort', abort);
      end?.(zxid, undefined);
      answer.succeed(response, abandoned);
      answer.settled?.();
    };
    const fail = (error: ZooKeeperError, err?: number) => {
      signal?.removeEventListener('abort', abort);
      end?.(undefined, error);
      answer.fail(error, err, abandoned);
      answer.settled?.();
    };
    const request = requestOf(operation, body, path, succeed, fail, row);
    if (signal === undefined) this.session.send(request);
    else this.session.send({ ...request, dropped: () => fail(gaveUp(operation, path)) }, signal);
  }

  #observe(operation: OperationName, path: string | undefined) {
    const end = this.#observer?.call?.({ operation, path });
    if (end === undefined) return undefined;
    const begun = performance.now();
    return (zxid: bigint | undefined, error: ZooKeeperError | undefined) =>
      end({ milliseconds: performance.now() - begun, zxid, error });
  }
}

/** For observers only: the caller is given the signal's reason. */
function gaveUp(operation: OperationName, path: string | undefined): ZooKeeperError {
  return new ZooKeeperError('REQUEST_TIMEOUT', { operation, path, detail: 'given up unsent' });
}
