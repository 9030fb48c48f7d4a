import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConfigError, Template } from '../../src/index.ts';

const from = { application: 'shop', namespace: 'default', release: 1 };
const texts = {
  'server.port': '80',
  'server.max-connections': '7',
  'ports[0]': '1',
  'ports[1]': '2',
  flag: 'off',
};
const values = {
  ...Object.fromEntries(
    Object.entries(texts).map(([key, value]) => [key, { type: 'text' as const, value, from }]),
  ),
  doc: { type: 'json' as const, value: '{"deep":[{"a":1}]}', from },
  'db.password': { type: 'secret' as const, from },
};

function render(text: string): string {
  return new Template('app.conf.hbs', text, { HOME: '/root' }).render({ values });
}

const RENDERED: Readonly<Record<string, string>> = {
  '{{server.port}} {{server.max-connections}}': '80 7',
  '{{#each ports}}{{@index}}={{this}};{{/each}}': '0=1;1=2;',
  '{{doc.deep.[0].a}}': '1',
  '{{#each doc.deep}}{{a}}{{@root.server.port}}{{../flag}}{{/each}}': '180off',
  '{{#with server}}{{port}}{{/with}}': '80',
  '{{key "server.port"}} {{key "nope" default="d"}}': '80 d',
  '{{#if (has "nope")}}yes{{else}}no{{/if}}': 'no',
  '{{#if (has "db.password")}}yes{{else}}no{{/if}}': 'no',
  '{{#if (bool flag)}}on{{else}}off{{/if}}': 'off',
  '{{#if (eq server.port 80)}}same{{/if}}': 'same',
  '{{#each (tree "server.")}}{{name}}={{value}} {{/each}}': 'port=80 max-connections=7 ',
  '{{json server}}': '{"port":"80","max-connections":"7"}',
  '{{yaml ports}}': '- "1"\n- "2"',
  '{{join ports " "}} {{join ports}}': '1 2 1,2',
  '{{env "HOME"}} {{env "NOPE" default="-"}}': '/root -',
  '{{upper "ä<b>"}} {{lower "AB"}} {{base64 "a"}}': 'Ä<B> ab YQ==',
  '{{quote "it\'s"}}': "'it'\\''s'",
  '{{lookup server "port"}}': '80',
};

for (const [text, wanted] of Object.entries(RENDERED))
  test(`${text} becomes ${wanted}`, () => assert.equal(render(text), wanted));

const FAULTS: Readonly<Record<string, RegExp>> = {
  'a\n  {{server.prot}}': /^app\.conf\.hbs:2:5: there is no prot here/,
  '\n{{#if server.nope}}x{{/if}}': /^app\.conf\.hbs:2:7: there is no server\.nope/,
  '{{#each nope}}x{{/each}}': /:1:9: there is no nope/,
  '\n\n{{key "a.b"}}': /:3:7: there is no a\.b; .*default=/,
  '{{env "NOPE"}}': /:1:7: there is no variable NOPE/,
  '{{db.password}}': /:1:3: there is no db/,
  '{{constructor}}': /:1:3: there is no constructor/,
  '{{server.__proto__}}': /:1:3: there is no server\.__proto__/,
  '{{toString}}': /there is no toString/,
  '{{server}}': /server is no text, but keys: write \{\{json server\}\}/,
  '{{ports}}': /ports is no text, but a list/,
  '{{foo 1}}': /:1:1: there is no helper foo: there are key,/,
  'a\n{{#if}': /:2: is no Handlebars/,
  '{{#if flag}}': /app\.conf\.hbs/,
  '\n{{> other}}': /:2:1: templates have no partials/,
  '{{#*inline "x"}}{{/inline}}': /:1:1: templates have no partials/,
};

for (const [text, wanted] of Object.entries(FAULTS))
  test(`${JSON.stringify(text)} is an error with its line`, () => {
    assert.throws(
      () => render(text),
      (error) => {
        assert.ok(isConfigError(error, 'NOT_VALID'), String(error));
        assert.match(error.message, wanted);
        return true;
      },
    );
  });
