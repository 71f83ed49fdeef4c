import type { AlertShown } from '../../../src/wire/alerts.ts'
import { Status, type Tone } from '../../ui/badge.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { Acknowledge, Silence } from './do.tsx'

const TONES: Record<AlertShown['severity'], Tone> = { info: 'info', warn: 'warn', critical: 'bad' }

/** Each alert as a card: what is wrong, since when, what to do, and who knows. */
export function AlertList({ alerts }: { alerts: readonly AlertShown[] }) {
  const w = useWords().watch
  return (
    <ul className="watch-alerts" aria-label={w.alerts}>
      {alerts.map((alert) => (
        <li key={alert.id} className="watch-alert" id={`alert-${alert.id}`}>
          <div className="watch-alert-head">
            <Status tone={alert.state === 'over' ? 'neutral' : TONES[alert.severity]}>
              {alert.state === 'over' ? w.over : w.severities[alert.severity]}
            </Status>
            <strong>{alert.rule}</strong>
            <span className="quiet">
              {w.since} <When at={alert.wrong_since} />
              {alert.over_at !== null && (
                <>
                  {' '}
                  {w.until} <When at={alert.over_at} />
                </>
              )}
            </span>
          </div>
          <p className="watch-says">{alert.says}</p>
          {alert.state === 'open' && (
            <p className="quiet">
              {w.next} {alert.next}
            </p>
          )}
          {alert.state === 'open' && alert.told_at === null && <p className="quiet">{w.heldBack}</p>}
          {alert.acknowledged !== null && (
            <p className="quiet">
              {w.knownBy(alert.acknowledged.by)} <When at={alert.acknowledged.at} />
              {alert.acknowledged.why !== null && `: ${alert.acknowledged.why}`}
            </p>
          )}
          {alert.state === 'open' && (
            <div className="row">
              {alert.acknowledged === null && <Acknowledge alert={alert} />}
              <Silence rule={alert.rule} />
            </div>
          )}
        </li>
      ))}
    </ul>
  )
}
