import { version } from '@assay/core';
import { z } from 'zod';
import { failure, prefix, type Route, type RouteName, routes } from '../protocol/index.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** Requests are described as they are sent, replies as they come. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' });
  return rest;
}

function parametersOf(route: Route): readonly JsonSchema[] {
  const inPart = (schema: z.ZodType | undefined, part: 'path' | 'query'): JsonSchema[] => {
    if (schema === undefined) return [];
    // Text on the wire, described as what it must spell.
    const { properties = {}, required = [] } = schemaOf(schema, 'output') as {
      readonly properties?: Readonly<Record<string, JsonSchema>>;
      readonly required?: readonly string[];
    };
    return Object.entries(properties).map(([name, of]) => {
      return { name, in: part, required: part === 'path' || required.includes(name), schema: of };
    });
  };
  return [...inPart(route.params, 'path'), ...inPart(route.query, 'query')];
}

function bodyOf({ body }: Route): JsonSchema {
  if (body === undefined) return {};
  const content =
    body === 'file'
      ? { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
      : { 'application/json': { schema: schemaOf(body, 'input') } };
  return { requestBody: { required: true, content } };
}

function replyOf({ reply }: Route): JsonSchema {
  if (reply === undefined) return { 204: { description: 'Done.' } };
  if (reply === 'file')
    return { 200: { description: 'The file.', content: { '*/*': { schema: { type: 'string', format: 'binary' } } } } };
  if (reply === 'events')
    return { 200: { description: 'Events.', content: { 'text/event-stream': { schema: { type: 'string' } } } } };
  return { 200: { description: 'Done.', content: { 'application/json': { schema: schemaOf(reply, 'output') } } } };
}

function operationOf(name: RouteName): JsonSchema {
  const route = routes[name] as Route;
  const parameters = parametersOf(route);
  const open = route.who === 'anyone';
  return {
    operationId: name,
    summary: route.summary,
    description: open ? 'Open to anyone.' : `Role: ${route.who}${route.who === 'worker' ? '' : ' or above'}.`,
    tags: [
      route.path.startsWith('/work') || name === 'join'
        ? 'work'
        : route.path.startsWith('/campaigns')
          ? 'campaigns'
          : 'access',
    ],
    ...(open ? {} : { security: [{ bearer: [] }, { [route.who === 'worker' ? 'worker' : 'lead']: [] }] }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...bodyOf(route),
    responses: {
      ...replyOf(route),
      default: {
        description: 'Refused, or failed.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } },
      },
    },
  };
}

/** The OpenAPI 3.1 document of all routes, made from the table of routes. */
export function openApiDocument(): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const name of Object.keys(routes) as RouteName[]) {
    const { path, method } = routes[name];
    const key = prefix + path.replace(/:(\w+)/g, '{$1}');
    paths[key] ??= {};
    paths[key][method.toLowerCase()] = operationOf(name);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Assay',
      version,
      summary: 'Live campaigns: tasks out, answers in, labels at any time.',
      license: { name: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: { Failure: schemaOf(failure, 'output') },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        lead: { type: 'apiKey', in: 'cookie', name: 'assay-lead' },
        worker: { type: 'apiKey', in: 'cookie', name: 'assay-worker' },
      },
    },
  };
}
