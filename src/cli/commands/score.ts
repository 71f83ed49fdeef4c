import { copyFile } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { displayInstant, type Instant } from '../../base/instant.ts'
import type { JoinMode } from '../../features/offline/training-set.ts'
import { formatNumber } from '../format.ts'
import { type CommonOptions, common, countOption, instantOption } from '../options.ts'
import { withApp } from '../with-app.ts'
import { modeOption } from './dataset.ts'

type Options = CommonOptions & {
  asOf: Instant
  out: string
  explain?: boolean
  version?: number
  stage: 'Production' | 'Staging' | 'Archived'
  entities?: string
  knownAt?: Instant
  mode: JoinMode
}

export function define(command: Command): void {
  command
    .argument('<model>', 'a model of the project')
    .requiredOption('--as-of <date>', 'the features as of this date', instantOption)
    .requiredOption('--out <file>', 'Parquet file to write')
    .option('--explain', 'what each feature adds, too')
    .option('--version <number>', 'this version (default: the one in Production)', countOption)
    .addOption(
      new Option('--stage <stage>', 'the newest version in this stage')
        .choices(['Production', 'Staging', 'Archived'])
        .default('Production'),
    )
    .option('--entities <file>', 'the entities (CSV or Parquet with the keys) instead of all that are known then')
    .option('--known-at <time>', 'as the snapshots were known at this time (default: now)', instantOption)
    .addOption(modeOption())
  common(command, 'score streamflow_churn --as-of 2024-01-31 --out scores.parquet').action(
    (model: string, options: Options) =>
      withApp(options, async (app, { out }) => {
        const knownAt = options.knownAt ?? (await app.lake.pinKnownAt())
        const { asOf, mode, explain = false, version, stage, entities } = options
        const wanted = version === undefined ? { stage } : { version }
        const file = resolve(options.out)
        // The file is copied first: DuckDB reads in our own folders only.
        const scored = await app.lake.withScratch(async (scratch) => {
          const given = entities === undefined ? null : await copied(entities, scratch)
          return app.score({ model, asOf, knownAt, mode, explain, entities: given, out: file, ...wanted })
        })
        out.document(scored)
        out.line(`${file}: ${formatNumber(scored.rows)} rows, ${scored.columns.length} columns`)
        out.line(
          `${model} ${scored.version} as of ${displayInstant(asOf)}, known at ${displayInstant(knownAt)}, ${mode}`,
        )
        for (const warning of scored.warnings) out.line(`warning: ${warning}`)
      }),
  )
}

async function copied(entities: string, scratch: string): Promise<string> {
  const file = join(scratch, `entities${extname(entities) === '.parquet' ? '.parquet' : '.csv'}`)
  await copyFile(resolve(entities), file).catch((error: NodeJS.ErrnoException) => {
    throw new PlatformError('invalid_argument', `'${entities}' cannot be read (${error.code})`)
  })
  return file
}
