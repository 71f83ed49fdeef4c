import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { addMs, displayInstant, type Instant } from '../../base/instant.ts'
import type { Project } from '../../config/project.ts'
import { suggestion } from '../../config/suggest.ts'
import type { DriftOptions, Side } from '../../monitoring/drift/sides.ts'
import { percent, short } from '../../monitoring/drift/words.ts'
import { reportPage } from '../../monitoring/reports/page.ts'
import { DRIFT_TESTS, type DriftReport, type DriftTest } from '../../wire/drift.ts'
import { formatNumber } from '../format.ts'
import { type CommonOptions, collect, common, countOption, instantOption } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & {
  from: Instant
  to: Instant
  knownAt?: Instant
  training?: boolean
  log?: number | true
  test?: string[]
  column?: string[]
  thresholds?: 'fixed' | 'history'
  share?: number
  out?: string
}

/** Of a model's predictions, in days. */
const WINDOW_DAYS = 7
const DAY_MS = 86_400_000
/** Something drifted: as a whole. */
const DRIFTED = 3

export function define(command: Command): void {
  command
    .argument(
      '<source-or-model>',
      'a source, of which two snapshots are compared, or a model, of which the features are',
    )
    .requiredOption('--from <date>', 'the reference', instantOption)
    .requiredOption('--to <date>', 'what is compared with it', instantOption)
    .option('--training', 'of a model: the reference is what a training as of --from learns from')
    .option(
      '--log [days]',
      `of a model: what it was asked in the days before --to (default: ${WINDOW_DAYS})`,
      countOption,
    )
    .option('--known-at <time>', 'as the snapshots were known at this time (default: now)', instantOption)
    .option('--test <column=test>', `another test (* for all): ${DRIFT_TESTS.join(', ')}; may be repeated`, collect)
    .option('--column <name>', 'only this column (may be repeated)', collect)
    .addOption(
      new Option('--thresholds <which>', "fixed: Evidently's; history: learned from the periods before").choices([
        'fixed',
        'history',
      ]),
    )
    .option('--share <number>', 'from which share of drifted columns on the whole has drifted', shareOption)
    .option('--out <file>', 'the report as one HTML file')
  common(command, 'drift streamflow_churn --from 2024-01-31 --to 2024-02-29 --out drift.html').action(
    (name: string, options: Options) =>
      withApp(options, async (app, { out }) => {
        const { reference, current } = sidesOf(app.project, name, options)
        const kept = await app.reports.make({ reference, current, options: wantedOf(options) })
        out.document({ id: kept.id, made_at: kept.madeAt, ...kept.report })
        print(kept.report, out)
        if (options.out !== undefined) {
          const file = resolve(options.out)
          await writeFile(file, reportPage(kept))
          out.line(`written: ${file}`)
        }
        if (kept.report.drifted) process.exitCode = DRIFTED
      }),
  )
  command.addHelpText('after', `\nExit codes: 0 no drift as a whole, ${DRIFTED} drift, 1 failed, 2 wrong usage.`)
}

function sidesOf(project: Project, name: string, options: Options): { reference: Side; current: Side } {
  const known = options.knownAt === undefined ? {} : { knownAt: options.knownAt }
  if (project.models.some((model) => model.name === name)) {
    const features = (asOf: Instant) => ({ kind: 'features', model: name, asOf, ...known }) as const
    const days = options.log === true ? WINDOW_DAYS : options.log
    const window = (to: Instant) =>
      ({ kind: 'predictions', model: name, from: addMs(to, -days! * DAY_MS), to }) as const
    const reference: Side = options.training
      ? { kind: 'training_set', model: name, asOf: options.from, ...known }
      : days === undefined
        ? features(options.from)
        : window(options.from)
    return { reference, current: days === undefined ? features(options.to) : window(options.to) }
  }
  if (project.sources.some((source) => source.name === name)) {
    if (options.training || options.log !== undefined) {
      throw new PlatformError('invalid_argument', `--training and --log are of a model; '${name}' is a source`)
    }
    const snapshot = (asOf: Instant) => ({ kind: 'snapshot', source: name, asOf, ...known }) as const
    return { reference: snapshot(options.from), current: snapshot(options.to) }
  }
  const names = [...project.models, ...project.sources].map((one) => one.name)
  throw new PlatformError(
    'not_found',
    `there is no model and no source '${name}' in the project${suggestion(name, names)}`,
  )
}

function wantedOf({ test, column, thresholds, share }: Options): DriftOptions {
  const tests = Object.fromEntries((test ?? []).map(testOption))
  return {
    ...(test ? { tests } : {}),
    ...(column ? { columns: column } : {}),
    ...(thresholds ? { thresholds } : {}),
    ...(share === undefined ? {} : { driftShare: share }),
  }
}

function testOption(text: string): [string, DriftTest] {
  const at = text.lastIndexOf('=')
  const test = DRIFT_TESTS.find((known) => known === text.slice(at + 1))
  if (at > 0 && test) return [text.slice(0, at), test]
  const ways = `write --test COLUMN=TEST, the test one of ${DRIFT_TESTS.join(', ')}`
  throw new PlatformError('invalid_argument', `--test '${text}' cannot be read; ${ways}`)
}

function shareOption(text: string): number {
  const share = Number(text)
  if (share > 0 && share <= 1) return share
  throw new PlatformError('invalid_argument', `--share '${text}' is no share; write a number above 0, up to 1, as 0.3`)
}

function print(report: DriftReport, out: Output): void {
  const { reference, current, columns, prediction, label } = report
  out.line(
    `${reference.says} (${formatNumber(reference.rows)} rows) and ${current.says} (${formatNumber(current.rows)} rows)`,
  )
  const told = [...columns, ...[prediction, label].filter((column) => column !== null)]
  out.table(
    ['column', 'test', 'value', 'threshold', 'nulls', 'worth', 'verdict'],
    told.map(({ column, test, value, threshold, nulls, effect, drifted }) => [
      column,
      test ?? '-',
      value === null ? '-' : short(value),
      threshold === null ? '-' : short(threshold),
      `${percent(nulls.reference)} > ${percent(nulls.current)}`,
      effect === null ? '-' : percent(effect.share),
      drifted ? 'drifted' : 'as before',
    ]),
  )
  for (const { column, drifted, says } of told) if (drifted) out.line(`${column}: ${says}`)
  for (const warning of report.warnings) out.line(`warning: ${warning}`)
  if (report.history !== null) out.line(report.history.says)
  out.line(report.says)
  if (report.reference.at > report.current.at)
    out.line(`note: --from ${displayInstant(reference.at)} is later than --to`)
}
