import type { z } from 'zod'
import { ALERT_METRICS } from './alert-metrics.ts'
import type { alert } from './alert-shapes.ts'
import { type Fault, missing } from './fault.ts'
import type { Project } from './project.ts'

/** What cannot be watched, or nobody would hear of. */
export function alertFaults(project: Project, alerts: Record<string, z.output<typeof alert>>): Fault[] {
  return project.alerts.flatMap((rule) => {
    const path = `alerts.${rule.name}`
    const written = alerts[rule.name]
    if (!written) return []
    const faults = missing(`${path}.metric`, 'measure', rule.metric, Object.keys(ALERT_METRICS))
    const given = [written.above, written.below, written.history].filter((one) => one !== null).length
    if (given !== 1)
      faults.push({ path, message: 'say from where on it is wrong by exactly one of above, below and history' })
    const metric = ALERT_METRICS[rule.metric]
    if (metric && rule.of && !metric.of.includes(rule.of.kind)) {
      faults.push({
        path: `${path}.of`,
        message: `'${rule.metric}' is measured of a ${metric.of.join(' or a ')}, not of a ${rule.of.kind}`,
      })
    }
    if (metric?.kind === 'live' && rule.condition.kind === 'history') {
      faults.push({
        path: `${path}.history`,
        message: `'${rule.metric}' is not recorded: it has no history; use above or below`,
      })
    }
    if (written.history && written.history.least > written.history.periods) {
      faults.push({
        path: `${path}.history.least`,
        message: `is more than its periods, ${written.history.periods}: nothing would ever be said`,
      })
    }
    if (rule.of)
      faults.push(...missing(`${path}.of.${rule.of.kind}`, rule.of.kind, rule.of.name, namesOf(project, rule.of.kind)))
    const channels = project.alertChannels.map(({ name }) => name)
    for (const [i, name] of (written.to ?? []).entries())
      faults.push(...missing(`${path}.to.${i}`, 'channel', name, channels))
    return faults
  })
}

function namesOf({ models, sources, featureViews }: Project, kind: 'model' | 'source' | 'view'): string[] {
  return { model: models, source: sources, view: featureViews }[kind].map(({ name }) => name)
}
