import { after, before, beforeEach } from 'node:test';
import type { Endpoint, Service } from '@meshkeeper/mesh';
import { Instance, type Spoken } from './instance.ts';

/** Instances of services, for the tests of a `describe`: before each they are as they were in the beginning. */
export class Fleet {
  readonly instances: readonly Instance[];
  readonly #spoken: Spoken;

  constructor(spoken: Spoken, size: number) {
    this.#spoken = spoken;
    this.instances = Array.from({ length: size }, (_, i) => new Instance(`${spoken}${i}`, spoken));
    before(() => Promise.all(this.instances.map((instance) => instance.start())));
    beforeEach(() => Promise.all(this.instances.map((instance) => instance.reset())));
    after(() => Promise.all(this.instances.map((instance) => instance.stop())));
  }

  get names(): readonly string[] {
    return this.instances.map(({ name }) => name);
  }

  /** A service of all of them, or of some. @param facts what differs from an ordinary endpoint */
  service(
    name: string,
    facts: (at: number) => Partial<Endpoint> | undefined = () => ({}),
    more: Partial<Service> = {},
  ): Service {
    const endpoints = this.instances.flatMap((instance, at) => {
      const of = facts(at);
      return of === undefined ? [] : [instance.endpoint(of)];
    });
    return { name, protocol: this.#spoken, endpoints, ...more };
  }

  /** Has all of them do the same. */
  answerWith(answer: Instance['answer']): void {
    for (const instance of this.instances) instance.answer = answer;
  }
}
