import { z } from 'zod'
import { projectShape } from '../../src/config/shapes.ts'
import { code, page, table } from './markdown.ts'

type Schema = {
  type?: string | string[]
  description?: string
  examples?: unknown[]
  default?: unknown
  enum?: unknown[]
  const?: unknown
  required?: string[]
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
}

/** A field, and whether it must be written. */
type Field = { path: string; schema: Schema; needed: boolean }
type Section = { path: string; about: string; fields: Field[] }

export function projectFilePage(): string {
  const parts = projectSections().flatMap(({ path, about, fields }) => [
    `## ${path === '' ? 'The project' : code(path)}`,
    ...(about ? [about] : []),
    table(
      ['field', 'type', 'default', 'example', 'meaning'],
      fields.map(({ path: name, schema, needed }) => [
        code(name),
        typeOf(schema),
        needed ? '(needed)' : shownDefault(schema),
        code(shown(schema.examples?.[0])),
        schema.description ?? '',
      ]),
    ),
  ])
  return page(
    'The project file',
    '`weir.config.ts` says what a project is: `export default defineProject({ … })`. Every field of it is below; NAME stands for a name that you choose, of letters, digits, `_` and `-`. A duration is written like `45d`, `12h` or `30m`. `weir check` reads the file and says all that is wrong with it at once.',
    '`src/config/shapes.ts`',
    parts,
  )
}

/** Every object that may be written in the file, with its fields. */
export function projectSections(): Section[] {
  const read = (io: 'input' | 'output') => z.toJSONSchema(projectShape, { io, unrepresentable: 'any' }) as Schema
  const found: Section[] = []
  visit(found, '', read('output'), read('input'))
  return found
}

/** What a field holds is known after reading, whether it must be written before. */
function visit(found: Section[], path: string, read: Schema, written: Schema): void {
  const choices = read.anyOf ?? read.oneOf
  if (choices) {
    const inside = written.anyOf ?? written.oneOf ?? []
    choices.forEach((choice, i) => {
      const { const: rule } = choice.properties?.rule ?? choice.properties?.kind ?? {}
      visit(found, rule === undefined ? path : `${path} ${rule}`, choice, inside[i] ?? {})
    })
    return
  }
  if (read.items) {
    visit(found, `${path}[]`, read.items, written.items ?? {})
    return
  }
  if (typeof read.additionalProperties === 'object') {
    visit(found, `${path}.NAME`, read.additionalProperties, written.additionalProperties as Schema)
    return
  }
  if (!read.properties || Object.keys(read.properties).length === 0) return
  const fields = Object.entries(read.properties).map(([name, schema]) => {
    return { path: name, schema, needed: written.required?.includes(name) ?? false }
  })
  found.push({ path: path.replace(/^\./, ''), about: path === '' ? '' : (read.description ?? ''), fields })
  for (const { path: name, schema } of fields) visit(found, `${path}.${name}`, schema, written.properties?.[name] ?? {})
}

function typeOf(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => code(shown(value))).join(', ')
  if (schema.const !== undefined) return code(shown(schema.const))
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return [...new Set(choices.map(typeOf))].join(' or ')
  if (schema.items) return `list of ${typeOf(schema.items)}`
  if (schema.type === 'object') return typeof schema.additionalProperties === 'object' ? 'object by name' : 'object'
  const names = [schema.type ?? 'function'].flat().map((type) => TYPES[type] ?? type)
  return [...new Set(names)].join(' or ')
}

const TYPES: Record<string, string> = { string: 'text', integer: 'whole number' }

function shownDefault({ default: value }: Schema): string {
  return value === undefined ? '' : code(shown(value))
}

/** As a person writes it in TypeScript. */
function shown(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return value.includes('=>') ? value : `'${value.replaceAll("'", "\\'")}'`
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value).map(([name, inner]) => `${name}: ${shown(inner)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}
