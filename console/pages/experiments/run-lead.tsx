import { useWords } from '../../words/words.tsx'
import { cellOf, runIdOf, type SeenRun } from './cells.ts'
import { toneOf } from './run-cell.tsx'

/** The first cell of a run: chosen or not, what is below it, its status and name. */
export function RunLead({
  experimentId,
  seen,
  child,
  isChosen,
  isOpen,
  onChoose,
  onOpen,
}: {
  experimentId: string
  seen: SeenRun
  child: boolean
  isChosen: boolean
  isOpen: boolean
  onChoose: () => void
  onOpen: (count: number) => void
}) {
  const w = useWords().experiments
  const id = runIdOf(seen)
  const name = String(cellOf(seen, 'attributes.run_name') ?? id)
  const status = String(cellOf(seen, 'attributes.status') ?? '')
  const children = Number(cellOf(seen, 'attributes.children') ?? 0)
  return (
    <>
      <input
        type="checkbox"
        className="rgrid-check"
        aria-label={w.choose(name)}
        checked={isChosen}
        onChange={onChoose}
      />
      {child && <span className="rgrid-child" />}
      {!child && children > 0 && (
        <button
          type="button"
          className="rgrid-open"
          aria-expanded={isOpen}
          aria-label={isOpen ? w.close(name) : w.open(name)}
          onClick={() => onOpen(children)}
        >
          {isOpen ? '▾' : '▸'}
        </button>
      )}
      <span className={`status ${toneOf(status)}`} title={status.toLowerCase()}>
        <span className="status-dot" aria-hidden="true" />
      </span>
      <a className="rgrid-name" href={`#/experiments/${experimentId}/runs/${id}`} title={name}>
        {name}
      </a>
      {!child && children > 0 && <span className="quiet small">{children}</span>}
    </>
  )
}
