import { displayInstant, type Instant } from '../base/instant.ts'
import type { Source } from '../config/project.ts'
import type { Lake } from '../lake/lake.ts'
import { type Finding, finding } from './finding.ts'

/** The object of a snapshot was not what it should be; this delivery, which has the same content, put it right. */
export function restored(source: Source, snapshot: string, was: string | undefined): Finding {
  const says = `snapshot ${snapshot} was ${was} in the object store; it was written again from this file`
  return finding(source, { rule: 'restored', severity: 'warn', says })
}

/**
 * What only the digest shows, both worth a look and neither a fault: a table that did not move since the month before
 * (an export that was not run again looks like this), and a correction that puts an older version back.
 */
export async function checkContent(lake: Lake, source: Source, asOf: Instant, digest: string): Promise<Finding[]> {
  const findings: Finding[] = []
  const before = await lake.previous(source.name, asOf)
  if (before?.digest === digest) {
    const says = `the same content as on ${displayInstant(before.validAt)}`
    findings.push(finding(source, { rule: 'same_as_before', severity: 'warn', says }))
  }
  const versions = await lake.list({ source: source.name, validAt: asOf })
  const older = versions.slice(0, -1).findLast((version) => version.digest === digest)
  if (older && versions.at(-1)?.digest !== digest) {
    const says = `the same content as version ${older.version}, which was corrected since; it is put back as the newest`
    findings.push(finding(source, { rule: 'puts_back', severity: 'warn', says }))
  }
  const history = await lake.history({ source: source.name, validAt: asOf })
  const taken = history.findLast(({ digest: of, withdrawn }) => of === digest && withdrawn !== null)
  if (taken?.withdrawn && versions.at(-1)?.digest !== digest) {
    const { version, withdrawn } = taken
    const says = `the same content as version ${version}, which ${withdrawn.actor} withdrew: ${withdrawn.reason}; it is there again as a new version`
    findings.push(finding(source, { rule: 'puts_back', severity: 'warn', says }))
  }
  return findings
}
