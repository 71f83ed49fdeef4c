import { copyFile, writeFile } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { App } from '../../app.ts'
import { PlatformError } from '../../base/errors.ts'
import { displayInstant, type Instant } from '../../base/instant.ts'
import { weirVersion } from '../../base/version.ts'
import { requireModel } from '../../config/find.ts'
import type { DatasetRef, JoinMode } from '../../features/offline/training-set.ts'
import { formatNumber } from '../format.ts'
import { type CommonOptions, common, instantOption } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & {
  asOf?: Instant
  from?: Instant
  knownAt?: Instant
  mode: JoinMode
  out: string
  entities?: string
  timestamp?: string
}

export function define(command: Command): void {
  command
    .argument('<name>', 'a model of the project; with --entities a model or a feature service')
    .option('--as-of <date>', 'labels that are known on this date', instantOption)
    .requiredOption('--out <file>', 'Parquet file to write; beside it FILE.manifest.json says what it was made from')
    .option('--from <date>', 'all mature periods from this date on (default: the newest alone)', instantOption)
    .option('--known-at <time>', 'as the snapshots were known at this time (default: now)', instantOption)
    .option('--entities <file>', 'your own rows (CSV or Parquet) instead of the labels: keys, a time, anything else')
    .option('--timestamp <column>', 'their column with the time (default: event_timestamp, or the only one with times)')
    .addOption(modeOption())
  common(command, 'dataset streamflow_churn --as-of 2024-01-31 --out january.parquet').action(
    (name: string, options: Options) =>
      withApp(options, async (app, { out }) => {
        const knownAt = options.knownAt ?? (await app.lake.pinKnownAt())
        const file = resolve(options.out)
        const built = options.entities
          ? await ofEntities(app, name, { ...options, entities: options.entities, knownAt })
          : await ofLabels(app, name, { ...options, knownAt })
        await app.features.exportTrainingSet(built.set, file)
        const manifest = `${file}.manifest.json`
        const versions = { weir: await weirVersion(), node: process.versions.node }
        const { definition, set } = built
        await writeFile(
          manifest,
          `${JSON.stringify({ name, mode: options.mode, knownAt, ...set, definition, versions }, null, 2)}\n`,
        )
        out.document({ ...set, file, manifest })
        print(out, file, { ...options, knownAt }, set)
      }),
  )
}

type Asked = Options & { knownAt: Instant }

async function ofLabels(app: App, model: string, { asOf, from, knownAt, mode }: Asked) {
  const { featureService } = requireModel(app.project, model)
  if (asOf === undefined) throw new PlatformError('invalid_argument', 'name the date of the labels with --as-of')
  const set = await app.features.trainingSet({ model, asOf, knownAt, mode, ...(from ? { from } : {}) })
  return { set, definition: app.features.service(featureService) }
}

/** The file is copied first: DuckDB reads in our own folders only. */
async function ofEntities(app: App, name: string, options: Asked & { entities: string }) {
  const model = app.project.models.find((m) => m.name === name)
  const definition = app.features.service(model?.featureService ?? name)
  const { knownAt, mode, timestamp } = options
  const set = await app.lake.withScratch(async (scratch) => {
    const file = join(scratch, `entities${extname(options.entities) === '.parquet' ? '.parquet' : '.csv'}`)
    await copyFile(resolve(options.entities), file).catch((error: NodeJS.ErrnoException) => {
      throw new PlatformError('invalid_argument', `'${options.entities}' cannot be read (${error.code})`)
    })
    return app.features.entityDataset(definition, { file, knownAt, mode, ...(timestamp ? { timestamp } : {}) })
  })
  return { set, definition }
}

function print(out: Output, file: string, { asOf, knownAt, mode }: Asked, set: DatasetRef): void {
  out.line(`${file}: ${formatNumber(set.rows)} rows, ${set.columns.length} columns`)
  const until = asOf ? `as of ${displayInstant(asOf)}, ` : ''
  out.line(`${until}known at ${displayInstant(knownAt)}, ${mode}, digest ${set.digest}`)
  const { immature = 0, unlabelled = 0 } = set as { immature?: number; unlabelled?: number }
  if (immature > 0) out.line(`left out, horizon not over: ${formatNumber(immature)} rows`)
  if (unlabelled > 0) out.line(`left out, no label: ${formatNumber(unlabelled)} rows`)
  for (const warning of set.warnings) out.line(`warning: ${warning}`)
}

export function modeOption(): Option {
  return new Option('--mode <mode>', 'values as corrected since, or as the live store had them')
    .choices(['restated', 'served'])
    .default('restated')
}
