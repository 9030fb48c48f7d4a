import type { Logger } from '../logger.ts';
import type { Observer } from './observer.ts';

/**
 * An observer that logs, at debug level, every answer and every notification: operation, path, time,
 * zxid and the error's code. Neither data nor credentials.
 */
export function packetTrace(logger: Logger): Observer {
  return {
    call:
      ({ operation, path }) =>
      ({ milliseconds, zxid, error }) => {
        const ms = Math.round(milliseconds * 100) / 100;
        logger.debug({ operation, path, ms, zxid: zxid && hex(zxid), code: error?.code }, 'answer');
      },
    notified(event) {
      if (event.type === 'reset') return;
      const { type, path, zxid } = event;
      logger.debug({ type, path, zxid: hex(zxid) }, 'notification');
    },
  };
}

/** As ZooKeeper writes them in its logs. */
function hex(zxid: bigint): string {
  return zxid < 0n ? String(zxid) : `0x${zxid.toString(16)}`;
}
