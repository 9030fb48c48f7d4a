/** How many links may lead to another: more are a circle. */
const MOST = 5;

/** Clusters by another name: `$FooMaster`, whose znode holds the path of the cluster that is meant. */
export class Links {
  readonly #prefix: string;
  /** The clusters that links lead to, or links again. */
  readonly #targets = new Map<string, string>();

  /** `uris`: where the clusters are. */
  constructor(uris: string) {
    this.#prefix = `${uris}/`;
  }

  /** Says where a link leads, a path; gives the links that lead elsewhere since. */
  set(link: string, path: string | undefined): readonly string[] {
    const before = new Map(Array.from(this.#targets.keys(), (name) => [name, this.follow(name)]));
    before.set(link, this.follow(link));
    const target = path?.startsWith(this.#prefix) ? path.slice(this.#prefix.length) : '';
    if (target === '') this.#targets.delete(link);
    else this.#targets.set(link, target);
    return [...before].filter(([name, was]) => this.follow(name) !== was).map(([name]) => name);
  }

  /** The cluster of this name; itself where it is no link, or one that leads nowhere. */
  follow(name: string): string {
    let cluster = name;
    for (let i = 0; i < MOST; i++) {
      const target = this.#targets.get(cluster);
      if (target === undefined) return cluster;
      cluster = target;
    }
    return name;
  }

  /** The links that lead to a cluster. */
  to(cluster: string): string[] {
    return [...this.#targets.keys()].filter((link) => this.follow(link) === cluster);
  }
}
