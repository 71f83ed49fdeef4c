/** The checks of a source, as a person writes them. */
import { z } from 'zod'
import { said } from './said.ts'

const severity = said(
  z.enum(['error', 'warn']).default('error'),
  'error refuses the delivery; warn records the finding and goes on.',
  'warn',
)
const warn = said(
  severity.default('warn'),
  'error refuses the delivery; warn records the finding and goes on.',
  'error',
)
const scalar = z.union([z.string(), z.number(), z.boolean()])
const values = (description: string, ...example: unknown[]) =>
  said(z.array(scalar).min(1).readonly(), description, example)
const rule = <Name extends string>(name: Name) => said(z.literal(name), 'Names the check.', name)

export const columnCheck = z.discriminatedUnion('rule', [
  z.strictObject({ rule: rule('required'), severity }).meta({ description: 'No value is missing.' }),
  z.strictObject({ rule: rule('unique'), severity }).meta({ description: 'No value stands twice.' }),
  z
    .strictObject({
      rule: rule('range'),
      min: said(z.number().optional(), 'The smallest value.', 0),
      max: said(z.number().optional(), 'The largest value.', 100),
      severity,
    })
    .meta({ description: 'Every value lies between two bounds, of which one may be left out.' }),
  z
    .strictObject({
      rule: rule('allowed'),
      values: values('The values that there may be.', 'Female', 'Male'),
      severity,
    })
    .meta({ description: 'Every value is one of a list.' }),
  z
    .strictObject({
      rule: rule('pattern'),
      pattern: said(z.string(), 'A regular expression of DuckDB (RE2).', '^\\d{4}-[A-Z]{5}$'),
      severity,
    })
    .meta({ description: 'The pattern is found in every text; ^ and $ stand for its ends.' }),
  z
    .strictObject({
      rule: rule('null_only_when'),
      column: said(z.string(), 'The other column.', 'net_service'),
      values: values('Its values where this one is null.', 'No'),
      severity,
    })
    .meta({ description: 'Null exactly where another column has one of these values.' }),
])

export const tableCheck = z.discriminatedUnion('rule', [
  z.strictObject({ rule: rule('one_row_per_key'), severity }).meta({ description: 'No key stands twice.' }),
  z
    .strictObject({
      rule: rule('same_keys_as'),
      source: said(z.string(), 'The other source of the same delivery.', 'users'),
      severity,
    })
    .meta({ description: 'The same set of keys as another source.' }),
  z
    .strictObject({
      rule: rule('row_count_change'),
      share: said(z.number().positive(), 'The largest share by which the number may differ.', 0.2),
      severity: warn,
    })
    .meta({ description: 'About as many rows as in the newest snapshot of the moment before.' }),
  z
    .strictObject({ rule: rule('extra_columns'), severity: warn })
    .meta({ description: 'No column that the project does not name. Always there; naming it changes its severity.' }),
  z
    .strictObject({ rule: rule('key_spaces'), severity: warn })
    .meta({ description: 'No blanks before or behind the text of a key. Always there.' }),
  z
    .strictObject({ rule: rule('missing_words'), severity: warn })
    .meta({ description: 'No text like NA, null or - in a String column. Always there.' }),
  z
    .strictObject({ rule: rule('total_row'), severity })
    .meta({ description: 'No row whose key is a word like Total. Always there.' }),
])
