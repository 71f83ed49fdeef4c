import type { Command } from 'commander'
import { type Reproduction, VERDICTS, type Verdict } from '../../reproduce/reproduce.ts'
import { type CommonOptions, common } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

/** For scripts: 1 and 2 are those of every command. */
const EXIT_CODES: Record<Verdict, number> = {
  same: 0,
  other_code: 3,
  data_missing: 4,
  other_environment: 5,
  not_reproducible: 6,
}

export function define(command: Command): void {
  command.argument('<model/version|run>', 'a registered version, such as streamflow_churn/3, or the id of a run')
  command.addHelpText(
    'after',
    '\nExit codes: 0 the same bytes, 3 same data and other code, 4 the data is not there as it was, 5 the environment differs, 6 not reproducible',
  )
  command.option('--diff', 'show how the files of the project differ')
  common(command, 'reproduce streamflow_churn/1').action((name: string, options: CommonOptions & { diff?: boolean }) =>
    withApp(options, async (app, { out }) => {
      const found = await app.reproduce.reproduce(name)
      out.document(found)
      print(out, found)
      if (options.diff) printFiles(out, found)
      process.exitCode = EXIT_CODES[found.verdict]
    }),
  )
}

function print(out: Output, found: Reproduction): void {
  const { runId, model, version, verdict, because, although } = found
  out.line(`${model}${version ? ` version ${version}` : ''}, run ${runId}: ${VERDICTS[verdict]}`)
  for (const reason of because) out.line(`- ${reason}`)
  for (const reason of although) out.line(`- made no difference: ${reason}`)
  for (const line of commitLines(found.git)) out.line(line)
  const digests = { 'training set': found.trainingSet, 'model.weir': found.modelFile, 'model.onnx': found.onnx }
  out.table(
    ['', 'then', 'now'],
    [
      ...Object.entries(digests).map(([what, { recorded, again }]) => [
        what,
        recorded.slice(0, 12),
        again?.slice(0, 12),
      ]),
      ...found.metrics.map(({ name, recorded, again }) => [name, recorded, again]),
    ],
  )
}

/** Which commit, where there is one: what is not committed is told, as a commit alone would not be enough. */
function commitLines({ recorded, now }: Reproduction['git']): string[] {
  if (recorded === null) return []
  return [`the run was made ${placeOf(recorded)}`, ...(now === null ? [] : [`this is ${placeOf(now)}`])]
}

function placeOf(state: NonNullable<Reproduction['git']['now']>): string {
  if (state.kind === 'none') return `without a commit (${state.reason})`
  const at = state.commit === null ? 'before the first commit' : `at commit ${state.commit}`
  return `${at}${state.dirty ? ', with changes that were not committed' : ''}`
}

function printFiles(out: Output, { files }: Reproduction): void {
  for (const { path, diff } of files) out.line(diff ?? `${path}: no text of it is kept, or the difference is too long`)
}
