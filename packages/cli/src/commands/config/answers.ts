/** What the API answers about configuration, as far as it is shown: packages/config/README.md has all of it. */
export interface EntryView {
  readonly type: 'text' | 'json' | 'yaml' | 'properties' | 'secret';
  /** Secrets have none. */
  readonly value?: string;
  readonly secret?: string;
  readonly digest?: string;
  readonly comment?: string;
}

export type Entries = Readonly<Record<string, EntryView>>;

export interface ChangeView {
  readonly key: string;
  readonly change: 'added' | 'changed' | 'removed';
  readonly before?: EntryView;
  readonly after?: EntryView;
}

export interface ReleaseView {
  readonly number: number;
  readonly id: string;
  readonly kind: string;
  readonly at: string;
  readonly by: string;
  readonly message?: string;
  readonly of?: number;
  readonly gray?: string;
  readonly keys: number;
  readonly changes: {
    readonly added: number;
    readonly changed: number;
    readonly removed: number;
  };
}

export interface RuleView {
  readonly instances?: readonly string[];
  readonly addresses?: readonly string[];
  readonly labels?: Readonly<Record<string, string | readonly string[]>>;
  readonly percentage?: number;
}

export interface GrayView {
  readonly name: string;
  readonly order: number;
  readonly rules: readonly RuleView[];
  readonly release: number;
  readonly base: number;
  readonly at: string;
  readonly by: string;
  readonly abandonOn: readonly string[];
  readonly until?: string;
}

export interface ScheduledView {
  readonly id: string;
  readonly at: string;
  readonly by: string;
  readonly message?: string;
  readonly failed?: string;
}

export type Format = 'keys' | 'json' | 'yaml' | 'properties' | 'text';

export interface DraftView {
  readonly base: number;
  readonly format: Format;
  readonly entries: Entries;
  readonly schema?: string;
  readonly changes: readonly ChangeView[];
  readonly at?: string;
  readonly by?: string;
}

export interface ContentView {
  readonly application: string;
  readonly namespace: string;
  readonly format: Format;
  readonly public: boolean;
  readonly release: ReleaseView;
  readonly entries: Entries;
  readonly schema?: string;
  readonly grays: readonly GrayView[];
  readonly scheduled: readonly ScheduledView[];
  readonly next?: string;
}

export interface ApplicationView {
  readonly application: string;
  readonly links: readonly { readonly application: string; readonly namespace: string }[];
  readonly fourEyes: boolean;
  readonly namespaces: readonly {
    readonly namespace: string;
    readonly format?: Format;
    readonly public: boolean;
    readonly release?: { readonly number: number; readonly at: string; readonly by: string };
    readonly draft?: { readonly base: number; readonly at: string; readonly by: string };
    readonly grays: readonly string[];
  }[];
}

export interface PublishedView {
  readonly release?: ReleaseView;
  readonly scheduled?: ScheduledView;
  readonly changes: readonly ChangeView[];
}
