import { type Command, InvalidArgumentError, Option } from 'commander'
import { displayInstant, type Instant } from '../../base/instant.ts'
import { kindOfName } from '../../features/time/subject.ts'
import { displayValue } from '../../values/display.ts'
import type { ValueType } from '../../values/values.ts'
import { limitOf } from '../../wire/limits.ts'
import type { DifferencesAnswer, RowsAnswer, TimeCell, TimeColumn, TimeRow } from '../../wire/time.ts'
import { TIME_KINDS, type TimeKind } from '../../wire/time.ts'
import { formatNumber } from '../format.ts'
import { type CommonOptions, common, instantOption } from '../options.ts'
import type { Cell, Output } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & {
  of?: TimeKind
  key?: string
  validAt?: Instant
  knownAt?: Instant
  otherValidAt?: Instant
  otherKnownAt?: Instant
  mode: 'restated' | 'served'
  limit: number
  skip: number
}

export function define(command: Command): void {
  command
    .argument('<name>', 'a source, a feature view, an entity, or a model (its training set)')
    .argument('[key]', 'only this key; an entity needs one. With several join keys a JSON object')
    .option('--key <key>', 'the same, for a key that begins with -')
    .addOption(new Option('--of <kind>', 'what the name means, where it names several things').choices(TIME_KINDS))
    .option('--valid-at <time>', 'which moment is meant (default: the newest)', instantOption)
    .option('--known-at <time>', 'by what was recorded until then (default: all of it)', instantOption)
    .option('--other-valid-at <time>', 'show what differs at this moment instead', instantOption)
    .option('--other-known-at <time>', 'show what differs by what was recorded until then', instantOption)
    .addOption(
      new Option('--mode <mode>', 'restated: as it is known. served: only what could be known at the moment itself')
        .choices(['restated', 'served'])
        .default('restated'),
    )
    .option('--limit <rows>', 'how many rows', rowsOption, 20)
    .option('--skip <rows>', 'after so many', skipOption, 0)
  common(command, 'at usage_agg_30d 7590-VHVEG --valid-at 2024-01-31 --known-at 2024-02-15').action(
    (name: string, key: string | undefined, options: Options) =>
      withApp(options, async (app, { out }) => {
        const kind = options.of ?? kindOfName(app.project, name)
        const { validAt, knownAt, mode, otherValidAt, otherKnownAt, limit, skip: offset } = options
        const request = { kind, name, key: key ?? options.key, validAt, knownAt, mode }
        if (otherValidAt === undefined && otherKnownAt === undefined) {
          const answer = await app.features.time.rows(request, { limit, offset })
          out.document(answer)
          printRows(out, answer, offset)
        } else {
          const other = { validAt: otherValidAt, knownAt: otherKnownAt }
          const answer = await app.features.time.differences(request, other, { limit, offset })
          out.document(answer)
          printDifferences(out, answer, offset)
        }
      }),
  )
}

function printRows(out: Output, answer: RowsAnswer, offset: number): void {
  const { columns, rows, row_count: all, left_out: left, note } = answer
  out.line(
    `${answer.of.name} ${settingText(answer.valid_at, answer.known_at)}, ${answer.mode}: ${ofAll(rows, all, offset)}`,
  )
  if (note) out.line(note)
  const leftOut = [
    ...(left.deleted > 0 ? [`${formatNumber(left.deleted)} deleted`] : []),
    ...(left.unnamed > 0 ? [`${formatNumber(left.unnamed)} without a key or repeated`] : []),
  ]
  if (leftOut.length > 0) out.line(`not among them: ${leftOut.join(', ')}`)
  if (rows.length === 0) return
  out.table(
    [...columns.map((c) => c.name), 'status', 'describes', 'snapshot'],
    rows.map((row) => rowCells(columns, row)),
  )
}

function rowCells(columns: readonly TimeColumn[], row: TimeRow): Cell[] {
  return [...valueCells(columns, row), row.status, row.event_time && displayInstant(row.event_time), row.snapshot]
}

function printDifferences(out: Output, answer: DifferencesAnswer, offset: number): void {
  const { a, b, counts, columns, rows } = answer
  out.line(
    `a: ${settingText(a.valid_at, a.known_at)}: ${formatNumber(a.row_count)} rows${a.note ? ` (${a.note})` : ''}`,
  )
  out.line(
    `b: ${settingText(b.valid_at, b.known_at)}: ${formatNumber(b.row_count)} rows${b.note ? ` (${b.note})` : ''}`,
  )
  const { added, removed, changed, same, cells } = counts
  out.line(
    `${formatNumber(changed)} rows changed (${formatNumber(cells)} cells), ${formatNumber(added)} only in b, ${formatNumber(removed)} only in a, ${formatNumber(same)} the same`,
  )
  if (rows.length === 0) return
  out.line(ofAll(rows, added + removed + changed, offset))
  out.table(
    ['', ...columns.map((c) => c.name)],
    rows.flatMap((row): Cell[][] => {
      const left = row.a && ['a', ...valueCells(columns, row.a)]
      const right = row.b && ['b', ...valueCells(columns, row.b)]
      return [left, right].filter((cells) => cells !== null)
    }),
  )
}

/** As people are shown values: by the type of the column, or, where a row says its type, by that. */
export function valueCells(columns: readonly TimeColumn[], { values }: Pick<TimeRow, 'values'>): Cell[] {
  const typeAt = columns.findIndex((column) => column.name === 'type')
  return columns.map(({ type }, i) => {
    const value = values[i] ?? null
    return cellText(type === 'Mixed' ? (String(values[typeAt]) as ValueType) : type, value)
  })
}

/** As the console shows it; a test compares the two. */
export function cellText(type: ValueType, value: TimeCell): string | null {
  if (value === null) return null
  if (type === 'UnixTimestamp' && typeof value === 'string') return displayInstant(value)
  return displayValue(type, value)
}

function settingText(validAt: Instant, knownAt: Instant): string {
  return `as of ${displayInstant(validAt)}, known at ${displayInstant(knownAt)}`
}

function ofAll(rows: readonly unknown[], all: number, offset: number): string {
  if (rows.length === all) return `${formatNumber(all)} rows`
  if (rows.length === 0) return `no row after ${formatNumber(offset)} of ${formatNumber(all)}`
  return `rows ${formatNumber(offset + 1)} to ${formatNumber(offset + rows.length)} of ${formatNumber(all)}`
}

function rowsOption(text: string): number {
  const count = Number(text)
  const most = limitOf('listItems')
  if (Number.isInteger(count) && count >= 1 && count <= most) return count
  throw new InvalidArgumentError(`a whole number from 1 to ${most} is expected`)
}

function skipOption(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 0 && count <= 1e12) return count
  throw new InvalidArgumentError('a whole number from 0 is expected')
}
