import type { DifferenceAnswer } from '../../../src/wire/snapshots.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { numberText } from '../../ui/format.ts'
import { KeyValues } from '../../ui/key-values.tsx'
import { Meter } from '../../ui/meter.tsx'
import { Section } from '../../ui/page.tsx'
import { useLanguage } from '../../words/words.tsx'

/** How much differs: rows, columns, and cells by column. */
export function DifferenceSummary({
  of: { rows, columns, cells, key },
  column,
  onColumn,
}: {
  of: DifferenceAnswer
  column: string | undefined
  onColumn: (name: string | undefined) => void
}) {
  const { language, words } = useLanguage()
  const w = words.data
  const text = (value: number) => numberText(value, language)
  const differ = columns.added.length + columns.removed.length + columns.retyped.length
  const most = Math.max(1, ...cells.map(({ changed }) => changed))
  if (rows.added + rows.removed + rows.changed + differ === 0) return <Section title={w.equal}>{null}</Section>
  return (
    <div className="data-two">
      <Section>
        <div className="row">
          <Badge tone={rows.added > 0 ? 'good' : 'neutral'}>{w.rowsAdded(text(rows.added))}</Badge>
          <Badge tone={rows.removed > 0 ? 'bad' : 'neutral'}>{w.rowsRemoved(text(rows.removed))}</Badge>
          {key !== null && (
            <Badge tone={rows.changed > 0 ? 'warn' : 'neutral'}>{w.rowsChanged(text(rows.changed))}</Badge>
          )}
          <span className="quiet small">
            {text(rows.from)} → {text(rows.to)}
          </span>
        </div>
        {key === null && <p className="quiet small">{w.noKey}</p>}
        {differ > 0 && (
          <KeyValues
            items={[
              [w.columnsAdded, columns.added.map(({ name, type }) => `${name} (${type})`).join(', ') || undefined],
              [w.columnsRemoved, columns.removed.map(({ name, type }) => `${name} (${type})`).join(', ') || undefined],
              [
                w.columnsRetyped,
                columns.retyped.map(({ name, from, to }) => `${name}: ${from} → ${to}`).join(', ') || undefined,
              ],
            ]}
          />
        )}
      </Section>
      {cells.length > 0 && (
        <Section title={w.cellsChanged}>
          <ul className="data-meters">
            {[...cells]
              .sort((a, b) => b.changed - a.changed)
              .slice(0, 30)
              .map(({ column: name, changed }) => (
                <li key={name}>
                  <Button
                    small
                    look={name === column ? 'main' : 'quiet'}
                    onPress={() => onColumn(name === column ? undefined : name)}
                  >
                    {name}
                  </Button>
                  <Meter label={name} value={changed} total={most} />
                  <span className="num small">{text(changed)}</span>
                </li>
              ))}
          </ul>
        </Section>
      )}
    </div>
  )
}
