import { resolve } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { instantOfMs } from '../base/instant.ts'
import type { Project } from '../config/project.ts'
import { checkSample, type Proposal } from '../ingest/sample.ts'
import type { Output } from './output.ts'

const FINDINGS_SHOWN = 12

/** `weir check --sample`: whether a file can be read, else what to write in the project, and what would still not fit. */
export async function proposeFormat(project: Project, out: Output, path: string, source?: string): Promise<void> {
  const { createDuck } = await import('../lake/duck.ts')
  const duck = await createDuck()
  try {
    const now = instantOfMs(systemClock.nowMs())
    const proposal = await checkSample({ duck, project, now }, resolve(path), source)
    out.document(proposal)
    for (const line of linesOf(proposal)) out.line(line)
    if (!proposal.wouldFit) process.exitCode = 1
  } finally {
    duck.close()
  }
}

function linesOf({ source, file, fits, wouldFit, block, looksLike, notes, rows, findings }: Proposal): string[] {
  const read = rows === null ? '' : `: ${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'}`
  const lines: string[] = []
  if (fits) lines.push(`${file} fits the source '${source}'${read}`)
  else if (block === null) lines.push(`${file} does not fit the source '${source}', and no format would help`)
  else {
    lines.push(`${file} looks like ${looksLike.join(', ')}. Add to the source '${source}':`, '', `  ${block}`, '')
    lines.push(
      wouldFit ? `Read with it, the whole file fits${read}` : `Read with it, some things still do not fit${read}`,
    )
  }
  for (const note of notes) lines.push(`  look: ${note}`)
  const shown = [...findings].sort((a, b) => Number(a.severity === 'warn') - Number(b.severity === 'warn'))
  for (const { severity, message } of shown.slice(0, FINDINGS_SHOWN)) {
    lines.push(`  ${severity === 'warn' ? 'warning: ' : ''}${message}`)
  }
  if (shown.length > FINDINGS_SHOWN) lines.push(`  … and ${shown.length - FINDINGS_SHOWN} more`)
  return lines
}
