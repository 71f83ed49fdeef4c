/** `weir check --deep`: what a training would find of leaks and hindsight, model by model. */
import { PlatformError } from '../base/errors.ts'
import type { Instant } from '../base/instant.ts'
import { type Examination, examine } from '../pipelines/examine.ts'
import { formatNumber } from './format.ts'
import type { CommonOptions } from './options.ts'
import type { Output } from './output.ts'
import { withApp } from './with-app.ts'

export type DeepOptions = CommonOptions & { model?: string; asOf?: Instant; from?: Instant }

/** Ends with 1 where a feature is a suspect. */
export async function checkDeep(options: DeepOptions): Promise<void> {
  const { asOf, from, model } = options
  if (asOf === undefined)
    throw new PlatformError('invalid_argument', 'check --deep needs --as-of <date>, as train does')
  await withApp(options, async (app, { out }) => {
    const names = model === undefined ? app.project.models.map(({ name }) => name) : [model]
    const found: Examination[] = []
    for (const name of names) {
      const one = await examine(app.training, { model: name, asOf, ...(from ? { from } : {}) })
      found.push(one)
      printExamination(one, out)
    }
    out.document(found)
    if (found.some(({ suspects }) => suspects.length > 0)) process.exitCode = 1
  })
}

function printExamination({ model, rows, leaks, hindsight, suspects }: Examination, out: Output): void {
  out.line(`${model}: ${formatNumber(rows)} rows, ${leaks.length} features`)
  const said = leaks.filter(({ findings }) => findings.length > 0)
  if (said.length === 0) out.line('no feature tells the label alone, none was changed after T')
  else {
    out.table(
      ['feature', 'alone', 'changed after T', 'finding'],
      said.map((l) => [l.feature, l.alone, l.changed === null ? 'unknown' : percent(l.changed), l.findings.join(', ')]),
    )
  }
  for (const line of hindsightLine(hindsight)) out.line(line)
  if (suspects.length > 0) out.line(`look at ${suspects.join(', ')}: could it have been there at T?`)
  out.line()
}

function hindsightLine(hindsight: Examination['hindsight']): string[] {
  if (hindsight === null) return []
  if ('reason' in hindsight) return [`hindsight: unknown, ${hindsight.reason}`]
  if (hindsight.measures === null) return ['hindsight: none, no value was corrected or came late']
  return Object.entries(hindsight.measures).map(([name, { champion, candidate, difference, interval }]) => {
    const ends = interval ? ` (${formatNumber(interval.low)} to ${formatNumber(interval.high)})` : ''
    return `hindsight: ${name} ${formatNumber(candidate)} by what is known now, ${formatNumber(champion)} by what was known at T: ${formatNumber(difference)}${ends}`
  })
}

function percent(share: number): string {
  return `${formatNumber(100 * share)} %`
}
