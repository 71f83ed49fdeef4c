import { useRef } from 'react'
import { Button } from '../../ui/button.tsx'
import { Menu, type MenuEntry } from '../../ui/choices.tsx'
import { useWords } from '../../words/words.tsx'
import { boundedWidth, isSortable } from './table-state.ts'

export type HeadActions = {
  sort: (column: string) => void
  move: (column: string, by: number) => void
  resize: (column: string, width: number) => void
  hide: (column: string) => void
  swap: (column: string, other: string) => void
}

const EXTENTS = ['metrics', 'min', 'max'] as const
const STEP = 16

/** The head of a column: a press sorts, the menu has the rest, the grip at its right makes it wider. */
export function ColumnHead({
  column,
  width,
  sorted,
  actions,
}: {
  column: string
  width: number
  sorted: 'ascending' | 'descending' | 'none'
  actions: HeadActions
}) {
  const w = useWords().experiments
  const kind = column.slice(0, column.indexOf('.'))
  const key = column.slice(column.indexOf('.') + 1)
  const name = kind === 'attributes' ? attributeName(key, w) : key
  const isMetric = EXTENTS.some((one) => one === kind)
  const entries: MenuEntry[] = [
    ...(isMetric
      ? EXTENTS.filter((one) => one !== kind).map((one) => ({
          id: one,
          name: w.shown[one],
          onChoose: () => actions.swap(column, `${one}.${key}`),
        }))
      : []),
    { id: 'left', name: w.moveLeft, onChoose: () => actions.move(column, -1) },
    { id: 'right', name: w.moveRight, onChoose: () => actions.move(column, 1) },
    { id: 'wider', name: w.wider, onChoose: () => actions.resize(column, boundedWidth(width + 4 * STEP)) },
    { id: 'hide', name: w.hide, onChoose: () => actions.hide(column) },
  ]
  return (
    <div className="rhead">
      <button
        type="button"
        className="rhead-sort"
        title={key}
        disabled={!isSortable(column)}
        onClick={() => actions.sort(column)}
      >
        <span className="rhead-kind">{w.kinds[kind as keyof typeof w.kinds]}</span>
        <span className="rhead-key">
          {sorted !== 'none' && <span aria-hidden="true">{sorted === 'descending' ? '↓ ' : '↑ '}</span>}
          {name}
        </span>
      </button>
      <Menu
        trigger={
          <Button small look="quiet" aria-label={w.ofColumn(name)}>
            ⋮
          </Button>
        }
        entries={entries}
      />
      <Grip {...{ name, width }} onResize={(next) => actions.resize(column, next)} />
    </div>
  )
}

function Grip({ name, width, onResize }: { name: string; width: number; onResize: (width: number) => void }) {
  const w = useWords().experiments
  const began = useRef({ x: 0, width: 0 })
  return (
    <div
      className="rhead-grip"
      role="separator"
      aria-orientation="vertical"
      aria-label={w.widthOf(name)}
      aria-valuenow={width}
      aria-valuemin={48}
      aria-valuemax={1200}
      tabIndex={0}
      onPointerDown={(event) => {
        began.current = { x: event.clientX, width }
        event.currentTarget.setPointerCapture(event.pointerId)
      }}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
        onResize(boundedWidth(began.current.width + event.clientX - began.current.x))
      }}
      onKeyDown={({ key }) => {
        if (key === 'ArrowLeft') onResize(boundedWidth(width - STEP))
        if (key === 'ArrowRight') onResize(boundedWidth(width + STEP))
      }}
    />
  )
}

/** What is known of a run has a name in words; all else is called as its program called it. */
export function attributeName(key: string, w: ReturnType<typeof useWords>['experiments']): string {
  return Object.hasOwn(w.attributes, key) ? w.attributes[key as keyof typeof w.attributes] : key
}
