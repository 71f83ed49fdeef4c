import type { TrainingBody } from '../../../src/wire/trainings.ts'

/** What was filled in, as a line for a shell. */
export function commandOf({ model, as_of: asOf, from, known_at: knownAt, reuse }: TrainingBody): string {
  const quoted = (text: string) => (/^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
  const options = [
    ['--as-of', asOf],
    ['--from', from],
    ['--known-at', knownAt],
  ].flatMap(([name, value]) => (value ? [`${name} ${quoted(value)}`] : []))
  return ['weir train', quoted(model), ...options, ...(reuse ? ['--reuse'] : [])].join(' ')
}
