import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Instant } from '../../base/instant.ts'
import { requireModel } from '../../config/find.ts'
import { KEY_HELP, keyOfText } from '../../features/define/key-text.ts'
import { parseKey } from '../../features/define/keys.ts'
import { shownBy } from '../../pipelines/touched-answers.ts'
import type { LoggedAnswer } from '../../predictions/predictions.ts'
import { displayValue } from '../../values/display.ts'
import { ARMS, type ArmName } from '../../wire/arm-names.ts'
import { limitOf } from '../../wire/limits.ts'
import { formatNumber, shownTime } from '../format.ts'
import { type CommonOptions, common, instantOption } from '../options.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & {
  key?: string
  version?: string
  arm?: ArmName
  from?: Instant
  to?: Instant
  snapshot?: string
  refused?: boolean
  limit: number
  deliverTo?: string
}

export function define(command: Command): void {
  command
    .argument('<model>', 'whose answers')
    .option('--key <key>', `only of this key: ${KEY_HELP}`)
    .option('--version <version>', 'only of this version')
    .addOption(new Option('--arm <arm>', 'only of this arm').choices(ARMS))
    .option('--from <time>', 'the first moment', instantOption)
    .option('--to <time>', 'the first moment that is no more among them', instantOption)
    .option('--snapshot <snapshot>', 'only those that this snapshot fed, such as users/2024-01-31/v1')
    .option('--refused', 'only refusals')
    .option('--limit <answers>', 'how many, the newest first', limitOption, 20)
    .option(
      '--deliver-to <source>',
      'deliver the answers of the window --from … --to into this source of changes instead; where --from is left out, what came after the last such delivery',
    )
  common(command, 'predictions churn --key 7590-VHVEG --from 2024-02-01').action((model: string, options: Options) =>
    withApp(options, async (app, { out }) => {
      const { keys } = app.features.service(requireModel(app.project, model).featureService)
      const { deliverTo: source, from, to } = options
      if (source !== undefined) {
        const report = await app.deliverPredictions({ model, source, from: from ?? null, to: to ?? null })
        out.document(report)
        const window = `${shownTime(report.from)} to ${shownTime(report.to)}`
        out.line(`${formatNumber(report.rows)} answers of ${model}, ${window}: ${source} ${report.outcome}`)
        if (report.snapshot) out.line(`snapshot ${report.snapshot}`)
        return
      }
      const filter = {
        ...(options.snapshot === undefined ? {} : await shownBy(app, options.snapshot)),
        model,
        key: options.key === undefined ? undefined : parseKey(keys, keyOfText(keys, options.key)),
        version: options.version,
        arm: options.arm,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        refused: options.refused === true ? true : undefined,
      }
      const { answers, next } = await app.predictions.page(filter, { limit: options.limit })
      out.document({ answers, more: next !== null })
      out.line(`${formatNumber(answers.length)}${next ? ' of more' : ''} answers of ${model}, the newest first`)
      if (answers.length === 0) return
      out.table(
        [...keys.map(({ name }) => name), 'at', 'version', 'arm', 'prediction', 'score', 'ms', 'request'],
        answers.map(cells),
      )
    }),
  )
}

function cells(answer: LoggedAnswer): string[] {
  const { keys, shape, at, version, arm, returned, said, error, score, latencyMs, requestId } = answer
  return [
    ...keys.map((value, i) => displayValue(shape.keys[i]?.type ?? 'String', value)),
    shownTime(at),
    version,
    returned ? arm : `${arm}, not returned`,
    said === null ? `refused: ${error}` : String(said.prediction),
    score === null ? '' : formatNumber(score),
    latencyMs.toFixed(1),
    requestId ?? '',
  ]
}

function limitOption(text: string): number {
  const most = limitOf('listItems')
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number
  throw new InvalidArgumentError(`a whole number from 1 to ${most}`)
}
