import type { ValueType } from '../config/project.ts'

/** Values that people write often and that are read in no format: how they look (DuckDB), and what to do. */
type Misread = { types: readonly ValueType[]; looks: string; says: string }

const NUMBERS: ValueType[] = ['Int32', 'Int64', 'Float32', 'Float64']

const MISREAD: Misread[] = [
  {
    types: ['Date', 'UnixTimestamp'],
    looks: '[0-9]{1,2}([./ -])([0-9]{1,2}|[A-Za-z]{3,9})[./ -][0-9]{2}([ T].*)?',
    says: 'with a year of two digits, of which the century would be a guess; write all four, like 2024',
  },
  {
    types: ['Date', 'UnixTimestamp'],
    looks: '[1-6][0-9]{4}([.,][0-9]+)?',
    says: 'with a number, as Excel counts days; show the column as a date there and save the file again',
  },
  {
    types: ['Date', 'UnixTimestamp'],
    looks: '[0-9]{10}([0-9]{3})?([.,][0-9]+)?',
    says: 'with seconds since 1970; write the moment like 2024-01-31T12:00:00Z, or declare the column Int64',
  },
  {
    types: NUMBERS,
    looks: String.raw`\(.*[0-9].*\)|[0-9].*-|[\x{2212}\x{2013}].*[0-9].*`,
    says: 'with a negative number that is written as (5), 5- or \u22125; write -5',
  },
  {
    types: NUMBERS,
    looks: String.raw`\+[0-9.,]+`,
    says: 'with a plus in front; write the number alone',
  },
  {
    types: NUMBERS,
    looks: String.raw`-?[^-+0-9.,\s(]{1,4}\s?-?[0-9][0-9., \x{00a0}\x{202f}]*|-?[0-9][0-9., \x{00a0}\x{202f}]*[^-0-9.,\s)eE]{1,4}`,
    says: "with a sign or a word beside the number; write the number alone, or name the sign in the source: format: { units: ['€'] }",
  },
]

/** The kinds that a column of the type may hold. */
export function misreadsOf(type: ValueType): readonly Misread[] {
  return MISREAD.filter(({ types }) => types.includes(type))
}
