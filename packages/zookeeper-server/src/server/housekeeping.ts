import type { Core } from './core.ts';

/** Milliseconds that a connection may take to shake hands. */
const HANDSHAKE_TIMEOUT = 10_000;

/** What is done by the clock: sessions expire, containers and znodes with a time to live go. */
export class Housekeeping {
  readonly #core: Core;
  readonly #timers: NodeJS.Timeout[] = [];
  #stopped = false;
  #lastTick = 0;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Begins; every session that is there has a whole timeout from now. */
  start(): void {
    const { options, engine } = this.#core;
    this.#lastTick = options.clock.monotonic();
    engine.state.sessions.touchAll(this.#lastTick);
    this.#timers.push(setInterval(() => this.#tick(), options.tickTime));
    this.#timers.push(setInterval(() => this.#reap(), options.reapInterval));
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
  }

  #tick(): void {
    const { options, engine } = this.#core;
    const now = options.clock.monotonic();
    const late = now - this.#lastTick > 2 * options.tickTime;
    this.#lastTick = now;
    // After a pause of the whole process, pings lie unread: their sessions must not pay for it.
    if (late) engine.state.sessions.touchAll(now);
    else setImmediate(() => this.#expire());
  }

  #expire(): void {
    if (this.#stopped) return;
    const { options, engine, connections, delivery } = this.#core;
    const { clock, logger } = options;
    const now = clock.monotonic();
    for (const id of engine.state.sessions.expired(now)) {
      logger.info({ session: `0x${id.toString(16)}` }, 'session expired');
      delivery.commit(engine.closeSession(id, clock.now()));
      connections.ofSession(id)?.destroy();
    }
    for (const connection of connections) {
      const { phase } = connection;
      if (phase.at === 'handshake' && now - phase.since > HANDSHAKE_TIMEOUT) connection.destroy();
    }
  }

  #reap(): void {
    const { options, engine, delivery } = this.#core;
    for (const applied of engine.reap(options.clock.now())) delivery.commit(applied);
  }
}
