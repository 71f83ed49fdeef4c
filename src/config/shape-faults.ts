/** What zod finds in a definition, in the words of a person. */
import { z } from 'zod'
import type { Fault } from './fault.ts'
import { projectShape } from './shapes.ts'
import { suggestion } from './suggest.ts'

export function faultsOfIssue(issue: z.core.$ZodIssue): Fault[] {
  const path = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeysAt(issue.path)
    return issue.keys.map((key) => ({
      path: path ? `${path}.${key}` : key,
      message: `is not a known property${suggestion(key, known)}`,
    }))
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const deepest = issue.errors.flat().find((e) => e.path.length > 0) ?? issue.errors.flat()[0]
    if (deepest) return faultsOfIssue({ ...deepest, path: [...issue.path, ...deepest.path] } as z.core.$ZodIssue)
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) return [{ path, message: 'is missing' }]
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    const given = (issue.input as Record<string, unknown> | undefined)?.[issue.discriminator]
    // The allowed names stand in the message only.
    const known = [...issue.message.matchAll(/'([^']+)'/g)].map((match) => match[1]!)
    return [{ path, message: `'${String(given)}' is not allowed${suggestion(String(given), known)}` }]
  }
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    return [{ path, message: `'${issue.input}' is not allowed${suggestion(issue.input, issue.values.map(String))}` }]
  }
  return [{ path: path || '(project)', message: issue.message.replace(/^Invalid input: /, '') }]
}

/** The properties that the shape has at a path, for suggestions. */
export function knownKeysAt(path: readonly PropertyKey[]): string[] {
  const schemas = schemasAt(path).flatMap(unwrap)
  return [...new Set(schemas.flatMap((s) => (s instanceof z.ZodObject ? Object.keys(s.shape) : [])))]
}

/** What the shape asks of a value at a path; walks records, unions and wrappers of the schema. */
export function schemasAt(path: readonly PropertyKey[]): z.core.$ZodType[] {
  let schemas: z.core.$ZodType[] = [projectShape]
  for (const step of path) schemas = schemas.flatMap(unwrap).flatMap((schema) => childrenAt(schema, step))
  return schemas
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodOptional
  ) {
    return unwrap(schema.unwrap() as z.core.$ZodType)
  }
  if (schema instanceof z.ZodUnion) return (schema.options as z.core.$ZodType[]).flatMap(unwrap)
  if (schema instanceof z.ZodReadonly) return unwrap(schema.unwrap() as z.core.$ZodType)
  return [schema]
}

function childrenAt(schema: z.core.$ZodType, step: PropertyKey): z.core.$ZodType[] {
  if (schema instanceof z.ZodObject) {
    const child = (schema.shape as Record<PropertyKey, z.core.$ZodType>)[step]
    return child ? [child] : []
  }
  if (schema instanceof z.ZodRecord) return [schema.valueType as z.core.$ZodType]
  if (schema instanceof z.ZodArray) return [schema.element as z.core.$ZodType]
  return []
}
