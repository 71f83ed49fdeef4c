/** Shapes of keys and feature values, by their declared types. Examples are the project's own, or there are none. */
import { z } from 'zod'
import type { ValueType } from '../values/values.ts'

export type Field = { name: string; type: ValueType; example?: unknown }

/** What a key may be sent as: the exact reading of it is the feature store's (features/define/keys.ts). */
export function keyPart({ type, example }: Field): z.ZodType {
  const description = `Join key, ${type}.`
  if (type === 'String') return shown(z.string().min(1), description, example)
  if (type === 'Int32' || type === 'Int64') {
    const says = `${description} Beyond 2^53 a program may lose digits of a number; text keeps them.`
    return shown(z.union([z.int(), z.string()]), says, example)
  }
  return shown(typed(type), description, example)
}

/** One member for each join key, and no others. */
export function keyOf(keys: readonly Field[]): z.ZodType {
  return z.strictObject(members(keys, keyPart))
}

/** The key as it is answered: in its type, whether it came as text or not. */
export function answeredKey({ type, example }: Field): z.ZodType {
  return shown(typed(type), `Join key, ${type}.`, example)
}

export function answeredFeature({ type, example }: Field): z.ZodType {
  return shown(typed(type).nullable(), `${type}.`, example)
}

export function members<T extends { name: string }>(list: readonly T[], shapeOf: (item: T) => z.ZodType) {
  return Object.fromEntries(list.map((item) => [item.name, shapeOf(item)]))
}

function typed(type: ValueType): z.ZodType {
  if (type === 'Bool') return z.boolean()
  if (type === 'Int32' || type === 'Int64') return z.int()
  if (type === 'Float32' || type === 'Float64') return z.number()
  return z.string()
}

function shown(shape: z.ZodType, description: string, example: unknown): z.ZodType {
  return shape.meta(example === undefined ? { description } : { description, examples: [example] })
}
