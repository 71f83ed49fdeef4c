import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { displayInstant, type Instant } from '../../base/instant.ts'
import { requireModel } from '../../config/find.ts'
import type { JoinMode } from '../../features/training-set.ts'
import { type CommonOptions, common, instantOption } from '../options.ts'
import { formatNumber } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { asOf: Instant; knownAt?: Instant; mode: JoinMode; out: string }

export function define(command: Command): void {
  command
    .argument('<model>', 'a model of the project')
    .requiredOption('--as-of <date>', 'labels that are known on this date', instantOption)
    .requiredOption('--out <file>', 'Parquet file to write')
    .option('--known-at <time>', 'as the snapshots were known at this time (default: now)', instantOption)
    .addOption(modeOption())
  common(command, 'dataset streamflow_churn --as-of 2024-01-31 --out january.parquet').action(
    (model: string, options: Options) =>
      withApp(options, async (app, { out }) => {
        requireModel(app.project, model)
        const { asOf, mode } = options
        const knownAt = options.knownAt ?? (await app.lake.pinKnownAt())
        const set = await app.features.trainingSet({ model, asOf, knownAt, mode })
        const file = resolve(options.out)
        await app.features.exportTrainingSet(set, file)
        out.document({ ...set, file })
        out.line(`${file}: ${formatNumber(set.rows)} rows, ${set.columns.length} columns`)
        out.line(`as of ${displayInstant(asOf)}, known at ${displayInstant(knownAt)}, ${mode}, digest ${set.digest}`)
        if (set.immature > 0) out.line(`left out, horizon not over: ${formatNumber(set.immature)} rows`)
        if (set.unlabelled > 0) out.line(`left out, no label: ${formatNumber(set.unlabelled)} rows`)
        for (const warning of set.warnings) out.line(`warning: ${warning}`)
      }),
  )
}

export function modeOption(): Option {
  return new Option('--mode <mode>', 'values as corrected since, or as the live store had them')
    .choices(['restated', 'served'])
    .default('restated')
}
