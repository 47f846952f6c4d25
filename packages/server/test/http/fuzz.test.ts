import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Served, served } from '../support/served.ts';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const nasty = fc.constantFrom<unknown>(
  "'; drop table task; --",
  '../../../../etc/passwd',
  '%2e%2e%2f',
  '\u0000',
  '\ud800',
  '__proto__',
  '<script>alert(1)</script>',
  'a'.repeat(300),
  -1,
  1e308,
  null,
  [],
  {},
  true,
  '',
);

/** Values that a schema allows, or nearly. */
function spelling(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  const { type, anyOf, oneOf, items, properties = {}, required = [] } = schema;
  const alternatives = anyOf ?? oneOf;
  const proper = ((): fc.Arbitrary<unknown> => {
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    if (alternatives !== undefined) return fc.oneof(...alternatives.map((each) => spelling(each, depth + 1)));
    if (type === 'integer')
      return fc.integer({ min: Math.max(-10, schema.minimum ?? -10), max: Math.min(1000, schema.maximum ?? 1000) });
    if (type === 'number') return fc.double({ min: 0, max: 1, noNaN: true });
    if (type === 'boolean') return fc.boolean();
    if (type === 'array') return fc.array(spelling(items ?? {}, depth + 1), { maxLength: 3 });
    if (type === 'object') {
      const parts = Object.entries(properties).map(([name, part]) => [name, spelling(part, depth + 1)] as const);
      return fc.record(Object.fromEntries(parts), { requiredKeys: [...required] });
    }
    return fc.oneof(fc.string({ maxLength: 20 }), fc.constant('1a-0'), fc.constant('campaign-name'));
  })();
  return fc.oneof({ arbitrary: proper, weight: 12 }, { arbitrary: nasty, weight: 1 });
}

let at: Served;
let worker: Person;
let document: Document;
const unexpected: unknown[] = [];

beforeAll(async () => {
  at = await served({ onError: (error) => unexpected.push(error) });
  const { id } = await at.campaign();
  await at.tasks(id, 20);
  [worker] = await at.people(id, 1);
  await worker.cards(5);
  document = await at.ask<Document>('GET', '/openapi.json');
});

describe('the OpenAPI document', () => {
  it('describes every reply it can as JSON schema', () => {
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(operations.length).toBeGreaterThan(30);
    for (const { operationId, responses } of operations)
      expect(Object.keys(responses), operationId).toContain('default');
  });
});

describe('every route of the document', () => {
  it('answers anything with a reply of its own, never with a failure inside', async () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    const request = fc.constantFrom(...operations).chain(({ path, method, operation }) => {
      const parameters = operation.parameters ?? [];
      const part = (where: string): fc.Arbitrary<Record<string, unknown>> =>
        fc.record(
          Object.fromEntries(
            parameters.filter((each) => each.in === where).map(({ name, schema }) => [name, spelling(schema)]),
          ),
          where === 'path' ? {} : { requiredKeys: [] },
        );
      const schema = operation.requestBody?.content['application/json']?.schema;
      const body =
        schema !== undefined
          ? spelling(schema)
          : operation.requestBody === undefined
            ? fc.constant(undefined)
            : fc.string();
      return fc.record({
        path: fc.constant(path),
        method: fc.constant(method),
        params: part('path'),
        query: part('query'),
        body,
        as: fc.boolean(),
      });
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ path, method, params, query, body, as }) => {
        // A stream of events has no end, and the session is needed on.
        if (path.endsWith('/stream') || path.endsWith('/logout')) return;
        const filled = path.replace(/\{(\w+)\}/g, (_, name) =>
          encodeURIComponent(safe(name === 'campaign' && as ? 1 : params[name])),
        );
        const search = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(safe(value))}`);
        const headers = {
          ...(path.includes('/work') ? worker.headers : at.owner),
          'content-type': path.endsWith('/tasks') ? 'text/csv' : 'application/json',
        };
        const reply = await at.app.inject({
          method: method.toUpperCase() as 'GET',
          url: `${filled}${search.length > 0 ? `?${search.join('&')}` : ''}`,
          headers,
          payload: body === undefined ? undefined : path.endsWith('/tasks') ? String(body) : JSON.stringify(body),
        });
        expect(
          [200, 204, 400, 401, 403, 404, 409, 413, 414, 429],
          `${method} ${filled} ${JSON.stringify(body)}: ${reply.body}`,
        ).toContain(reply.statusCode);
        if (reply.statusCode >= 400) {
          const { schema, errors } = reply.json();
          expect(schema).toBe(1);
          expect(errors[0].code).toMatch(/^[a-z-]+$/);
          expect(errors[0].message.length).toBeGreaterThan(10);
          expect(reply.body).not.toMatch(/\bat .*\.(ts|js):\d+|SQLITE|node_modules|select |insert /);
        }
      }),
      { seed: 42, numRuns: 800 },
    );
    expect(unexpected).toEqual([]);
    expect(await at.store.integrity()).toEqual([]);
  });
});

/** Path and query parameters are text; a lone surrogate has no spelling there. */
function safe(value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.toWellFormed();
}
