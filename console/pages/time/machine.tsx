import { useQuery } from '@tanstack/react-query'
import type { MomentsAnswer, TimeKind, TimeSnapshot } from '../../../src/wire/time.ts'
import { Code } from '../../ui/code.tsx'
import { Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { stopOf } from './axis.ts'
import { AxisLabels } from './axis-labels.tsx'
import { AxisSlider } from './axis-slider.tsx'
import { DifferenceTable } from './difference-table.tsx'
import { MapLegend, TimeMap } from './map.tsx'
import { Pager } from './pager.tsx'
import { differencesQuery, rowsQuery } from './queries.ts'
import { RowsTable } from './rows-table.tsx'
import type { TimeSearch } from './search.ts'
import { axesOf, otherOf, type Setting, settingOf } from './setting.ts'
import { Steps } from './steps.tsx'

type Of = { kind: TimeKind; name: string }
type Given = { of: Of; search: TimeSearch; moments: MomentsAnswer; onGo: (next: TimeSearch) => void }

/** The plane of both times with its two sliders, and below it what is seen from there. */
export function Machine({ of, search, moments, onGo }: Given) {
  const w = useWords().time
  const a = settingOf(search, moments)
  if (a === undefined || moments.valid.length === 0) {
    return (
      <Section>
        <Empty title={w.noRows} what={w.nothingKnownWhat} />
      </Section>
    )
  }
  return <Plane of={of} search={search} moments={moments} a={a} onGo={onGo} />
}

function Plane({ of, search, moments, a, onGo }: Given & { a: Setting }) {
  const w = useWords().time
  const axes = axesOf(moments)
  const b = otherOf(search, a)
  // While two are compared the sliders move the second: the first is what one has left behind.
  const at = b ?? a
  const base: TimeSearch = { ...search, kind: of.kind, name: of.name, skip: undefined }
  const move = ({ t, k }: Setting) => onGo(b ? { ...base, t: a.t, k: a.k, bt: t, bk: k } : { ...base, t, k })
  const needsKey = of.kind === 'entities' && search.key === undefined
  const seen = useSeen(of, search, a, b, needsKey)
  const used = new Set((seen.rows.data?.reads ?? seen.differences.data?.reads ?? []).map((read) => read.snapshot.id))
  const view = needsKey ? null : <Seen of={of} search={search} b={b} seen={seen} onGo={onGo} />
  return (
    <>
      <Section>
        <div className="time-machine">
          <div className="time-chart">
            <span className="time-axis-name up">{w.knownAt}</span>
            <AxisLabels axis={axes.known} up />
            <AxisSlider
              label={w.knownAt}
              axis={axes.known}
              at={at.k}
              across="vertical"
              onMove={(k) => move({ ...at, k })}
            />
            <TimeMap
              moments={moments}
              axes={axes}
              at={at}
              other={b && a}
              used={used}
              offsetOf={offsetIn(of.kind, axes.valid)}
              onMove={move}
            />
            <AxisSlider
              label={nameOfValid(of.kind, w)}
              axis={axes.valid}
              at={at.t}
              across="horizontal"
              onMove={(t) => move({ ...at, t })}
            />
            <AxisLabels axis={axes.valid} />
            <span className="time-axis-name">{nameOfValid(of.kind, w)}</span>
          </div>
          <Steps of={of} moments={moments} axes={axes} a={a} b={b} base={base} onMove={move} onGo={onGo} />
        </div>
        <div className="time-under">
          <MapLegend snapshots={moments.snapshots} />
          <span className="quiet small">
            {[w.mapHelp, moments.thinned && w.thinned, moments.left_out > 0 && w.leftOut(moments.left_out)]
              .filter(Boolean)
              .join(' ')}
          </span>
        </div>
      </Section>
      {needsKey ? (
        <Section>
          <Empty title={w.chooseKey} what={w.chooseKeyWhat} />
        </Section>
      ) : (
        view
      )}
    </>
  )
}

function nameOfValid(kind: TimeKind, w: ReturnType<typeof useWords>['time']): string {
  return kind === 'models' ? w.asOf : w.validAt
}

/** Of a training set the axis has the moments at which labels are mature: a snapshot stands at the first that can use it. */
function offsetIn(kind: TimeKind, valid: readonly string[]): (snapshot: TimeSnapshot) => string {
  if (kind !== 'models') return (snapshot) => snapshot.valid_at
  return (snapshot) =>
    valid.find((stop) => stop >= snapshot.valid_at) ?? valid[stopOf(valid, snapshot.valid_at)] ?? snapshot.valid_at
}

/** The rows at the setting, or what differs between the two. */
function useSeen({ kind, name }: Of, search: TimeSearch, a: Setting, b: Setting | undefined, waits: boolean) {
  const { key, mode = 'restated', skip = 0 } = search
  const of = { kind, name }
  const rows = useQuery({ ...rowsQuery(of, key, a, mode, skip), enabled: b === undefined && !waits })
  const differences = useQuery({
    ...differencesQuery(of, key, a, b ?? a, mode, skip),
    enabled: b !== undefined && !waits,
  })
  return { rows, differences }
}

type SeenGiven = Pick<Given, 'of' | 'search' | 'onGo'> & { b: Setting | undefined; seen: ReturnType<typeof useSeen> }

function Seen({ of, search, b, seen: { rows, differences }, onGo }: SeenGiven) {
  const w = useWords().time
  const { skip = 0 } = search
  const page = (to: number) => onGo({ ...search, kind: of.kind, name: of.name, skip: to > 0 ? to : undefined })
  return b === undefined ? (
    <Answer of={rows}>
      {(answer) => (
        <Section
          title={w.table}
          actions={
            <Pager
              skip={skip}
              shown={answer.rows.length}
              all={answer.row_count}
              next={answer.next_page_token}
              onGo={page}
            />
          }
        >
          <div className={rows.isPlaceholderData ? 'time-part time-fading' : 'time-part'}>
            <Code text={answer.command} label={w.command} />
            <RowsTable answer={answer} />
          </div>
        </Section>
      )}
    </Answer>
  ) : (
    <Answer of={differences}>
      {(answer) => {
        const { added, removed, changed } = answer.counts
        return (
          <Section
            title={w.differences}
            actions={
              <Pager
                skip={skip}
                shown={answer.rows.length}
                all={added + removed + changed}
                next={answer.next_page_token}
                onGo={page}
              />
            }
          >
            <div className={differences.isPlaceholderData ? 'time-part time-fading' : 'time-part'}>
              <Code text={answer.command} label={w.command} />
              <DifferenceTable answer={answer} />
            </div>
          </Section>
        )
      }}
    </Answer>
  )
}
