import { randomBytes } from 'node:crypto';
import type { Connection } from '../connection/connection.ts';
import { requestOf } from '../connection/request.ts';
import { toError } from '../connection/to-error.ts';
import { isZooKeeperError, ZooKeeperError } from '../zookeeper-error.ts';
import { answerChallenge } from './digest-md5.ts';
import type { SaslOptions } from './sasl-options.ts';

/** Service and host of ZooKeeper's own, whatever the server is called. */
const DIGEST_URI = 'zookeeper/zk-sasl-md5';

/**
 * Authenticates a connection that has shaken hands and carries nothing else yet.
 * @throws ZooKeeperError AUTH_FAILED; CONNECTION_LOSS when the connection ends meanwhile.
 */
export async function authenticate(connection: Connection, options: SaslOptions): Promise<void> {
  const { username, password } = options;
  const challenge = await exchange(connection, Buffer.alloc(0));
  const cnonce = randomBytes(24).toString('base64');
  const answer = attempted(() =>
    answerChallenge(challenge, { username, password, digestUri: DIGEST_URI, cnonce }),
  );
  const proof = await exchange(connection, Buffer.from(answer.response));
  if (!attempted(() => answer.isProof(proof)))
    throw refused('the server does not know the password itself');
}

/** Sends a token; the server's. */
async function exchange(connection: Connection, token: Buffer): Promise<string> {
  try {
    const answer = await new Promise<{ readonly token: Buffer | null }>((resolve, reject) => {
      connection.send(requestOf('sasl', { token }, undefined, resolve, reject));
    });
    return answer.token?.toString('utf8') ?? '';
  } catch (error) {
    if (isZooKeeperError(error, 'CONNECTION_LOSS')) throw error;
    throw refused(`the server refused the user or the password: ${toError(error).message}`, error);
  }
}

function attempted<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw refused(toError(error).message, error);
  }
}

function refused(detail: string, cause?: unknown): ZooKeeperError {
  return new ZooKeeperError('AUTH_FAILED', { operation: 'sasl', detail, cause });
}
