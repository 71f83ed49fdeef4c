/**
 * From a shape to JSON Schema: the one from which Fastify compiles the check of a request, and of which /openapi.json and
 * /docs are made. So what the document says is what is checked (docs/decisions/0028-one-way-to-read-a-request.md).
 */
import { z } from 'zod'

export type JsonSchema = Record<string, unknown>

/** What a caller may send by this shape: members with a default may be left out. */
export function jsonSchemaOf(shape: z.ZodType): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, {
    io: 'input',
    override: ({ jsonSchema }) => simplify(jsonSchema as JsonSchema),
  })
  return schema
}

/** Types of one value stand together, so that a refusal is one sentence and not one for each; names are always text. */
function simplify(schema: JsonSchema): void {
  delete schema.propertyNames
  const { type, minimum, maximum, anyOf } = schema
  // The bounds of an exact number are no bounds of ours: which integers a key takes is the reader's to say.
  if (type === 'integer' && minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (type === 'integer' && maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
  if (!Array.isArray(anyOf)) return
  const types = (anyOf as JsonSchema[]).map(bareType)
  if (types.includes(undefined)) {
    const [only, second] = (anyOf as JsonSchema[]).filter((option) => option.type !== 'null')
    // "T or null": the keywords of T say nothing of a null.
    if (second !== undefined || typeof only?.type !== 'string' || 'enum' in only || anyOf.length !== 2) return
    delete schema.anyOf
    Object.assign(schema, { ...only, ...schema, type: [only.type, 'null'] })
    return
  }
  delete schema.anyOf
  schema.type = [...new Set(types)]
}

/** The type of a schema that says nothing but that. */
function bareType(schema: JsonSchema): string | undefined {
  return typeof schema.type === 'string' && Object.keys(schema).length === 1 ? schema.type : undefined
}
