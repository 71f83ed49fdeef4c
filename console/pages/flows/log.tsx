import { useEffect, useRef, useState } from 'react'
import type { FlowLine } from '../../../src/wire/flows.ts'
import { Button } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/fields.tsx'
import { Section } from '../../ui/page.tsx'
import { Broken, Empty, Loading } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { useLog } from './use-log.ts'

/** What a run says, while it says it; the box stays at the end while it is followed. */
export function RunLog({ id, over }: { id: string; over: boolean }) {
  const w = useWords().flows
  const { lines, error, loaded, all } = useLog(id, over)
  const [follows, setFollows] = useState(true)
  const box = useRef<HTMLDivElement>(null)
  const last = lines.at(-1)?.number
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line moves the box
  useEffect(() => {
    if (follows && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [last, follows])
  const first = lines[0]?.number ?? 1
  return (
    <Section
      title={w.log}
      actions={
        <>
          {first > 1 && (
            <Button small look="quiet" onPress={all}>
              {w.earlier}
            </Button>
          )}
          {!over && (
            <Checkbox isSelected={follows} onChange={setFollows}>
              {w.follow}
            </Checkbox>
          )}
        </>
      }
    >
      {!loaded ? (
        <Loading />
      ) : lines.length === 0 && error ? (
        <Broken error={error} onRetry={all} />
      ) : lines.length === 0 ? (
        <Empty title={w.noLog} />
      ) : (
        <div ref={box} className="run-log" role="region" aria-label={w.logLabel} tabIndex={0}>
          {lines.map((line, at) => (
            <Line key={line.number} line={line} before={lines[at - 1]?.number} />
          ))}
        </div>
      )}
    </Section>
  )
}

function Line({ line, before }: { line: FlowLine; before: number | undefined }) {
  const w = useWords().flows
  const left = before === undefined ? 0 : line.number - before - 1
  return (
    <>
      {left > 0 && <p className="run-log-line quiet">{w.leftOut(left)}</p>}
      <p className={`run-log-line ${line.level}`}>
        <time dateTime={line.at} title={line.at}>
          {line.at.slice(11, 19)}
        </time>{' '}
        {line.text}
      </p>
    </>
  )
}
